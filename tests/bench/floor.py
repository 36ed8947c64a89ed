"""The least that an answer over HTTP can cost here: an ASGI application that reads a body and sends ready bytes."""

import json

from starlette.types import Receive, Scope, Send

# Of the size and form of the answer that is measured beside it.
REPLY = json.dumps({"data": {"query": {"rows": [["2017-01-01", "370886.93", 12721, 29.155485]] * 13}}}).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(REPLY)).encode())]


async def floor_app(_scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": REPLY})
