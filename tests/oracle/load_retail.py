"""The demo's Parquet files as tables of a PostgreSQL, as a shop would have them: keys, the usual indexes, a reader.

`python -m tests.oracle.load_retail [FOLDER]` loads them into `.demo/pg-full` and says how long it took. A
database that was loaded from the same files is used again.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from semantic_layer.store.embedded import SUPERUSER, EmbeddedPostgres
from tests.oracle.data import ROOT, TABLES

DATABASE = "retail"
READER = "reader"
WHOLE_DATA = ROOT / ".demo" / "data"
KEPT_IN = ROOT / ".demo" / "pg-full"

# For a database that can always be made again; wal_level: COPY into a new table writes no journal.
FAST_LOADING = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "maintenance_work_mem": "512MB",
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "autovacuum": "off",
}

KEYS = {
    "products": "product_id",
    "demographics": "household_id",
    "campaign_descriptions": "campaign_id",
    "transactions": "basket_id, product_id",
}
INDEXES = {
    "promotions": "product_id, store_id, week",
    "transactions": "transaction_timestamp",
}

_BATCH_ROWS = 250_000
# Raised when tables, keys or indexes change: databases loaded before are loaded anew.
_LAYOUT = 1


def full_server() -> EmbeddedPostgres:
    """The server that keeps the whole data between runs; not started yet."""
    return EmbeddedPostgres(KEPT_IN, durable=False, settings=FAST_LOADING)


async def load_retail(server: EmbeddedPostgres, folder: Path, database: str = DATABASE) -> str:
    """Loads the files of `folder` unless that was done; gives the URL of a role that may only read."""
    token = data_token(folder)
    if not await _is_loaded(server, database, token):
        server.drop_database(database)
        server.create_database(database)
        server.create_role(READER)
        connection = await asyncpg.connect(server.url(database, SUPERUSER))
        try:
            async with connection.transaction():
                for table in TABLES:
                    await _load_table(connection, table, folder / f"{table}.parquet")
            await _finish(connection, token)
        finally:
            await connection.close()
    return server.url(database, READER)


def data_token(folder: Path) -> str:
    """Changes whenever a file may have changed."""
    found = {table: os.stat(folder / f"{table}.parquet") for table in TABLES}
    marks = [f"{table}@{file.st_size}@{file.st_mtime_ns}" for table, file in found.items()]
    return ",".join([f"layout {_LAYOUT}", *marks])


async def _is_loaded(server: EmbeddedPostgres, database: str, token: str) -> bool:
    try:
        connection = await asyncpg.connect(server.url(database, SUPERUSER))
    except asyncpg.InvalidCatalogNameError:
        return False
    try:
        return bool(await connection.fetchval("SELECT token FROM loading.done") == token)
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await connection.close()


async def _load_table(connection: asyncpg.Connection, table: str, path: Path) -> None:
    columns = TABLES[table]
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    await connection.execute(f"CREATE TABLE {table} ({declared})")
    # Frozen: rows of a new table need no later pass over them.
    await connection.copy_to_table(
        table, columns=list(columns), source=_csv(path, list(columns)), format="csv", freeze=True
    )


async def _csv(path: Path, columns: list[str]) -> AsyncIterator[bytes]:
    """The file as CSV by pieces; each is made in a thread while the server reads the one before."""
    batches = pq.ParquetFile(path).iter_batches(batch_size=_BATCH_ROWS, columns=columns)
    following = asyncio.create_task(asyncio.to_thread(_piece, batches, columns))
    while piece := await following:
        following = asyncio.create_task(asyncio.to_thread(_piece, batches, columns))
        yield piece


def _piece(batches: "AsyncIterator[pa.RecordBatch]", columns: list[str]) -> bytes:
    batch = next(batches, None)  # type: ignore[call-overload]
    if batch is None:
        return b""
    sink = pa.BufferOutputStream()
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    csv.write_csv(pa.Table.from_batches([batch.select(columns)]), sink, options)
    return sink.getvalue().to_pybytes()


async def _finish(connection: asyncpg.Connection, token: str) -> None:
    for table, columns in KEYS.items():
        await connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({columns})")
    for table, columns in INDEXES.items():
        await connection.execute(f"CREATE INDEX ON {table} ({columns})")
    await connection.execute("ANALYZE")
    await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")
    await connection.execute("CREATE SCHEMA loading")
    await connection.execute("CREATE TABLE loading.done (token text)")
    await connection.execute("INSERT INTO loading.done VALUES ($1)", token)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else WHOLE_DATA
    started = time.monotonic()
    with full_server() as server:
        url = asyncio.run(load_retail(server, folder))
        print(f"{url.split('?')[0]} is loaded after {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
