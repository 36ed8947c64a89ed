"""The words that a formula may use: types, functions, parts of a date, keywords."""

import re

from semantic_layer.definitions.expression import FUNCTIONS
from semantic_layer.definitions.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    ColumnType,
    Part,
    decimal,
)

SIMPLE_TYPES: dict[str, ColumnType] = {
    str(simple): simple for simple in (TEXT, BOOLEAN, INTEGER, BIGINT, FLOAT, DATE, TIMESTAMP, TIMESTAMPTZ)
}
COLUMN_TYPE_FORMS = (*SIMPLE_TYPES, "decimal(p,s)")

# Functions as DuckDB spells them -> the name in FUNCTIONS, where the two differ. The rest is spelled alike.
SPELLINGS = {"ceiling": "ceil", "pow": "power", "substr": "substring"}
_OPERATORS_ONLY = frozenset({
    "add", "subtract", "multiply", "divide", "modulo", "negate", "eq", "ne", "lt", "lte", "gt", "gte",
    "and", "or", "not", "is_null", "is_not_null", "is_distinct_from", "is_not_distinct_from", "in", "not_in",
    "between", "like",
    "date_add", "at_zone",
})  # fmt: skip
CALLABLE = {name: arity for name, arity in FUNCTIONS.items() if name not in _OPERATORS_ONLY}

# The parts of a date, as SQL says them -> the literal that Call("date_part") carries.
DATE_PARTS = {
    "year": "year",
    "quarter": Part.QUARTER_OF_YEAR.value,
    "month": Part.MONTH_OF_YEAR.value,
    "week": Part.WEEK_OF_YEAR.value,
    "day": Part.DAY_OF_MONTH.value,
    "doy": Part.DAY_OF_YEAR.value,
    "isodow": Part.DAY_OF_WEEK.value,
    "hour": Part.HOUR_OF_DAY.value,
    "minute": "minute",
    "second": "second",
}
PART_FUNCTIONS = {**DATE_PARTS, "dayofyear": Part.DAY_OF_YEAR.value}

KEYWORDS = frozenset({
    "and", "or", "not", "is", "null", "in", "between", "like", "case", "when", "then", "else", "end", "true", "false",
    "distinct", "from", "cast", "as", "interval", "exists", "select", "with",
})  # fmt: skip


def parse_column_type(text: str) -> ColumnType | None:
    """`decimal(12,2)` or one of the simple types; None if it is neither."""
    found = re.fullmatch(r"decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)", text)
    if found is None:
        return SIMPLE_TYPES.get(text)
    precision, scale = int(found[1]), int(found[2])
    return decimal(precision, scale) if 1 <= precision <= 38 and scale <= precision else None
