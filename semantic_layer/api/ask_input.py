"""AskInput, the question of the by-name door, as GraphQL input types.

They are graphql-core's own: their coerced value is the plain JSON form, which `query.ask_reader` alone reads. Words
(grains, operators) are scalars and no enums, so that a wrong one gets our error with near names, together with all
other wrong words of the question.
"""

from collections.abc import Callable, Mapping
from typing import Any, NewType

from graphql import (
    GraphQLBoolean,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
    ValueNode,
    value_from_ast_untyped,
)
from graphql.language import EnumValueNode, StringValueNode

Question = NewType("Question", Mapping[str, object])  # what a resolver gets for an AskInput


def _read_value(value: object) -> str | int | float | bool:
    if isinstance(value, str | int | float | bool):
        return value
    raise TypeError("A value is a text, a number, true or false.")


def _read_word(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError("A word is a text such as MONTH.")


def _read_word_literal(node: ValueNode, _variables: Mapping[str, Any] | None = None) -> str:
    if isinstance(node, StringValueNode | EnumValueNode):
        return node.value
    raise TypeError('A word is written MONTH or "MONTH".')


def _read_named(value: object) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    raise TypeError("An object is expected.")


VALUE = GraphQLScalarType(
    "Value",
    description="A text, a whole number of any size, a number with a fraction, true or false. "
    "Exact fractions are written as texts.",
    parse_value=_read_value,
)
WORD = GraphQLScalarType(
    "Word",
    description="An upper-case word of a fixed list, such as MONTH, IN_RANGE or DAY_OF_WEEK. "
    "In a document it may stand bare or in quotes.",
    parse_value=_read_word,
    parse_literal=_read_word_literal,
)
NAMED_VALUES = GraphQLScalarType(
    "NamedValues",
    description="An object whose keys are names that you choose from: parameters, or columns of the answer.",
    parse_value=_read_named,
)

# A field's type (or what makes it, where types hold each other) and its description.
Fields = Mapping[str, tuple[GraphQLInputType, str]]


def _input_type(name: str, description: str, fields: Callable[[], Fields]) -> GraphQLInputObjectType:
    def made() -> dict[str, GraphQLInputField]:
        return {key: GraphQLInputField(type_, description=text) for key, (type_, text) in fields().items()}

    return GraphQLInputObjectType(name, made, description=description)


def _list(of: GraphQLInputType) -> GraphQLList[Any]:
    return GraphQLList(GraphQLNonNull(of))


_TEXT = GraphQLNonNull(GraphQLString)
_A_WORD = GraphQLNonNull(WORD)

SHIFT = _input_type(
    "ShiftInput",
    "An earlier period of the same question: {periods: 1, unit: YEAR} is one year ago.",
    lambda: {
        "periods": (GraphQLNonNull(GraphQLInt), "How many units back."),
        "unit": (
            _A_WORD,
            "SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER, HALF_YEAR, YEAR, or a grain of a calendar.",
        ),
    },
)
METRIC = _input_type(
    "MetricInput",
    "One metric column of the answer.",
    lambda: {
        "name": (_TEXT, "The metric's name in the catalog."),
        "alias": (GraphQLString, "The column's name; the metric's own if left out."),
        "shift": (SHIFT, "The value of an earlier period."),
        "version": (GraphQLInt, "A numbered version with everything that it used; the one in force if left out."),
        "parameters": (NAMED_VALUES, "Values of the metric's declared parameters by name."),
    },
)
DIMENSION = _input_type(
    "DimensionInput",
    "One dimension column of the answer.",
    lambda: {
        "dimension": (_TEXT, "Its name, such as product.department."),
        "grain": (
            WORD,
            "Of a time dimension: SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER, HALF_YEAR, YEAR, "
            "or a grain of a calendar, such as FISCAL_MONTH.",
        ),
        "part": (
            WORD,
            "Of a time dimension, instead of a grain: HOUR_OF_DAY, DAY_OF_WEEK (Monday is 1), DAY_OF_MONTH, "
            "DAY_OF_YEAR, WEEK_OF_YEAR, MONTH_OF_YEAR or QUARTER_OF_YEAR.",
        ),
        "alias": (GraphQLString, "The column's name; the dimension's own if left out."),
    },
)
LAST = _input_type(
    "LastInput",
    "The last units of time up to the data's end or now.",
    lambda: {
        "count": (GraphQLNonNull(GraphQLInt), "How many units."),
        "unit": (_A_WORD, "DAY, WEEK, MONTH, QUARTER, YEAR …"),
        "anchor": (WORD, "DATA (the last recorded time, the default) or NOW."),
    },
)
_OPERATORS = (
    "EQ NE IN NOT_IN GT GTE LT LTE IN_RANGE (from, to; half-open) IS_NULL IS_NOT_NULL IS_DISTINCT_FROM "
    "CONTAINS STARTS_WITH ENDS_WITH."
)
WHERE: GraphQLInputObjectType = _input_type(
    "WhereInput",
    "A filter on what is counted, exactly one of: {and}, {or}, {not}, {dimension, grain?, part?, op, values}, "
    "{dimension, last}, {metric, per, by?, over, op, values}, {segment}.",
    lambda: {
        "and": (_list(WHERE), "All of these."),
        "or": (_list(WHERE), "Any of these."),
        "not": (WHERE, "What does not pass this."),
        "dimension": (GraphQLString, "The dimension that is compared."),
        "grain": (WORD, "Of a time dimension: the first moment of the period of this grain is compared."),
        "part": (WORD, "Of a time dimension: the part of the date that is compared."),
        "op": (WORD, _OPERATORS),
        "values": (GraphQLList(VALUE), "What it is compared with; left out for IS_NULL and IS_NOT_NULL."),
        "last": (LAST, "Of a time dimension: the last units of time."),
        "metric": (GraphQLString, "Keeps the entities whose metric passes."),
        "per": (GraphQLString, "The entity that the metric is computed for, such as household_id."),
        "by": (GraphQLString, "How the metric's own rows reach the entity, where it is by another name than per."),
        "over": (WORD, "ALL_TIME, or RANGE: the time range of this question."),
        "segment": (GraphQLString, "A named filter of the catalog."),
    },
)
HAVING: GraphQLInputObjectType = _input_type(
    "HavingInput",
    "A filter on the answer's rows, exactly one of: {and}, {or}, {not}, {key, op, values}.",
    lambda: {
        "and": (_list(HAVING), "All of these."),
        "or": (_list(HAVING), "Any of these."),
        "not": (HAVING, "What does not pass this."),
        "key": (GraphQLString, "A column of the answer by its name."),
        "op": (WORD, _OPERATORS),
        "values": (GraphQLList(VALUE), "What it is compared with."),
    },
)
ORDER_KEY = _input_type(
    "OrderKeyInput",
    "A column to order by; nulls come last both ways.",
    lambda: {
        "key": (_TEXT, "A column of the answer by its name."),
        "descending": (GraphQLBoolean, "Largest first."),
    },
)
EXPECT = _input_type(
    "ExpectInput",
    "What the caller relies on; if it is not so, the answer is EXPECTATION_FAILED and no rows.",
    lambda: {
        "revision": (GraphQLInt, "The catalog's revision."),
        "fingerprints": (NAMED_VALUES, "Fingerprints of metrics by column name."),
    },
)
AS_OF = _input_type(
    "AsOfInput",
    "The registry as it was, exactly one of the two.",
    lambda: {
        "revision": (GraphQLInt, "At this revision."),
        "recordedAt": (GraphQLString, "At this moment, with its zone: 2026-11-24T08:30:00Z."),
    },
)
ASK = _input_type(
    "AskInput",
    "One question: metrics, cut by dimensions. docs/ask.md explains every part with an example.",
    lambda: {
        "metrics": (_list(METRIC), "What to compute; none: the distinct members of the dimensions."),
        "by": (_list(DIMENSION), "What to cut by, in the order of the columns."),
        "where": (WHERE, "What is counted."),
        "having": (HAVING, "Which rows of the answer are shown."),
        "orderBy": (_list(ORDER_KEY), "The rows' order; the dimensions decide among equals."),
        "limit": (GraphQLInt, "At most this many rows; meta says if there are more."),
        "offset": (GraphQLInt, "Leaves out the first rows."),
        "totals": (
            GraphQLList(GraphQLNonNull(_list(GraphQLString))),
            "Sets of dimension columns to keep in a total: [[\"product.department\"], []].",
        ),
        "includeEmpty": (GraphQLBoolean, "Also members without any data."),
        "fillTime": (GraphQLBoolean, "A row for every period of the range."),
        "timeZone": (GraphQLString, "The zone of the periods; the catalog's if left out."),
        "language": (GraphQLString, "The language of the labels; if left out en, else the catalog's first."),
        "minRevision": (GraphQLInt, "Waits shortly until this revision of the catalog is served."),
        "expect": (EXPECT, "What the caller relies on."),
        "asOf": (AS_OF, "Asks the registry of an earlier time."),
        "strict": (GraphQLBoolean, "Turns warnings into errors."),
        "partial": (GraphQLBoolean, "Metrics of a source that is down are null, with a warning, beside others."),
    },
)  # fmt: skip


def untyped(node: ValueNode, variables: Mapping[str, Any]) -> object:
    """The JSON form of a question written into the document, whether or not it fits the types above."""
    return value_from_ast_untyped(node, dict(variables))
