"""`/graphql`: GraphQL over HTTP.

POST for everything; GET for queries, so that a reply that the caller still has need not be sent again. A browser that
opens the address gets the page to try questions on.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send

from semantic_layer.access.principal import Principal
from semantic_layer.api.documents import PreparedSchema
from semantic_layer.api.execution import GraphqlReply, GraphqlRequest, run
from semantic_layer.api.request import Backend, RequestContext
from semantic_layer.errors import CODES, ErrorCode, SemanticLayerError, refuse
from semantic_layer.web.client_name import client_of
from semantic_layer.web.deadline import deadline_of
from semantic_layer.web.entity_tags import tagged
from semantic_layer.web.graphiql_page import GraphiqlPage
from semantic_layer.web.http_reply import HttpReply, code_reply, hints, refusal_reply
from semantic_layer.web.keys import Keys
from semantic_layer.web.media_types import GRAPHQL_RESPONSE, is_json, response_type, wants_page
from semantic_layer.web.origins import Origins
from semantic_layer.web.query_string import read_query_string
from semantic_layer.web.request_body import ClientGone, read_body, read_request

MOST_BEGINNINGS = 3
METHODS = ("GET", "POST")
ADDRESS = b"?"  # no JSON begins so
ALLOW = [(b"allow", b"GET, POST")]
RawHeaders = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who sent a request, with which program, and how long they wait."""

    principal: Principal
    client: str
    request_id: str
    deadline: float | None


class GraphqlEndpoint:
    """An ASGI application for one address."""

    def __init__(
        self,
        backend: Backend,
        schema: Callable[[], PreparedSchema],
        keys: Keys,
        page: GraphiqlPage | None,
        max_body_bytes: int,
        origins: Origins,
    ) -> None:
        self._backend = backend
        self._schema = schema
        self._keys = keys
        self._page = page
        self._max_body_bytes = max_body_bytes
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: RawHeaders = dict(scope["headers"])
        try:
            reply = await self._reply(scope, headers, receive)
        except ClientGone:
            return
        await reply.send(send)

    async def _reply(self, scope: Scope, headers: RawHeaders, receive: Receive) -> HttpReply:
        accept = _text(headers, b"accept")
        method = scope["method"]
        if method == "GET" and self._page is not None and wants_page(accept):
            return self._page.reply
        if method not in METHODS:
            return code_reply(ErrorCode.METHOD_NOT_ALLOWED, "send a POST, or a query by GET", ALLOW)
        media_type = response_type(accept)
        if media_type is None:
            message = "accept application/graphql-response+json or application/json"
            return code_reply(ErrorCode.NOT_ACCEPTABLE, message)
        known = headers.get(b"if-none-match") if method == "GET" else None  # HTTP has 304 for GET only
        try:
            principal = self._keys.principal(headers)
            deadline = deadline_of(headers)
            text = await self._said(scope, headers, receive)
            schema = self._schema()  # raises before the first publish
            client = client_of(headers)
            ready = schema.ready.find(principal, text, self._backend.answers)
            if ready is not None:
                if self._backend.usage is not None:
                    self._backend.usage.record(ready.uses, client, principal.name, 0.0)
                return await tagged(HttpReply(200, ready.body, media_type), known)
            request = read_query_string(text.removeprefix(ADDRESS)) if method == "GET" else read_request(text)
        except SemanticLayerError as refusal:
            return refusal_reply(refusal, hints(refusal.code), media_type)
        asker = Asker(principal, client, scope["state"]["request_id"], deadline)
        answering = self._answered(request, text, schema, asker)
        answered = await _unless_gone(receive, answering)
        reply = HttpReply(_status(answered, media_type), answered.body, media_type, hints(answered.failed))
        return await tagged(reply, known) if answered.is_complete else reply

    async def _said(self, scope: Scope, headers: RawHeaders, receive: Receive) -> bytes:
        """What the request says, from its body or, with its question mark, from its address."""
        if scope["method"] == "GET":
            if not self._origins.may_get(headers):
                raise refuse(ErrorCode.METHOD_NOT_ALLOWED, "a page of another site asks by POST")
            await read_body(receive, headers.get(b"content-length"), 0)
            return ADDRESS + bytes(scope["query_string"])
        _check_content(headers)
        return await read_body(receive, headers.get(b"content-length"), self._max_body_bytes)

    async def _answered(
        self, request: GraphqlRequest, text: bytes, schema: PreparedSchema, asker: Asker
    ) -> GraphqlReply:
        """Everything in a reply is of one revision: a question for a newer one (`minRevision`) begins all anew."""
        for _ in range(MOST_BEGINNINGS):
            context = RequestContext(
                self._backend, schema.published, asker.principal, asker.request_id, asker.deadline, client=asker.client
            )
            reply = await run(schema, request, context)
            if reply.grounds:
                schema.ready.keep(asker.principal, text, reply.body, reply.grounds, context.uses)
            if not reply.outdated:
                break
            schema = self._schema()
        return reply


async def _unless_gone(receive: Receive, running: Coroutine[Any, Any, GraphqlReply]) -> GraphqlReply:
    """The reply, unless the caller hangs up: then the question is cancelled, down to its source."""
    answer = asyncio.ensure_future(running)
    gone = asyncio.ensure_future(receive())
    try:
        await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        raise ClientGone
    finally:
        answer.cancel()
        gone.cancel()


def _status(reply: GraphqlReply, media_type: bytes) -> int:
    """With plain JSON, whatever is said about the document comes as 200; the newer media type has statuses for it."""
    if reply.failed is None:
        return 200
    if media_type != GRAPHQL_RESPONSE and reply.failed is not ErrorCode.METHOD_NOT_ALLOWED:
        return 200
    return CODES[reply.failed].status


def _check_content(headers: RawHeaders) -> None:
    if not is_json(_text(headers, b"content-type")):
        raise refuse(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "send `Content-Type: application/json`, in UTF-8")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise refuse(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "send the body uncompressed")


def _text(headers: RawHeaders, name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")
