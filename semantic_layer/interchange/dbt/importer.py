"""A semantic manifest as our definitions: pure, the same manifest always gives the same tree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from semantic_layer.definitions.expression import Name
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.types import ColumnType
from semantic_layer.interchange.dbt.column_types import conditions_in
from semantic_layer.interchange.dbt.columns import Columns, read_columns
from semantic_layer.interchange.dbt.filters import FilterReader, compared_elements
from semantic_layer.interchange.dbt.import_datasets import LANGUAGE, DatasetWriter
from semantic_layer.interchange.dbt.import_metrics import MetricWriter
from semantic_layer.interchange.dbt.import_spines import CALENDAR, SpineWriter
from semantic_layer.interchange.dbt.imported import Imported, ImportIssue, Names, TableTypes, Tree
from semantic_layer.interchange.dbt.join_graph import Edge, JoinGraph, is_history
from semantic_layer.interchange.dbt.losses import losses
from semantic_layer.interchange.dbt.manifest import AggregationKind, Manifest
from semantic_layer.interchange.dbt.metric_homes import filters_of_metric, homes_of
from semantic_layer.interchange.dbt.mixed_units import without_units
from semantic_layer.interchange.dbt.naming import Naming, facts_of
from semantic_layer.interchange.dbt.shared_elements import Element, events_of, shared_elements
from semantic_layer.interchange.dbt.shortcuts import Shortcut, shortcuts_of
from semantic_layer.interchange.dbt.soundness import Place, sound


def import_manifest(
    manifest: Manifest, source: str, connection: str, types: TableTypes | None = None, *, repeats: bool = False
) -> Imported:
    """The definitions of a manifest whose tables lie in `source`, and what they could not say.

    `types` are the columns' types as the source tells them; without them dimensions are texts, but for those that
    the manifest itself compares or uses as a condition. With `repeats` a row counts once for every partner that a
    join finds, as dbt counts where an entity is not unique; without it such a question is refused (rule 3).
    """
    issues: list[ImportIssue] = []
    ground = _ground(manifest, issues)
    naming = Naming(manifest, ground.edges)
    names, shortcut_names = _names(ground, naming)
    writer = _writer(ground, names, source, types or {}, repeats, issues)
    datasets = _datasets(ground, writer, shortcut_names)
    spines = SpineWriter(source, names, types or {}, issues).spines(manifest.time_spines)
    datasets |= spines.datasets
    filters = FilterReader(manifest, ground.graph, spines.names, naming.segment)
    metrics = MetricWriter(manifest, spines.names, ground.columns, filters, issues).metrics()
    for dataset, segments in filters.segments.items():
        datasets[dataset]["segments"] = dict(segments)
    tree: Tree = {
        "language": 1,
        "catalog": {"time_zone": "UTC", "week_start": "monday", "languages": [LANGUAGE]},
        "sources": {source: {"connection": connection}},
        "datasets": datasets,
        "metrics": metrics,
    }
    if spines.calendar is not None:
        tree["calendars"] = {CALENDAR: spines.calendar}
    return _held(tree, spines.names, manifest, issues)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the definitions of a manifest stand on, read before anything gets a name."""

    manifest: Manifest
    columns: Columns
    graph: JoinGraph
    edges: list[Edge]
    shortcuts: list[Shortcut]
    shared: list[tuple[Element, ...]]


def _ground(manifest: Manifest, issues: list[ImportIssue]) -> _Ground:
    columns, graph = read_columns(manifest, issues), JoinGraph(manifest.models)
    edges = [edge for edge in _edges(manifest, graph) if _can_join(manifest, columns, edge)]
    shortcuts = [
        one
        for one in shortcuts_of(manifest, graph, facts_of(manifest))
        if one.first in edges and _has_columns(columns, one.second)
    ]
    groups = (_sayable(group, columns) for group in shared_elements(manifest))
    return _Ground(manifest, columns, graph, edges, shortcuts, [group for group in groups if group])


def _writer(
    ground: _Ground, names: Names, source: str, types: TableTypes, repeats: bool, issues: list[ImportIssue]
) -> DatasetWriter:
    return DatasetWriter(
        manifest=ground.manifest,
        source=source,
        names=names,
        columns=ground.columns,
        types=types,
        guessed=_guessed(ground.manifest, ground.columns, ground.graph),
        edges=ground.edges,
        homes={element: group[0] for group in ground.shared for element in group},
        events=events_of(ground.manifest),
        repeats=repeats,
        issues=issues,
    )


def _datasets(
    ground: _Ground, writer: DatasetWriter, shortcut_names: Mapping[tuple[str, str, str, str], str]
) -> dict[str, Tree]:
    """A dataset for each model, and one for each pair of joins that had to become one."""
    own = writer.names.datasets
    found: dict[str, Tree] = {own[name]: writer.dataset(model) for name, model in ground.manifest.models.items()}
    for shortcut in ground.shortcuts:
        name = shortcut_names[shortcut.dataset]
        found.setdefault(name, writer.shortcut_dataset(shortcut))
        joins = found[own[shortcut.first.model]].setdefault("joins", {})
        assert isinstance(joins, dict)
        joins[name] = writer.shortcut_join(shortcut, name, name)
    return found


# --- what does not hold ------------------------------------------------------------------------------------------


def _held(tree: Tree, names: Names, manifest: Manifest, issues: list[ImportIssue]) -> Imported:
    """What holds of the definitions; what does not is an issue."""
    held = sound(tree)
    mixed = [place[1] for place, one in held.left_out.items() if one.code is ProblemCode.UNITS]
    if mixed:
        held = sound(without_units(tree, mixed))
    left_out = (_left_out(place, one.message, manifest, names) for place, one in held.left_out.items())
    return Imported(held.tree, held.catalog, names, (*issues, *left_out, *losses(manifest)))


def _left_out(place: Place, why: str, manifest: Manifest, names: Names) -> ImportIssue:
    """The issue of a definition that does not hold, at what it was made of."""
    todo = "It is left out: write it by hand where it is needed"
    section, name, *part = place
    if section == "metrics":
        metric = next((one for own, one in manifest.metrics.items() if names.metrics[own] == name), None)
        said, at = (name, ()) if metric is None else (metric.name, metric.at)
        return ImportIssue(f'metric "{said}"', at, why, todo)
    model = next((one for own, one in manifest.models.items() if names.datasets[own] == name), None)
    inside = f'{part[0].removesuffix("s")} "{part[1]}" of ' if part else ""
    subject = f'{inside}{section.removesuffix("s")} "{name}"'
    return ImportIssue(subject, () if model is None else model.at, why, todo)


def _edges(manifest: Manifest, graph: JoinGraph) -> Iterator[Edge]:
    for model in manifest.models:
        yield from graph.edges(model)


def _can_join(manifest: Manifest, columns: Columns, edge: Edge) -> bool:
    """Both sides have the column; and where the row that held at a time is meant, there is a time."""
    time = manifest.models[edge.model].time
    has_time = time is not None and (edge.model, time) in columns.dimensions
    return _has_columns(columns, edge) and (has_time or not is_history(manifest.models[edge.to]))


def _has_columns(columns: Columns, edge: Edge) -> bool:
    return (edge.model, edge.entity) in columns.keys and (edge.to, edge.entity) in columns.keys


def _names(ground: _Ground, naming: Naming) -> tuple[Names, Mapping[tuple[str, str, str, str], str]]:
    """The names of everything, and those of datasets behind two joins."""
    models, columns = ground.manifest.models, ground.columns
    read = {name: columns.read_by_aggregates(name) for name in models}
    elements = naming.shared(ground.shared, _plain_columns(columns), read)
    joins = naming.joins()
    for (name, own), tree in columns.dimensions.items():
        if (name, own) not in elements:
            elements[name, own] = naming.dimension(models[name], own, tree, read[name])
    datasets = {
        one.dataset: naming.shortcut(one.dataset, f"{joins[one.first]}_{naming.datasets[one.second.to]}")
        for one in ground.shortcuts
    }
    pairs = {(one.first, one.second): datasets[one.dataset] for one in ground.shortcuts}
    return Names(naming.datasets, naming.metrics, elements, joins, pairs), datasets


def _plain_columns(columns: Columns) -> dict[Element, str]:
    """The elements that are one column each."""
    elements = {**columns.dimensions, **columns.entities}
    return {element: tree.path[0] for element, tree in elements.items() if isinstance(tree, Name)}


def _sayable(group: tuple[Element, ...], columns: Columns) -> tuple[Element, ...]:
    return tuple(element for element in group if element in columns.entities or element in columns.dimensions)


def _guessed(manifest: Manifest, columns: Columns, graph: JoinGraph) -> dict[Element, ColumnType]:
    """What formulas and filters of the manifest say of the types of columns: (model, column) -> type."""
    found: dict[Element, ColumnType] = {}
    for simple, tree in columns.aggregated.items():
        for column, kind in conditions_in(tree, is_condition=simple.aggregation is AggregationKind.SUM_BOOLEAN):
            found.setdefault((simple.model, column), kind)
    for (model, _), tree in columns.dimensions.items():
        for column, kind in conditions_in(tree):
            found.setdefault((model, column), kind)
    plain = _plain_columns(columns)
    for metric in manifest.metrics.values():
        homes = homes_of(manifest, metric)
        for one in filters_of_metric(metric):
            for element, kind in compared_elements(one, [home.model for home in homes], graph):
                if element in plain:
                    found.setdefault((element[0], plain[element]), kind)
    return found
