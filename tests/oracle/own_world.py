"""Worlds of a test's own: a few rows in Parquet files and in PostgreSQL, with definitions, asked over HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import duckdb
import httpx

from semantic_layer.definitions.reader import read_texts
from semantic_layer.registry.catalogs import CatalogService
from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.store.registry_database import RegistryDatabase
from tests.oracle.product import Refused, ask_over_http, open_client

ENGINES = ("duckdb", "postgres")


@dataclass(frozen=True)
class OwnTable:
    """A table as both engines make it: column types, and rows as the SQL literals of each cell."""

    columns: str
    rows: Sequence[str]

    def create(self, name: str) -> str:
        return f"create table {name} ({self.columns}); insert into {name} values {', '.join(self.rows)}"


@dataclass(frozen=True)
class OwnWorld:
    """A client of the product for each engine, over equal rows."""

    clients: dict[str, httpx.AsyncClient]

    async def ask(self, engine: str, question: dict[str, Any]) -> dict[str, Any]:
        return await ask_over_http(self.clients[engine], question)

    async def rows(self, engine: str, question: dict[str, Any]) -> list[list[Any]]:
        rows: list[list[Any]] = (await self.ask(engine, question))["rows"]
        return rows

    async def refused(self, engine: str, question: dict[str, Any]) -> list[str]:
        """The codes of a refusal; an answer fails the test."""
        try:
            answer = await self.ask(engine, question)
        except Refused as refused:
            return refused.codes
        raise AssertionError(f"answered {answer['rows']}")


@asynccontextmanager
async def own_world(
    name: str, definitions: str, tables: dict[str, OwnTable], server: EmbeddedPostgres, folder: Path
) -> AsyncIterator[OwnWorld]:
    """The tables in both engines, the definitions published as revision 1 of a registry; source RETAIL."""
    registry = RegistryDatabase(server.create_database(f"{name}_registry"))
    await registry.migrate()
    await registry.publisher.publish(read_texts({"world.yaml": definitions}).catalog, actor="tests")
    catalogs = CatalogService(registry.revisions)
    await catalogs.refresh()
    _write_parquet(tables, folder)
    await _write_postgres(tables, server.create_database(name))
    server.create_role("reader")
    urls = {"duckdb": f"duckdb://{folder}", "postgres": server.url(name, "reader")}
    async with AsyncExitStack() as stack:
        clients = {engine: await stack.enter_async_context(open_client(catalogs, urls[engine])) for engine in ENGINES}
        yield OwnWorld(clients)
    await registry.close()


def _write_parquet(tables: dict[str, OwnTable], folder: Path) -> None:
    with duckdb.connect() as connection:
        for name, table in tables.items():
            for text in table.create(name).split("; "):
                connection.execute(text)
            connection.execute(f"copy {name} to '{folder / name}.parquet' (format parquet)")


async def _write_postgres(tables: dict[str, OwnTable], url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for name, table in tables.items():
            await connection.execute(table.create(name))
            await connection.execute(f"grant select on {name} to public")
    finally:
        await connection.close()
