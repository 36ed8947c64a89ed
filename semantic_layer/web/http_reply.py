"""Whole HTTP responses, sent as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from starlette.types import Send

from semantic_layer.api.error_words import issue_words, refusal_words
from semantic_layer.errors import CODES, ErrorCode, Issue, SemanticLayerError

JSON = b"application/json; charset=utf-8"
Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class HttpReply:
    status: int
    body: bytes
    media_type: bytes = JSON
    headers: Headers = ()

    async def send(self, send: Send) -> None:
        headers = [(b"content-type", self.media_type), *self.headers]
        if self.status != 304:  # whose length would be that of the reply not sent
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def refusal_reply(refusal: SemanticLayerError, headers: Headers = (), media_type: bytes = JSON) -> HttpReply:
    """A request refused as a whole, with the status of its code."""
    body = orjson.dumps({"errors": [refusal_words(refusal)]})
    return HttpReply(CODES[refusal.code].status, body, media_type, headers)


def code_reply(code: ErrorCode, message: str, headers: Headers = ()) -> HttpReply:
    body = orjson.dumps({"errors": [issue_words([Issue(code, message)])]})
    return HttpReply(CODES[code].status, body, JSON, headers)


def hints(code: ErrorCode | None) -> list[tuple[bytes, bytes]]:
    """Headers that say what to do about a refusal."""
    if code is ErrorCode.UNAUTHENTICATED:
        return [(b"www-authenticate", b"Bearer")]
    if code is ErrorCode.METHOD_NOT_ALLOWED:
        return [(b"allow", b"POST")]
    if code is ErrorCode.NOT_READY:
        return [(b"retry-after", b"1")]
    return [(b"connection", b"close")] if code is ErrorCode.BODY_TOO_LARGE else []
