"""Scalars of values: what a value of the typed door reads as. None has a serializer: the answer's text is the value."""

from typing import Any

from graphql import GraphQLBoolean, GraphQLFloat, GraphQLInt, GraphQLScalarType, GraphQLString

from semantic_layer.api.ask_input import VALUE
from semantic_layer.definitions.types import ColumnType, Kind
from semantic_layer.serving.answer import OutputType


def _read_text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError('A day or moment is a text, such as "2017-01-31".')


def _read_number(value: object) -> str | int | float:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    raise TypeError('A number is written as a whole number, or as a text of digits, such as "19.90".')


DATE = GraphQLScalarType(
    "Date",
    description="A day, YYYY-MM-DD; for grains finer than a day a moment, YYYY-MM-DDTHH:MM:SS, as clocks show it. "
    "In a filter, a day means the whole day.",
    parse_value=_read_text,
)
DATE_TIME = GraphQLScalarType(
    "DateTime",
    description="A moment, YYYY-MM-DDTHH:MM:SS as clocks show it; with an offset where it is an instant.",
    parse_value=_read_text,
)
BIG_INT = GraphQLScalarType(
    "BigInt",
    description='A whole number of up to 38 digits, as a text of digits: "12345678901". A filter takes a number too.',
    parse_value=_read_number,
)
DECIMAL = GraphQLScalarType(
    "Decimal",
    description='An exact number, as a text with all its decimals: "4596039.50". A filter takes whole numbers too.',
    parse_value=_read_number,
)

SCALARS: dict[OutputType, GraphQLScalarType] = {
    OutputType.INTEGER: GraphQLInt,
    OutputType.BIGINT: BIG_INT,
    OutputType.DECIMAL: DECIMAL,
    OutputType.FLOAT: GraphQLFloat,
    OutputType.TEXT: GraphQLString,
    OutputType.BOOLEAN: GraphQLBoolean,
    OutputType.DATE: DATE,
    OutputType.TIMESTAMP: DATE_TIME,
}
_PARAMETERS: dict[Kind, GraphQLScalarType] = {
    Kind.TEXT: GraphQLString,
    Kind.BOOLEAN: GraphQLBoolean,
    Kind.INTEGER: GraphQLInt,
    Kind.BIGINT: BIG_INT,
    Kind.DECIMAL: DECIMAL,
    Kind.FLOAT: GraphQLFloat,
    Kind.DATE: DATE,
    Kind.TIMESTAMP: DATE,
    Kind.TIMESTAMPTZ: DATE,
}


def value_scalar(type_: OutputType | None) -> GraphQLScalarType:
    """The scalar of a column; any value where no definition declares its type."""
    return VALUE if type_ is None else SCALARS[type_]


def parameter_scalar(type_: ColumnType) -> GraphQLScalarType:
    return _PARAMETERS.get(type_.kind, VALUE)


def words_of_enum(names: Any) -> dict[str, str]:
    """An enum whose values are its own words."""
    return {str(name): str(name) for name in names}
