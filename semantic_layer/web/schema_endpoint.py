"""`GET /schema.graphql`: the schema of the revision in service, for code generators and editors."""

from collections.abc import Callable

from starlette.types import Receive, Scope, Send

from semantic_layer.api.documents import PreparedSchema
from semantic_layer.errors import SemanticLayerError
from semantic_layer.web.entity_tags import tagged
from semantic_layer.web.http_reply import HttpReply, hints, refusal_reply
from semantic_layer.web.keys import Keys

SCHEMA_PATH = "/schema.graphql"
TEXT = b"text/plain; charset=utf-8"  # so that a browser shows it


class SchemaEndpoint:
    """An ASGI application for one address; a key is needed as for any question."""

    def __init__(self, schema: Callable[[], PreparedSchema], keys: Keys) -> None:
        self._schema = schema
        self._keys = keys

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        try:
            self._keys.principal(headers)
            text = await self._schema().definition_language()
        except SemanticLayerError as refusal:
            await refusal_reply(refusal, hints(refusal.code)).send(send)
            return
        reply = await tagged(HttpReply(200, text, TEXT), headers.get(b"if-none-match"))
        await reply.send(send)
