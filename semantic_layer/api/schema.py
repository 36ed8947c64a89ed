"""The GraphQL schema of a catalog: the typed door, the by-name door and the dictionary.

Strawberry's part is the same for all catalogs and made once; `metrics` and its types are made with graphql-core for
each. As strawberry fields, they would take a hundred times as long.
"""

from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, cast

import strawberry
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLSchema
from graphql import print_schema as printed
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from semantic_layer.api.answer_types import ROWS, AnswerShown, Rows
from semantic_layer.api.ask_input import ASK, VALUE, Question
from semantic_layer.api.change_types import CatalogChanges, changes_between
from semantic_layer.api.dictionary_pages import checked_size, fitting_metrics, metrics_page
from semantic_layer.api.dictionary_types import (
    CatalogInfo,
    DimensionShown,
    MetricConnection,
    MetricShown,
    catalog_info,
    common_dimensions,
    dimension_shown,
    metric_shown,
)
from semantic_layer.api.dictionary_words import asked_language, existing_metrics
from semantic_layer.api.documents import PreparedSchema
from semantic_layer.api.members import DimensionValues, Value, members_ask
from semantic_layer.api.request import Info
from semantic_layer.api.typed_answer import MetricsMeta
from semantic_layer.api.typed_door import metrics_field
from semantic_layer.api.value_scalars import DATE, DATE_TIME
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.query.ask_reader import MOST_METRICS, read_ask

Language = Annotated[
    str | None, strawberry.argument(description="Of the words; if left out en, else the catalog's first.")
]


async def _query(info: Info, ask: Question) -> AnswerShown | None:
    answer = await info.context.answer(read_ask(ask), info.path.key)
    return cast(AnswerShown, answer)  # the type shows attributes of serving's own value


def _catalog(info: Info) -> CatalogInfo:
    return catalog_info(info.context.published)


def _metric(info: Info, name: str, language: Language = None) -> MetricShown | None:
    published = info.context.published
    (metric,) = existing_metrics(published.catalog, {("name",): name})
    return metric_shown(published, metric, language)


async def _metrics_catalog(
    info: Info,
    search: str | None = None,
    first: int = 50,
    after: str | None = None,
    language: Language = None,
) -> MetricConnection | None:
    context = info.context
    names = await fitting_metrics(context.backend.search, context.published.catalog, search)
    return metrics_page(context.published, names, first, after, language)


def _dimensions_for(info: Info, metrics: list[str], language: Language = None) -> list[DimensionShown] | None:
    catalog = info.context.published.catalog
    if not metrics:
        raise refuse(ErrorCode.EMPTY_QUESTION, "name at least one metric", path=("metrics",))
    if len(metrics) > MOST_METRICS:
        raise refuse(ErrorCode.QUERY_TOO_COMPLEX, f"at most {MOST_METRICS} metrics", path=("metrics",))
    existing_metrics(catalog, {("metrics", place): name for place, name in enumerate(metrics)})
    asked = asked_language(catalog, language)
    return [dimension_shown(catalog, one, asked) for one in common_dimensions(catalog, metrics)]


async def _dimension_values(
    info: Info,
    dimension: str,
    search: str | None = None,
    grain: str | None = None,
    first: int = 100,
    language: Language = None,
) -> DimensionValues | None:
    context = info.context
    checked_size(first)
    ask = members_ask(dimension, search, grain, first, language)
    return cast(DimensionValues, await context.answer(ask, info.path.key))


async def _changes(
    info: Info,
    start: Annotated[int, strawberry.argument(name="from", description="The revision before.")],
    end: Annotated[int | None, strawberry.argument(name="to", description="Left out, the one that answers.")] = None,
) -> CatalogChanges | None:
    return await changes_between(info, start, end)


@strawberry.type
class Query:
    query: AnswerShown | None = strawberry.field(resolver=_query, description="Asks metrics by name.")
    metric: MetricShown | None = strawberry.field(resolver=_metric, description="A metric's dictionary entry.")
    metrics_catalog: MetricConnection | None = strawberry.field(
        resolver=_metrics_catalog,
        description="The metrics that fit a search in names, labels, synonyms and meanings, in any of the "
        "catalog's languages, Chinese also by pinyin; all of them if nothing is searched.",
    )
    dimensions_for: list[DimensionShown] | None = strawberry.field(
        resolver=_dimensions_for, description="The dimensions by which all of these metrics can be cut together."
    )
    dimension_values: DimensionValues | None = strawberry.field(
        resolver=_dimension_values,
        description="The members of a dimension, those that contain a text (also in upper, lower or title "
        "case) if one is searched.",
    )
    changes: CatalogChanges | None = strawberry.field(
        resolver=_changes, description="What differs between two revisions, and how the numbers move."
    )
    catalog: CatalogInfo = strawberry.field(resolver=_catalog, description="The revision that answers.")


def build_schema(published: PublishedCatalog) -> PreparedSchema:
    """The schema of a catalog, ready to run documents on. It keeps the catalog: the two cannot come apart."""
    fixed = _fixed_schema()
    query, meta = fixed.query_type, fixed.type_map["MetricsMeta"]
    assert query is not None and isinstance(meta, GraphQLObjectType)
    fields = {"metrics": metrics_field(published.catalog, meta), **query.fields}
    schema = GraphQLSchema(
        GraphQLObjectType(query.name, fields),
        directives=fixed.directives,
        extensions=fixed.extensions,
        assume_valid=True,
    )  # what definitions could break, check_typed_names refuses before they are published
    return PreparedSchema(published, schema)


@cache
def _fixed_schema() -> GraphQLSchema:
    """What every catalog's schema has."""
    joined: dict[object, ScalarDefinition] = {
        Question: _joined(ASK),
        Value: _joined(VALUE),
        Rows: ROWS,
        date: _joined(DATE),
        datetime: _joined(DATE_TIME),
    }
    return strawberry.Schema(Query, types=[MetricsMeta], config=StrawberryConfig(scalar_map=joined))._schema


def _joined(type_: GraphQLNamedType) -> ScalarDefinition:
    """Lets a Python type stand for a type made with graphql-core (a test watches that this goes on working)."""
    return ScalarDefinition(
        name=type_.name,
        description=type_.description,
        specified_by_url=None,
        serialize=None,
        parse_value=None,
        parse_literal=None,
        implementation=type_,  # type: ignore[arg-type]
    )


def print_schema(catalog: Catalog) -> str:
    """The text of a catalog's schema; schema/schema.graphql is the demo's."""
    published = PublishedCatalog(0, datetime(1970, 1, 1, tzinfo=UTC), "nobody", catalog, {})
    return printed(build_schema(published).graphql) + "\n"
