"""What differs between two catalogs, and the class of each difference: computed, never chosen (docs/governance.md).

0 words · 1 people, promises, what is new and optional · 2 what changes or ends a number.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from semantic_layer.definitions.canonical import documents
from semantic_layer.definitions.fingerprint import Fingerprints
from semantic_layer.definitions.model import Catalog, Metric
from semantic_layer.definitions.published import VersionCause
from semantic_layer.definitions.reader import SECTIONS
from semantic_layer.definitions.yaml_text import Json

Key = tuple[str, str]  # kind and name of a definition

WORDS, COMPATIBLE, NUMBERS = 0, 1, 2

# Keys by which only words change, wherever they stand.
_WORD_KEYS = frozenset({"label", "synonyms", "meaning", "rows", "format"})
# Keys of a dataset that say how it is served and cut, but not what its numbers are.
_SERVED_KEYS = frozenset({"watermark", "change_token", "time_to_live", "hierarchies", "source"})
_PROMISED_WORDS = ("meaning", "includes", "excludes")  # class 1 for metrics of tier 1 and 2
_LIFECYCLE = ("valid_from", "history", "deprecated")


class How(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value that differs, by its path inside the definition's document; None where it is not written.

    `change_class` is the weight of this line alone; the definition's class is that of its heaviest line, or 2 where
    what is below a metric moves its numbers.
    """

    path: tuple[str, ...]
    before: Json
    after: Json
    change_class: int = WORDS


@dataclass(frozen=True, slots=True)
class Change:
    """One definition that differs. A metric also changes by what is below it: then `cause` is DEPENDENCY.

    `before` and `after` are fingerprints of a metric; None for other kinds, and where the metric does not exist.
    """

    kind: str
    name: str
    how: How
    change_class: int
    leaves: tuple[Leaf, ...] = ()
    before: str | None = None
    after: str | None = None
    cause: VersionCause | None = None


def changes(before: Catalog, after: Catalog, only: Collection[Key] | None = None) -> tuple[Change, ...]:
    """All definitions that differ, by kind and name; with `only`, of these alone. Both catalogs are checked ones."""
    if only is None:
        comparison = _Comparison(before, after)
    else:
        comparison = _Comparison(alone(before, only), alone(after, only), before, after)
    keys = sorted(comparison.old.keys() | comparison.new.keys())
    return tuple(change for key in keys if (change := comparison.change(key)) is not None)


def change_class(before: Catalog, after: Catalog, kind: str, name: str) -> int:
    """The class of one definition's difference; of many, ask `changes`."""
    found = changes(before, after, [(kind, name)])
    return next((change.change_class for change in found if (change.kind, change.name) == (kind, name)), WORDS)


class _Comparison:
    """Two sets of documents, and the whole catalogs that their fingerprints are made of."""

    def __init__(
        self, before: Catalog, after: Catalog, whole_before: Catalog | None = None, whole_after: Catalog | None = None
    ) -> None:
        self.old, self.new = documents(before), documents(after)
        self.after = whole_after or after
        self.old_prints = Fingerprints(whole_before or before)
        self.new_prints = Fingerprints(self.after)

    def change(self, key: tuple[str, str]) -> Change | None:
        kind, name = key
        was, now = self.old.get(key), self.new.get(key)
        how = How.ADDED if was is None else How.REMOVED if now is None else How.CHANGED
        leaves = tuple(_leaves(was, now, ())) if how is How.CHANGED else ()
        if kind != "metric":
            leaves = tuple(replace(leaf, change_class=_class_of_leaf(kind, leaf)) for leaf in leaves)
            return None if was == now else Change(kind, name, how, _class_of_other(kind, how, leaves), leaves)
        before = None if was is None else self.old_prints.metric(name)
        after = None if now is None else self.new_prints.metric(name)
        if was == now and before == after:
            return None
        if how is How.CHANGED:
            tier = _tier(self.after.metrics[name], self.after)
            leaves = tuple(replace(leaf, change_class=_class_of_line(leaf, tier, before != after)) for leaf in leaves)
        if before != after:
            return Change(kind, name, how, NUMBERS, leaves, before, after, _cause(how, leaves))
        return Change(kind, name, how, _heaviest(leaves), leaves, before, after)


def alone(catalog: Catalog, keys: Collection[Key]) -> Catalog:
    """A catalog with these definitions only, to write their documents; its settings always go along."""
    wanted = set(keys)
    sections: dict[str, Any] = {
        section: {name: value for name, value in getattr(catalog, section).items() if (kind, name) in wanted}
        for kind, section in SECTIONS.items()
    }
    return Catalog(settings=catalog.settings, **sections)


def _cause(how: How, leaves: tuple[Leaf, ...]) -> VersionCause:
    """Its own rule changed, or only what is below it."""
    own = how is not How.CHANGED or any(leaf.path[0] not in ("about", "governance", *_LIFECYCLE) for leaf in leaves)
    return VersionCause.OWN_CHANGE if own else VersionCause.DEPENDENCY


def _tier(metric: Metric, catalog: Catalog) -> int | None:
    domain = catalog.domains.get(metric.governance.domain or "")
    return metric.governance.tier or (domain.tier if domain is not None else None)


def _class_of_line(leaf: Leaf, tier: int | None, moves_numbers: bool) -> int:
    """The class of one line of a metric; `moves_numbers`: its fingerprint changes, by the lines of its rule."""
    match leaf.path:
        case (key, *_) if key in _LIFECYCLE:
            return NUMBERS
        case ("governance", *_):
            return COMPATIBLE
        case ("about", key, *_) if key in _PROMISED_WORDS and tier in (1, 2):
            return COMPATIBLE
        case ("about", *_):
            return WORDS
        case _:
            return NUMBERS if moves_numbers else WORDS  # without: another spelling of the same rule


def _heaviest(leaves: tuple[Leaf, ...]) -> int:
    return max((leaf.change_class for leaf in leaves), default=WORDS)


def _class_of_other(kind: str, how: How, leaves: tuple[Leaf, ...]) -> int:
    """What is no metric changes numbers only through metrics, which are classed by themselves; but it may end a cut."""
    if how is How.REMOVED:
        return NUMBERS if kind in ("dataset", "source", "calendar") else COMPATIBLE
    if how is How.ADDED:
        return COMPATIBLE
    return _heaviest(leaves)


def _class_of_leaf(kind: str, leaf: Leaf) -> int:
    if any(part in _WORD_KEYS for part in leaf.path):
        return WORDS
    match kind, leaf.path:
        case "catalog", ("time_zone" | "week_start", *_):
            return NUMBERS
        case "dataset", (("dimensions" | "joins" | "segments"), _, *rest):
            # A new one is an optional cut; one that goes, or means something else now, changes what a question gets.
            fresh = not rest and leaf.before is None
            return COMPATIBLE if fresh or rest in (["sensitive"], ["grain"]) else NUMBERS
        case "dataset", (key, *_) if key not in _SERVED_KEYS and key != "columns":
            return NUMBERS
        case "dataset", ("columns", *_) if leaf.before is not None:
            return NUMBERS
        case _:
            return COMPATIBLE


def _leaves(before: Any, after: Any, path: tuple[str, ...]) -> Iterator[Leaf]:
    """The smallest values that differ. What is new or gone as a whole is one leaf."""
    if before == after and type(before) is type(after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            yield from _leaves(before.get(key), after.get(key), (*path, key))
    else:
        yield Leaf(path, before, after)
