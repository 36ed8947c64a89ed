"""The rows of which a metric is made, through every metric below it."""

from collections.abc import Iterator
from dataclasses import dataclass

from semantic_layer.interchange.dbt.columns import aggregates_of
from semantic_layer.interchange.dbt.manifest import Filter, InputMetric, Manifest, Metric, Simple
from semantic_layer.interchange.dbt.read_metrics import inputs_of


@dataclass(frozen=True, slots=True)
class Home:
    """Rows of a semantic model, and the time dimension by which they are dated."""

    model: str
    time: str | None


def homes_of(manifest: Manifest, metric: Metric) -> tuple[Home, ...]:
    """The homes of a metric, each once, in the order of its inputs."""
    found: dict[Home, None] = {}
    pending, seen = [metric], {metric.name}
    while pending:
        one = pending.pop(0)
        found.update({Home(simple.model, simple.time): None for simple in aggregates_of(one.rule)})
        for inner in inputs_of(one.rule):
            if inner.name not in seen:
                seen.add(inner.name)
                pending.append(manifest.metrics[inner.name])
    return tuple(found)


def homes_of_input(manifest: Manifest, one: InputMetric | Simple) -> tuple[Home, ...]:
    if isinstance(one, Simple):
        return (Home(one.model, one.time),)
    return homes_of(manifest, manifest.metrics[one.name])


def filters_of_metric(metric: Metric) -> Iterator[Filter]:
    """Every filter that a metric writes, its inputs' too."""
    yield from metric.filters
    for simple in aggregates_of(metric.rule):
        yield from simple.filters
    for inner in inputs_of(metric.rule):
        yield from inner.filters
