"""Random questions over tiny shops, on both engines, against an evaluator that shares no code with the product.

`RANDOM_SEED=N RANDOM_CASES=M RANDOM_METRICS=a,b python -m pytest tests/random` asks other ones (of metrics a and b).
A failing case prints its seed and the smallest question that still fails, which can be asked as it stands.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from semantic_layer.definitions.reader import read_files
from semantic_layer.registry.catalogs import CatalogService
from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.store.registry_database import RegistryDatabase
from tests.golden.test_both_doors import listed
from tests.golden.typed_document import typed_document
from tests.oracle.evaluator.answers import Expected, answer
from tests.oracle.evaluator.catalog import Catalog
from tests.oracle.evaluator.comparison import difference, overflows
from tests.oracle.evaluator.measures import Refused as Refusal
from tests.oracle.evaluator.rows import Tables
from tests.oracle.product import Refused, ask_over_http, open_client
from tests.random.data import declared, make_tables, write_parquet, write_postgres
from tests.random.questions import Ask, Asker
from tests.random.shrinking import shrunk

SHOP = Path(__file__).parent / "shop.yaml"
CATALOG = Catalog(SHOP)
WORLDS = (2, 3, 5, 0, 1)  # 0 has no rows, 1 only facts; the others have everything
FIRST = int(os.environ.get("RANDOM_SEED", "1"))
CASES = int(os.environ.get("RANDOM_CASES", "100"))
METRICS = tuple(filter(None, os.environ.get("RANDOM_METRICS", "").split(",")))  # only of these; none: of all


@dataclass(frozen=True)
class World:
    """One random shop: its rows as declared, and a client of the product for each engine."""

    tables: dict[str, list[dict[str, Any]]]
    clients: dict[str, httpx.AsyncClient]


@pytest.fixture(scope="session")
async def worlds(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[World]]:
    registry = RegistryDatabase(postgres_server.create_database("random_registry"))
    await registry.migrate()
    await registry.publisher.publish(read_files([SHOP]), actor="tests")
    catalogs = CatalogService(registry.revisions)
    await catalogs.refresh()
    postgres_server.create_role("reader")
    found = []
    async with AsyncExitStack() as stack:
        for seed in WORLDS:
            tables = make_tables(seed)
            folder = tmp_path_factory.mktemp(f"world_{seed}")
            write_parquet(tables, folder)
            await write_postgres(tables, postgres_server.create_database(f"world_{seed}"))
            urls = {"duckdb": f"duckdb://{folder}", "postgres": postgres_server.url(f"world_{seed}", "reader")}
            clients = {
                engine: await stack.enter_async_context(open_client(catalogs, url)) for engine, url in urls.items()
            }
            found.append(World(declared(tables), clients))
        yield found
    await registry.close()


@pytest.mark.parametrize("seed", range(FIRST, FIRST + CASES))
async def test_a_random_question(seed: int, worlds: list[World]) -> None:
    """Equal rows and totals on both engines, or a refusal where the evaluator refuses too."""
    world = worlds[seed % len(worlds)]
    question = Asker(CATALOG, seed, METRICS).question()
    for engine, client in world.clients.items():
        if await _wrong(question, world.tables, client) is not None:

            async def fails(simpler: Ask, client: httpx.AsyncClient = client) -> bool:
                return await _wrong(simpler, world.tables, client) is not None

            small = await shrunk(question, fails)
            found = await _wrong(small, world.tables, client)
            shown = json.dumps(small, ensure_ascii=False)
            pytest.fail(f"seed {seed}, world {WORLDS[seed % len(worlds)]}, {engine}: {found}\n{shown}", pytrace=False)


async def _wrong(question: Ask, tables: Tables, client: httpx.AsyncClient) -> str | None:
    """What is wrong with the product's answer, None if nothing."""
    try:
        expected: Expected | Refusal = answer(CATALOG, tables, question)
    except Refusal as refusal:
        expected = refusal
    try:
        got = await ask_over_http(client, question)
    except Refused as refused:
        return None if _may_be_refused(expected, refused.codes) else f"refused with {refused.codes}"
    if isinstance(expected, Refusal):
        return f"answered, but {expected.code} is due"
    return difference(got, expected)


def _may_be_refused(expected: Expected | Refusal, codes: list[str]) -> bool:
    """A refusal by the rules (whichever of several is told), or of what documents say is not served, or by rule 9."""
    if isinstance(expected, Refusal):
        return "INTERNAL" not in codes
    return codes == ["NOT_SUPPORTED"] or (codes == ["NUMBER_OUT_OF_RANGE"] and overflows(expected))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + CASES // 4))
async def test_a_random_question_through_the_typed_door(seed: int, worlds: list[World]) -> None:
    """Rows and totals of the by-name door, or a refusal for the same reasons."""
    client = worlds[seed % len(worlds)].clients["duckdb"]
    question = Asker(CATALOG, seed).question()
    document = typed_document(question)
    reply = await client.post("/graphql", json={"query": document.text, "variables": document.variables})
    body = reply.json()
    try:
        by_name = await ask_over_http(client, question)
    except Refused as refused:
        assert set(Refused(body["errors"]).codes) == set(refused.codes), document
        return
    assert "errors" not in body, (document, body["errors"])
    typed = body["data"]["metrics"]
    assert listed(typed["rows"], document.keys) == by_name["rows"], document
    for (key, keys), totals in zip(document.sets, by_name["totals"], strict=True):
        rows = typed[key] if isinstance(typed[key], list) else [typed[key]]
        assert listed(rows, keys) == totals["rows"], document
