"""How rows come from PostgreSQL: one binary string per column, put together by the server.

A driver that makes a Python object of every cell blocks the event loop for 0.4 s at 100,000 rows of 5 columns;
this way the client's share is 5 ms, and the server needs no longer for small answers. It also keeps what a driver
would bend: 'infinity' and years before 1 arrive as the numbers they are, for `exact_columns` to judge.

The statement stands unchanged in a FROM; its values stay bound. The aggregates of one scan all see the rows in
one order, that of the statement, because a subquery with ORDER BY is neither merged nor scanned in parts.
"""

import sys
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from semantic_layer.definitions.types import ColumnType, Kind
from semantic_layer.engines.exact_columns import Column, arrow_type
from semantic_layer.engines.refusals import out_of_range, refused
from semantic_layer.sql.statement import StatementColumn

_DAYS_1970_TO_2000 = 10_957
_MICROSECONDS_1970_TO_2000 = _DAYS_1970_TO_2000 * 86_400_000_000
_LARGEST_DAY = 2**31 - 1
_NOT_NUMBERS = pa.array(["NaN", "Infinity", "-Infinity"])


@dataclass(frozen=True, slots=True)
class Wire:
    """`send` makes bytes of a value; `code` is the letter of `array` for their numbers, None for text."""

    send: str
    code: str | None
    decode: Callable[[Column, ColumnType], Column]


def _as_is(column: Column, declared: ColumnType) -> Column:
    return column


def _truth(column: Column, declared: ColumnType) -> Column:
    return column.cast(pa.bool_())


def _days(column: Column, declared: ColumnType) -> Column:
    """The largest day is 'infinity' and must not wrap round to a day that exists."""
    days = pc.add(column.cast(pa.int64()), _DAYS_1970_TO_2000)
    return pc.min_element_wise(days, _LARGEST_DAY, skip_nulls=False).cast(pa.int32()).view(pa.date32())


def _moment(kind: pa.DataType) -> Callable[[Column, ColumnType], Column]:
    def decode(column: Column, declared: ColumnType) -> Column:
        # 'infinity' wraps round to the year -290307, which is as impossible.
        return pc.add(column, _MICROSECONDS_1970_TO_2000).view(kind)

    return decode


def _numeric(column: Column, declared: ColumnType) -> Column:
    """A numeric has any number of digits, so it comes as text and is read as what was declared."""
    numbers = pc.if_else(pc.is_in(column, _NOT_NUMBERS), pa.scalar(None, pa.string()), column)
    if declared.kind is Kind.FLOAT:
        return numbers.cast(pa.float64())
    return numbers.cast(arrow_type(declared) if declared.kind is Kind.DECIMAL else pa.decimal128(38, 0))


_NUMERIC = Wire("textsend({}::text)", None, _numeric)
_TEXT = Wire("textsend({}::text)", None, _as_is)
_WIRES = {
    "bool": Wire("boolsend({})", "b", _truth),
    "int2": Wire("int2send({})", "h", _as_is),
    "int4": Wire("int4send({})", "i", _as_is),
    "int8": Wire("int8send({})", "q", _as_is),
    "float4": Wire("float4send({})", "f", _as_is),
    "float8": Wire("float8send({})", "d", _as_is),
    "numeric": _NUMERIC,
    "date": Wire("date_send({})", "i", _days),
    "timestamp": Wire("timestamp_send({})", "q", _moment(pa.timestamp("us"))),
    "timestamptz": Wire("timestamptz_send({})", "q", _moment(pa.timestamp("us", "UTC"))),
}
_ARROW = {
    "b": pa.int8(),
    "h": pa.int16(),
    "i": pa.int32(),
    "q": pa.int64(),
    "f": pa.float32(),
    "d": pa.float64(),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How one statement's columns come; `text` is the statement that is sent, with the same values."""

    text: str
    wires: tuple[Wire, ...]


def shape_of(statement: str, types: Sequence[str]) -> Shape:
    """`types` are PostgreSQL's names of the column types; those without a wire of their own come as their text."""
    wires = tuple(_WIRES.get(name, _TEXT) for name in types)
    names = [f"c{position}" for position in range(len(wires))]
    outputs = [part for name, wire in zip(names, wires, strict=True) for part in _sent(name, wire)]
    rows = f"FROM (\n{statement}\n) AS answer({', '.join(names)})"
    return Shape(f"SELECT count(*), {', '.join(outputs)}\n{rows}", wires)


def _sent(name: str, wire: Wire) -> tuple[str, str]:
    """All values of a column as one string, and which are null: a byte each, or for text its length, -1 for null."""
    value = wire.send.format(name)
    if wire.code is None:
        lengths = f"int4send(coalesce(octet_length({value}), -1))"
        return f"string_agg({value}, ''::bytea)", f"string_agg({lengths}, ''::bytea)"
    zeros = "\\x" + "00" * array(wire.code).itemsize
    known = f"CASE WHEN {name} IS NULL THEN '\\x00'::bytea ELSE '\\x01'::bytea END"
    return f"string_agg(coalesce({value}, '{zeros}'::bytea), ''::bytea)", f"string_agg({known}, ''::bytea)"


def table_of(
    shape: Shape, row: Sequence[Any], columns: Sequence[StatementColumn], source: str
) -> tuple[pa.Table, list[str]]:
    """The rows that `shape.text` gave as its one row, and the columns in which NaN or infinity became null.

    Raises NUMBER_OUT_OF_RANGE, and SOURCE_REFUSED for text that is no UTF-8.
    """
    count: int = row[0]
    arrays: list[Column] = []
    nulled: list[str] = []
    for position, (wire, column) in enumerate(zip(shape.wires, columns, strict=True)):
        values, marks = row[1 + 2 * position] or b"", row[2 + 2 * position] or b""
        try:
            raw = _texts(values, marks, count) if wire.code is None else _numbers(values, marks, count, wire.code)
            array = pa.nulls(count) if raw.null_count == count else wire.decode(raw, column.type)
        except pa.ArrowInvalid as error:
            if wire is _NUMERIC:
                raise out_of_range(source, str(error)) from error
            raise refused(source, "a text is not in UTF-8", str(error)) from error
        if array.null_count != raw.null_count:
            nulled.append(column.name)
        arrays.append(array)
    return pa.table(arrays, names=[str(position) for position in range(len(arrays))]), nulled


def _numbers(values: bytes, known: bytes, count: int, code: str) -> Column:
    validity = _bitmap(known, count) if b"\x00" in known else None
    return pa.Array.from_buffers(_ARROW[code], count, [validity, pa.py_buffer(_native(values, code))])


def _texts(values: bytes, lengths: bytes, count: int) -> Column:
    sizes: Column = pa.Array.from_buffers(pa.int32(), count, [None, pa.py_buffer(_native(lengths, "i"))])
    known: Column = pc.greater_equal(sizes, pa.scalar(0, pa.int32()))
    taken: Column = pc.max_element_wise(sizes, pa.scalar(0, pa.int32()))
    ends = pc.cumulative_sum(taken)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    buffers = [known.buffers()[1], offsets.buffers()[1], pa.py_buffer(values)]
    texts = pa.Array.from_buffers(pa.string(), count, buffers)
    texts.validate(full=True)
    return texts


def _bitmap(known: bytes, count: int) -> pa.Buffer | None:
    marks = pa.Array.from_buffers(pa.uint8(), count, [None, pa.py_buffer(known)])
    return marks.cast(pa.bool_()).buffers()[1]


def _native(values: bytes, code: str) -> "array[Any]":
    """PostgreSQL sends the most significant byte first."""
    numbers = array(code, values)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
