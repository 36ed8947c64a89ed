"""The short-cut writes the bytes of the stock executor: data and errors, whatever is selected."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pytest
from graphql import (
    ExecutionResult,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    execute,
    parse,
)
from graphql.execution import Executor
from graphql.pyutils import AbortController
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_layer.access.principal import Principal
from semantic_layer.api import columnar_executor, json_values
from semantic_layer.api.columnar_executor import ColumnarExecutor
from semantic_layer.api.columnar_rows import ColumnarRows, Row, cell, inner_object
from semantic_layer.api.documents import PreparedSchema
from semantic_layer.api.execution import GraphqlRequest, run
from semantic_layer.api.request import RequestContext
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.serving.answer import AnswerColumn, OutputType, TotalsSet
from tests.api.columnar_questions import Selected, as_if_many, selected
from tests.api.columnar_schema import ROWS, answering, schema
from tests.api.given import ANSWER, Door, published

INTS = AnswerColumn("c", "C", OutputType.INTEGER)


async def both_ways(graphql: GraphQLSchema, document: str, **options: Any) -> tuple[Any, Any]:
    """What the short-cut gives; it is what the stock executor gives, to the byte."""
    fast, stock = [await executed(graphql, document, way, options) for way in (ColumnarExecutor, Executor)]
    assert orjson.dumps(fast.data) == orjson.dumps(stock.data)
    assert sorted(said(fast), key=repr) == sorted(said(stock), key=repr)  # fields that wait come in any order
    return fast.data, said(fast)


async def executed(
    graphql: GraphQLSchema, document: str, executor: type[Executor[Any]], options: dict[str, Any]
) -> ExecutionResult:
    outcome = execute(graphql, parse(document), executor_class=executor, **options)
    return outcome if isinstance(outcome, ExecutionResult) else await outcome


def said(result: ExecutionResult) -> list[Any]:
    return [(error.formatted, repr(error.original_error)) for error in result.errors or []]


@settings(max_examples=50)
@given(selected(), st.sampled_from([as_if_many, nullcontext]))
async def test_whatever_is_selected(question: Selected, size: Callable[[], AbstractContextManager[None]]) -> None:
    with size():
        data, errors = await both_ways(answering(question.rows), question.document, variable_values=question.variables)
    if question.variables.get("grain", 0) is not None:  # no null where none may be
        assert isinstance(data["metrics"]["rows"], orjson.Fragment)
        assert errors == []


@settings(max_examples=15)
@given(selected(), st.sampled_from([as_if_many, nullcontext]))
async def test_the_whole_response(question: Selected, size: Callable[[], AbstractContextManager[None]]) -> None:
    prepared = PreparedSchema(published(), answering(question.rows))
    request = GraphqlRequest(question.document, question.variables)
    context = RequestContext(Door().backend, published(), Principal("test"), "request-1")
    with size():
        fast, stock = [await run(prepared, request, context, way) for way in (ColumnarExecutor, Executor)]
    assert (fast.body, fast.failed) == (stock.body, None)


def one_column(values: Any, type_: GraphQLOutputType, column: AnswerColumn = INTS) -> GraphQLSchema:
    """A schema with `rows { x }`, nullable on both levels."""
    row = GraphQLObjectType("R", {"x": GraphQLField(type_, resolve=cell)})
    rows = ColumnarRows((column,), pa.table({"c": values}), {("x",): 0})
    return schema({"rows": GraphQLField(GraphQLList(row), resolve=lambda *_: rows)})


@pytest.mark.parametrize(
    ("values", "type_", "column", "errors"),
    [
        (pa.array([1, None, 3]), GraphQLNonNull(GraphQLInt), INTS, 1),
        (pa.array([1, 2**31, -(2**31) - 1]), GraphQLInt, INTS, 2),
        (pa.array([1, 2**31]), GraphQLFloat, INTS, 0),
        (pa.array([0.5, float("nan")]), GraphQLNonNull(GraphQLFloat), AnswerColumn("c", "C", OutputType.FLOAT), 1),
        (pa.array([0.5, float("inf")]), GraphQLFloat, AnswerColumn("c", "C", OutputType.FLOAT), 0),
        (pa.array([0.5]), GraphQLInt, AnswerColumn("c", "C", OutputType.FLOAT), 1),
        (pa.array(["a", "b"]), GraphQLEnumType("E", {"a": "a"}), AnswerColumn("c", "C", OutputType.TEXT), 1),
        (pa.array(["1", "b"]), GraphQLInt, AnswerColumn("c", "C", OutputType.TEXT), 1),
        (pa.array([1, 2]), GraphQLString, INTS, 0),
        (pa.array([1, 2]), GraphQLScalarType("Odd", serialize=lambda value: value if value % 2 else None), INTS, 1),
        (pa.array([1, 2]), GraphQLList(GraphQLInt), INTS, 2),
    ],
)
async def test_values_that_a_field_does_not_take(
    values: Any, type_: GraphQLOutputType, column: AnswerColumn, errors: int
) -> None:
    _, told = await both_ways(one_column(values, type_, column), "{ rows { x } }")
    assert len(told) == errors


@pytest.mark.parametrize("values", [pa.array([1, 2**31 - 1]), pa.nulls(3), pa.array([1], pa.int8())])
async def test_values_of_an_int_field(values: Any) -> None:
    data, errors = await both_ways(one_column(values, GraphQLInt), "{ rows { x } }")
    assert isinstance(data["rows"], orjson.Fragment) and errors == []


@pytest.mark.parametrize("small", [True, False])
async def test_a_column_that_cannot_be_written(small: bool) -> None:
    """Of a wrong scale, such as no engine gives: the whole list fails, alone."""
    values = pa.array([Decimal("1.55")], pa.decimal128(38, 2))
    graphql = one_column(values, GraphQLString, AnswerColumn("c", "C", OutputType.DECIMAL, scale=1))
    with nullcontext() if small else pytest.MonkeyPatch.context() as patch:
        if patch is not None:
            patch.setattr(json_values, "MANY_PIECES", 1)
        data, errors = await both_ways(graphql, "{ rows { x } __typename }")
    assert data == {"rows": None, "__typename": "Query"} and len(errors) == 1


async def test_what_is_not_known_is_left_to_the_stock_executor() -> None:
    """Unknown fields, values without a column, resolvers of someone's own, abstract types."""
    row: GraphQLObjectType = GraphQLObjectType(
        "R",
        lambda: {
            "x": GraphQLField(GraphQLInt, resolve=cell),
            "own": GraphQLField(GraphQLString, resolve=lambda row, _: f"has {row.values}"),
            "slow": GraphQLField(GraphQLString, resolve=slow),
            "inner": GraphQLField(inner, resolve=inner_object),
            "either": GraphQLField(either, resolve=inner_object),
        },
    )
    inner = GraphQLObjectType("I", {"x": GraphQLField(GraphQLInt, resolve=cell)}, is_type_of=lambda *_: False)
    either = GraphQLUnionType("U", [row], resolve_type=lambda *_: "R")

    async def slow(row: Row, _info: Any) -> str:
        await asyncio.sleep(0)
        return f"slowly {row.values}"

    rows = ColumnarRows((INTS,), pa.table({"c": [1, 2]}), {("x",): 0, ("either", "x"): 0, ("inner", "x"): 0})
    graphql = schema(
        {
            "rows": GraphQLField(GraphQLList(row), resolve=lambda *_: rows),
            "unions": GraphQLField(GraphQLList(either), resolve=lambda *_: rows),
        }
    )
    for fields in ("x nothing", "y: x", "own", "slow", "inner { x }", "either { ... on R { x } }", "x slow y: x"):
        data, _ = await both_ways(graphql, f"{{ rows {{ {fields} }} }}")
        assert not isinstance(data["rows"], orjson.Fragment), fields
    await both_ways(graphql, "{ unions { ... on R { x } } }")


async def test_middleware_and_abort_signals_see_every_value() -> None:
    seen: list[object] = []

    def counted(resolve: Any, source: Any, info: Any, **arguments: Any) -> Any:
        seen.append(info.field_name)
        return resolve(source, info, **arguments)

    graphql = one_column(pa.array([1, 2]), GraphQLInt)
    await both_ways(graphql, "{ rows { x } }", middleware=[counted])
    assert seen == ["rows", "x", "x"] * 2
    await both_ways(graphql, "{ rows { x } }", abort_signal=AbortController().signal)


async def test_no_rows_look_at_no_selection() -> None:
    data, errors = await both_ways(one_column(pa.array([], pa.int32()), GraphQLInt), "{ rows { nothing y: x } }")
    assert orjson.dumps(data) == b'{"rows":[]}' and errors == []


async def test_a_list_that_may_not_be_null_takes_its_parent_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a thread too: an error goes where the stock executor's would."""
    monkeypatch.setattr(json_values, "MANY_PIECES", 1)
    column = AnswerColumn("c", "C", OutputType.DECIMAL, scale=1)
    bad = ColumnarRows((column,), pa.table({"c": pa.array([Decimal("1.55")], pa.decimal128(38, 2))}), {})

    async def refused(*_: Any) -> Any:
        await asyncio.sleep(0)
        raise refuse(ErrorCode.BAD_LIMIT, "no")

    tile = GraphQLObjectType("Tile", {"rows": GraphQLField(ROWS, resolve=lambda *_: bad)})
    graphql = schema(
        {
            "bad": GraphQLField(tile, resolve=lambda *_: ()),
            "refused": GraphQLField(tile, resolve=refused),
        }
    )
    data, errors = await both_ways(graphql, "{ bad { rows { __typename } } refused { rows { __typename } } }")
    assert data == {"bad": None, "refused": None} and len(errors) == 2


async def test_many_rows_are_written_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop goes on meanwhile, and a caller who leaves is not kept waiting."""
    started, may_end = threading.Event(), threading.Event()

    def written(*arguments: Any) -> orjson.Fragment:
        started.set()
        may_end.wait()
        return json_values.written_rows(*arguments)

    monkeypatch.setattr(columnar_executor, "written_rows", written)
    graphql = one_column(pa.array(range(json_values.MANY_PIECES)), GraphQLInt)
    try:
        asked = asyncio.ensure_future(executed(graphql, "{ rows { x } }", ColumnarExecutor, {}))
        assert await asyncio.to_thread(started.wait, 30)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
    finally:
        may_end.set()


async def test_the_typed_door_takes_the_short_cut(door: Door) -> None:
    """Its own types and resolvers: nothing in them may make the executor go cell by cell."""
    columns = (
        AnswerColumn("transactionDate", "T", OutputType.DATE),
        AnswerColumn("product.department", "D", OutputType.TEXT),
        AnswerColumn("sales", "S", OutputType.DECIMAL, scale=2),
        AnswerColumn("baskets", "B", OutputType.INTEGER),
        AnswerColumn("discountRate", "R", OutputType.FLOAT),
        AnswerColumn("old", "O", OutputType.BIGINT),
    )
    rows = pa.table(
        {
            "transactionDate": pa.array([date(2017, 1, 1), None]),
            "product.department": pa.array(["GROCERY", None]),
            "sales": pa.array([Decimal("1.50"), None], pa.decimal128(38, 2)),
            "baskets": pa.array([1, None], pa.int32()),
            "discountRate": pa.array([0.25, None]),
            "old": pa.array([2**40, None], pa.int64()),
        }
    )
    total = TotalsSet((), columns[2:], rows.select([2, 3, 4, 5]).slice(0, 1))
    by_department = TotalsSet(("product.department",), columns[1:], rows.select([1, 2, 3, 4, 5]))
    door.answers.result = replace(ANSWER, columns=columns, rows=rows, totals=(total, by_department))
    document = """{ metrics {
      rows { transactionDate(grain: MONTH) product { department __typename } sales baskets discountRate old: units }
      totals { sales baskets }
      subtotals { product { department } sales } } }"""
    context = RequestContext(door.backend, published(), Principal("test"), "request-1")
    data, errors = await both_ways(door.schema.graphql, document, context_value=context)
    assert errors == []
    assert isinstance(data["metrics"]["rows"], orjson.Fragment)
    assert isinstance(data["metrics"]["subtotals"], orjson.Fragment)
