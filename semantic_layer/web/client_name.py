"""Which program asks: `X-Client-Name`, else the product that `User-Agent` begins with. Recorded, never trusted."""

from collections.abc import Mapping

from semantic_layer.api.request import UNKNOWN_CLIENT

HEADER = b"x-client-name"
LONGEST = 64  # characters
MOST_BYTES = 4 * LONGEST


def client_of(headers: Mapping[bytes, bytes]) -> str:
    """At most 64 visible characters; the version of a user agent is left out, so that an update is no new client."""
    named = headers.get(HEADER)
    if named is None:
        named = headers.get(b"user-agent", b"").partition(b" ")[0].partition(b"/")[0]
    name = named[:MOST_BYTES].decode("utf-8", "ignore")
    if not name.isprintable():
        name = "".join(filter(str.isprintable, name))
    return name.strip()[:LONGEST] or UNKNOWN_CLIENT
