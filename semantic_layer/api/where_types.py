"""The inputs that filter and order: `where`, generated from a catalog, and `having` and `orderBy`, equal for all."""

from collections.abc import Iterator, Mapping
from functools import partial

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
)

from semantic_layer.api import comparisons
from semantic_layer.api.dictionary_words import output_type
from semantic_layer.api.field_words import dataset_label, dimension_words
from semantic_layer.api.meanings import KEY, DimensionMeaning, JoinMeaning, MetricMeaning
from semantic_layer.api.time_words import time_words
from semantic_layer.api.value_scalars import words_of_enum
from semantic_layer.definitions.model import Catalog, Dataset, Dimension
from semantic_layer.definitions.reach import TIME, FoundDimension
from semantic_layer.definitions.typed_names import RowNames, camel_case, pascal_case
from semantic_layer.query.declared_types import dimension_type

Named = tuple[str, GraphQLInputField]


def _listed(of: GraphQLInputType) -> GraphQLInputType:
    return GraphQLList(GraphQLNonNull(of))


def _having_fields() -> dict[str, GraphQLInputField]:
    return {
        "and": GraphQLInputField(_listed(HAVING), description="All of these."),
        "or": GraphQLInputField(_listed(HAVING), description="Any of these."),
        "not": GraphQLInputField(HAVING, description="What does not pass this."),
        "key": GraphQLInputField(GraphQLString, description=KEY_SAYS),
        **comparisons.ANY_VALUE,
    }


KEY_SAYS = "A field of `rows` by its key in the response (an alias counts), with dots: product.brand."
HAVING: GraphQLInputObjectType = GraphQLInputObjectType(
    "Having", _having_fields, description="A filter on the rows of the answer. All that is given must hold."
)
DIRECTION = GraphQLEnumType("Direction", words_of_enum(("ASC", "DESC")))
ORDER_BY = GraphQLInputObjectType(
    "OrderBy",
    {
        "key": GraphQLInputField(GraphQLNonNull(GraphQLString), description=KEY_SAYS),
        "direction": GraphQLInputField(DIRECTION, description="ASC if left out; nulls stand last both ways."),
    },
    description="A key to order by; the dimensions decide among equals.",
)


def where_type(catalog: Catalog, names: RowNames) -> GraphQLInputObjectType:
    """The filter of a catalog's questions; the types of joined datasets hang on it."""
    objects = _dataset_filters(catalog, names)

    def fields() -> dict[str, GraphQLInputField]:
        own = {
            "and": GraphQLInputField(_listed(where), description="All of these."),
            "or": GraphQLInputField(_listed(where), description="Any of these."),
            "not": GraphQLInputField(where, description="What does not pass this."),
        }
        return own | dict(_catalog_filters(catalog)) | dict(_row_filters(catalog, names, objects))

    where = GraphQLInputObjectType("Where", fields, description="What is counted. All that is given must hold.")
    return where


def segment_words(catalog: Catalog) -> Mapping[str, str]:
    """A segment's word in the schema -> its name: BIG_SPENDERS is big_spenders."""
    return {name.upper(): name for dataset in catalog.datasets.values() for name in dataset.segments}


def _catalog_filters(catalog: Catalog) -> Iterator[Named]:
    segments = segment_words(catalog)
    if segments:
        segment = GraphQLEnumType("Segment", dict(segments), description="A named filter of the catalog.")
        yield "segments", GraphQLInputField(_listed(segment), description="Named filters, all of which must hold.")
    if catalog.metrics:
        by_metric = {
            camel_case(name): GraphQLInputField(comparisons.METRIC, extensions={KEY: MetricMeaning(name)})
            for name in catalog.metrics
        }
        type_ = GraphQLInputObjectType("MetricWhere", by_metric, description="Filters by metrics; all must hold.")
        yield "metric", GraphQLInputField(type_, description="Keeps rows of the members whose metric passes.")


def _row_filters(catalog: Catalog, names: RowNames, objects: Mapping[str, GraphQLInputObjectType]) -> Iterator[Named]:
    for dataset, dimension in names.dimensions.values():
        yield _dimension_filter(catalog, dataset, dimension)
    for name, dataset_name in names.objects.items():
        yield camel_case(name), _object_filter(name, objects[dataset_name])
    says = "The time dimension of whatever metric is asked."
    comparison = time_words(catalog).comparison
    yield TIME, GraphQLInputField(comparison, description=says, extensions={KEY: DimensionMeaning(TIME)})


def _dataset_filters(catalog: Catalog, names: RowNames) -> dict[str, GraphQLInputObjectType]:
    shown = names.shown
    objects: dict[str, GraphQLInputObjectType] = {}

    def fields_of(dataset: Dataset) -> dict[str, GraphQLInputField]:
        own = dict(_dimension_filter(catalog, dataset, one) for one in dataset.dimensions.values())
        joined = {
            camel_case(name): _object_filter(name, objects[join.to])
            for name, join in dataset.joins.items()
            if join.to in shown
        }
        return own | joined

    for name in catalog.datasets:
        if name in shown:
            dataset = catalog.datasets[name]
            objects[name] = GraphQLInputObjectType(
                pascal_case(name) + "Where",
                partial(fields_of, dataset),
                description=f"Filters by {dataset_label(catalog, dataset)}.",
            )
    return objects


def _object_filter(name: str, type_: GraphQLInputObjectType) -> GraphQLInputField:
    return GraphQLInputField(type_, extensions={KEY: JoinMeaning(name)})


def _dimension_filter(catalog: Catalog, dataset: Dataset, dimension: Dimension) -> Named:
    if dimension.time is not None:
        type_ = time_words(catalog).comparison
    else:
        output = output_type(dimension_type(catalog, FoundDimension((), dataset.name, dimension)))
        type_ = comparisons.comparison_of(output)
    meaning = {KEY: DimensionMeaning(dimension.name)}
    words = dimension_words(catalog, dimension)
    return camel_case(dimension.name), GraphQLInputField(type_, description=words, extensions=meaning)
