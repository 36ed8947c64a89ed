"""Makes what a source sent exactly what the statement declared: the same Arrow types from every engine.

Nothing is rounded or wrapped here: a number that does not fit its declared type is NUMBER_OUT_OF_RANGE
(semantics rule 9). NaN, infinities and dates outside the years 1 to 9999 become null, and the column's name
is kept in the schema's metadata under NULLED, so that serving can warn.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from semantic_layer.definitions.types import MAX_PRECISION, ColumnType, Kind
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.serving.ports import NULLED
from semantic_layer.sql.statement import StatementColumn

# pyarrow's stubs have no type for a column of whatever type.
Column = Any

_TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.INTEGER: pa.int32(),
    Kind.BIGINT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us"),
    Kind.TIMESTAMPTZ: pa.timestamp("us", "UTC"),
    Kind.NULL: pa.null(),
}

_TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)

_FIRST_DAY = -719_162  # 0001-01-01, in days since 1970
_LAST_DAY = 2_932_896  # 9999-12-31
_TICKS_A_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_MOST_TICKS = 2**63 - 1


def arrow_type(column: ColumnType) -> pa.DataType:
    """The Arrow type that a column of this type has in every answer; a decimal has the full precision."""
    if column.kind is Kind.DECIMAL:
        return pa.decimal128(MAX_PRECISION, column.scale or 0)
    return _TYPES[column.kind]


def exact(
    table: pa.Table, columns: Sequence[StatementColumn], source: str, nulled_before: Iterable[str] = ()
) -> pa.Table:
    """`table` with the declared names and Arrow types, by position.

    Raises NUMBER_OUT_OF_RANGE, or SOURCE_REFUSED when a column came as something else than what was declared.
    """
    if table.num_columns != len(columns):
        raise _not_declared(source, f"{table.num_columns} columns came, {len(columns)} were declared")
    arrays: list[Column] = []
    nulled = list(nulled_before)
    for array, column in zip(table.columns, columns, strict=True):
        kept = _without_impossible(array)
        if kept.null_count != array.null_count:
            nulled.append(column.name)
        arrays.append(_cast(kept, column, source))
    metadata: dict[bytes | str, bytes | str] | None = {NULLED: json.dumps(nulled).encode()} if nulled else None
    fields = [pa.field(column.name, array.type) for column, array in zip(columns, arrays, strict=True)]
    return pa.table(arrays, schema=pa.schema(fields, metadata))


def _without_impossible(array: Column) -> Column:
    """NaN, infinities and days outside the years 1 to 9999 as null."""
    kind = array.type
    if pa.types.is_floating(kind):
        finite = pc.is_finite(array)
        if pc.all(finite).as_py() is False:  # None: there are nulls only
            return pc.if_else(finite, array, pa.scalar(None, kind))
    elif pa.types.is_date32(kind):
        return _within(array, array.cast(pa.int32()), _FIRST_DAY, _LAST_DAY)
    elif pa.types.is_timestamp(kind):
        ticks = _TICKS_A_DAY[kind.unit]
        first, last = _FIRST_DAY * ticks, (_LAST_DAY + 1) * ticks - 1
        # The largest and smallest ticks are DuckDB's infinities; nanoseconds reach no year 1 or 9999.
        within = max(first, 1 - _MOST_TICKS), min(last, _MOST_TICKS - 1)
        return _within(array, array.cast(pa.int64()), *within)
    return array


def _within(array: Column, numbers: Column, first: int, last: int) -> Column:
    found: Any = pc.min_max(numbers).as_py()
    if found["min"] is None or (first <= found["min"] and found["max"] <= last):
        return array
    least, most = pa.scalar(first, numbers.type), pa.scalar(last, numbers.type)
    possible = pc.and_(pc.greater_equal(numbers, least), pc.less_equal(numbers, most))
    return pc.if_else(possible, array, pa.scalar(None, array.type))


def _cast(array: Column, column: StatementColumn, source: str) -> Column:
    wanted = arrow_type(column.type)
    if array.type == wanted:
        return array
    if not _may_become(array.type, wanted):
        raise _not_declared(source, f"{column.name} came as {array.type}, declared {column.type}")
    loses_nothing = not (pa.types.is_floating(wanted) or pa.types.is_timestamp(wanted))
    try:
        return array.cast(wanted, safe=loses_nothing)
    except pa.ArrowInvalid as error:
        raise refuse(
            ErrorCode.NUMBER_OUT_OF_RANGE,
            f"A value of column {column.name} does not fit its type {column.type}.",
            detail=str(error),
        ) from error


def _may_become(came: pa.DataType, wanted: pa.DataType) -> bool:
    """Casts that keep the value or fail. A float never becomes an exact number, a time never another kind."""
    if pa.types.is_null(came):
        return True
    if pa.types.is_dictionary(came):
        return _may_become(came.value_type, wanted)
    if pa.types.is_integer(wanted) or pa.types.is_decimal(wanted):
        return bool(pa.types.is_integer(came) or pa.types.is_decimal(came))
    if pa.types.is_floating(wanted):
        return bool(pa.types.is_floating(came) or pa.types.is_integer(came) or pa.types.is_decimal(came))
    if pa.types.is_timestamp(wanted):
        same_kind = pa.types.is_timestamp(came) and (came.tz is None) == (wanted.tz is None)
        return bool(same_kind or (pa.types.is_date32(came) and wanted.tz is None))
    if pa.types.is_string(wanted):
        return any(is_text(came) for is_text in _TEXTS)
    return False


def _not_declared(source: str, detail: str) -> Exception:
    return refuse(
        ErrorCode.SOURCE_REFUSED,
        f"Source {source} answered with other columns or types than the statement declares.",
        detail=detail,
    )
