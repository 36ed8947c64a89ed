"""A catalog and its schema come into service as one, and leave it as one."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from graphql import DocumentNode, get_introspection_query

from semantic_layer.api import schema_in_service
from semantic_layer.api.documents import PreparedSchema
from semantic_layer.app.application import Application, open_application
from semantic_layer.app.log_lines import start_log
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.reader import read_files
from semantic_layer.web.application import WebContext, create_app
from semantic_layer.web.keys import Keys
from tests.app.test_application import DEMO, with_data

PUBLISHES = 200
QUESTION = {"metrics": [{"name": "sales"}]}
# One more character makes another text, and so another document.
DOCUMENT = """query ($ask: AskInput!) {
  catalog { revision }
  metric(name: "sales") { label }
  first: query(ask: $ask) { columns { label } meta { revision } }
  second: query(ask: $ask) { columns { label } meta { revision } }
}"""
OTHER_DOCUMENT = DOCUMENT + " "


def labelled(catalog: Catalog, label: str) -> Catalog:
    """The catalog with another label for `sales`."""
    sales = catalog.metrics["sales"]
    about = replace(sales.about, label={**sales.about.label, "en": label})
    return replace(catalog, metrics={**catalog.metrics, "sales": replace(sales, about=about)})


@asynccontextmanager
async def serving(registry_url: str) -> AsyncIterator[tuple[Application, httpx.AsyncClient]]:
    async with open_application(with_data(), registry_url) as application:
        context = WebContext(
            backend=application.backend,
            schema=application.schemas.current,
            status=lambda: application.catalogs.status,
            keys=Keys.of({}, anonymous_viewer=True),
            hosts=None,
        )
        transport = httpx.ASGITransport(create_app(context))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60) as client:
            yield application, client


async def ask(client: httpx.AsyncClient, document: str = DOCUMENT, **more: object) -> dict[str, Any]:
    body = {"query": document, "variables": {"ask": {**QUESTION, **more}}}
    reply: dict[str, Any] = (await client.post("/graphql", json=body)).json()
    assert "errors" not in reply, reply
    data: dict[str, Any] = reply["data"]
    return data


def revisions(data: dict[str, Any]) -> set[int]:
    """Every revision that a reply speaks of. The label of revision n is `Sales n`."""
    labels = [data["metric"]["label"], *(data[alias]["columns"][0]["label"] for alias in ("first", "second"))]
    told = {data["catalog"]["revision"], *(data[alias]["meta"]["revision"] for alias in ("first", "second"))}
    return told | {int(label.removeprefix("Sales ")) for label in labels}


async def publish(application: Application, catalog: Catalog, number: int) -> None:
    applied = await application.registry.publisher.publish(labelled(catalog, f"Sales {number}"), actor="tests")
    assert applied.record.number == number
    await application.catalogs.wait_for(number, timeout=30)


async def test_schemas_and_documents_go_with_their_catalog(registry_url: str) -> None:
    """After 200 publishes no old schema, catalog or document is left, and as many objects as after 20.

    Replies of requests that run meanwhile are each of one revision.
    """
    catalog = read_files([DEMO])
    schemas: list[weakref.ref[Any]] = []
    seen: list[set[int]] = []
    objects: dict[int, int] = {}
    async with serving(registry_url) as (application, client):
        await publish(application, catalog, 1)
        for number in range(2, PUBLISHES + 1):
            running = [asyncio.create_task(ask(client)) for _ in range(2)]  # they begin with either
            await publish(application, catalog, number)
            seen += [revisions(reply) for reply in await asyncio.gather(*running)]
            seen.append(revisions(await ask(client, OTHER_DOCUMENT)))
            if number % 10 == 0:
                assert "sales" in (await client.get("/schema.graphql")).text
                await client.post("/graphql", json={"query": get_introspection_query()})
            schema = application.schemas.current()
            assert schema.published is application.catalogs.current
            schemas.append(weakref.ref(schema.graphql))
            del schema, running
            if number in (20, PUBLISHES):
                objects[number] = _objects()
        assert all(len(one) == 1 for one in seen)
        _objects()
        assert [ref for ref in schemas[:-1] if ref() is not None] == []
        assert sum(isinstance(one, PublishedCatalog) and one.revision > 0 for one in gc.get_objects()) <= 2
        documents = [one for one in gc.get_objects() if isinstance(one, DocumentNode)]
        assert sum(one.loc.source.body in (DOCUMENT, OTHER_DOCUMENT) for one in documents if one.loc) <= 2
        assert objects[PUBLISHES] < objects[20] * 1.05


def _objects() -> int:
    for _ in range(3):
        gc.collect()
    return len(gc.get_objects())


async def test_a_question_for_a_newer_revision_begins_its_request_anew(registry_url: str) -> None:
    """The server has not seen revision 2 yet when the request comes; the whole reply is of revision 2."""
    catalog = read_files([DEMO])
    async with serving(registry_url) as (application, client):
        await publish(application, catalog, 1)
        assert revisions(await ask(client)) == {1}
        deaf = application.catalogs.refresh
        application.catalogs.refresh = _nothing  # type: ignore[method-assign]
        await application.registry.publisher.publish(labelled(catalog, "Sales 2"), actor="tests")
        assert revisions(await ask(client)) == {1}
        application.catalogs.refresh = deaf  # type: ignore[method-assign]
        assert revisions(await ask(client, minRevision=2)) == {2}


async def _nothing() -> None:
    return


async def test_a_schema_that_cannot_be_built_leaves_the_pair_before_in_service(
    registry_url: str, monkeypatch: pytest.MonkeyPatch, log_put_back: None
) -> None:
    start_log(with_data())  # tracebacks as in production, without the values of whole catalogs
    catalog = read_files([DEMO])
    build: Callable[[PublishedCatalog], PreparedSchema] = schema_in_service.build_schema

    def sometimes(published: PublishedCatalog) -> PreparedSchema:
        if published.revision == 2:
            raise TypeError("two fields of one name")
        return build(published)

    monkeypatch.setattr(schema_in_service, "build_schema", sometimes)
    async with serving(registry_url) as (application, client):
        await publish(application, catalog, 1)
        await application.registry.publisher.publish(labelled(catalog, "Sales 2"), actor="tests")
        await application.catalogs.refresh()
        assert revisions(await ask(client)) == {1}
        assert application.catalogs.current.revision == 1
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["revision"], ready.json()["newestRevision"]) == (200, 1, 2)
        assert "Revision 2 cannot be served" in ready.json()["error"] and "two fields" not in ready.text
        await publish(application, catalog, 3)
        assert revisions(await ask(client)) == {3}
        assert (await client.get("/readyz")).json()["error"] is None


async def test_the_schema_is_built_beside_the_event_loop(registry_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[bool] = []
    build = schema_in_service.build_schema

    def watched(published: PublishedCatalog) -> PreparedSchema:
        try:
            asyncio.get_running_loop()
            built.append(False)
        except RuntimeError:
            built.append(True)
        return build(published)

    monkeypatch.setattr(schema_in_service, "build_schema", watched)
    async with serving(registry_url) as (application, client):
        await publish(application, read_files([DEMO]), 1)
        await ask(client)
    assert built == [True]


async def test_without_a_door_no_schema_is_built(registry_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line asks the pipeline itself."""

    def never(published: PublishedCatalog) -> PreparedSchema:
        raise AssertionError("built")

    monkeypatch.setattr(schema_in_service, "build_schema", never)
    async with open_application(with_data(), registry_url, with_schemas=False) as application:
        await publish(application, read_files([DEMO]), 1)
        assert application.catalogs.status.error is None
