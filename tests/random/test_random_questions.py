"""Random questions over random shops, on both engines, against an evaluator that shares no code with the product.

`RANDOM_SEED=N RANDOM_CASES=M python -m pytest tests/random` asks other ones; a failing case prints its question, which
can be asked again as it stands.
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
from tests.oracle.evaluator.answers import answer
from tests.oracle.evaluator.catalog import Catalog
from tests.oracle.evaluator.comparison import difference, overflows
from tests.oracle.evaluator.measures import Refused as Refusal
from tests.oracle.product import Refused, ask_over_http, open_client
from tests.random.data import declared, make_tables, write_parquet, write_postgres
from tests.random.questions import Asker

SHOP = Path(__file__).parent / "shop.yaml"
WORLDS = (2, 3)
FIRST = int(os.environ.get("RANDOM_SEED", "1"))
CASES = int(os.environ.get("RANDOM_CASES", "100"))


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
    catalog, world = Catalog(SHOP), worlds[seed % len(worlds)]
    question = Asker(catalog, seed).question()
    try:
        expected = answer(catalog, world.tables, question)
    except Refusal as refusal:
        expected = refusal.code
    for engine, client in world.clients.items():
        try:
            got = await ask_over_http(client, question)
        except Refused as refused:
            allowed = isinstance(expected, str) or refused.codes == ["NOT_SUPPORTED"]
            allowed = allowed or (refused.codes == ["NUMBER_OUT_OF_RANGE"] and overflows(expected))
            assert allowed, f"{engine} refused {refused.codes}: {json.dumps(question, ensure_ascii=False)}"
            continue
        assert not isinstance(expected, str), f"{engine} answered, {expected} expected: {json.dumps(question)}"
        found = difference(got, expected)
        assert found is None, f"{engine}: {found}\n{json.dumps(question, ensure_ascii=False)}"
