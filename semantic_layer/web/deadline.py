"""How long a caller waits for its answers: `X-Timeout-Ms`, whole milliseconds from the request's arrival."""

import time
from collections.abc import Mapping

from semantic_layer.errors import ErrorCode, refuse

HEADER = b"x-timeout-ms"
LONGEST_DIGITS = 9  # eleven days; the server's own limit holds in any case


def deadline_of(headers: Mapping[bytes, bytes]) -> float | None:
    """The moment of time.monotonic() at which it is over, None if the caller says nothing. Raises BAD_REQUEST."""
    given = headers.get(HEADER)
    if given is None:
        return None
    if not given.isdigit() or len(given) > LONGEST_DIGITS or int(given) == 0:
        raise refuse(ErrorCode.BAD_REQUEST, "`X-Timeout-Ms` is a whole number of milliseconds, at least 1")
    return time.monotonic() + int(given) / 1000
