"""What a manifest holds that definitions have no place for: each is told, none is dropped silently."""

from collections.abc import Iterator

from semantic_layer.interchange.dbt.columns import aggregates_of
from semantic_layer.interchange.dbt.imported import ImportIssue
from semantic_layer.interchange.dbt.join_graph import JoinGraph, is_history
from semantic_layer.interchange.dbt.manifest import Cumulative, Manifest
from semantic_layer.interchange.dbt.read_metrics import inputs_of


def losses(manifest: Manifest) -> Iterator[ImportIssue]:
    """Issues beside those of single rules."""
    for metric in manifest.metrics.values():
        if metric.time_granularity is not None:
            why = f"by itself it is asked by {metric.time_granularity}, and metrics have no grain of their own here"
            yield ImportIssue(f'metric "{metric.name}"', metric.at, why, "Say the grain in the question")
    for query in manifest.saved_queries.values():
        for export in query.exports:
            why = f'export "{export}" writes its answer to a table, and answers are not written here'
            what = "Write it where it is wanted: semantic-layer query --ask FILE --format csv"
            yield ImportIssue(f'saved query "{query.name}"', query.at, why, what)
    for extra in manifest.extras:
        why = f"definitions have no free fields ({', '.join(extra.keys)})"
        what = "Where it names people or promises, write it under governance"
        yield ImportIssue(extra.subject, extra.at, why, what)
    yield from _other_times(manifest)
    if not any(spine.granularity == "day" for spine in manifest.time_spines) and _needs_days(manifest):
        why = "it has no table with one row per day"
        what = "Windows and shifts stand at each asked period, as they do for any metric here"
        yield ImportIssue("time spine", ("project_configuration",), why, what)


def _other_times(manifest: Manifest) -> Iterator[ImportIssue]:
    """Metrics that are dated otherwise than their rows, where rows join history."""
    graph = JoinGraph(manifest.models)
    for metric in manifest.metrics.values():
        for simple in aggregates_of(metric.rule):
            model = manifest.models[simple.model]
            joined = [edge.to for edge in graph.edges(model.name) if is_history(manifest.models[edge.to])]
            if joined and simple.time != model.time:
                joins = ", ".join(dict.fromkeys(joined))
                why = f"its joins to {joins} meet what held at {model.time}, not at {simple.time}"
                what = "Cut it by other things, or by a join of its own with another valid_at"
                yield ImportIssue(f'metric "{metric.name}"', metric.at, why, what)


def _needs_days(manifest: Manifest) -> bool:
    """Whether some metric is computed by the days of a time spine."""
    for metric in manifest.metrics.values():
        if isinstance(metric.rule, Cumulative) or any(
            simple.join_to_timespine for simple in aggregates_of(metric.rule)
        ):
            return True
        if any(one.offset_window or one.offset_to_grain for one in inputs_of(metric.rule)):
            return True
    return False
