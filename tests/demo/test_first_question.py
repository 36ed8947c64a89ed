"""What GraphiQL shows first is the question that the demo asks itself, with fields in place of names."""

from typing import Any

import orjson

from semantic_layer.access.principal import Principal
from semantic_layer.api.execution import GraphqlRequest, run
from semantic_layer.api.request import Backend, RequestContext
from semantic_layer.api.schema import build_schema
from semantic_layer.app.backend import open_backend
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.definitions.reader import read_files
from semantic_layer.demo.first_question import ASK, DOCUMENT, VARIABLES
from tests.app.test_application import DEMO, with_data

BY_NAME = "query ($ask: AskInput!) { query(ask: $ask) { rows totals { rows } meta { sql } } }"


async def asked(backend: Backend, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    schema = build_schema(backend.catalogs.current)
    context = RequestContext(backend, schema.published, Principal("tests"), "request-1")
    reply = orjson.loads((await run(schema, GraphqlRequest(document, variables), context)).body)
    assert "errors" not in reply, reply
    (answer,) = reply["data"].values()
    found: dict[str, Any] = answer
    return found


async def test_both_forms_are_one_question() -> None:
    async with open_backend(with_data(), draft_catalogs(read_files([DEMO]))) as backend:
        with_fields = await asked(backend, DOCUMENT, VARIABLES)
        by_name = await asked(backend, BY_NAME, {"ask": ASK})
    rows = [
        [row["product"]["department"], row["sales"], row["averageBasketValue"], row["privateLabelShare"]]
        for row in with_fields["rows"]
    ]
    assert rows == by_name["rows"] and len(rows) == 7
    assert [list(with_fields["totals"].values())] == by_name["totals"][0]["rows"]
