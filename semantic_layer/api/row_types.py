"""The types of rows and totals, generated from a catalog: dimensions by name, joined ones nested, metrics as fields.

They are graphql-core's own: as strawberry types the same schema takes a hundred times as long to build.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
)

from semantic_layer.api.columnar_rows import cell, inner_object
from semantic_layer.api.dictionary_words import output_type
from semantic_layer.api.field_words import (
    dataset_label,
    dataset_words,
    deprecation_words,
    dimension_words,
    metric_words,
)
from semantic_layer.api.meanings import KEY, DimensionMeaning, JoinMeaning, MetricMeaning
from semantic_layer.api.time_words import TimeWords, time_words
from semantic_layer.api.value_scalars import DATE, parameter_scalar, value_scalar, words_of_enum
from semantic_layer.definitions.model import Catalog, Dataset, Dimension, Metric
from semantic_layer.definitions.reach import TIME, FoundDimension
from semantic_layer.definitions.typed_names import RowNames, camel_case, pascal_case
from semantic_layer.definitions.types import Part
from semantic_layer.query.declared_types import dimension_type, metric_type
from semantic_layer.serving.answer import OutputType

Named = tuple[str, GraphQLField]

DATE_PART = GraphQLEnumType(
    "DatePart", words_of_enum(part.name for part in Part), description="A repeating part of a date; Monday is day 1."
)
PART_ARGUMENT = {"part": GraphQLArgument(GraphQLNonNull(DATE_PART))}


@dataclass(frozen=True, slots=True)
class RowTypes:
    row: GraphQLObjectType
    grand_total: GraphQLObjectType


def row_types(catalog: Catalog, names: RowNames) -> RowTypes:
    """Raises nothing for a checked catalog; the fields are made when a schema first asks for them."""
    times = time_words(catalog)
    metrics = dict(_metric_fields(catalog, times))
    objects = _dataset_types(catalog, names, times)
    row = GraphQLObjectType(
        "Row",
        lambda: {**dict(_row_dimensions(catalog, names, objects, times)), **metrics},
        description="A row: the dimensions to cut by, and metrics. What is selected is what is asked.",
    )
    total = GraphQLObjectType(
        "GrandTotal",
        metrics or {"nothing": GraphQLField(GraphQLInt, description="The catalog has no metrics.")},
        description="Metrics of `rows` without its dimensions, recomputed from the rows that were counted.",
    )
    return RowTypes(row, total)


def _row_dimensions(
    catalog: Catalog, names: RowNames, objects: dict[str, GraphQLObjectType], times: TimeWords
) -> Iterator[Named]:
    for dataset, dimension in names.dimensions.values():
        yield from _dimension_fields(catalog, dataset, dimension, times)
    for name, dataset_name in names.objects.items():
        yield camel_case(name), _object_field(catalog, name, dataset_name, objects)
    yield from _time_fields(TIME, "The time dimension of whatever metric is asked.", times)


def _dataset_types(catalog: Catalog, names: RowNames, times: TimeWords) -> dict[str, GraphQLObjectType]:
    """One type per dataset, whatever join leads to it; only datasets from which a dimension is reached."""
    shown = names.shown
    objects: dict[str, GraphQLObjectType] = {}

    def fields_of(dataset: Dataset) -> dict[str, GraphQLField]:
        own = (
            field for one in dataset.dimensions.values() for field in _dimension_fields(catalog, dataset, one, times)
        )
        joined = {
            camel_case(name): _object_field(catalog, name, join.to, objects)
            for name, join in dataset.joins.items()
            if join.to in shown
        }
        return dict(own) | joined

    for name in catalog.datasets:
        if name in shown:
            dataset = catalog.datasets[name]
            objects[name] = GraphQLObjectType(
                pascal_case(name) + "Dimensions",
                partial(fields_of, dataset),
                description=dataset_words(catalog, dataset),
            )
    return objects


def _object_field(catalog: Catalog, name: str, dataset: str, objects: dict[str, GraphQLObjectType]) -> GraphQLField:
    return GraphQLField(
        GraphQLNonNull(objects[dataset]),
        resolve=inner_object,
        description=dataset_label(catalog, catalog.datasets[dataset]),
        extensions={KEY: JoinMeaning(name)},
    )


def _dimension_fields(catalog: Catalog, dataset: Dataset, dimension: Dimension, times: TimeWords) -> Iterator[Named]:
    words = dimension_words(catalog, dimension)
    if dimension.time is not None:
        yield from _time_fields(dimension.name, words, times)
        return
    output = output_type(dimension_type(catalog, FoundDimension((), dataset.name, dimension)))
    meaning = {KEY: DimensionMeaning(dimension.name, output)}
    scalar = value_scalar(output)
    yield camel_case(dimension.name), GraphQLField(scalar, resolve=cell, description=words, extensions=meaning)


def _time_fields(name: str, words: str, times: TimeWords) -> Iterator[Named]:
    """A time dimension by periods, and by a repeating part, which is a number and so a field of its own."""
    yield (
        camel_case(name),
        GraphQLField(DATE, times.grain_argument, cell, description=words, extensions={KEY: DimensionMeaning(name)}),
    )
    part = {KEY: DimensionMeaning(name, OutputType.INTEGER)}
    described = f"A part of {camel_case(name)}, such as HOUR_OF_DAY."
    yield (
        camel_case(name) + "Part",
        GraphQLField(GraphQLInt, PART_ARGUMENT, cell, description=described, extensions=part),
    )


def _metric_fields(catalog: Catalog, times: TimeWords) -> Iterator[Named]:
    for metric in catalog.metrics.values():
        type_ = metric_type(catalog, metric.name)
        output = None if type_ is None else output_type(type_)
        parameters = {camel_case(name): name for name in metric.parameters}
        field = GraphQLField(
            value_scalar(output),
            resolve=cell,
            description=metric_words(catalog, metric),
            deprecation_reason=deprecation_words(catalog, metric),
            extensions={KEY: MetricMeaning(metric.name, output, parameters)},
        )
        # Set, not given: GraphQLField would look at each argument's name again for each metric.
        field.args = (
            {**times.metric_arguments, **_parameter_arguments(metric)} if parameters else times.metric_arguments
        )
        yield camel_case(metric.name), field


def _parameter_arguments(metric: Metric) -> dict[str, GraphQLArgument]:
    return {
        camel_case(name): GraphQLArgument(parameter_scalar(rule.type), description=f"{rule.default} if left out.")
        for name, rule in metric.parameters.items()
    }
