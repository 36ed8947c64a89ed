"""Which datasets must be asked for their last recorded moment before a question can be bound (`last`, anchor DATA)."""

from collections.abc import Iterator

from semantic_layer.query.ask import AllOf, AnyOf, Ask, Filter, LastFilter, NotThis
from semantic_layer.query.measure import homes
from semantic_layer.query.members import members_root
from semantic_layer.query.problems import Problems
from semantic_layer.query.resolve_rule import measure_of
from semantic_layer.query.world import RecordedKey, World


def recorded_keys(ask: Ask, world: World) -> tuple[RecordedKey, ...]:
    """(revision, dataset, time dimension) for every dataset that the question's metrics are dated by.

    Empty when no filter needs them. Names that do not exist are passed over: binding tells them.
    """
    if not any(node.anchor == "DATA" for node in _last_filters(ask.where)):
        return ()
    keys: dict[RecordedKey, None] = {}
    for metric in ask.metrics:
        version = world.version(metric.name, metric.version) if metric.name in world.current.versions else None
        if version is None:
            continue
        published = world.current if metric.version is None else world.pinned[version.revision]
        for home, time in homes(measure_of(published.catalog, metric.name)):
            if time is not None:
                keys[(published.revision, home, time)] = None
    if not ask.metrics:
        root = members_root(ask, world.current.catalog, Problems())
        time = None if root is None else world.current.catalog.datasets[root.dataset].time
        if root is not None and time is not None:
            keys[(world.current.revision, root.dataset, time)] = None
    return tuple(keys)


def has_last_filter(ask: Ask) -> bool:
    """Whether what the question means depends on the moment it is asked."""
    return any(True for _ in _last_filters(ask.where))


def _last_filters(node: Filter | None) -> Iterator[LastFilter]:
    match node:
        case AllOf(nodes) | AnyOf(nodes):
            for inner in nodes:
                yield from _last_filters(inner)
        case NotThis(inner):
            yield from _last_filters(inner)
        case LastFilter():
            yield node
        case _:
            return
