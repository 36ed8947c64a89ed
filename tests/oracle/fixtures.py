"""Session fixtures: the folder of data, the PostgreSQL database that holds it, and the two oracles."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.data import data_folder, is_whole
from tests.oracle.databases import DuckDbOracle, Oracle, PostgresOracle
from tests.oracle.load_retail import WHOLE_DATA, full_server, load_retail

ENGINES = ("duckdb", "postgres")


@pytest.fixture(scope="session")
def golden_data() -> Path:
    """The folder of Parquet files that this run asks."""
    return data_folder()


@pytest.fixture(scope="session")
def whole_retail_url() -> Iterator[str]:
    """A reader's URL of the whole data in PostgreSQL, kept between runs in `.demo/pg-full`."""
    with full_server() as server:
        yield _apart(load_retail(server, WHOLE_DATA))


@pytest.fixture(scope="session")
def postgres_source_url(request: pytest.FixtureRequest, golden_data: Path) -> str:
    """A reader's URL of a PostgreSQL database that holds the tables of `golden_data`."""
    if is_whole(golden_data):
        return str(request.getfixturevalue("whole_retail_url"))
    return _apart(load_retail(request.getfixturevalue("postgres_server"), golden_data, "golden_source"))


def _apart(loading: Coroutine[Any, Any, str]) -> str:
    """Runs in a thread of its own: asyncio.run would take away the event loop of the tests."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, loading).result()


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
