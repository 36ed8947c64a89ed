"""Values of an earlier rule in the type of today's field.

A field has the type that the catalog of the schema declares. A pinned version or an earlier registry (`version`,
`asOf`) may give another: what the field can say exactly, or as the nearest FLOAT, is said; the rest is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.query.ask import Path
from semantic_layer.serving.answer import AnswerColumn, OutputType

LARGEST_SCALE = 38
# (type of the column, type of the field) -> the Arrow type that the column's values are turned into.
_FITS: Mapping[tuple[OutputType, OutputType], "pa.DataType"] = {
    (OutputType.INTEGER, OutputType.BIGINT): pa.int64(),
    (OutputType.INTEGER, OutputType.DECIMAL): pa.decimal128(LARGEST_SCALE, 0),
    (OutputType.BIGINT, OutputType.DECIMAL): pa.decimal128(LARGEST_SCALE, 0),
    (OutputType.INTEGER, OutputType.FLOAT): pa.float64(),
    (OutputType.BIGINT, OutputType.FLOAT): pa.float64(),
    (OutputType.DECIMAL, OutputType.FLOAT): pa.float64(),
    (OutputType.BIGINT, OutputType.INTEGER): pa.int32(),
    (OutputType.DATE, OutputType.TIMESTAMP): pa.timestamp("us"),
}

Fitted = tuple[tuple[AnswerColumn, ...], pa.Table]


@dataclass(frozen=True, slots=True)
class FieldType:
    """What a field's values read as, None if it takes any value; `at` leads to the field, for messages."""

    output: OutputType | None
    at: Path


def fitted(columns: Sequence[AnswerColumn], rows: pa.Table, fields: Mapping[int, FieldType]) -> Fitted:
    """The columns as the types of the fields that show them, by place.

    Raises NOT_SUPPORTED for a type that the field cannot say, NUMBER_OUT_OF_RANGE for a number too large for it.
    """
    shown = list(columns)
    for place, field in fields.items():
        column, output = shown[place], field.output
        if output is None or column.type is output:
            continue
        values = _turned(column, output, rows.column(place), field.at)
        rows = rows.set_column(place, column.name, values)
        scale = 0 if output is OutputType.DECIMAL else None
        shown[place] = replace(column, type=output, scale=scale)
    return tuple(shown), rows


def _turned(
    column: AnswerColumn, output: OutputType, values: "pa.ChunkedArray[Any]", at: Path
) -> "pa.ChunkedArray[Any]":
    wanted = _FITS.get((column.type, output))
    if wanted is None:
        message = f"{column.name} is {column.type} by its rule, which a field of {output} cannot say; ask it by name"
        raise refuse(ErrorCode.NOT_SUPPORTED, message, path=at)
    try:
        if output is OutputType.FLOAT:
            return values.cast(pa.decimal128(LARGEST_SCALE, column.scale or 0)).cast(wanted, safe=False)
        return values.cast(wanted)
    except pa.ArrowInvalid:
        message = f"a value of {column.name} is too large for a field of {output}; ask it by name"
        raise refuse(ErrorCode.NUMBER_OUT_OF_RANGE, message, path=at) from None
