"""The databases that answer hand-written SQL.

Nothing of the product is used here: an oracle that shared its code would share its mistakes.
"""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import duckdb

from tests.oracle.data import TABLES, VIEWS

Row = tuple[Any, ...]


class Oracle(Protocol):
    """Answers hand-written SQL with rows."""

    engine: str

    def rows(self, sql: str) -> list[Row]: ...


class DuckDbOracle:
    """DuckDB over the Parquet files of a folder."""

    engine = "duckdb"

    def __init__(self, folder: Path) -> None:
        self._known: dict[str, list[Row]] = {}
        self._connection = duckdb.connect()
        for table in TABLES:
            path = str(folder / f"{table}.parquet").replace("'", "''")
            self._connection.execute(f"create view {table} as select * from read_parquet('{path}')")
        for name, sql in VIEWS.items():
            self._connection.execute(f"create view {name} as {sql}")

    def rows(self, sql: str) -> list[Row]:
        """The rows of one SELECT; the data stands still, so a text is run once."""
        if sql not in self._known:
            self._known[sql] = self._connection.execute(sql).fetchall()
        return self._known[sql]

    def close(self) -> None:
        self._connection.close()


class PostgresOracle:
    """A PostgreSQL database that holds the tables. It has its own thread, so that tests with an event loop may wait."""

    engine = "postgres"

    def __init__(self, url: str) -> None:
        self._known: dict[str, list[Row]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection: asyncpg.Connection = self._run(self._open(url))

    async def _open(self, url: str) -> asyncpg.Connection:
        connection = await asyncpg.connect(url)
        # Temporary views belong to this connection only: the product never sees them.
        for name, sql in VIEWS.items():
            await connection.execute(f"create temporary view {name} as {sql}")
        return connection

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def rows(self, sql: str) -> list[Row]:
        """The rows of one SELECT; the data stands still, so a text is run once."""
        if sql not in self._known:
            self._known[sql] = [tuple(record) for record in self._run(self._connection.fetch(sql))]
        return self._known[sql]

    def close(self) -> None:
        self._run(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
