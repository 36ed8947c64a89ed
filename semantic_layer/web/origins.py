"""Which pages of other origins may read from here: those of an allow-list, by default none."""

import re
from collections.abc import Collection, Mapping

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

ANY_PORT = ":*"
PREFLIGHT_SECONDS = 600
METHODS = ("GET", "POST")
SENT = ("Authorization", "Content-Type", "If-None-Match", "X-API-Key", "X-Request-Id", "X-Timeout-Ms")
SHOWN = ("ETag", "Retry-After", "X-Request-Id")

# What a browser says of the page that sends a request; a page cannot change it.
OWN_PAGES = (b"same-origin", b"none")


class Origins:
    """An allow-list: `https://app.example`, or `http://localhost:*` for any port."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._pattern = "|".join(_pattern(origin) for origin in allowed)

    def middleware(self) -> list[Middleware]:
        """What answers preflights and marks replies; nothing if no origin is allowed."""
        if not self._pattern:
            return []
        return [
            Middleware(
                CORSMiddleware,
                allow_origin_regex=self._pattern,
                allow_methods=METHODS,
                allow_headers=SENT,
                expose_headers=SHOWN,
                max_age=PREFLIGHT_SECONDS,
            )
        ]

    def may_get(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a question by GET comes from a program, from a page of ours, or from an allowed one.

        Without this, any page could make a browser on this network run questions (though not read them): a GET needs
        no preflight.
        """
        site = headers.get(b"sec-fetch-site")
        if site is None or site in OWN_PAGES:
            return True
        origin = headers.get(b"origin", b"").decode("latin-1")
        return bool(self._pattern) and re.fullmatch(self._pattern, origin) is not None


def _pattern(origin: str) -> str:
    if origin.endswith(ANY_PORT):
        return re.escape(origin.removesuffix(ANY_PORT)) + r"(?::\d{1,5})?"
    return re.escape(origin)
