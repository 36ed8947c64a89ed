"""What a source says there is: tables by the names of definitions, their foreign keys, columns of unknown types."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import duckdb

from semantic_layer.definitions.model import Select, Table
from semantic_layer.engines.opening import open_engine
from semantic_layer.serving.ports import Engine, ForeignKey, RelationColumns
from semantic_layer.store.embedded import EmbeddedPostgres
from tests.survey.shops import as_database


@asynccontextmanager
async def engine(url: str) -> AsyncIterator[Engine]:
    opened = open_engine(url)
    yield opened
    await opened.close()


async def names(source: Engine) -> list[str | None]:
    """Every table can be described by the name that it is listed by."""
    tables = await source.tables()
    for table in tables:
        if table.name is not None:
            assert isinstance(await source.describe(Table(table.name)), RelationColumns)
    return [table.name for table in tables]


async def test_files_of_a_folder(tmp_path: Path) -> None:
    for file in ("Orders.csv", "both.csv", "both.parquet", "v1.2.parquet"):
        kind = "parquet" if file.endswith(".parquet") else "csv"
        duckdb.execute(f"COPY (SELECT 1 AS id) TO '{tmp_path / file}' (FORMAT {kind})").fetchall()
    (tmp_path / "notes.txt").write_text("no table", encoding="utf-8")
    async with engine(f"duckdb://{tmp_path}") as source:
        assert await names(source) == ["Orders", "both.csv", "both.parquet", "v1.2.parquet"]


async def test_a_duckdb_database(tmp_path: Path) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(str(file)) as made:
        made.execute("CREATE TABLE store (id INTEGER PRIMARY KEY, extra JSON, mood ENUM('a', 'b'))")
        made.execute('CREATE SCHEMA old; CREATE TABLE old.sale (a INTEGER, "b.c" INTEGER)')
        made.execute("CREATE TABLE sale (store_id INTEGER REFERENCES store (id)); CREATE VIEW late AS FROM sale")
        made.execute('CREATE TABLE "dotted.name" (id INTEGER)')
    async with engine(f"duckdb://{file}") as source:
        assert await names(source) == [None, "late", "sale", "store", "old.sale"]
        assert (await source.describe(Table("sale"))).foreign_keys == (ForeignKey(("store_id",), "store", ("id",)),)
        store = await source.describe(Table("store"))
        assert (store.unique, list(store.types), list(store.others)) == ((("id",),), ["id"], ["extra", "mood"])
        chosen = await source.describe(Select("SELECT id, extra FROM store"))
        assert (list(chosen.types), chosen.unique, list(chosen.others)) == (["id"], (), ["extra"])


async def test_a_postgresql_database(postgres_server: EmbeddedPostgres) -> None:
    url = as_database(postgres_server, """
        CREATE TABLE store (id integer PRIMARY KEY, extra jsonb, tags text[]);
        CREATE TYPE mood AS ENUM ('a', 'b');
        CREATE TABLE sale (n integer, store integer REFERENCES store, mood mood, PRIMARY KEY (n, store));
        CREATE TABLE refund (n integer, store integer, FOREIGN KEY (store, n) REFERENCES sale (store, n));
        CREATE TABLE part (id integer, day date) PARTITION BY RANGE (day);
        CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE VIEW late AS SELECT * FROM sale; CREATE MATERIALIZED VIEW kept AS SELECT * FROM sale;
        CREATE TABLE "dotted.name" (id integer); CREATE SCHEMA old; CREATE TABLE old.sale (id integer);
        CREATE SCHEMA hidden; CREATE TABLE hidden.secret (id integer);
        GRANT USAGE ON SCHEMA old TO shop_reader; GRANT SELECT ON old.sale TO shop_reader;
        GRANT SELECT ON hidden.secret TO shop_reader;
    """)  # fmt: skip
    async with engine(url) as source:
        assert await names(source) == [None, "kept", "late", "part", "refund", "sale", "store", "old.sale"]
        sale, refund = await source.describe(Table("sale")), await source.describe(Table("refund"))
        assert sale.foreign_keys == (ForeignKey(("store",), "store", ("id",)),)
        assert sale.unique == (("n", "store"),) and sale.others == {"mood": "mood"}
        assert refund.foreign_keys == (ForeignKey(("store", "n"), "sale", ("store", "n")),)
        assert (await source.describe(Table("store"))).others == {"extra": "jsonb", "tags": "_text"}
