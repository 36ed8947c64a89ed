"""An answer as CSV, and as an Arrow stream with the columns' exact types."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa

from semantic_layer.cli.answer_json import ShownAnswer, ShownColumn

MAX_PRECISION = 38
PLAIN_TYPES = {
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float64(),
    "TEXT": pa.string(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}
READ_TEXT: dict[str, Callable[[str], object]] = {
    "BIGINT": int,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
}


def csv_text(answer: ShownAnswer) -> str:
    """A header of column names, then the rows; null is an empty field, an empty text is `""`. Totals are left out.

    (Python's own writer can tell the two apart only since 3.12.)
    """
    lines = [[column.name for column in answer.columns], *answer.rows]
    return "".join(",".join(map(_csv_field, line)) + "\r\n" for line in lines)


def arrow_bytes(answer: ShownAnswer) -> bytes:
    """An Arrow IPC stream of the rows; revision, SQL and versions stand in the schema's metadata (`semantic_layer`)."""
    columns = list(zip(*answer.rows, strict=True)) or [()] * len(answer.columns)
    arrays = [_array(column, values) for column, values in zip(answer.columns, columns, strict=True)]
    table = pa.Table.from_arrays(arrays, names=[column.name for column in answer.columns])
    table = table.replace_schema_metadata({"semantic_layer": orjson.dumps(answer.meta)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _csv_field(value: Any) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    needs_quotes = not text or any(sign in text for sign in ',"\r\n') or text != text.strip()
    return '"' + text.replace('"', '""') + '"' if needs_quotes else text


def _array(column: ShownColumn, values: Sequence[Any]) -> "pa.Array[Any]":
    if column.type == "DECIMAL":
        numbers = [None if value is None else Decimal(value) for value in values]
        return pa.array(numbers, pa.decimal128(MAX_PRECISION, _scale(values)))
    read = READ_TEXT.get(column.type)
    if read is not None:
        values = [None if value is None else read(value) for value in values]
    return pa.array(values, PLAIN_TYPES[column.type])


def _scale(values: Sequence[Any]) -> int:
    """Every value of a DECIMAL column is printed with the column's scale."""
    first = next((value for value in values if value is not None), "0")
    return len(str(first).partition(".")[2])
