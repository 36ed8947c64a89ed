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
        length = str(len(self.body)).encode()
        headers = [(b"content-type", self.media_type), (b"content-length", length), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def refusal_reply(refusal: SemanticLayerError, headers: Headers = (), media_type: bytes = JSON) -> HttpReply:
    """A request refused as a whole, with the status of its code."""
    body = orjson.dumps({"errors": [refusal_words(refusal)]})
    return HttpReply(CODES[refusal.code].status, body, media_type, headers)


def code_reply(code: ErrorCode, message: str, headers: Headers = ()) -> HttpReply:
    body = orjson.dumps({"errors": [issue_words([Issue(code, message)])]})
    return HttpReply(CODES[code].status, body, JSON, headers)
