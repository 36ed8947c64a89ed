"""Where an answer comes from: versions, fingerprints, freshness, warnings, resolved dates (semantics rule 25)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

import pyarrow as pa

from semantic_layer.definitions.fingerprint import dimension_fingerprint
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.types import CalendarGrain, ColumnType, Kind
from semantic_layer.plan.across_sources import connections_of
from semantic_layer.plan.build import Plans
from semantic_layer.plan.nodes import DatasetRead, PlanColumn
from semantic_layer.query.bound import BoundColumn, BoundKey, BoundQuery
from semantic_layer.query.calendar import midnight
from semantic_layer.query.measure import Base, PerEntity, homes, walk
from semantic_layer.query.promises import is_time
from semantic_layer.query.time_range import OPEN, Bounds
from semantic_layer.serving.answer import (
    AnswerColumn,
    AnswerWarning,
    ColumnVersion,
    DatasetFreshness,
    DimensionFingerprint,
    OutputType,
    ParameterValue,
    ResolvedRange,
)
from semantic_layer.serving.partial_periods import partial_periods
from semantic_layer.serving.ports import NULLED
from semantic_layer.serving.sources import Freshness

SEMANTICS = 1  # rises when the same definition and data could give another number

_OUTPUT = {
    Kind.TEXT: OutputType.TEXT,
    Kind.BOOLEAN: OutputType.BOOLEAN,
    Kind.INTEGER: OutputType.INTEGER,
    Kind.BIGINT: OutputType.BIGINT,
    Kind.DECIMAL: OutputType.DECIMAL,
    Kind.FLOAT: OutputType.FLOAT,
    Kind.DATE: OutputType.DATE,
    Kind.TIMESTAMP: OutputType.TIMESTAMP,
    Kind.TIMESTAMPTZ: OutputType.TIMESTAMP,
    Kind.NULL: OutputType.TEXT,
}


def answer_columns(query: BoundQuery, columns: Iterable[PlanColumn]) -> tuple[AnswerColumn, ...]:
    keys = {key.name: key for key in query.keys}
    metrics = {column.name: column for column in query.columns}
    return tuple(_answer_column(column, keys, metrics) for column in columns)


def _answer_column(
    column: PlanColumn, keys: Mapping[str, BoundKey], metrics: Mapping[str, BoundColumn]
) -> AnswerColumn:
    type_, scale = _output_type(column.type)
    if column.is_metric:
        metric = metrics[column.name]
        return AnswerColumn(column.name, metric.label, type_, metric.unit, scale, is_metric=True)
    return AnswerColumn(column.name, keys[column.name].label, type_, None, scale)


def _output_type(type_: ColumnType) -> tuple[OutputType, int | None]:
    return _OUTPUT[type_.kind], (type_.scale or 0) if type_.kind is Kind.DECIMAL else None


def column_versions(query: BoundQuery) -> tuple[ColumnVersion, ...]:
    return tuple(
        ColumnVersion(one.name, one.metric, one.version.number, one.version.fingerprint) for one in query.columns
    )


def dimension_fingerprints(query: BoundQuery) -> tuple[DimensionFingerprint, ...]:
    """Of each key as the first metric reaches it; of the members' dataset when no metric is asked."""
    return tuple(DimensionFingerprint(key.name, _fingerprint(query, key)) for key in query.keys)


def _fingerprint(query: BoundQuery, key: BoundKey) -> str:
    grain = key.grain if isinstance(key.grain, CalendarGrain) else None
    if query.members_of is not None:
        return dimension_fingerprint(query.published.catalog, query.members_of, key.dimension, grain)
    column = query.columns[0]
    return dimension_fingerprint(column.published.catalog, homes(column.measure)[0][0], key.dimension, grain)


def freshness_of(fresh: Mapping[DatasetRead, Freshness]) -> tuple[DatasetFreshness, ...]:
    """By dataset; a pinned version that reads the same rows says nothing twice."""
    every = (DatasetFreshness(one.dataset, one.as_of, one.token) for one in fresh.values())
    return tuple(sorted(dict.fromkeys(every), key=lambda one: (one.dataset, one.change_token or "")))


def resolved_ranges(query: BoundQuery) -> tuple[ResolvedRange, ...]:
    return tuple(ResolvedRange(one.column, _shown(one.start), _shown(one.end)) for one in query.resolved)


def _shown(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.date().isoformat() if moment == midnight(moment) else moment.isoformat()


def parameter_values(query: BoundQuery) -> tuple[ParameterValue, ...]:
    return tuple(ParameterValue(one.metric, name, value) for one in query.columns for name, value in one.parameters)


def partial(query: BoundQuery, rows: pa.Table, fresh: Mapping[DatasetRead, Freshness]) -> tuple[str, ...]:
    """Partial periods of every time key, over the datasets that date the metrics by it."""
    found: dict[str, None] = {}
    for place, key in enumerate(query.keys):
        if key.grain is None or isinstance(key.grain, CalendarGrain):
            continue
        labels: list[date | datetime | None] = rows.column(place).unique().to_pylist()
        for span in _spans(query, key, fresh):
            found.update(dict.fromkeys(partial_periods(labels, key.grain, _bounds(query, key), span)))
    return tuple(sorted(found))


def _spans(
    query: BoundQuery, key: BoundKey, fresh: Mapping[DatasetRead, Freshness]
) -> set[tuple[datetime, datetime] | None]:
    """What each dataset records whose rows are dated by the key; None where nothing tells."""
    spans = set()
    for column in query.columns:
        if is_time(column.published.catalog, column.measure, key.dimension):
            for home, time in homes(column.measure):
                known = fresh.get(DatasetRead(column.published.revision, home))
                spans.add(None if known is None or time is None else known.spans.get(time))
    return spans


def _bounds(query: BoundQuery, key: BoundKey) -> Bounds:
    """What the filters leave of the key's dimension, by whatever name they call it."""
    column = query.columns[0]
    catalog, home = column.published.catalog, homes(column.measure)[0][0]
    target, bounds = find_dimension(catalog, home, key.dimension), OPEN
    for one in query.resolved:
        if find_dimension(catalog, home, one.column) == target:
            bounds = bounds.both(Bounds(one.start, one.end))
    return bounds


def missing_columns(query: BoundQuery, missing: frozenset[str]) -> Iterator[AnswerWarning]:
    """The metrics that are null because a source does not answer, which the question allowed (`partial`)."""
    for column in query.columns:
        down = connections_of(column.measure, column.published.catalog) & missing
        if down:
            message = f"{column.name} is missing: source {' and '.join(sorted(down))} does not answer"
            yield AnswerWarning("SOURCE_MISSING", message)


def warnings_of(query: BoundQuery, plans: Plans, tables: Iterable[pa.Table]) -> tuple[AnswerWarning, ...]:
    """Deprecated metrics, estimates (rule 10), totals that need not add up (6), values that were no numbers (9)."""
    found: dict[AnswerWarning, None] = {}
    for column in query.columns:
        metric = query.published.catalog.metrics.get(column.metric)
        if metric is not None and metric.deprecated is not None:
            use = f"; use {' or '.join(metric.deprecated.use)}" if metric.deprecated.use else ""
            message = f"{column.metric} is deprecated and ends on {metric.deprecated.ends.isoformat()}{use}"
            found[AnswerWarning("METRIC_DEPRECATED", message)] = None
        if any("approx" in node.value.function for node in walk(column.measure) if isinstance(node, Base | PerEntity)):
            message = f"{column.name} is an estimate: its definition uses an approximate aggregate"
            found[AnswerWarning("APPROXIMATE", message)] = None
        for key in query.keys:
            for home, _ in homes(column.measure):
                reached = find_dimension(column.published.catalog, home, key.dimension)
                if isinstance(reached, FoundDimension) and reached.to_many_at is not None:
                    message = (
                        f"{key.name} is across a to-many join: a row counts once per value, totals need not add up"
                    )
                    found[AnswerWarning("TO_MANY_DIMENSION", message)] = None
    for name in dict.fromkeys(name for plan in (plans.rows, *plans.totals) for name in plan.nulled):
        message = f"{name} holds values that are no numbers or lie outside of the calendar; they count as missing"
        found[AnswerWarning("VALUES_NULLED", message)] = None
    for table in tables:
        for name in json.loads((table.schema.metadata or {}).get(NULLED, b"[]")):
            message = f"values of {name} that are no numbers or lie outside of the calendar are shown as missing"
            found[AnswerWarning("VALUES_NULLED", message)] = None
    return tuple(found)
