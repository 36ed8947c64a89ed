"""A schema of the typed door's shape, made by hand: rows with values of every type and objects of dimensions inside."""

from collections.abc import Mapping

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
)

from semantic_layer.api.columnar_rows import ColumnarRows, cell, inner_object

GRAIN = GraphQLEnumType("Grain", {"DAY": "DAY", "MONTH": "MONTH"})
BIG_INT = GraphQLScalarType("BigInt")
DECIMAL = GraphQLScalarType("Decimal")
DATE = GraphQLScalarType("Date")
DATE_TIME = GraphQLScalarType("DateTime")


def value(type_: GraphQLOutputType, **arguments: GraphQLArgument) -> GraphQLField:
    return GraphQLField(type_, arguments, cell)


def inner(type_: GraphQLObjectType) -> GraphQLField:
    return GraphQLField(GraphQLNonNull(type_), resolve=inner_object)


METRIC_ARGUMENTS = {"version": GraphQLArgument(GraphQLInt)}
NAMED = GraphQLInterfaceType("Named", {"name": GraphQLField(GraphQLString)}, resolve_type=lambda *_: "Department")
DEPARTMENT = GraphQLObjectType(
    "Department", {"name": value(GraphQLString), "active": value(GraphQLBoolean)}, interfaces=[NAMED]
)
PRODUCT = GraphQLObjectType(
    "Product", {"brand": value(GraphQLString), "sku": value(BIG_INT), "department": inner(DEPARTMENT)}
)
ROW = GraphQLObjectType(
    "MetricsRow",
    {
        "day": value(DATE, grain=GraphQLArgument(GraphQLNonNull(GRAIN), default_value="MONTH")),
        "moment": value(DATE_TIME),
        "product": inner(PRODUCT),
        "sales": value(DECIMAL, **METRIC_ARGUMENTS),
        "baskets": value(GraphQLInt, **METRIC_ARGUMENTS),
        "rate": value(GraphQLFloat, **METRIC_ARGUMENTS),
        "must": value(GraphQLNonNull(GraphQLInt)),
    },
)
ROWS = GraphQLNonNull(GraphQLList(GraphQLNonNull(ROW)))


def schema(root_fields: Mapping[str, GraphQLField]) -> GraphQLSchema:
    """Root fields with resolvers of the test; each of type ROWS, or an object that has such fields."""
    return GraphQLSchema(GraphQLObjectType("Query", dict(root_fields)))


def answering(rows: ColumnarRows) -> GraphQLSchema:
    """A schema whose `metrics { rows }` are these."""
    metrics = GraphQLObjectType("Metrics", {"rows": GraphQLField(ROWS, resolve=lambda *_: rows)})
    return schema({"metrics": GraphQLField(metrics, resolve=lambda *_: ())})
