"""Session fixtures: the folder of data, the PostgreSQL database that holds it, and the two oracles."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from semantic_layer.store.embedded import EmbeddedPostgres
from tests.oracle.data import data_folder
from tests.oracle.databases import DuckDbOracle, Oracle, PostgresOracle, load_postgres

ENGINES = ("duckdb", "postgres")


@pytest.fixture(scope="session")
def golden_data() -> Path:
    """The folder of Parquet files that this run asks."""
    return data_folder()


@pytest.fixture(scope="session")
def postgres_source_url(postgres_server: EmbeddedPostgres, golden_data: Path) -> str:
    """An owner's URL of a PostgreSQL database that holds the tables of `golden_data`; anybody may read them."""
    url = postgres_server.create_database("golden_source")
    # In a thread of its own: asyncio.run would take away the event loop of the tests.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, _load(url, golden_data)).result()
    return url


async def _load(url: str, folder: Path) -> None:
    connection = await asyncpg.connect(url)
    try:
        await load_postgres(connection, folder)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def duckdb_oracle(golden_data: Path) -> Iterator[DuckDbOracle]:
    oracle = DuckDbOracle(golden_data)
    yield oracle
    oracle.close()


@pytest.fixture(scope="session")
def postgres_oracle(postgres_source_url: str) -> Iterator[PostgresOracle]:
    oracle = PostgresOracle(postgres_source_url)
    yield oracle
    oracle.close()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def oracle(engine: str, request: pytest.FixtureRequest) -> Oracle:
    """The oracle of the test's engine; the other engine's database is not started for it."""
    return request.getfixturevalue(f"{engine}_oracle")  # type: ignore[no-any-return]
