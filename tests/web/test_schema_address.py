"""`GET /schema.graphql`, and questions about the schema by introspection."""

import asyncio
import threading
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, build_client_schema, build_schema, get_introspection_query, print_schema

from semantic_layer.api import schema as schema_module
from semantic_layer.api.documents import PreparedSchema
from semantic_layer.web.keys import Keys
from tests.api.given import Door, published
from tests.web.conftest import KEY, Site
from tests.web.test_graphql_over_http import code_of

INTROSPECTION = get_introspection_query(input_value_deprecation=True)


async def test_the_schema_of_the_revision_in_service(site: Site, client: httpx.AsyncClient) -> None:
    response = await client.get("/schema.graphql")
    assert response.status_code == 200 and response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text == print_schema(site.door.schema.graphql) + "\n"
    assert "sales" in build_schema(response.text).type_map["Row"].fields  # type: ignore[attr-defined]
    known = {"if-none-match": response.headers["etag"]}
    again = await client.get("/schema.graphql", headers=known)
    assert (again.status_code, again.content) == (304, b"")


async def test_it_needs_a_key_and_a_revision() -> None:
    site = Site(Door(), keys=Keys.of({"reports": KEY}))
    async with site.client() as client:
        response = await client.get("/schema.graphql")
        assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
        assert (await client.get("/schema.graphql", headers={"x-api-key": KEY})).status_code == 200
        site.catalogs.catalog = None
        response = await client.get("/schema.graphql", headers={"x-api-key": KEY})
        assert (response.status_code, code_of(response)) == (503, "NOT_READY")
        assert (await client.post("/schema.graphql", headers={"x-api-key": KEY})).status_code == 405


async def test_introspection_is_made_once_and_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten tools that start together wait for one reply, and others are answered meanwhile."""
    site = Site(Door())
    site.door.schema = schema_module.build_schema(published())
    threads: list[Any] = []
    texts = site.door.schema.texts
    to_thread = asyncio.to_thread

    async def watched(work: Any, *arguments: Any) -> Any:
        threads.append(work)
        return await to_thread(work, *arguments)

    monkeypatch.setattr("semantic_layer.api.kept_texts.asyncio.to_thread", watched)
    async with site.client() as client:
        body = {"query": INTROSPECTION}
        replies = await asyncio.gather(*(client.post("/graphql", json=body) for _ in range(10)))
        assert len({reply.content for reply in replies}) == 1 and len(threads) == 1
        assert await texts.of(b"other", lambda: threading.current_thread().name.encode()) != b"MainThread"
    told = build_client_schema(replies[0].json()["data"])
    assert isinstance(told, GraphQLSchema) and set(told.type_map) == set(site.door.schema.graphql.type_map)


async def test_introspection_that_fails_is_not_kept(client: httpx.AsyncClient) -> None:
    body = {"query": "query ($name: String!) { __type(name: $name) { name } }"}
    for _ in range(2):
        failed = await client.post("/graphql", json=body)
        assert code_of(failed) == "GRAPHQL_INVALID"
    for name in ("Row", "Query"):
        fine = await client.post("/graphql", json={**body, "variables": {"name": name}})
        assert fine.json() == {"data": {"__type": {"name": name}}}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{ __schema { queryType { name } } catalog { revision } }", "operation of their own"),
        (
            "{ ...F catalog { revision } } fragment F on Query { ... { __schema { queryType { name } } } }",
            "of their own",
        ),
        ("{ a: __schema { queryType { name } } b: __schema { queryType { name } } }", "once"),
        ("{ __schema { types { name again: name } } }", "no aliases"),
        ("{ __schema { types { ...F } } } fragment F on __Type { a: fields { name } }", "no aliases"),
        ("{" + " ".join(f't{n}: __type(name: "Row") {{ name }}' for n in range(11)) + "}", "at most 10"),
    ],
)
async def test_what_would_hold_up_others(client: httpx.AsyncClient, document: str, said: str) -> None:
    response = await client.post("/graphql", json={"query": document})
    assert code_of(response) == "GRAPHQL_INVALID" and said in response.text


async def test_two_operations_of_one_document(client: httpx.AsyncClient) -> None:
    document = "query A { __typename __schema { queryType { name } } } query B { catalog { revision } }"
    about = await client.post("/graphql", json={"query": document, "operationName": "A"})
    assert about.json()["data"] == {"__typename": "Query", "__schema": {"queryType": {"name": "Query"}}}
    asked = await client.post("/graphql", json={"query": document, "operationName": "B"})
    assert asked.json()["data"] == {"catalog": {"revision": 3}}


async def test_texts_go_with_their_schema() -> None:
    first: PreparedSchema = schema_module.build_schema(published())
    await first.definition_language()
    second = schema_module.build_schema(published())
    assert second.texts is not first.texts
