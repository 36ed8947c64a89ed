"""All engines give equal rows for equal data (semantics rule 28): the same question of both, column for column."""

import datetime
from collections.abc import AsyncIterator
from pathlib import Path

import pyarrow as pa
import pytest

from semantic_layer.definitions.model import Select, Table
from semantic_layer.definitions.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    ColumnType,
    decimal,
)
from semantic_layer.engines.duckdb_source import DuckDBSource
from semantic_layer.engines.postgres_source import PostgresSource
from semantic_layer.serving.ports import Engine
from semantic_layer.sql.statement import BoundValue, Statement, StatementColumn
from semantic_layer.store.embedded import EmbeddedPostgres
from tests.engines.statements import statement
from tests.oracle.data import ROOT, SUBSET, TABLES
from tests.oracle.load_retail import READER, data_token, load_retail

Engines = dict[str, Engine]


@pytest.fixture(scope="module")
async def engines(postgres_server: EmbeddedPostgres) -> AsyncIterator[Engines]:
    url = await load_retail(postgres_server, SUBSET, "engines_retail")
    both: Engines = {"duckdb": DuckDBSource(SUBSET, is_database=False), "postgres": PostgresSource(url)}
    yield both
    for engine in both.values():
        await engine.close()


async def tables_of(engines: Engines, text: str, columns: dict[str, ColumnType]) -> list[pa.Table]:
    return [
        (await engine.run([statement(dialect, text, columns)], timeout=120))[0] for dialect, engine in engines.items()
    ]


EDGES: dict[str, tuple[ColumnType, list[str]]] = {
    "integers": (INTEGER, ["0", "-2147483648", "2147483647", "NULL", "7"]),
    "bigints": (BIGINT, ["0", "-9223372036854775807", "9223372036854775807", "NULL", "9007199254740993"]),
    "decimals": (decimal(38, 2), ["0.00", "-0.01", "NULL", f"{'9' * 36}.99", "1234567.89"]),
    "floats": (FLOAT, ["0.1", "-0.0", "NULL", "'NaN'", "'Infinity'", "1e308", "5e-324", "3.141592653589793"]),
    "texts": (TEXT, ["''", "'a'", "NULL", "'中文 ü 🎈'", "' x '", "'it''s'", "'a" + "b" * 5000 + "'"]),
    "booleans": (BOOLEAN, ["true", "NULL", "false"]),
    "dates": (DATE, ["'1970-01-01'", "'0001-01-01'", "'9999-12-31'", "NULL", "'infinity'", "'2016-02-29'"]),
    "timestamps": (
        TIMESTAMP,
        [
            "'1970-01-01'",
            "'0001-01-01'",
            "'9999-12-31 23:59:59.999999'",
            "NULL",
            "'-infinity'",
            "'1969-12-31 23:59:59'",
        ],
    ),
}
SQL_NAMES = {FLOAT: "double precision", INTEGER: "int", BIGINT: "bigint"}


@pytest.mark.parametrize("what", EDGES)
@pytest.mark.parametrize("nulls", ["with nulls", "without nulls", "only nulls", "no rows"])
async def test_edges_of_types(engines: Engines, what: str, nulls: str) -> None:
    kind, literals = EDGES[what]
    if nulls == "without nulls":
        literals = [literal for literal in literals if literal != "NULL"]
    if nulls == "only nulls":
        literals = ["NULL"] * 9
    name = SQL_NAMES.get(kind, str(kind))
    rows = " UNION ALL ".join(f"SELECT {place} AS p, CAST({one} AS {name}) AS v" for place, one in enumerate(literals))
    ending = "WHERE p < 0" if nulls == "no rows" else "ORDER BY p"
    first, second = await tables_of(engines, f"SELECT v FROM ({rows}) AS r {ending}", {"v": kind})
    assert first.num_rows == (0 if nulls == "no rows" else len(literals))
    assert second.schema.equals(first.schema, check_metadata=True)
    assert second.equals(first)


IMPOSSIBLE = {
    "DOUBLE PRECISION": (FLOAT, ["'NaN'", "'Infinity'", "'-Infinity'"], ["1.7976931348623157e308", "0", "NULL"]),
    "REAL": (FLOAT, ["'NaN'", "'Infinity'", "'-Infinity'"], ["3.4e38", "0", "NULL"]),
    "DATE": (DATE, ["'infinity'", "'-infinity'", "'12024-01-01'"], ["'0001-01-01'", "'9999-12-31'", "NULL"]),
    "TIMESTAMP": (TIMESTAMP, ["'infinity'", "'-infinity'", "'12024-01-01 10:00'"], ["'9999-12-31 23:59:59'", "NULL"]),
    "TIMESTAMPTZ": (TIMESTAMPTZ, ["'infinity'", "'-infinity'"], ["'9999-12-31 12:00+00'", "NULL"]),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
async def test_columns_with_values_that_are_none(engines: Engines, name: str) -> None:
    kind, impossible, possible = IMPOSSIBLE[name]
    columns = {"v": kind, "other v": kind}
    for engine in engines.values():

        async def found(literals: list[str], engine: Engine = engine) -> frozenset[str]:
            rows = " UNION ALL ".join(
                f'SELECT CAST({one} AS {name}) AS v, CAST(NULL AS {name}) AS "other v"' for one in literals
            )
            return await engine.impossible(Select(rows), columns)

        assert await found(possible) == frozenset()
        for one in impossible:
            assert await found([*possible, one]) == {"v"}


async def test_nanoseconds_reach_no_year_of_either_end(engines: Engines) -> None:
    rows = Select("SELECT CAST('2024-01-01' AS TIMESTAMP_NS) AS v")
    assert await engines["duckdb"].impossible(rows, {"v": TIMESTAMP}) == frozenset()


@pytest.mark.parametrize("table", TABLES)
async def test_no_table_of_the_demo_holds_one(engines: Engines, table: str) -> None:
    for engine in engines.values():
        types = (await engine.describe(Table(table))).types
        columns = {name: kind for name, kind in types.items() if kind.is_time or kind == FLOAT}
        if columns:
            assert await engine.impossible(Table(table), columns) == frozenset()


@pytest.mark.parametrize("table", TABLES)
async def test_whole_tables(engines: Engines, table: str) -> None:
    described = [await engine.describe(Table(table)) for engine in engines.values()]
    assert described[0].types == described[1].types
    columns = dict(described[0].types)
    names = ", ".join(columns)
    order = ", ".join(f'{n} COLLATE "C"' if kind == TEXT else n for n, kind in columns.items())
    texts = {
        "duckdb": f"SELECT {names} FROM {table} ORDER BY {names}",
        "postgres": f"SELECT {names} FROM {table} ORDER BY {order}",
    }
    first, second = [
        (await engine.run([statement(dialect, texts[dialect], columns)], timeout=120))[0]
        for dialect, engine in engines.items()
    ]
    assert first.num_rows > 0
    assert second.equals(first.cast(second.schema))


# --- loading ----------------------------------------------------------------------------------------------------------


async def test_loaded_data_is_used_again_until_the_files_change(
    postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    for table in TABLES:
        (tmp_path / f"{table}.parquet").write_bytes((SUBSET / f"{table}.parquet").read_bytes())
    url = await load_retail(postgres_server, tmp_path, "loading_tests")
    assert f"//{READER}@" in url

    def mark() -> str:
        found = postgres_server.run_sql("SELECT oid FROM pg_class WHERE relname = 'promotions'", "loading_tests")
        return found.strip()

    before = mark()
    await load_retail(postgres_server, tmp_path, "loading_tests")
    assert mark() == before
    token = data_token(tmp_path)
    (tmp_path / "campaigns.parquet").write_bytes((SUBSET / "campaigns.parquet").read_bytes())
    assert data_token(tmp_path) != token
    await load_retail(postgres_server, tmp_path, "loading_tests")
    assert mark() != before
    postgres_server.drop_database("loading_tests")


async def test_the_loaded_tables_have_their_keys(engines: Engines) -> None:
    unique = {table: (await engines["postgres"].describe(Table(table))).unique for table in TABLES}
    assert {table: found for table, found in unique.items() if found} == {
        "products": (("product_id",),),
        "demographics": (("household_id",),),
        "campaign_descriptions": (("campaign_id",),),
        "transactions": (("basket_id", "product_id"),),
    }


@pytest.mark.full
async def test_the_whole_data_is_the_same_on_both_engines(whole_retail_url: str) -> None:
    folder = ROOT / ".demo" / "data"
    both: Engines = {"duckdb": DuckDBSource(folder, is_database=False), "postgres": PostgresSource(whole_retail_url)}
    for table, columns in TABLES.items():
        sums = [
            f"sum(CAST({name} AS decimal(38, 2)))" if kind == "double precision" else f"count({name})"
            for name, kind in columns.items()
        ]
        outputs = ", ".join(f"{one} AS c{place}" for place, one in enumerate(sums))
        declared: dict[str, ColumnType] = {
            f"c{place}": decimal(38, 2) if one.startswith("sum") else BIGINT for place, one in enumerate(sums)
        }
        first, second = await tables_of(both, f"SELECT {outputs} FROM {table}", declared)
        assert first.to_pylist() == second.to_pylist()
    for engine in both.values():
        await engine.close()


async def test_the_first_and_the_last_day_are_values_like_any_other(engines: Engines) -> None:
    """9999-12-31 is the usual "no end" of warehouses; a driver that sends it as infinity loses those rows."""
    first, last = datetime.date.min, datetime.date.max
    values = (BoundValue(first, DATE), BoundValue(last, DATE), BoundValue(datetime.datetime.max, TIMESTAMP))
    text = (
        "SELECT CAST($1 AS DATE) = DATE '0001-01-01' AS is_first, CAST($2 AS DATE) = DATE '9999-12-31' AS is_last,"
        " CAST($3 AS TIMESTAMP) = TIMESTAMP '9999-12-31 23:59:59.999999' AS is_end"
    )
    names = ("is_first", "is_last", "is_end")
    for dialect, engine in engines.items():
        columns = tuple(StatementColumn(name, BOOLEAN) for name in names)
        [table] = await engine.run([Statement("RETAIL", dialect, text, values, columns)], timeout=30)
        assert table.to_pylist() == [dict.fromkeys(names, True)], dialect
