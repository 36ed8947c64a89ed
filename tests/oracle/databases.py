"""The databases that answer hand-written SQL, and the loading of the demo's tables into PostgreSQL.

Nothing of the product is used here: an oracle that shared its code would share its mistakes.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import duckdb
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

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


async def load_postgres(connection: asyncpg.Connection, folder: Path) -> None:
    """Create the demo's tables in the connection's database and COPY the Parquet files of `folder` into them.

    Anybody who can connect may read them (`grant select … to public`).
    """
    for table, columns in TABLES.items():
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        await connection.execute(f"create table {table} ({declared})")
        await connection.copy_to_table(
            table, columns=list(columns), source=_csv(folder / f"{table}.parquet", list(columns)), format="csv"
        )
        await connection.execute(f"grant select on {table} to public")
    await connection.execute("analyze")


async def _csv(path: Path, columns: list[str]) -> AsyncIterator[bytes]:
    """The file as CSV, batch by batch, so that twenty million rows never stand in memory at once."""
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in pq.ParquetFile(path).iter_batches(batch_size=100_000, columns=columns):
        sink = pa.BufferOutputStream()
        csv.write_csv(pa.Table.from_batches([batch.select(columns)]), sink, options)
        yield sink.getvalue().to_pybytes()
