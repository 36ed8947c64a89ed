"""The dictionary's GraphQL types: what a metric means, who answers for it, which versions it had, how it can be cut."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

import strawberry

from semantic_layer.api.dictionary_words import asked_language, output_type, said
from semantic_layer.api.lineage_types import LineageShown, lineage_shown, users_of
from semantic_layer.api.request import Info
from semantic_layer.api.usage_types import MetricUsage, usage_of
from semantic_layer.api.version_cause import VersionCause
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.grains import grain_word
from semantic_layer.definitions.model import Catalog, Deprecation, Domain, Metric, ParameterRule
from semantic_layer.definitions.published import MetricVersion, PublishedCatalog
from semantic_layer.definitions.sentence import describe
from semantic_layer.query.reach import ReachableDimension, reachable_dimensions
from semantic_layer.registry.lineage import metric_node
from semantic_layer.serving.answer import OutputType


@strawberry.type(name="MetricVersion", description="One immutable state of a metric's rule.")
class MetricVersionShown:
    number: int
    fingerprint: str = strawberry.field(description="Equal fingerprints: numbers calculated by one rule.")
    revision: int = strawberry.field(description="The first revision in which it was in force.")
    change_class: int = strawberry.field(
        name="class", description="0 text, 1 compatible, 2 changes numbers; computed, never chosen."
    )
    cause: VersionCause
    recorded_at: datetime
    actor: str


@strawberry.type(name="Dimension", description="Something to group and filter by.")
class DimensionShown:
    name: str = strawberry.field(description="The name to ask it by.")
    label: str
    meaning: str | None
    type: OutputType
    grains: list[str] = strawberry.field(
        description="Of a time dimension: the grains to ask, finest first, then those of calendars."
    )
    parts: list[str] = strawberry.field(description="Of a time dimension: the parts of a date to ask.")
    members: list[str] | None = strawberry.field(description="The closed list of its members, if it has one.")


@strawberry.type(name="Parameter", description="A declared parameter of a metric, with its default.")
class ParameterShown:
    name: str
    type: str
    default: str
    minimum: str | None
    maximum: str | None
    values: list[str] | None


@strawberry.type(name="Deprecation", description="The metric goes away on a date.")
class DeprecationShown:
    ends: date
    use: list[str] = strawberry.field(description="The metrics to use instead.")
    reason: str | None


def _metric_dimensions(root: strawberry.Parent["MetricShown"], info: Info) -> list[DimensionShown]:
    catalog = info.context.published.catalog
    return [dimension_shown(catalog, one, root.language) for one in reachable_dimensions(catalog, root.name)]


async def _metric_lineage(root: strawberry.Parent["MetricShown"], info: Info) -> LineageShown:
    context = info.context
    graph = await context.backend.lineage.of(context.published.catalog)
    return lineage_shown(graph.uses(metric_node(root.name)))


async def _metric_users(root: strawberry.Parent["MetricShown"], info: Info) -> list[str]:
    context = info.context
    return users_of(await context.backend.lineage.of(context.published.catalog), root.name)


async def _metric_usage(root: strawberry.Parent["MetricShown"], info: Info) -> MetricUsage | None:
    return await usage_of(info, root.name)


@strawberry.type(name="Metric", description="The dictionary entry of a governed number.")
class MetricShown:
    language: strawberry.Private[str]
    name: str
    label: str
    rule: str = strawberry.field(description="How it is calculated, in a sentence made from the rule itself.")
    synonyms: list[str]
    meaning: str | None
    includes: str | None
    excludes: str | None
    how_to_read: str | None
    limits: str | None = strawberry.field(description="What it cannot tell.")
    unit: str | None
    format: str | None
    tags: list[str]
    links: list[str]
    domain: str | None
    owner: str | None
    data_owner: str | None
    reviewers: list[str]
    tier: int | None
    kind: str | None
    direction: str | None
    purpose: str | None
    updated: str | None
    freshness: str | None
    warn: str | None = strawberry.field(description="The condition that its owner is told of.")
    parameters: list[ParameterShown]
    version: int = strawberry.field(description="The version in force.")
    fingerprint: str
    versions: list[MetricVersionShown] = strawberry.field(description="All versions up to now, oldest first.")
    deprecated: DeprecationShown | None
    dimensions: list[DimensionShown] = strawberry.field(
        resolver=_metric_dimensions, description="What it can be cut by, nearest first."
    )
    lineage: LineageShown = strawberry.field(
        resolver=_metric_lineage, description="What it is made of, down to columns."
    )
    used_by: list[str] = strawberry.field(resolver=_metric_users, description="The metrics that would change with it.")
    usage: MetricUsage | None = strawberry.field(
        resolver=_metric_usage, description="Who asks for it; null where no registry records it."
    )


@strawberry.type(description="The revision that answers, and what holds for all of it.")
class CatalogInfo:
    revision: int
    recorded_at: datetime
    actor: str
    languages: list[str]
    time_zone: str
    week_start: str
    metrics: int = strawberry.field(description="How many metrics there are.")


@strawberry.type(description="Where a page ends.")
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class MetricEdge:
    cursor: str
    node: MetricShown


@strawberry.type(description="A page of metrics.")
class MetricConnection:
    total_count: int
    edges: list[MetricEdge]
    nodes: list[MetricShown] = strawberry.field(description="The edges' nodes.")
    page_info: PageInfo


def catalog_info(published: PublishedCatalog) -> CatalogInfo:
    settings = published.catalog.settings
    return CatalogInfo(
        revision=published.revision,
        recorded_at=published.recorded_at,
        actor=published.actor,
        languages=list(settings.languages),
        time_zone=settings.time_zone,
        week_start=settings.week_start,
        metrics=len(published.catalog.metrics),
    )


def metric_shown(published: PublishedCatalog, metric: Metric, language: str | None) -> MetricShown:
    """The entry in a language. People and promises that the metric does not name are its domain's."""
    catalog = published.catalog
    language = asked_language(catalog, language)
    about, governance = metric.about, metric.governance
    domain = _domain(catalog, governance.domain)
    in_force = published.version_in_force(metric.name)
    return MetricShown(
        language=language,
        name=metric.name,
        label=said(about.label, language) or metric.name,
        rule=describe(catalog, metric.name, language),
        synonyms=list(about.synonyms.get(language, ())),
        meaning=said(about.meaning, language),
        includes=said(about.includes, language),
        excludes=said(about.excludes, language),
        how_to_read=said(about.how_to_read, language),
        limits=said(about.limits, language),
        unit=metric.rule.unit,
        format=about.format,
        tags=list(about.tags),
        links=list(about.links),
        domain=governance.domain,
        owner=governance.owner or domain.owner,
        data_owner=governance.data_owner or domain.data_owner,
        reviewers=list(governance.reviewers),
        tier=governance.tier or domain.tier,
        kind=governance.kind,
        direction=governance.direction,
        purpose=governance.purpose,
        updated=governance.updated or domain.updated,
        freshness=None if governance.freshness is None else str(governance.freshness),
        warn=None if governance.warn is None else formula_text(governance.warn.when),
        parameters=[_parameter_shown(parameter) for parameter in metric.parameters.values()],
        version=in_force.number,
        fingerprint=in_force.fingerprint,
        versions=[_version_shown(version) for version in published.versions[metric.name]],
        deprecated=None if metric.deprecated is None else _deprecation_shown(metric.deprecated, language),
    )


def dimension_shown(catalog: Catalog, reachable: ReachableDimension, language: str) -> DimensionShown:
    dimension = reachable.dimension
    return DimensionShown(
        name=reachable.name,
        label=said(dimension.label, language) or reachable.name,
        meaning=said(dimension.meaning, language),
        type=output_type(reachable.type),
        grains=[grain_word(grain, catalog.calendars) for grain in reachable.grains],
        parts=[part.name for part in reachable.parts],
        members=None if dimension.values is None else [str(value) for value in dimension.values],
    )


def common_dimensions(catalog: Catalog, metrics: Sequence[str]) -> list[ReachableDimension]:
    """The dimensions by which every one of the metrics can be asked, in the first one's order (semantics rule 5)."""
    first, *others = [{one.name: one for one in reachable_dimensions(catalog, name)} for name in dict.fromkeys(metrics)]
    common = []
    for name, dimension in first.items():
        same = [other[name] for other in others if name in other]
        if len(same) == len(others):
            grains = tuple(grain for grain in dimension.grains if all(grain in one.grains for one in same))
            parts = tuple(part for part in dimension.parts if all(part in one.parts for one in same))
            common.append(replace(dimension, grains=grains, parts=parts))
    return common


def _domain(catalog: Catalog, name: str | None) -> Domain:
    return catalog.domains.get(name or "", Domain(""))


def _version_shown(version: MetricVersion) -> MetricVersionShown:
    return MetricVersionShown(
        number=version.number,
        fingerprint=version.fingerprint,
        revision=version.revision,
        change_class=version.change_class,
        cause=version.cause,
        recorded_at=version.recorded_at,
        actor=version.actor,
    )


def _parameter_shown(parameter: ParameterRule) -> ParameterShown:
    return ParameterShown(
        name=parameter.name,
        type=str(parameter.type),
        default=str(parameter.default),
        minimum=None if parameter.minimum is None else str(parameter.minimum),
        maximum=None if parameter.maximum is None else str(parameter.maximum),
        values=None if parameter.values is None else [str(value) for value in parameter.values],
    )


def _deprecation_shown(deprecation: Deprecation, language: str) -> DeprecationShown:
    return DeprecationShown(ends=deprecation.ends, use=list(deprecation.use), reason=said(deprecation.reason, language))
