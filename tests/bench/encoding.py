"""Rows as JSON: what an answer's size costs."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
from graphql import ExecutionResult, execute, parse
from graphql.execution import Executor

from semantic_layer.api.columnar_executor import ColumnarExecutor
from semantic_layer.api.columnar_rows import ColumnarRows
from semantic_layer.api.json_values import encoded_rows
from semantic_layer.serving.answer import AnswerColumn, OutputType
from tests.api.columnar_schema import answering
from tests.bench.bench import Bench
from tests.bench.section import Section
from tests.bench.timing import Cost, repeated, shown, times

READING = (
    "From Arrow to the bytes of `rows`, exact numbers as texts. Beside it the plain way: rows as Python values, "
    "each made text by itself; for objects, which are what the typed door gives, graphql-core's own executor."
)
PLACES = {("day",): 0, ("product", "brand"): 1, ("sales",): 2, ("baskets",): 3, ("rate",): 4}
KINDS: tuple[tuple[AnswerColumn, pa.DataType, Callable[[int], object]], ...] = (
    (AnswerColumn("day", "Day", OutputType.DATE), pa.date32(), lambda n: date(2017, 1, 1) + timedelta(n % 365)),
    (AnswerColumn("product", "Product", OutputType.TEXT), pa.string(), lambda n: f"PRODUCT {n % 1000}"),
    (AnswerColumn("sales", "Sales", OutputType.DECIMAL, scale=2), pa.decimal128(38, 2), lambda n: Decimal(n) / 100),
    (AnswerColumn("units", "Units", OutputType.INTEGER), pa.int32(), lambda n: n % 100),
    (AnswerColumn("share", "Share", OutputType.FLOAT), pa.float64(), lambda n: None if n % 50 == 0 else n / 7),
    (AnswerColumn("basket", "Basket", OutputType.BIGINT), pa.int64(), lambda n: 31198570044 + n),
)


def measure(bench: Bench) -> Section:
    rows = []
    for count, width in bench.encoded:
        columns, table = _table(count, width)
        ours = repeated(lambda c=columns, t=table: encoded_rows(c, t), bench.rounds)
        plain = repeated(lambda c=columns, t=table: _plain(c, t), max(bench.rounds // 3, 2))
        size = len(orjson.dumps(encoded_rows(columns, table)))
        rows.append(_row(f"{count:,} rows of {width} columns, as lists", size, ours, plain))
    rows.append(_objects(bench, *bench.encoded[0]))
    return Section("Rows as JSON", READING, ("answer", "bytes", "CPU", "the plain way", "faster"), rows)


def _objects(bench: Bench, count: int, width: int) -> tuple[str, ...]:
    rows = ColumnarRows(*_table(count, width), PLACES)
    schema, document = answering(rows), parse("{ metrics { rows { day product { brand } sales baskets rate } } }")

    async def executed(executor: type[Executor[Any]]) -> bytes:
        outcome = execute(schema, document, executor_class=executor)
        result = outcome if isinstance(outcome, ExecutionResult) else await outcome
        return orjson.dumps(result.data)

    loop = asyncio.new_event_loop()  # a Runner prints each result to nobody, which takes longer than to make it
    ours = repeated(lambda: loop.run_until_complete(executed(ColumnarExecutor)), bench.rounds)
    stock = repeated(lambda: loop.run_until_complete(executed(Executor)), max(bench.rounds // 3, 2))
    size = len(loop.run_until_complete(executed(ColumnarExecutor)))
    loop.close()
    return _row(f"{count:,} rows of {width} columns, as objects", size, ours, stock)


def _row(name: str, size: int, ours: Cost, plain: Cost) -> tuple[str, ...]:
    return (name, f"{size:,}", str(ours.cpu), shown(plain.cpu.median), times(plain.cpu.median, ours.cpu.median))


def _table(count: int, width: int) -> tuple[tuple[AnswerColumn, ...], pa.Table]:
    kinds = KINDS[:width]
    arrays = [pa.array([value(place) for place in range(count)], type_) for _, type_, value in kinds]
    return tuple(column for column, _, _ in kinds), pa.table(arrays, names=[column.name for column, _, _ in kinds])


def _plain(columns: tuple[AnswerColumn, ...], table: pa.Table) -> bytes:
    exact = {column.name for column in columns if column.type in (OutputType.DECIMAL, OutputType.BIGINT)}
    rows = [
        [str(value) if name in exact and value is not None else value for name, value in row.items()]
        for row in table.to_pylist()
    ]
    return orjson.dumps(rows)
