"""How an answer's values read in JSON: the column's output type alone decides (docs/ask.md, "Values").

INTEGER and FLOAT are numbers, BIGINT and DECIMAL texts in plain notation with the declared scale, BOOLEAN true or
false, DATE `YYYY-MM-DD`, TIMESTAMP `YYYY-MM-DDTHH:MM:SS`, missing null; what is no finite number is missing.

Whole columns become text at once, and all columns together rows, by Arrow's own functions: a value is never a Python
object, and other threads run meanwhile. Every door writes rows this way, as lists or as objects (a `RowTemplate`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from semantic_layer.serving.answer import AnswerColumn, OutputType

RowTemplate = Sequence[str | int]
"""How one row reads: pieces of JSON, and the places of the columns whose values stand between them."""

MANY_PIECES = 50_000  # from here on writing would hold the event loop for several milliseconds
ROWS_AT_ONCE = 20_000  # a text column of Arrow holds at most 2 GB
MANY_VALUES = 1_000  # from here on Arrow's functions pay that are dear to begin
LARGEST_SCALE_IN_PLAIN = 6  # Arrow prints smaller numbers with an exponent
TEXT = pa.string()
NULL_IS_WRITTEN = pc.JoinOptions("replace", "null")
NULL_STAYS = pc.JoinOptions("emit_null")
ESCAPED = bytes(range(0x20)) + b'"\\'

# pyarrow's stubs have no type for a column of whatever type.
Values = Any


@dataclass(frozen=True, slots=True)
class ColumnText:
    """A column's values as JSON, null where one is missing; `quote` still has to stand on both sides of each."""

    values: Values
    quote: str = ""


def list_template(columns: Sequence[AnswerColumn]) -> RowTemplate:
    """A row as the list of its values."""
    pieces: list[str | int] = ["["]
    for place in range(len(columns)):
        pieces += [place, ","]
    return [*pieces[: max(1, len(pieces) - 1)], "]"]


def written_rows(columns: Sequence[AnswerColumn], rows: pa.Table, template: RowTemplate) -> orjson.Fragment:
    """The rows as a JSON list; `rows` has the columns' order."""
    size = len(rows)
    parts = [rows.slice(at, min(ROWS_AT_ONCE, size - at)) for at in range(0, size, ROWS_AT_ONCE)]
    written = [_written(columns, part, template) for part in parts]
    if written:
        written[-1] = written[-1][:-1]  # without the last comma
    return orjson.Fragment(b"".join((b"[", *written, b"]")))


def encoded_rows(columns: Sequence[AnswerColumn], rows: pa.Table) -> orjson.Fragment:
    """The rows as a JSON list of lists."""
    return written_rows(columns, rows, list_template(columns))


def takes_long(rows: pa.Table, template: RowTemplate) -> bool:
    """Whether writing these rows belongs in a thread."""
    return len(template) * len(rows) >= MANY_PIECES


def json_rows(columns: Sequence[AnswerColumn], rows: pa.Table) -> list[list[object]]:
    """The rows as lists of what JSON knows, for whoever needs single values."""
    listed: list[list[object]] = orjson.loads(orjson.dumps(encoded_rows(columns, rows)))
    return listed


def column_text(column: AnswerColumn, values: Values) -> ColumnText:
    """A column's values, at least one; `values` is an Arrow array."""
    match column.type:
        case OutputType.INTEGER | OutputType.BOOLEAN:
            return ColumnText(_one_by_one(values) if len(values) < MANY_VALUES else values.cast(TEXT))
        case OutputType.FLOAT:
            return ColumnText(_one_by_one(_as(values, pa.float64())))
        case OutputType.BIGINT:
            return _quoted(values.cast(TEXT))
        case OutputType.DECIMAL:
            return _quoted(_plain_decimals(values, column.scale or 0))
        case OutputType.DATE:
            return _quoted(_by_distinct(values, _days))
        case OutputType.TIMESTAMP:
            return _quoted(_by_distinct(values, _moments))
        case OutputType.TEXT:
            return _quoted(_escaped(_as(values, TEXT)))


def _written(columns: Sequence[AnswerColumn], rows: pa.Table, template: RowTemplate) -> memoryview:
    """The rows, each with a comma behind it."""
    texts = [column_text(column, _one_array(rows.column(place))) for place, column in enumerate(columns)]
    pieces: list[Values] = []
    between = ""
    for part in template:
        if isinstance(part, str):
            between += part
        else:
            text = texts[part]
            pieces += [_constant(between + text.quote), text.values]
            between = text.quote
    if not pieces:
        return memoryview((between + ",").encode() * len(rows))
    pieces.append(_constant(between + ","))
    return _content(_joined(pieces, NULL_IS_WRITTEN))


def _joined(pieces: Sequence[Values], options: pc.JoinOptions) -> Values:
    return pc.call_function("binary_join_element_wise", [*pieces, _constant("")], options)


@lru_cache(1_000)
def _constant(text: str) -> Values:
    return pa.scalar(text, TEXT)


def _as(values: Values, type_: pa.DataType) -> Values:
    """A cast to the same type is not free."""
    return values if values.type == type_ else values.cast(type_)


def _one_array(values: Values) -> Values:
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def _content(texts: Values) -> memoryview:
    """The bytes of a text column, one value after the other."""
    _, ends, content = texts.buffers()
    if content is None:
        return memoryview(b"")
    offsets = memoryview(ends).cast("i")
    return memoryview(content)[offsets[texts.offset] : offsets[texts.offset + len(texts)]]


def _quoted(texts: Values) -> ColumnText:
    if texts.null_count == 0:
        return ColumnText(texts, '"')
    return ColumnText(_joined((_constant('"'), texts, _constant('"')), NULL_STAYS))


def _by_distinct(values: Values, text: Callable[[Values], Values]) -> Values:
    """Texts of values of which many are equal, each made once."""
    if len(values) < MANY_VALUES:
        return text(values)
    coded = values.dictionary_encode()
    return text(coded.dictionary).take(coded.indices)


def _one_by_one(values: Values) -> Values:
    """Numbers that Arrow writes in another form than everyone else does in JSON; what is not finite becomes null."""
    listed = orjson.dumps(values.to_pylist())[1:-1]
    if len(values) < MANY_VALUES:
        return pa.array(listed.decode().split(","), TEXT)
    return pc.split_pattern(pa.array([listed], TEXT), ",").flatten()


def _plain_decimals(values: Values, scale: int) -> Values:
    exact = _as(values, pa.decimal128(38, scale))
    texts = exact.cast(TEXT)
    if scale <= LARGEST_SCALE_IN_PLAIN:
        return texts
    with_exponent = pc.match_substring(texts, "E")
    plain = [format(value, "f") for value in exact.filter(with_exponent).to_pylist()]
    return pc.replace_with_mask(texts, with_exponent, pa.array(plain, TEXT))


def _days(values: Values) -> Values:
    return _as(values, pa.date32()).cast(TEXT)


def _moments(values: Values) -> Values:
    seconds = pc.floor_temporal(values, unit="second").cast(pa.timestamp("s"))
    return pc.replace_substring(seconds.cast(TEXT), " ", "T")


def _escaped(texts: Values) -> Values:
    """Seldom is there anything to escape; then each distinct text is written on its own."""
    texts.validate(full=True)
    content = _content(texts).tobytes()
    if len(content.translate(None, ESCAPED)) == len(content):
        return texts
    coded = texts.dictionary_encode()
    written = [None if text is None else orjson.dumps(text)[1:-1].decode() for text in coded.dictionary.to_pylist()]
    return pa.array(written, TEXT).take(coded.indices)
