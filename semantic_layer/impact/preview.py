"""What a catalog would change, put together: the structured diff, its classes, who is downstream, and the numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from semantic_layer.definitions.change import COMPATIBLE, NUMBERS, WORDS, Change, How, changes
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import PublishedCatalog, VersionCause
from semantic_layer.definitions.units import unit_of
from semantic_layer.impact.comparing import compared_metrics
from semantic_layer.impact.consumers import Consumer
from semantic_layer.impact.numeric_diff import MetricNumbers
from semantic_layer.registry.drafting import drafted
from semantic_layer.registry.lineage import LineageGraph, Node, NodeKind, metric_node
from semantic_layer.registry.publication import NewVersion, prepare


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """The way from `before` (None: from nothing) to `after`.

    `versions` are the new ones by metric. `because` names, for a metric that changes by what is below it, the changed
    definitions that it uses. `numbers` are the comparisons that were made, by metric. `consumers` are those of the
    metrics among the changes, by recorded use; None where nobody looked.
    """

    before: PublishedCatalog | None
    after: PublishedCatalog
    changes: tuple[Change, ...]
    versions: Mapping[str, NewVersion]
    because: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, MetricNumbers] = field(default_factory=dict)
    consumers: tuple[Consumer, ...] | None = None

    @property
    def compared(self) -> tuple[str, ...]:
        """The metrics whose numbers can be compared: in both catalogs, by another rule. Own changes come first."""
        if self.before is None:
            return ()
        own = {one.name for one in self.changes if one.kind == "metric" and one.cause is VersionCause.OWN_CHANGE}
        return tuple(sorted(compared_metrics(self.before, self.after), key=lambda name: (name not in own, name)))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that change in any way: whoever asks one of them is met."""
        return tuple(one.name for one in self.changes if one.kind == "metric")

    def with_numbers(self, numbers: Sequence[MetricNumbers]) -> "ChangePreview":
        return replace(self, numbers={one.metric: one for one in numbers})

    def class_of(self, change: Change) -> int:
        """The class of one change, after its numbers were compared."""
        return COMPATIBLE if self.is_lowered(change) else change.change_class

    def is_lowered(self, change: Change) -> bool:
        """Whether a complete comparison that found nothing moving lowers it from 2 to 1.

        What is of class 2 by itself is not lowered: another unit of the same figures, a date from which it holds.
        """
        numbers = self.numbers.get(change.name) if change.kind == "metric" else None
        if numbers is None or numbers.diff is None or not numbers.diff.proves_nothing_moves:
            return False
        if change.how is not How.CHANGED or change.before == change.after or self.before is None:
            return False
        lifecycle = any(leaf.path[0] in ("valid_from", "history", "deprecated") for leaf in change.leaves)
        same_unit = unit_of(self.before.catalog, change.name) == unit_of(self.after.catalog, change.name)
        return same_unit and not lifecycle

    @property
    def change_class(self) -> int:
        return max((self.class_of(change) for change in self.changes), default=WORDS)

    @property
    def needs_approval(self) -> bool:
        """By the classes alone; a domain's policy may ask for more."""
        return self.change_class > WORDS


def preview(head: PublishedCatalog | None, catalog: Catalog, draft: str, now: datetime) -> ChangePreview:
    """`catalog`, a checked one, as it would follow `head`. No changes: nothing differs."""
    publication = prepare(head, catalog)
    after = drafted(head, catalog, draft, now, publication)
    before = Catalog() if head is None else head.catalog
    found = changes(before, catalog) if publication is not None else ()
    versions = {} if publication is None else {one.metric: one for one in publication.versions}
    return ChangePreview(head, after, found, versions, _because(found, catalog))


def between(before: PublishedCatalog, after: PublishedCatalog) -> ChangePreview:
    """The way from one recorded revision to another."""
    found = changes(before.catalog, after.catalog)
    return ChangePreview(before, after, found, {}, _because(found, after.catalog))


def _because(found: Sequence[Change], catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    indirect = [one for one in found if one.kind == "metric" and one.cause is VersionCause.DEPENDENCY]
    if not indirect:
        return {}
    graph = LineageGraph(catalog)
    moved = {
        node: f"{one.kind} {one.name}"
        for one in found
        if one.change_class == NUMBERS and one.cause is not VersionCause.DEPENDENCY
        for node in _nodes(one)
    }
    return {
        one.name: tuple(moved[node] for node in graph.uses(metric_node(one.name)).nodes if node in moved)
        for one in indirect
    }


def _nodes(change: Change) -> tuple[Node, ...]:
    return (Node(NodeKind(change.kind), change.name),) if change.kind in ("metric", "dataset") else ()
