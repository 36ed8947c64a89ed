"""What the layer adds to the database: the same rows from SQL written by hand, and from the product."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

import duckdb
import pyarrow as pa

from semantic_layer.access.principal import Principal
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.definitions.reader import read_files
from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.engines.duckdb_source import DuckDBSource
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answers import Answers
from semantic_layer.sql.statement import Statement
from tests.bench.bench import DEFINITIONS, Bench
from tests.bench.questions import BY_DEPARTMENT, BY_MONTH, Question, until
from tests.bench.section import Section
from tests.bench.timing import in_turns, shown, times
from tests.oracle.data import TABLES

READING = (
    "Each time with another end of the range, so that nothing is kept. By hand: a plain DuckDB connection on "
    "the same files. The engine runs the product's own statement in its sandbox and gives exact Arrow types. "
    "The last line is everything but HTTP: names looked up, plan, statement, a look at the files, rows, "
    "provenance."
)
SECONDS = 60.0


class Watched(DuckDBSource):
    """Remembers what it was last asked to run."""

    last: Sequence[Statement] = ()

    async def run(self, statements: Sequence[Statement], *, timeout: float) -> list[pa.Table]:
        self.last = statements
        return await super().run(statements, timeout=timeout)


def measure(bench: Bench) -> Section:
    rows = [row for question in (BY_MONTH, BY_DEPARTMENT) for row in asyncio.run(_measured(bench, question))]
    return Section(
        "Beside SQL written by hand, on DuckDB", READING, ("question", "CPU", "of by hand", "by the clock"), rows
    )


async def _measured(bench: Bench, question: Question) -> list[tuple[str, ...]]:
    engine = Watched(bench.data, is_database=False)
    answers = Answers(draft_catalogs(read_files([DEFINITIONS])), {"RETAIL": engine}, DuckDBCombiner())
    connection = _plain_connection(bench)

    async def by_hand(place: int) -> pa.Table:
        return connection.execute(question.sql, [until(place)]).to_arrow_table()

    async def by_engine(_place: int) -> list[pa.Table]:
        return await engine.run(engine.last, timeout=SECONDS)

    async def by_product(place: int) -> pa.Table:
        return (await answers.answer(read_ask(question.ask(until(place))), Principal("bench"))).rows

    try:
        assert _alike(await by_hand(0)) == _alike(await by_product(0)), "both must give the same numbers"
        calls: dict[str, Callable[[int], Awaitable[object]]] = {
            "SQL by hand": by_hand,
            "the engine, with the product's statement": by_engine,
            "the whole pipeline": by_product,
        }
        costs = await in_turns(calls, bench.rounds)
    finally:
        connection.close()
        await engine.close()
    least = costs["SQL by hand"]
    return [
        (question.name, "", "", ""),
        *(
            (f"  {name}", shown(cost.cpu.median), times(cost.cpu.median, least.cpu.median), str(cost.wall))
            for name, cost in costs.items()
        ),
    ]


def _plain_connection(bench: Bench) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for table in TABLES:
        connection.execute(f"create view {table} as select * from read_parquet('{bench.data / table}.parquet')")
    return connection


def _alike(rows: pa.Table) -> list[tuple[object, ...]]:
    """In one order, binary floats to nine figures, decimals and whole numbers by value."""
    listed = [tuple(_value(value) for value in row.values()) for row in rows.to_pylist()]
    return sorted(listed, key=repr)


def _value(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.9g}"
    return str(Decimal(value).normalize()) if isinstance(value, int | Decimal) else value
