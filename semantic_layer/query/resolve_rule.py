"""A metric's rule as a Measure: names looked up, metrics and segments written out, parameters put in.

It works on a checked catalog, so a name that is missing here is a fault of the checks, not of the question.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from semantic_layer.definitions.expression import (
    Aggregate,
    Exists,
    Expr,
    Literal,
    Name,
    Parameter,
    rewrite,
    walk,
)
from semantic_layer.definitions.model import (
    Across,
    After,
    Ago,
    AtLevel,
    AtStartOf,
    Catalog,
    Dataset,
    Modifier,
    RankWithin,
    Rule,
    Segment,
    SemiAdditive,
    ToDate,
    Trailing,
)
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.query.conversion import conversion
from semantic_layer.query.measure import (
    Arithmetic,
    AtFewer,
    Base,
    EntityCondition,
    EveryPeriod,
    Filled,
    Filtered,
    Measure,
    PerEntity,
    Ranked,
    Shifted,
    Taken,
    Value,
    Windowed,
    homes,
)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What names mean inside one rule: steps first (nearest block first), then metrics."""

    catalog: Catalog
    steps: tuple[Mapping[str, Rule], ...] = ()
    parameters: Mapping[str, Value] | None = None

    def inside(self, rule: Rule) -> "_Scope":
        return _Scope(self.catalog, (rule.steps, *self.steps), self.parameters) if rule.steps else self


def measure_of(catalog: Catalog, metric: str, parameters: Mapping[str, Value] | None = None) -> Measure:
    """The measure of a metric of `catalog`; `parameters` by name, defaults where absent."""
    definition = catalog.metrics[metric]
    values = {
        name: Value(parameter.default, parameter.type) for name, parameter in definition.parameters.items()
    } | dict(parameters or {})
    return _of_rule(definition.rule, _Scope(catalog, (), values))


def _of_rule(rule: Rule, scope: _Scope) -> Measure:
    """`where` chooses rows, the modifier works, then `fill`."""
    inside = scope.inside(rule)
    across = rule.modifier if isinstance(rule.modifier, Across) else None
    measure = _value(rule, inside) if across is None else _per_entity(rule, across, inside)
    if rule.where is not None or rule.modifier is not None:
        measure = without_fill(measure)
    if rule.where is not None:
        measure = Filtered(measure, written_out(rule.where, measure, inside.catalog, inside.parameters))
    if rule.modifier is not None and across is None:
        measure = _modified(measure, rule.modifier, scope.catalog)
    if rule.every_period is not None:
        measure = EveryPeriod(measure, rule.every_period)
    return measure if rule.fill is None else Filled(measure, rule.fill)


def without_fill(measure: Measure) -> Measure:
    """`fill` is not inherited by a block that adds `where` or a modifier: over other rows, 0 was not promised.

    Terms inside of arithmetic keep theirs: what is seen of them is what is added.
    """
    return without_fill(measure.inner) if isinstance(measure, Filled | EveryPeriod) else measure


def _value(rule: Rule, scope: _Scope) -> Measure:
    value = _with_parameters(rule.value, scope.parameters)
    if rule.home is not None:
        assert isinstance(value, Aggregate)
        return Base(rule.home, value, rule.time or scope.catalog.datasets[rule.home].time)
    if isinstance(value, Name):
        return _named(str(value), scope)
    return Arithmetic(value, _inputs(value, scope))


def _named(name: str, scope: _Scope) -> Measure:
    for place, steps in enumerate(scope.steps):
        if name in steps:
            return _of_rule(steps[name], _Scope(scope.catalog, scope.steps[place:], scope.parameters))
    return measure_of(scope.catalog, name)


def _inputs(value: Expr | None, scope: _Scope) -> dict[str, Measure]:
    if value is None:
        return {}
    return {str(node): _named(str(node), scope) for node in walk(value) if isinstance(node, Name)}


def _per_entity(rule: Rule, across: Across, scope: _Scope) -> Measure:
    value = _with_parameters(rule.value, scope.parameters)
    assert isinstance(value, Aggregate)
    having = None if across.having is None else _with_parameters(across.having, scope.parameters)
    inputs = ({} if rule.home is not None else _inputs(value, scope)) | _inputs(having, scope)
    home = rule.home or next((home for inner in inputs.values() for home, _ in homes(inner)), None)
    assert home is not None
    dataset = scope.catalog.datasets[home]
    dated_by = across.dated_by
    time = rule.time or dataset.time
    if isinstance(dated_by, Aggregate) and isinstance(dated_by.arguments[0], Name):
        time = str(dated_by.arguments[0])
    assert dated_by is None or isinstance(dated_by, Aggregate)
    return PerEntity(value, across.entity, inputs, home, having, across.all_time, dated_by, time)


def _modified(measure: Measure, modifier: Modifier, catalog: Catalog) -> Measure:
    match modifier:
        case Trailing() | ToDate():
            return Windowed(measure, modifier)
        case Ago(length, steps):
            return Shifted(measure, length, steps)
        case AtStartOf(_, steps):
            return Shifted(measure, modifier, steps)
        case AtLevel(only, excepted, ignoring):
            return AtFewer(measure, only, excepted, ignoring)
        case RankWithin(within, descending):
            return Ranked(measure, within, descending)
        case SemiAdditive(take, each):
            return Taken(measure, take, each)
        case After(event):
            return conversion(measure, measure_of(catalog, event), modifier)
        case Across():
            raise refuse(ErrorCode.NOT_SUPPORTED, "This kind of metric is not served by this release.")


def _with_parameters(expr: Expr, parameters: Mapping[str, Value] | None) -> Expr:
    if not parameters:
        return expr

    def put_in(node: Expr) -> Expr | None:
        return parameters.get(node.name) if isinstance(node, Parameter) else None

    return rewrite(expr, put_in)


# --- segments ----------------------------------------------------------------------------------------------------


def written_out(where: Expr, measure: Measure, catalog: Catalog, parameters: Mapping[str, Value] | None = None) -> Expr:
    """A condition with its segments and parameters put in; `measure` says whose rows it filters."""
    datasets = tuple(catalog.datasets[home] for home, _ in homes(measure))

    def put_in(node: Expr) -> Expr | None:
        if isinstance(node, Exists):
            return node  # names in its condition belong to the joined dataset
        if not isinstance(node, Name):
            return None
        found = _segment(str(node), datasets, catalog)
        return None if found is None else segment_condition(found, catalog)

    return rewrite(_with_parameters(where, parameters), put_in)


def _segment(name: str, datasets: tuple[Dataset, ...], catalog: Catalog) -> Segment | None:
    """A name in a condition is a dimension before it is a segment: of these rows, or of entities that they reach."""
    if any(isinstance(find_dimension(catalog, dataset.name, name), FoundDimension) for dataset in datasets):
        return None
    for dataset in datasets:
        if name in dataset.segments:
            return dataset.segments[name]
    elsewhere = find_segment(catalog, name)
    return elsewhere if elsewhere is not None and elsewhere.members else None


def find_segment(catalog: Catalog, name: str) -> Segment | None:
    """A segment by its name, or by `dataset.name`."""
    found = owned_segment(catalog, name)
    return None if found is None else found[1]


def owned_segment(catalog: Catalog, name: str) -> tuple[Dataset, Segment] | None:
    """A segment by its name, or by `dataset.name`, with the dataset that defines it."""
    dataset_name, _, last = name.rpartition(".")
    for dataset in catalog.datasets.values():
        if dataset_name in ("", dataset.name) and last in dataset.segments:
            return dataset, dataset.segments[last]
    return None


def segment_condition(segment: Segment, catalog: Catalog) -> Expr:
    """The condition that a segment stands for (rule 20)."""
    if segment.members and segment.having is not None:
        inputs = _inputs(segment.having, _Scope(catalog))
        return EntityCondition(segment.members, segment.having, inputs, segment.all_time)
    return segment.where if segment.where is not None else Literal(True)
