"""How an answer's values read in JSON: the column's output type alone decides (docs/ask.md, "Values").

INTEGER and FLOAT are numbers, BIGINT and DECIMAL texts in plain notation with the declared scale, BOOLEAN true or
false, DATE `YYYY-MM-DD`, TIMESTAMP `YYYY-MM-DDTHH:MM:SS`, missing null. Whole columns are turned at once: 100,000
rows of five columns take about a tenth of a second.
"""

from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from semantic_layer.serving.answer import AnswerColumn, OutputType

LARGEST_SCALE_IN_PLAIN = 6  # Arrow prints smaller numbers with an exponent


def json_rows(columns: Sequence[AnswerColumn], rows: pa.Table) -> list[tuple[object, ...]]:
    """The rows as tuples of what JSON knows; `rows` has the columns' order."""
    if not columns:
        return [()] * rows.num_rows
    values = [_column_values(column, rows.column(place)) for place, column in enumerate(columns)]
    return list(zip(*values, strict=True))


def encoded_rows(columns: Sequence[AnswerColumn], rows: pa.Table) -> orjson.Fragment:
    """The rows as ready JSON text: a list of lists."""
    return orjson.Fragment(orjson.dumps(json_rows(columns, rows)))


def _column_values(column: AnswerColumn, values: "pa.ChunkedArray[Any]") -> list[object]:
    match column.type:
        case OutputType.DECIMAL:
            return _plain_decimals(values, column.scale or 0)
        case OutputType.BIGINT | OutputType.TEXT:
            return _listed(values.cast(pa.string()))
        case OutputType.DATE:
            return _listed(values.cast(pa.date32()).cast(pa.string()))
        case OutputType.TIMESTAMP:
            seconds = pc.floor_temporal(values, unit="second").cast(pa.timestamp("s"))
            return _listed(pc.replace_substring(seconds.cast(pa.string()), " ", "T"))
        case OutputType.INTEGER | OutputType.FLOAT | OutputType.BOOLEAN:
            return _listed(values)  # orjson writes NaN and infinities as null


def _plain_decimals(values: "pa.ChunkedArray[Any]", scale: int) -> list[object]:
    exact = values.cast(pa.decimal128(38, scale))
    if scale <= LARGEST_SCALE_IN_PLAIN:
        return _listed(exact.cast(pa.string()))
    return [None if value is None else format(value, "f") for value in exact.to_pylist()]


def _listed(values: "pa.ChunkedArray[Any]") -> list[object]:
    listed: list[object] = values.to_pylist()
    return listed
