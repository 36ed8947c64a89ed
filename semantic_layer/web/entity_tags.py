"""Entity tags: a caller that still has a reply with this tag need not get it again."""

import asyncio
from hashlib import blake2b

from semantic_layer.web.http_reply import HttpReply

LONG = 500_000  # bytes; longer ones are read in a thread
# A reply is another one for another caller, media type or encoding.
VARY = (b"vary", b"Accept, Accept-Encoding, Authorization, X-API-Key")


async def tagged(reply: HttpReply, known: bytes | None) -> HttpReply:
    """The reply with its tag; 304 without a body if its tag is among those of If-None-Match (`known`).

    Tags are weak: compressed and not, the reply says the same.
    """
    body = reply.body
    digest = await asyncio.to_thread(_digest, body) if len(body) > LONG else _digest(body)
    headers = [*reply.headers, (b"etag", b'W/"' + digest + b'"'), VARY]
    if known is not None and _is_among(digest, known):
        return HttpReply(304, b"", reply.media_type, headers)
    return HttpReply(reply.status, body, reply.media_type, headers)


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).hexdigest().encode()


def _is_among(digest: bytes, known: bytes) -> bool:
    tags = (tag.strip().removeprefix(b"W/") for tag in known.split(b","))
    return any(tag in (b"*", b'"' + digest + b'"') for tag in tags)
