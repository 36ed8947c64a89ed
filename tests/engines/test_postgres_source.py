import asyncio
import datetime
import json
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import asyncpg
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
from semantic_layer.engines.postgres_source import PostgresSource
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.serving.ports import NULLED
from semantic_layer.sql.statement import BoundValue, Statement
from semantic_layer.store.embedded import SUPERUSER, EmbeddedPostgres
from tests.engines.statements import statement

COUNT = {"n": BIGINT}
HEAVY = "SELECT count(*) AS n FROM generate_series(1, 100000000) a, generate_series(1, 1000) b"
PATIENCE = 30  # seconds: the heavy query takes hours
DATABASE, READER = "engine_tests", "engine_reader"

TABLES = f"""
    CREATE SCHEMA sales;
    CREATE TYPE mood AS ENUM ('glad', 'sad');
    CREATE DOMAIN price AS numeric(10,2);
    CREATE DOMAIN old_price AS price;
    CREATE TABLE sales.orders (
        id bigint PRIMARY KEY, store int NOT NULL, day date NOT NULL, code text UNIQUE, value numeric(12,2),
        free numeric, fine numeric(2,4), mood mood, price old_price, letter char(3),
        note jsonb, at timestamp, seen timestamptz,
        small smallint, ratio real, is_new boolean, "Odd Name" bigint, key uuid, gone int, UNIQUE (store, day)
    );
    ALTER TABLE sales.orders DROP COLUMN gone;
    CREATE UNIQUE INDEX ON sales.orders (store, id) WHERE store > 5;
    CREATE UNIQUE INDEX ON sales.orders (lower(code));
    CREATE UNIQUE INDEX ON sales.orders (day, id) INCLUDE (store);
    INSERT INTO sales.orders (id, store, day, value)
    SELECT i, i % 7, date '2017-01-01' + i, i * 1.5 FROM generate_series(1, 1000) i;
    CREATE VIEW recent AS SELECT id, value FROM sales.orders WHERE id > 990;
    CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE child () INHERITS (parent);
    CREATE TABLE private (id int);
    CREATE TABLE changing (a int);
    INSERT INTO changing VALUES (1);
    CREATE TABLE "Mixed Case" (id int);
    GRANT USAGE ON SCHEMA sales TO {READER};
    GRANT SELECT ON sales.orders, recent, parent, child, changing, "Mixed Case" TO {READER};
"""


@pytest.fixture(scope="module")
async def owner(postgres_server: EmbeddedPostgres) -> AsyncIterator[asyncpg.Connection]:
    postgres_server.create_database(DATABASE)
    postgres_server.create_role(READER)
    connection = await asyncpg.connect(postgres_server.url(DATABASE, SUPERUSER))
    await connection.execute(TABLES)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def source(owner: asyncpg.Connection, postgres_server: EmbeddedPostgres) -> AsyncIterator[PostgresSource]:
    found = PostgresSource(postgres_server.url(DATABASE, READER))
    yield found
    await found.close()


def reading(text: str, columns: dict[str, ColumnType], *values: BoundValue) -> Statement:
    return statement("postgres", text, columns, *values)


def counting(relation: str) -> Statement:
    return reading(f"SELECT count(*) AS n FROM {relation}", COUNT)


async def rows(source: PostgresSource, one: Statement, timeout: float = 20) -> list[dict[str, Any]]:
    [table] = await source.run([one], timeout=timeout)
    return table.to_pylist()


async def refusal(source: PostgresSource, one: Statement) -> SemanticLayerError:
    with pytest.raises(SemanticLayerError) as error:
        await source.run([one], timeout=20)
    return error.value


async def running(owner: asyncpg.Connection) -> int:
    """Statements of the reader that the server works on."""
    return await owner.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND state <> 'idle'", READER)


async def all_ended(owner: asyncpg.Connection) -> bool:
    """Nothing runs any more; a closed socket ends it within a quarter of a second."""
    deadline = time.monotonic() + PATIENCE
    while await running(owner) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return await running(owner) == 0


# --- rows and types ---------------------------------------------------------------------------------------------------


async def test_columns_come_as_declared(source: PostgresSource) -> None:
    columns = {
        "small": INTEGER, "count": INTEGER, "big": BIGINT, "money": decimal(38, 2), "ratio": FLOAT, "single": FLOAT,
        "exact": FLOAT, "whole": BIGINT, "name": TEXT, "letter": TEXT, "mood": TEXT, "yes": BOOLEAN, "day": DATE,
        "at": TIMESTAMP, "instant": TIMESTAMPTZ, "nothing": DATE,
    }  # fmt: skip
    text = """
        SELECT 1::smallint, 2::int, 9223372036854775807, -1234.5::numeric, 0.1::float8, 0.5::real, 0.25::numeric,
               12::numeric, 'héé 中文'::varchar, 'x'::char(3), 'sad'::mood, true, date '2017-03-01',
               timestamp '2017-03-01 10:20:30.123456', timestamptz '2017-03-01 10:00:00+02', NULL
        UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL
    """
    [table] = await source.run([reading(text, columns)], timeout=20)
    assert table.schema == pa.schema(
        {
            "small": pa.int32(), "count": pa.int32(), "big": pa.int64(), "money": pa.decimal128(38, 2),
            "ratio": pa.float64(), "single": pa.float64(), "exact": pa.float64(), "whole": pa.int64(),
            "name": pa.string(), "letter": pa.string(), "mood": pa.string(), "yes": pa.bool_(), "day": pa.date32(),
            "at": pa.timestamp("us"), "instant": pa.timestamp("us", "UTC"), "nothing": pa.date32(),
        }
    )  # fmt: skip
    first, second = table.to_pylist()
    assert list(first.values()) == [
        1, 2, 2**63 - 1, Decimal("-1234.50"), 0.1, 0.5, 0.25, 12, "héé 中文", "x", "sad", True,
        datetime.date(2017, 3, 1), datetime.datetime(2017, 3, 1, 10, 20, 30, 123456),
        datetime.datetime(2017, 3, 1, 8, tzinfo=datetime.UTC), None,
    ]  # fmt: skip
    assert second == {name: "" if name == "name" else None for name in columns}


async def test_no_rows_have_types_too(source: PostgresSource) -> None:
    columns = {"a": INTEGER, "b": TEXT, "c": decimal(38, 2), "d": DATE}
    text = "SELECT 1 AS a, 'x'::text AS b, 1.5::numeric AS c, date '2017-01-01' AS d WHERE false"
    [table] = await source.run([reading(text, columns)], timeout=20)
    assert table.num_rows == 0
    assert [str(field.type) for field in table.schema] == ["int32", "string", "decimal128(38, 2)", "date32[day]"]


async def test_values_are_bound_with_their_types(source: PostgresSource) -> None:
    values = {
        "a": BoundValue(5, INTEGER), "b": BoundValue(2**40, BIGINT), "c": BoundValue(Decimal("1.50"), decimal(12, 2)),
        "d": BoundValue(0.5, FLOAT), "e": BoundValue("x' OR 1=1 --", TEXT), "f": BoundValue(True, BOOLEAN),
        "g": BoundValue(datetime.date(2017, 3, 1), DATE), "h": BoundValue(datetime.datetime(2017, 3, 1, 4), TIMESTAMP),
        "i": BoundValue(None, DATE),
    }  # fmt: skip
    kinds = ["int", "bigint", "numeric(12,2)", "float8", "text", "boolean", "date", "timestamp", "date"]
    named = zip(values, kinds, strict=True)
    text = "SELECT " + ", ".join(f"CAST(${place} AS {kind}) AS {name}" for place, (name, kind) in enumerate(named, 1))
    columns = {name: value.type for name, value in values.items()}
    found = await rows(source, reading(text, columns, *values.values()))
    assert found == [{name: value.value for name, value in values.items()}]


async def test_the_largest_numbers_stay_exact(source: PostgresSource) -> None:
    text = f"SELECT {'9' * 36}.99::numeric AS a, 9007199254740993::bigint AS b, {'9' * 38}::numeric AS c"
    found = await rows(source, reading(text, {"a": decimal(38, 2), "b": BIGINT, "c": decimal(38, 0)}))
    assert found == [{"a": Decimal("9" * 36 + ".99"), "b": 9007199254740993, "c": Decimal("9" * 38)}]


async def test_impossible_values_are_null_and_told(source: PostgresSource) -> None:
    """The driver would give 9999-12-31 for 'infinity', and raise for years before 1."""
    columns = {"x": FLOAT, "n": decimal(38, 2), "d": DATE, "bc": DATE, "t": TIMESTAMP, "fine": DATE}
    text = """
        SELECT 'NaN'::float8 AS x, 'NaN'::numeric AS n, date 'infinity' AS d, date '0044-03-15 BC' AS bc,
               timestamp '-infinity' AS t, date '9999-12-31' AS fine
        UNION ALL SELECT 'Infinity', 'Infinity', '-infinity', '0001-01-01', 'infinity', '0001-01-01'
        UNION ALL SELECT 1.5, 1.5, NULL, NULL, '9999-12-31 23:59:59.999999', NULL
    """
    [table] = await source.run([reading(text, columns)], timeout=20)
    first_day, last_day = datetime.date(1, 1, 1), datetime.date(9999, 12, 31)
    assert table.to_pydict() == {
        "x": [None, None, 1.5],
        "n": [None, None, Decimal("1.50")],
        "d": [None, None, None],
        "bc": [None, first_day, None],
        "t": [None, None, datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)],
        "fine": [last_day, first_day, None],
    }
    assert sorted(json.loads(table.schema.metadata[NULLED])) == ["bc", "d", "n", "t", "x"]


async def test_many_rows_keep_their_order_whatever_the_plan(
    source: PostgresSource, owner: asyncpg.Connection, postgres_server: EmbeddedPostgres
) -> None:
    """The rows are put together by aggregates; parallel workers must not mix them up, nor shift a column."""
    await owner.execute(
        """
        CREATE TABLE IF NOT EXISTS many AS
        SELECT i AS id, CASE WHEN i % 5 > 0 THEN (i * 7919) % 100003 END AS shuffled, 'row ' || i AS name
        FROM generate_series(1, 60000) i;
        GRANT SELECT ON many TO PUBLIC; ANALYZE many
        """
    )
    eager = PostgresSource(
        postgres_server.url(DATABASE, READER)
        + "&parallel_setup_cost=0&parallel_tuple_cost=0&min_parallel_table_scan_size=0&debug_parallel_query=on"
        + "&max_parallel_workers_per_gather=4"
    )
    columns = {"id": INTEGER, "shuffled": INTEGER, "name": TEXT}
    for order in ("ORDER BY shuffled NULLS LAST, id", "ORDER BY id DESC LIMIT 50000 OFFSET 3", "ORDER BY name", ""):
        text = f"SELECT id, shuffled, name FROM many {order}"
        expected = [tuple(record) for record in await owner.fetch(text)]
        for engine in (source, eager):
            [table] = await engine.run([reading(text, columns)], timeout=60)
            found = list(zip(*table.to_pydict().values(), strict=True))
            assert (found if order else sorted(found)) == (expected if order else sorted(expected))
    await eager.close()


# --- failures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT 1 AS n FROM nowhere", ErrorCode.SOURCE_REFUSED),
        ("SELECT nothing AS n FROM sales.orders", ErrorCode.SOURCE_REFUSED),
        ("SELECT count(*) AS n FROM private", ErrorCode.SOURCE_REFUSED),
        ("SELECT 'x'::bigint AS n", ErrorCode.SOURCE_REFUSED),
        ("SELECT 1 AS n, 2 AS m", ErrorCode.SOURCE_REFUSED),
        ("SELECT 1.5::float8 AS n", ErrorCode.SOURCE_REFUSED),
        ("SELECT ARRAY[1] AS n", ErrorCode.SOURCE_REFUSED),
        ("SELECT 1 / 0 AS n", ErrorCode.SOURCE_REFUSED),
        ("SELEC 1", ErrorCode.SOURCE_REFUSED),
        ("", ErrorCode.SOURCE_REFUSED),
        ("SELECT (SELECT id FROM sales.orders) AS n", ErrorCode.SOURCE_REFUSED),
        ("SELECT 2147483647 + 1 AS n", ErrorCode.NUMBER_OUT_OF_RANGE),
        ("SELECT 9223372036854775808::numeric AS n", ErrorCode.NUMBER_OUT_OF_RANGE),
        ("SELECT 1.5::numeric AS n", ErrorCode.NUMBER_OUT_OF_RANGE),
        (f"SELECT {'9' * 39}::numeric AS n", ErrorCode.NUMBER_OUT_OF_RANGE),
    ],
)
async def test_failures_have_a_code_and_not_the_words_of_postgres(
    source: PostgresSource, text: str, code: ErrorCode
) -> None:
    error = await refusal(source, reading(text, COUNT))
    assert error.code is code
    assert error.detail
    for word in ("Error", "SELECT", "relation", "nowhere", "syntax"):
        assert word not in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO sales.orders (id, store, day) VALUES (0, 0, '2017-01-01') RETURNING id AS n",
        "WITH x AS (DELETE FROM sales.orders RETURNING id) SELECT count(*) AS n FROM x",
        "SELECT 1 AS n; DROP TABLE sales.orders",
        "SELECT 1 AS n) AS answer; DROP TABLE sales.orders; --",
        "SELECT length(pg_read_file('/etc/passwd'))::bigint AS n",
        "SELECT 1 AS n FROM set_config('transaction_read_only', 'off', false)",
        "SELECT nextval(pg_get_serial_sequence('sales.orders', 'id')) AS n",
        "COPY sales.orders TO '/tmp/orders'",
        "CREATE TEMP TABLE x AS SELECT 1 AS n",
        "SET search_path = sales",
        "COMMIT",
    ],
)
async def test_what_does_more_than_read_is_refused(
    source: PostgresSource, owner: asyncpg.Connection, text: str
) -> None:
    if "nextval" in text:
        await owner.execute("CREATE SEQUENCE IF NOT EXISTS counter; GRANT ALL ON counter TO PUBLIC")
        text = "SELECT nextval('counter') AS n"
    assert (await refusal(source, reading(text, COUNT))).code is ErrorCode.SOURCE_REFUSED
    assert await owner.fetchval("SELECT count(*) FROM sales.orders") == 1000


async def test_a_setting_does_not_outlive_its_run(source: PostgresSource) -> None:
    names = ", ".join(f"current_setting('{name}')" for name in ("TimeZone", "statement_timeout", "search_path"))
    settings = reading(f"SELECT concat_ws('|', {names}) AS s", {"s": TEXT})
    before = await rows(source, settings)
    assert before[0]["s"].startswith("UTC|20s|")
    hostile = "SELECT set_config('TimeZone', 'Asia/Tokyo', false) || set_config('search_path', 'pg_temp', false) AS s"
    await rows(source, reading(hostile, {"s": TEXT}))
    assert await rows(source, settings) == before


async def test_a_superuser_is_not_let_in(owner: asyncpg.Connection, postgres_server: EmbeddedPostgres) -> None:
    source = PostgresSource(postgres_server.url(DATABASE, SUPERUSER))
    error = await refusal(source, counting("sales.orders"))
    assert error.code is ErrorCode.SOURCE_REFUSED
    assert "superuser" in str(error) and "SELECT" in str(error)
    await source.close()


async def test_a_role_that_may_read_the_servers_files_is_not_let_in(
    owner: asyncpg.Connection, postgres_server: EmbeddedPostgres
) -> None:
    postgres_server.create_role("file_reader")
    await owner.execute("GRANT pg_read_server_files TO file_reader")
    source = PostgresSource(postgres_server.url(DATABASE, "file_reader"))
    assert (await refusal(source, counting("sales.orders"))).code is ErrorCode.SOURCE_REFUSED
    await source.close()


async def test_a_source_that_is_down_says_so_and_no_secret() -> None:
    source = PostgresSource("postgresql://someone:hush@127.0.0.1:1/shop")
    error = await refusal(source, counting("orders"))
    assert error.code is ErrorCode.SOURCE_UNAVAILABLE
    assert error.retryable
    for text in (str(error), error.detail, repr(source), repr(vars(source).keys())):
        assert "hush" not in text
    await source.close()


@pytest.mark.parametrize("change", ["nobody@", "/nowhere?"])
async def test_a_wrong_role_or_database_is_refused(postgres_server: EmbeddedPostgres, change: str) -> None:
    database, user = ("nowhere", READER) if "?" in change else (DATABASE, "nobody")
    source = PostgresSource(postgres_server.url(database, user))
    assert (await refusal(source, counting("orders"))).code is ErrorCode.SOURCE_REFUSED
    await source.close()


async def test_the_pool_recovers_when_the_server_ends_its_connections(
    source: PostgresSource, owner: asyncpg.Connection
) -> None:
    for pause in (0, 0, 0.001, 0.002, 0.005, 0.05):
        assert await rows(source, counting("sales.orders")) == [{"n": 1000}]
        await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", READER)
        await asyncio.sleep(pause)
        assert await rows(source, counting("sales.orders")) == [{"n": 1000}]


async def test_a_connection_that_ends_in_the_middle_is_tried_once_more(
    source: PostgresSource, owner: asyncpg.Connection
) -> None:
    slow = reading("SELECT count(*) AS n FROM sales.orders, pg_sleep(0.5)", COUNT)
    task = asyncio.create_task(rows(source, slow))
    while not await running(owner):
        await asyncio.sleep(0.01)
    await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", READER)
    assert await task == [{"n": 1000}]


async def test_an_altered_column_is_looked_at_anew(source: PostgresSource, owner: asyncpg.Connection) -> None:
    one = reading("SELECT a AS n FROM changing", COUNT)
    assert await rows(source, one) == [{"n": 1}]
    await owner.execute("ALTER TABLE changing ALTER a TYPE bigint USING 9007199254740993")
    assert await rows(source, one) == [{"n": 9007199254740993}]
    await owner.execute("ALTER TABLE changing ALTER a TYPE numeric")
    assert await rows(source, one) == [{"n": 9007199254740993}]


# --- snapshots and stopping -------------------------------------------------------------------------------------------


async def test_all_statements_of_a_run_see_one_snapshot(source: PostgresSource, owner: asyncpg.Connection) -> None:
    await owner.execute("CREATE TABLE growing AS SELECT 1 AS a; GRANT SELECT ON growing TO PUBLIC")
    count = counting("growing")
    slow = reading("SELECT count(*) AS n FROM growing, pg_sleep(0.4)", COUNT)
    task = asyncio.create_task(source.run([slow, count, count], timeout=20))
    while not await running(owner):
        await asyncio.sleep(0.01)
    await owner.execute("INSERT INTO growing VALUES (2)")
    assert [table.to_pylist() for table in await task] == [[{"n": 1}]] * 3
    assert await rows(source, count) == [{"n": 2}]


async def test_a_statement_past_its_deadline_is_stopped(source: PostgresSource, owner: asyncpg.Connection) -> None:
    with pytest.raises(SemanticLayerError) as error:
        async with asyncio.timeout(PATIENCE):
            await source.run([reading(HEAVY, COUNT)], timeout=0.3)
    assert error.value.code is ErrorCode.DEADLINE_EXCEEDED
    assert await all_ended(owner)
    assert await rows(source, counting("sales.orders")) == [{"n": 1000}]


async def test_a_statement_that_nobody_waits_for_is_stopped(source: PostgresSource, owner: asyncpg.Connection) -> None:
    task = asyncio.create_task(source.run([reading(HEAVY, COUNT)], timeout=60))
    while not await running(owner):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await all_ended(owner)
    assert await rows(source, counting("sales.orders")) == [{"n": 1000}]


async def test_cancelled_at_any_moment_nothing_goes_on_running(
    owner: asyncpg.Connection, postgres_server: EmbeddedPostgres
) -> None:
    """While connecting, beginning, looking at types, reading, ending; also cancelled twice."""
    source = PostgresSource(postgres_server.url(DATABASE, READER) + "&pool_size=3")
    short = reading("SELECT count(*) AS n FROM generate_series(1, 20000)", COUNT)
    heavy = reading(HEAVY, COUNT)
    for step in range(40):
        tasks = [asyncio.create_task(source.run([one], timeout=30)) for one in (short, heavy, short, heavy)]
        await asyncio.sleep(step * 0.001)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0.0005)
        tasks[step % 4].cancel()
        for found in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(found, asyncio.CancelledError | list), found
    assert await all_ended(owner)
    assert await rows(source, counting("sales.orders")) == [{"n": 1000}]
    await source.close()
    assert (await refusal(source, counting("sales.orders"))).code is ErrorCode.SOURCE_UNAVAILABLE


async def test_no_more_connections_than_the_pool_has(
    owner: asyncpg.Connection, postgres_server: EmbeddedPostgres
) -> None:
    postgres_server.create_role("pool_reader")
    source = PostgresSource(postgres_server.url(DATABASE, "pool_reader") + "&pool_size=2&search_path=sales")
    await owner.execute("GRANT USAGE ON SCHEMA sales TO pool_reader; GRANT SELECT ON sales.orders TO pool_reader")
    found = await asyncio.gather(*(rows(source, counting("orders")) for _ in range(12)))
    assert found == [[{"n": 1000}]] * 12
    assert await owner.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = 'pool_reader'") == 2
    await source.close()


# --- what is there ----------------------------------------------------------------------------------------------------


async def test_describe_reads_the_catalog(source: PostgresSource) -> None:
    found = await source.describe(Table("sales.orders"))
    assert found.types == {
        "id": BIGINT, "store": INTEGER, "day": DATE, "code": TEXT, "value": decimal(12, 2), "fine": decimal(4, 4),
        "free": FLOAT, "price": decimal(10, 2), "letter": TEXT, "at": TIMESTAMP, "seen": TIMESTAMPTZ, "small": INTEGER,
        "ratio": FLOAT, "is_new": BOOLEAN, "Odd Name": BIGINT,
    }  # fmt: skip
    # Not: `code`, which may be null; the partial index; the one on an expression.
    assert found.unique == (("id",), ("day", "id"), ("store", "day"))


async def test_describe_other_relations(source: PostgresSource) -> None:
    recent = await source.describe(Table("recent"))
    assert recent.types == {"id": BIGINT, "value": decimal(12, 2)}
    assert recent.unique == ()
    assert (await source.describe(Table("Mixed Case"))).types == {"id": INTEGER}
    assert (await source.describe(Table("child"))).types == {"id": INTEGER}
    # The children's rows are read with the parent's, and its key does not hold for them.
    assert (await source.describe(Table("parent"))).unique == ()
    select = await source.describe(Select("SELECT id, day, value AS money FROM sales.orders"))
    assert select.types == {"id": BIGINT, "day": DATE, "money": FLOAT}
    assert await source.file_token(Table("recent")) is None


@pytest.mark.parametrize(
    "relation", [Table("nowhere"), Table("sales.nowhere"), Table('or"ders'), Select("SELECT * FROM nowhere")]
)
async def test_describe_refuses_what_is_not_there(source: PostgresSource, relation: Table | Select) -> None:
    with pytest.raises(SemanticLayerError) as error:
        await source.describe(relation)
    assert error.value.code is ErrorCode.SOURCE_REFUSED
    assert isinstance(relation, Select) or f"no table {relation.name}" in str(error.value)
