"""Two sources with equal rows, DuckDB files and a PostgreSQL database, made from the same SELECTs."""

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import duckdb

from semantic_layer.store.embedded import SUPERUSER, EmbeddedPostgres

NUMBERS = count(1)
READER = "shop_reader"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def as_files(folder: Path, tables: Mapping[str, str]) -> str:
    """The URL of a folder with one Parquet file per table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, query in tables.items():
        path = str(folder / f"{name}.parquet").replace("'", "''")
        duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)").fetchall()
    return f"duckdb://{folder}"


def as_database(server: EmbeddedPostgres, statements: str) -> str:
    """The URL, for a role that may only read, of a new database in which the statements were run."""
    name = f"shop_{next(NUMBERS)}"
    server.create_database(name)
    server.create_role(READER)

    async def fill() -> None:
        connection = await asyncpg.connect(server.url(name, SUPERUSER))
        try:
            await connection.execute(statements)
            await connection.execute(
                f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}; GRANT USAGE ON SCHEMA public TO {READER}"
            )
        finally:
            await connection.close()

    apart(fill())
    return server.url(name, READER)


def as_tables(tables: Mapping[str, str]) -> str:
    """The statements that make tables of SELECTs that both engines understand."""
    return "\n".join(f"CREATE TABLE {quoted(name)} AS {query};" for name, query in tables.items())


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs in a thread of its own: a test may have an event loop already."""
    with ThreadPoolExecutor(1) as one:
        return one.submit(asyncio.run, work).result()
