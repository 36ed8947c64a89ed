"""Inputs that compare: one type per kind of value, whose fields are the operators that fit it."""

from collections.abc import Mapping

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
)

from semantic_layer.api.ask_input import VALUE
from semantic_layer.api.meanings import GRAIN
from semantic_layer.api.value_scalars import BIG_INT, DATE, DECIMAL, words_of_enum
from semantic_layer.definitions.typed_names import camel_case
from semantic_layer.definitions.types import Part
from semantic_layer.serving.answer import OutputType

# The argument of an operator -> the operator of a question (docs/ask.md). `isNull` is two: true and false.
OPERATORS: Mapping[str, str] = {
    "eq": "EQ",
    "ne": "NE",
    "in": "IN",
    "notIn": "NOT_IN",
    "gt": "GT",
    "gte": "GTE",
    "lt": "LT",
    "lte": "LTE",
    "inRange": "IN_RANGE",
    "isDistinctFrom": "IS_DISTINCT_FROM",
    "contains": "CONTAINS",
    "startsWith": "STARTS_WITH",
    "endsWith": "ENDS_WITH",
}
IS_NULL = "isNull"
LISTS = ("in", "notIn")
RANGE = "inRange"
PARTS: Mapping[str, str] = {camel_case(part.value): part.name for part in Part}

_EQUAL = ("eq", "ne", "in", "notIn", "isDistinctFrom")
_ORDERED = ("gt", "gte", "lt", "lte")
_PATTERNS = ("contains", "startsWith", "endsWith")
_SAYS = {
    "eq": "Equal.",
    "ne": "Not equal, and not null.",
    "in": "One of them; of an empty list, none.",
    "notIn": "None of them, and not null.",
    "gt": "Greater, or after it.",
    "gte": "Greater or equal, or from it on.",
    "lt": "Less, or before it.",
    "lte": "Less or equal, or up to its end.",
    "inRange": "From the first up to, and not with, the second.",
    "isDistinctFrom": "Not equal; null is kept.",
    "contains": "Case counts; % and _ are themselves.",
    "startsWith": "Case counts; % and _ are themselves.",
    "endsWith": "Case counts; % and _ are themselves.",
}

Fields = dict[str, GraphQLInputField]


def _range(name: str, scalar: GraphQLScalarType) -> GraphQLInputObjectType:
    bound = GraphQLInputField(GraphQLNonNull(scalar))
    return GraphQLInputObjectType(
        f"{name}Range", {"from": bound, "to": bound}, description="`from` is in, `to` is not."
    )


def _operators(scalar: GraphQLScalarType, names: tuple[str, ...], range_: GraphQLInputType | None = None) -> Fields:
    fields: Fields = {}
    for name in names:
        type_: GraphQLInputType = GraphQLList(GraphQLNonNull(scalar)) if name in LISTS else scalar
        fields[name] = GraphQLInputField(type_, description=_SAYS[name])
    if range_ is not None:
        fields[RANGE] = GraphQLInputField(range_, description=_SAYS[RANGE])
    fields[IS_NULL] = GraphQLInputField(GraphQLBoolean, description="True: null; false: anything else.")
    return fields


def _comparison(name: str, fields: Fields, says: str) -> GraphQLInputObjectType:
    return GraphQLInputObjectType(f"{name}Comparison", fields, description=f"{says} All that is given must hold.")


def _number(name: str, scalar: GraphQLScalarType) -> GraphQLInputObjectType:
    fields = _operators(scalar, _EQUAL + _ORDERED, _range(name, scalar))
    return _comparison(name, fields, "Compares numbers.")


TEXT = _comparison("Text", _operators(GraphQLString, _EQUAL + _ORDERED + _PATTERNS), "Compares texts.")
BOOLEAN = _comparison("Boolean", _operators(GraphQLBoolean, _EQUAL), "Compares true and false.")
INT = _number("Int", GraphQLInt)
BIG = _number("BigInt", BIG_INT)
EXACT = _number("Decimal", DECIMAL)
FLOATING = _number("Float", GraphQLFloat)

_DATE_RANGE = _range("Date", DATE)
_ANCHOR = GraphQLEnumType("Anchor", words_of_enum(("DATA", "NOW")))


def grain_field(word: str) -> str:
    """The field of a filter that compares periods: fiscalMonth, and fiscal__fiscalMonth where a calendar is said."""
    return "__".join(camel_case(part.lower()) for part in word.split("."))


def time_comparison(grain: GraphQLEnumType) -> GraphQLInputObjectType:
    """What compares times, by the grains of a catalog."""
    period = _comparison(
        "Period", _operators(DATE, _EQUAL + _ORDERED, _DATE_RANGE), "Compares periods by their first day, or label."
    )
    periods = {
        grain_field(str(value.value)): GraphQLInputField(
            period, description=f"Its period by {name}.", extensions={GRAIN: str(value.value)}
        )
        for name, value in grain.values.items()
    }
    last = GraphQLInputObjectType(
        "Last",
        {
            "count": GraphQLInputField(GraphQLNonNull(GraphQLInt), description="How many units."),
            "unit": GraphQLInputField(GraphQLNonNull(grain)),
            "anchor": GraphQLInputField(
                _ANCHOR, description="DATA: the last recorded time, the default; NOW: the clock."
            ),
        },
        description="The last units of time up to the data's end or now.",
    )
    return _comparison(
        "Date",
        _operators(DATE, _EQUAL + _ORDERED, _DATE_RANGE)
        | {"last": GraphQLInputField(last, description="The last units of time.")}
        | {name: GraphQLInputField(INT, description=f"Its part {part}.") for name, part in PARTS.items()}
        | periods,
        "Compares days and moments; a day means the whole day.",
    )


METRIC = _comparison(
    "Metric",
    {
        "per": GraphQLInputField(
            GraphQLNonNull(GraphQLString), description="The dimension whose members are kept, such as householdId."
        ),
        "over": GraphQLInputField(
            GraphQLNonNull(GraphQLEnumType("Over", words_of_enum(("ALL_TIME", "RANGE")))),
            description="ALL_TIME, or RANGE: the time range of this question.",
        ),
        **_operators(DECIMAL, _EQUAL + _ORDERED, EXACT.fields[RANGE].type),
    },
    "Compares a metric of each member, such as the sales of a household.",
)
ANY_VALUE: Fields = _operators(VALUE, _EQUAL + _ORDERED + _PATTERNS, _range("Value", VALUE))

_OF_OUTPUT: Mapping[OutputType, GraphQLInputObjectType] = {
    OutputType.TEXT: TEXT,
    OutputType.BOOLEAN: BOOLEAN,
    OutputType.INTEGER: INT,
    OutputType.BIGINT: BIG,
    OutputType.DECIMAL: EXACT,
    OutputType.FLOAT: FLOATING,
}


def comparison_of(output: OutputType) -> GraphQLInputObjectType:
    """What compares with a dimension of this type, which is no time."""
    return _OF_OUTPUT[output]
