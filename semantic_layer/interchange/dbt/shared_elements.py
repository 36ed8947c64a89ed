"""Elements of several semantic models that are one thing: an entity wherever it stands, and what conversions equate."""

from collections.abc import Iterator

from semantic_layer.interchange.dbt.manifest import (
    Conversion,
    EntityKind,
    InputMetric,
    Manifest,
    Simple,
)
from semantic_layer.interchange.dbt.read_metrics import inputs_of

Element = tuple[str, str]  # (semantic model, entity or dimension)
_KINDS = (EntityKind.PRIMARY, EntityKind.UNIQUE, EntityKind.NATURAL, EntityKind.FOREIGN)  # the home of an entity first


def shared_elements(manifest: Manifest) -> tuple[tuple[Element, ...], ...]:
    """Groups of elements that are the same thing, each with its home first, in the order of the manifest.

    An entity that only one model has is a group too.
    """
    groups: dict[Element, list[Element]] = {}
    homes: dict[str, Element] = {}
    for _, element in sorted(_entities(manifest), key=lambda one: one[0]):
        home = homes.setdefault(element[1], element)
        groups.setdefault(home, []).append(element)
    for ours, theirs in _equated(manifest):
        _merge(groups, ours, theirs)
    order = {name: place for place, name in enumerate(manifest.models)}
    return tuple(sorted((tuple(group) for group in groups.values()), key=lambda one: order[one[0][0]]))


def _entities(manifest: Manifest) -> Iterator[tuple[tuple[int, bool, int], Element]]:
    """Each entity of each model, and how far that model is from being its home: one row each, the most said of it."""
    for model in manifest.models.values():
        is_partitioned = any(one.is_partition for one in model.dimensions)
        for entity in model.entities:
            rank = _KINDS.index(entity.kind), is_partitioned, -len(model.dimensions)
            yield rank, (model.name, entity.name)


def _equated(manifest: Manifest) -> Iterator[tuple[Element, Element]]:
    """What conversions say must be equal of both events."""
    for metric in manifest.metrics.values():
        if isinstance(metric.rule, Conversion):
            base, conversion = (_model(manifest, one) for one in (metric.rule.base, metric.rule.conversion))
            for ours, theirs in metric.rule.constants:
                if base is not None and conversion is not None:
                    yield (base, ours), (conversion, theirs)


def events_of(manifest: Manifest) -> frozenset[str]:
    """The models whose rows conversions count."""
    rules = [metric.rule for metric in manifest.metrics.values() if isinstance(metric.rule, Conversion)]
    found = (_model(manifest, one) for rule in rules for one in (rule.base, rule.conversion))
    return frozenset(one for one in found if one is not None)


def _model(manifest: Manifest, one: InputMetric | Simple) -> str | None:
    """The model whose rows are counted."""
    while isinstance(one, InputMetric):
        rule = manifest.metrics[one.name].rule
        if not isinstance(rule, Simple):
            inputs = inputs_of(rule)
            if len(inputs) != 1:
                return None
            one = inputs[0]
        else:
            one = rule
    return one.model


def _merge(groups: dict[Element, list[Element]], ours: Element, theirs: Element) -> None:
    """Makes one group of the groups of both; an element without a group is one of its own."""
    first = next((home for home, group in groups.items() if ours in group), None)
    second = next((home for home, group in groups.items() if theirs in group), None)
    if first is None:
        first = ours
        groups[first] = [ours]
    if second is None:
        groups[first].append(theirs)
    elif second != first:
        groups[first] += groups.pop(second)
