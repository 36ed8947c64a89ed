import asyncio
import datetime
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import duckdb
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
    decimal,
)
from semantic_layer.engines.duckdb_place import Limits
from semantic_layer.engines.duckdb_source import DuckDBSource
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.serving.ports import NULLED
from semantic_layer.sql.statement import BoundValue, Statement
from tests.engines.statements import statement

COUNT = {"n": BIGINT}
# Minutes of work for all cores, and nothing that could be folded away.
HEAVY = "SELECT count(*) AS n FROM range(100000000) a, range(100000) b WHERE (a.range * b.range) % 7 = 3"
PATIENCE = 30  # seconds: the heavy query takes days


def write(path: Path, query: str) -> None:
    """Replaces the file at once, as careful writers do."""
    fresh = path.with_name(f"{path.name}.new")
    options = "FORMAT parquet" if path.suffix == ".parquet" else "FORMAT csv"
    duckdb.execute(f"COPY ({query}) TO '{fresh}' ({options})").fetchall()
    os.replace(fresh, path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    write(data / "orders.parquet", "SELECT range AS id, range % 3 AS store, range * 1.5 AS value FROM range(10)")
    write(data / "stores.csv", "SELECT range AS id, 'store ' || range AS name FROM range(3)")
    return data


@pytest.fixture
async def source(folder: Path) -> AsyncIterator[DuckDBSource]:
    found = DuckDBSource(folder, is_database=False)
    yield found
    await found.close()


def counting(relation: str) -> Statement:
    return statement("duckdb", f"SELECT count(*) AS n FROM {relation}", COUNT)


async def rows(source: DuckDBSource, one: Statement, timeout: float = 20) -> list[dict[str, object]]:
    [table] = await source.run([one], timeout=timeout)
    return table.to_pylist()


async def refusal(source: DuckDBSource, one: Statement) -> SemanticLayerError:
    with pytest.raises(SemanticLayerError) as error:
        await source.run([one], timeout=20)
    return error.value


# --- rows and types --------------------------------------------------------------------------------------------------


async def test_a_file_is_a_table_by_both_names(source: DuckDBSource) -> None:
    for relation in ("orders", '"orders.parquet"', "ORDERS"):
        assert await rows(source, counting(relation)) == [{"n": 10}]
    for relation in ("stores", '"stores.csv"'):
        assert await rows(source, counting(relation)) == [{"n": 3}]


async def test_columns_come_as_declared(source: DuckDBSource) -> None:
    columns = {
        "count": INTEGER, "big": BIGINT, "money": decimal(38, 2), "ratio": FLOAT, "name": TEXT, "yes": BOOLEAN,
        "day": DATE, "at": TIMESTAMP, "instant": TIMESTAMPTZ, "nothing": DATE,
    }  # fmt: skip
    text = """
        SELECT count(*), sum(id), sum(CAST(value AS DECIMAL(12, 2))), avg(value), max('x'::ENUM('x', 'y')),
               bool_or(true), max(DATE '2017-03-01'), max(TIMESTAMP_NS '2017-03-01 10:20:30.123456789'),
               max(TIMESTAMPTZ '2017-03-01 10:00:00+02'), NULL
        FROM orders
    """
    [table] = await source.run([statement("duckdb", text, columns)], timeout=20)
    assert table.schema == pa.schema(
        {
            "count": pa.int32(), "big": pa.int64(), "money": pa.decimal128(38, 2), "ratio": pa.float64(),
            "name": pa.string(), "yes": pa.bool_(), "day": pa.date32(), "at": pa.timestamp("us"),
            "instant": pa.timestamp("us", "UTC"), "nothing": pa.date32(),
        }
    )  # fmt: skip
    assert list(table.to_pylist()[0].values()) == [
        10, 45, Decimal("67.50"), 6.75, "x", True, datetime.date(2017, 3, 1),
        datetime.datetime(2017, 3, 1, 10, 20, 30, 123456), datetime.datetime(2017, 3, 1, 8, tzinfo=datetime.UTC), None,
    ]  # fmt: skip


async def test_values_are_bound_with_their_types(source: DuckDBSource) -> None:
    values = {
        "a": BoundValue(5, INTEGER), "b": BoundValue(2**40, BIGINT), "c": BoundValue(Decimal("1.50"), decimal(12, 2)),
        "d": BoundValue(0.5, FLOAT), "e": BoundValue("x' OR 1=1 --", TEXT), "f": BoundValue(True, BOOLEAN),
        "g": BoundValue(datetime.date(2017, 3, 1), DATE), "h": BoundValue(datetime.datetime(2017, 3, 1, 4), TIMESTAMP),
    }  # fmt: skip
    text = "SELECT " + ", ".join(f"${place} AS {name}" for place, name in enumerate(values, 1))
    columns = {name: value.type for name, value in values.items()}
    found = await rows(source, statement("duckdb", text, columns, *values.values()))
    assert found == [{name: value.value for name, value in values.items()}]


async def test_impossible_values_are_null_and_told(source: DuckDBSource) -> None:
    text = "SELECT 'nan'::DOUBLE AS x, DATE 'infinity' AS d, 1.5::DOUBLE AS y"
    [table] = await source.run([statement("duckdb", text, {"x": FLOAT, "d": DATE, "y": FLOAT})], timeout=20)
    assert table.to_pylist() == [{"x": None, "d": None, "y": 1.5}]
    assert json.loads(table.schema.metadata[NULLED]) == ["x", "d"]


async def test_no_statement_no_rows(source: DuckDBSource) -> None:
    assert await source.run([], timeout=1) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT * FROM nowhere", ErrorCode.SOURCE_REFUSED),
        ("SELECT nothing AS n FROM orders", ErrorCode.SOURCE_REFUSED),
        ("SELECT 'x'::BIGINT AS n", ErrorCode.SOURCE_REFUSED),
        ("SELECT 1 AS n, 2 AS m", ErrorCode.SOURCE_REFUSED),
        ("SELECT 1.5::DOUBLE AS n", ErrorCode.SOURCE_REFUSED),
        ("SELECT 1 // 0 AS n", ErrorCode.SOURCE_REFUSED),
        ("SELEC 1", ErrorCode.SOURCE_REFUSED),
        ("SELECT $1 + $2 AS n", ErrorCode.SOURCE_REFUSED),
        ("SELECT 9223372036854775807::HUGEINT + 1 AS n", ErrorCode.NUMBER_OUT_OF_RANGE),
        ("SELECT 9223372036854775807 + id AS n FROM orders", ErrorCode.NUMBER_OUT_OF_RANGE),
        ("SELECT 1e300::BIGINT AS n", ErrorCode.NUMBER_OUT_OF_RANGE),
        ("SELECT CAST(CAST(1e40 AS DOUBLE) AS DECIMAL(38, 0)) AS n", ErrorCode.NUMBER_OUT_OF_RANGE),
    ],
)
async def test_failures_have_a_code_and_not_the_words_of_duckdb(
    source: DuckDBSource, text: str, code: ErrorCode
) -> None:
    error = await refusal(source, statement("duckdb", text, COUNT))
    assert error.code is code
    assert error.detail
    for word in ("Error", "LINE", "SELECT", "nowhere"):
        assert word not in str(error)


# --- the disk changes ------------------------------------------------------------------------------------------------


async def test_a_changed_file_is_seen(source: DuckDBSource, folder: Path) -> None:
    assert await rows(source, counting("orders")) == [{"n": 10}]
    write(folder / "orders.parquet", "SELECT 'other columns' AS note FROM range(7)")
    assert await rows(source, counting("orders")) == [{"n": 7}]
    assert (await source.describe(Table("orders"))).types == {"note": TEXT}


async def test_a_new_file_is_a_new_table(source: DuckDBSource, folder: Path) -> None:
    assert (await refusal(source, counting("later"))).code is ErrorCode.SOURCE_REFUSED
    write(folder / "later.parquet", "SELECT 1 AS a")
    assert await rows(source, counting("later")) == [{"n": 1}]


async def test_a_deleted_file_is_a_missing_table_and_harms_no_other(source: DuckDBSource, folder: Path) -> None:
    assert await rows(source, counting("stores")) == [{"n": 3}]
    (folder / "stores.csv").unlink()
    assert (await refusal(source, counting("stores"))).code is ErrorCode.SOURCE_REFUSED
    assert await rows(source, counting("orders")) == [{"n": 10}]


async def test_a_broken_file_harms_no_other_and_the_log_says_why(source: DuckDBSource, folder: Path) -> None:
    (folder / "orders.parquet").write_bytes(b"half a file")
    error = await refusal(source, counting("orders"))
    assert error.code is ErrorCode.SOURCE_REFUSED
    assert "unreadable" in error.detail and "orders" in error.detail
    assert await rows(source, counting("stores")) == [{"n": 3}]
    write(folder / "orders.parquet", "SELECT 1 AS a")
    assert await rows(source, counting("orders")) == [{"n": 1}]


async def test_one_name_of_two_files_is_the_name_of_neither(source: DuckDBSource, folder: Path) -> None:
    write(folder / "orders.csv", "SELECT 1 AS a")
    assert (await refusal(source, counting("orders"))).code is ErrorCode.SOURCE_REFUSED
    assert await rows(source, counting('"orders.csv"')) == [{"n": 1}]
    assert await rows(source, counting('"orders.parquet"')) == [{"n": 10}]
    assert await source.file_token(Table("orders")) is None


async def test_a_folder_that_comes_later_is_served_then(tmp_path: Path) -> None:
    source = DuckDBSource(tmp_path / "later", is_database=False)
    assert (await refusal(source, counting("orders"))).code is ErrorCode.SOURCE_UNAVAILABLE
    (tmp_path / "later").mkdir()
    write(tmp_path / "later" / "orders.parquet", "SELECT 1 AS a")
    assert await rows(source, counting("orders")) == [{"n": 1}]
    shutil.rmtree(tmp_path / "later")
    assert (await refusal(source, counting("orders"))).code is ErrorCode.SOURCE_UNAVAILABLE
    await source.close()


async def test_a_link_to_another_folder_is_followed(tmp_path: Path) -> None:
    """The usual way to put new data in place at once; the sandbox moves with it."""
    for name, query in {"monday": "SELECT 1 AS a", "tuesday": "SELECT 1 AS a FROM range(2)"}.items():
        (tmp_path / name).mkdir()
        write(tmp_path / name / "orders.parquet", query)
    current = tmp_path / "current"
    current.symlink_to(tmp_path / "monday")
    source = DuckDBSource(current, is_database=False)
    assert await rows(source, counting("orders")) == [{"n": 1}]
    monday = await source.file_token(Table("orders"))
    current.unlink()
    current.symlink_to(tmp_path / "tuesday")
    assert await source.file_token(Table("orders")) != monday
    assert await rows(source, counting("orders")) == [{"n": 2}]
    await source.close()


async def test_answers_never_mix_two_states_of_a_file(source: DuckDBSource, folder: Path) -> None:
    """A writer replaces the file all the time; both statements of a run see the same rows, or the run says no."""
    stop = threading.Event()

    def replace_again_and_again() -> None:
        size = 0
        while not stop.is_set():
            size += 1
            write(folder / "orders.parquet", f"SELECT range AS id FROM range({size})")

    writer = threading.Thread(target=replace_again_and_again)
    writer.start()
    try:
        for _ in range(25):
            try:
                first, second = await source.run([counting("orders"), counting("orders")], timeout=20)
            except SemanticLayerError as error:
                assert error.code is ErrorCode.SOURCE_UNAVAILABLE
            else:
                assert first.to_pylist() == second.to_pylist()
    finally:
        stop.set()
        writer.join()
    first, second = await source.run([counting("orders"), counting("orders")], timeout=20)
    assert first.to_pylist() == second.to_pylist()


# --- what is there ---------------------------------------------------------------------------------------------------


async def test_describe_names_and_types_columns(source: DuckDBSource) -> None:
    found = await source.describe(Table("orders.parquet"))
    assert found.types == {"id": BIGINT, "store": BIGINT, "value": decimal(21, 1)}
    assert found.unique == ()
    text = """
        SELECT 1::UTINYINT AS a, 1::UINTEGER AS b, 1::UBIGINT AS c, 1::HUGEINT AS d, 1::FLOAT AS e, uuid() AS f,
               'x'::ENUM('x') AS g, now() AS h, TIMESTAMP_S '2017-01-01' AS i, [1] AS j, {k: 1} AS k, 'x'::BLOB AS l,
               TIME '10:00' AS m, '{}'::JSON AS n, INTERVAL 1 DAY AS o, 1::UHUGEINT AS p, DATE '2017-01-01' AS q,
               true AS r
        FROM orders
    """
    assert (await source.describe(Select(text))).types == {
        "a": INTEGER, "b": BIGINT, "c": decimal(38, 0), "d": decimal(38, 0), "e": FLOAT, "f": TEXT,
        "h": TIMESTAMPTZ, "i": TIMESTAMP, "q": DATE, "r": BOOLEAN,
    }  # fmt: skip


@pytest.mark.parametrize(
    "relation",
    [
        Table("nowhere"),
        Table("nowhere.parquet"),
        Table('or"ders'),
        Select("SELECT * FROM nowhere"),
        Select("DROP TABLE x"),
    ],
)
async def test_describe_refuses_what_is_not_there(source: DuckDBSource, relation: Table | Select) -> None:
    with pytest.raises(SemanticLayerError) as error:
        await source.describe(relation)
    assert error.value.code is ErrorCode.SOURCE_REFUSED
    assert isinstance(relation, Select) or f"no table {relation.name}" in str(error.value)


async def test_the_token_changes_with_the_files_that_are_read(source: DuckDBSource, folder: Path) -> None:
    both = Select('WITH o AS (SELECT * FROM orders) SELECT * FROM o JOIN "stores.csv" s ON s.id = o.store')
    before = {relation: await source.file_token(relation) for relation in (Table("orders"), Table("stores"), both)}
    assert str(before[Table("orders")]).startswith("orders.parquet@")
    assert before[both] == f"{before[Table('orders')]},{before[Table('stores')]}"
    assert {relation: await source.file_token(relation) for relation in before} == before
    write(folder / "stores.csv", "SELECT range AS id, 'store ' || range AS name FROM range(4)")
    after = {relation: await source.file_token(relation) for relation in before}
    assert after[Table("orders")] == before[Table("orders")]
    assert after[Table("stores")] != before[Table("stores")]
    assert after[both] == f"{after[Table('orders')]},{after[Table('stores')]}"
    assert await source.file_token(Table("orders.parquet")) == before[Table("orders")]
    assert await source.file_token(Select("SELECT 1 AS a")) is None


# --- a database file -------------------------------------------------------------------------------------------------


def make_database(path: Path, size: int) -> None:
    connection = duckdb.connect(str(path))
    connection.execute(
        f"""
        CREATE SCHEMA sales;
        CREATE TABLE sales.orders (id INT PRIMARY KEY, store INT NOT NULL, day DATE NOT NULL, code TEXT,
                                   UNIQUE (store, day), UNIQUE (code));
        INSERT INTO sales.orders SELECT range, 1, DATE '2017-01-01' + range::INT, NULL FROM range({size});
        CREATE VIEW recent AS SELECT * FROM sales.orders WHERE id > 1
        """
    ).fetchall()
    connection.close()


async def test_a_database_file(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    source = DuckDBSource(path, is_database=True)
    assert (await refusal(source, counting("sales.orders"))).code is ErrorCode.SOURCE_UNAVAILABLE
    make_database(path, 5)
    assert await rows(source, counting("sales.orders")) == [{"n": 5}]
    assert await rows(source, counting("recent")) == [{"n": 3}]
    found = await source.describe(Table("sales.orders"))
    assert found.types == {"id": INTEGER, "store": INTEGER, "day": DATE, "code": TEXT}
    assert sorted(found.unique) == [("id",), ("store", "day")]  # `code` may be null
    assert (await source.describe(Table("recent"))).unique == ()
    assert str(await source.file_token(Table("sales.orders"))).startswith("shop.duckdb@")
    await source.close()


async def test_a_replaced_database_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    make_database(path, 5)
    source = DuckDBSource(path, is_database=True)
    running = asyncio.create_task(source.run([statement("duckdb", HEAVY, COUNT)], timeout=30))
    assert await rows(source, counting("sales.orders")) == [{"n": 5}]
    before = await source.file_token(Table("sales.orders"))
    make_database(tmp_path / "new.duckdb", 6)
    os.replace(tmp_path / "new.duckdb", path)
    assert await rows(source, counting("sales.orders")) == [{"n": 6}]
    assert await source.file_token(Table("sales.orders")) != before
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await source.close()


WRITER = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(600)
"""


async def test_a_database_that_another_process_writes_is_not_available_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    make_database(path, 5)
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    await writer.stdout.readline()
    source = DuckDBSource(path, is_database=True)
    assert (await refusal(source, counting("recent"))).code is ErrorCode.SOURCE_UNAVAILABLE
    writer.kill()
    await writer.wait()
    assert await rows(source, counting("recent")) == [{"n": 3}]
    await source.close()


# --- stopping --------------------------------------------------------------------------------------------------------


async def test_a_query_past_its_deadline_is_stopped(source: DuckDBSource) -> None:
    with pytest.raises(SemanticLayerError) as error:
        async with asyncio.timeout(PATIENCE):
            await source.run([statement("duckdb", HEAVY, COUNT)], timeout=0.3)
    assert error.value.code is ErrorCode.DEADLINE_EXCEEDED
    assert await rows(source, counting("orders")) == [{"n": 10}]
    assert not await is_at_work()


async def test_a_query_that_nobody_waits_for_is_stopped(source: DuckDBSource) -> None:
    task = asyncio.create_task(source.run([statement("duckdb", HEAVY, COUNT)], timeout=60))
    await asyncio.sleep(0.3)
    assert await is_at_work()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(PATIENCE):
            await task
    assert not await is_at_work()
    assert await rows(source, counting("orders")) == [{"n": 10}]


async def test_cancelled_at_any_moment_the_source_goes_on(source: DuckDBSource) -> None:
    """Also between two statements, before the first, and while it waits for a thread."""
    one = statement("duckdb", "SELECT count(*) AS n FROM range(200000) a WHERE a.range % 7 = 3", COUNT)
    for step in range(40):
        tasks = [asyncio.create_task(source.run([one, counting("orders")], timeout=30)) for _ in range(5)]
        await asyncio.sleep(step * 0.0005)
        for task in tasks:
            task.cancel()
        for found in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(found, asyncio.CancelledError | list)
    assert await rows(source, counting("orders")) == [{"n": 10}]
    assert not await is_at_work()


async def is_at_work() -> bool:
    """Whether this process uses the processor while nobody waits: what DuckDB's threads do in the background shows."""
    before = time.process_time()
    await asyncio.sleep(0.4)
    return time.process_time() - before > 0.04


async def test_no_more_runs_at_once_than_threads(folder: Path) -> None:
    source = DuckDBSource(folder, limits=Limits(threads=1), is_database=False)
    assert await rows(source, counting("orders")) == [{"n": 10}]
    blocking = asyncio.create_task(source.run([statement("duckdb", HEAVY, COUNT)], timeout=60))
    await asyncio.sleep(0.1)
    waiting = asyncio.create_task(source.run([counting("orders")], timeout=0.2))
    with pytest.raises(SemanticLayerError) as error:
        await waiting
    assert error.value.code is ErrorCode.DEADLINE_EXCEEDED
    blocking.cancel()
    await asyncio.gather(blocking, return_exceptions=True)
    assert await rows(source, counting("orders")) == [{"n": 10}]
    await source.close()


async def test_more_memory_than_allowed_is_refused(folder: Path) -> None:
    source = DuckDBSource(folder, limits=Limits(memory="30MB", threads=1), is_database=False)
    gathered = "SELECT list(range::VARCHAR || 'x' ORDER BY range) AS l FROM range(3000000)"
    text = f"SELECT count(*) AS n FROM ({gathered}) WHERE len(l) > 1"
    error = await refusal(source, statement("duckdb", text, COUNT))
    assert error.code is ErrorCode.SOURCE_REFUSED
    assert "memory" in str(error)
    assert await rows(source, counting("orders")) == [{"n": 10}]
    await source.close()


async def test_closing_stops_what_runs(folder: Path) -> None:
    source = DuckDBSource(folder, is_database=False)
    running = asyncio.create_task(source.run([statement("duckdb", HEAVY, COUNT)], timeout=60))
    await asyncio.sleep(0.2)
    await source.close()
    with pytest.raises(SemanticLayerError) as error:
        await running
    assert error.value.code is ErrorCode.SOURCE_UNAVAILABLE
    assert (await refusal(source, counting("orders"))).code is ErrorCode.SOURCE_UNAVAILABLE
