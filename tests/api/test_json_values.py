"""How values read in JSON: by the column's type alone, never by the value's size (docs/ask.md, "Values")."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_layer.api.json_values import encoded_rows, json_rows, written_rows
from semantic_layer.serving.answer import AnswerColumn, OutputType
from tests.api.columnar_questions import answered, as_if_many

NAN, INFINITY = float("nan"), float("inf")


def read(type_: OutputType, values: "pa.Array[Any]", scale: int | None = None) -> list[Any]:
    column = AnswerColumn("x", "X", type_, scale=scale)
    text = orjson.dumps({"rows": encoded_rows((column,), pa.table({"x": values}))})
    return [row[0] for row in json.loads(text)["rows"]]


@pytest.mark.parametrize(
    ("type_", "values", "scale", "expected"),
    [
        (OutputType.INTEGER, pa.array([1, None, -5], pa.int32()), None, [1, None, -5]),
        (OutputType.BIGINT, pa.array([2**63 - 1, None, 0], pa.int64()), None, ["9223372036854775807", None, "0"]),
        (OutputType.BIGINT, pa.array([Decimal(10**30)], pa.decimal128(38, 0)), None, [str(10**30)]),
        (
            OutputType.DECIMAL,
            pa.array([Decimal("1000"), Decimal("0.00"), Decimal("-1.5"), None], pa.decimal128(38, 2)),
            2,
            ["1000.00", "0.00", "-1.50", None],
        ),
        (OutputType.DECIMAL, pa.array([Decimal("-0.000001")], pa.decimal128(38, 6)), 6, ["-0.000001"]),
        (OutputType.DECIMAL, pa.array([Decimal(0)], pa.decimal128(38, 9)), 9, ["0.000000000"]),
        (OutputType.DECIMAL, pa.array([Decimal("1e-9")], pa.decimal128(38, 9)), 9, ["0.000000001"]),
        (OutputType.FLOAT, pa.array([0.1, NAN, INFINITY, -INFINITY, 1.0]), None, [0.1, None, None, None, 1.0]),
        (OutputType.TEXT, pa.array(['a"\\\n', "销售额", None, ""]), None, ['a"\\\n', "销售额", None, ""]),
        (OutputType.BOOLEAN, pa.array([True, False, None]), None, [True, False, None]),
        (
            OutputType.DATE,
            pa.array([date(1, 1, 1), date(2017, 12, 31), date(9999, 12, 31), None]),
            None,
            ["0001-01-01", "2017-12-31", "9999-12-31", None],
        ),
        (
            OutputType.TIMESTAMP,
            pa.array([datetime(2017, 1, 1), datetime(1969, 12, 31, 23, 59, 59, 999_999), None], pa.timestamp("us")),
            None,
            ["2017-01-01T00:00:00", "1969-12-31T23:59:59", None],
        ),
    ],
)  # fmt: skip
def test_the_column_type_decides(
    type_: OutputType, values: "pa.Array[Any]", scale: int | None, expected: list[Any]
) -> None:
    assert read(type_, values, scale) == expected


def test_numbers_keep_their_json_form() -> None:
    """A DECIMAL without fraction stays a text, an INTEGER a number: clients must not look at each value."""
    column = AnswerColumn("x", "X", OutputType.DECIMAL, scale=2)
    rows = pa.table({"x": pa.array([Decimal("1")], pa.decimal128(38, 2))})
    assert orjson.dumps(encoded_rows((column,), rows)) == b'[["1.00"]]'


@given(st.integers(0, 20).flatmap(lambda scale: st.tuples(st.just(scale), st.integers(-(10**18), 10**18))))
def test_every_decimal_reads_back_exactly(pair: tuple[int, int]) -> None:
    scale, unscaled = pair
    value = Decimal(unscaled).scaleb(-scale)
    (text,) = read(OutputType.DECIMAL, pa.array([value], pa.decimal128(38, scale)), scale)
    assert Decimal(text) == value and "E" not in text.upper()
    assert len(text.partition(".")[2]) == scale


def test_rows_stand_in_the_order_of_the_columns() -> None:
    columns = (AnswerColumn("b", "B", OutputType.INTEGER), AnswerColumn("a", "A", OutputType.TEXT))
    assert json_rows(columns, pa.table({"b": [1, 2], "a": ["x", "y"]})) == [[1, "x"], [2, "y"]]


def test_no_rows_are_an_empty_list() -> None:
    columns = (AnswerColumn("a", "A", OutputType.DATE),)
    assert orjson.dumps(encoded_rows(columns, pa.table({"a": pa.array([], pa.date32())}))) == b"[]"


def in_python(column: AnswerColumn, value: Any) -> object:
    """How one value reads, said once more without Arrow."""
    match column.type:
        case _ if value is None:
            return None
        case OutputType.BIGINT:
            return str(value)
        case OutputType.DECIMAL:
            return format(value, "f")
        case OutputType.DATE:
            return value.isoformat()
        case OutputType.TIMESTAMP:
            return value.isoformat(timespec="seconds")
        case _:
            return value  # orjson writes what is not finite as null


@given(st.integers(0, 2**32), st.sampled_from([as_if_many, nullcontext]))
def test_whole_columns_read_like_single_values(seed: int, size: Callable[[], AbstractContextManager[None]]) -> None:
    rows = answered(Random(seed))
    with size():
        written = orjson.dumps(encoded_rows(rows.columns, rows.rows))
    expected = [
        [in_python(column, value) for column, value in zip(rows.columns, values.values(), strict=True)]
        for values in rows.rows.to_pylist()
    ]
    assert written == orjson.dumps(expected)


def test_a_text_that_is_no_unicode_is_not_passed_on() -> None:
    broken = pa.array([b"ok", b"\xff"], pa.binary()).view(pa.string())
    with pytest.raises(pa.ArrowInvalid):
        read(OutputType.TEXT, broken)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_rows_without_values(rows: int) -> None:
    table = pa.table({"x": pa.array(range(rows), pa.int32())})
    assert orjson.dumps(written_rows((), table.select([]), ("{}",))) == orjson.dumps([{}] * table.select([]).num_rows)
    assert orjson.dumps(written_rows((AnswerColumn("x", "X", OutputType.INTEGER),), table, ("{}",))) == orjson.dumps(
        [{}] * rows
    )
