"""What every request goes through first and every response last, as plain ASGI."""

import re
import uuid

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semantic_layer.errors import ErrorCode
from semantic_layer.web.http_reply import code_reply
from semantic_layer.web.serving_address import host_name

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")


class Frame:
    """Gives the request its id, refuses hosts that are not served here, and marks responses as private.

    Kept replies are asked for again with their entity tag: a publish may change them at any moment.

    `scope["state"]["request_id"]` is the id: the caller's own X-Request-Id if it is a plain one.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex.encode()
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        structlog.contextvars.bind_contextvars(request_id=request_id.decode())

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [
                    (b"x-request-id", request_id),
                    (b"x-content-type-options", b"nosniff"),
                ]
                if not any(name == b"cache-control" for name, _ in message["headers"]):
                    own.append((b"cache-control", b"private, no-cache"))
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        if self._hosts is not None and not self._is_served(headers.get(b"host")):
            message = "this host is not served here; SEMANTIC_LAYER_ALLOWED_HOSTS lists more"
            await code_reply(ErrorCode.HOST_NOT_ALLOWED, message).send(framed)
            return
        await self._app(scope, receive, framed)

    def _is_served(self, host: bytes | None) -> bool:
        return host is not None and self._hosts is not None and host_name(host.decode("latin-1")) in self._hosts
