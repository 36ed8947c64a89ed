"""What publishing a catalog changes, decided without a database: documents, versions, their classes and causes.

The rule of versions (docs/registry.md): a metric has a new number exactly when its fingerprint differs from that of
the version before it. So a revert is a new number with an old fingerprint, texts alone make a revision but no number,
and a metric that was removed and comes back goes on counting.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from semantic_layer.definitions.canonical import documents
from semantic_layer.definitions.change import COMPATIBLE, NUMBERS, alone, changes
from semantic_layer.definitions.fingerprint import Fingerprints, metric_fingerprint
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import MetricVersion, PublishedCatalog, VersionCause
from semantic_layer.definitions.reader import SECTIONS
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.registry.content import SETTINGS, Key
from semantic_layer.registry.lineage import LineageGraph, Node, NodeKind

EVERYWHERE = {"catalog", "calendar"}  # time zone, week start and grains can be in any number


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One definition that is set (`document`) or removed (None), and the class of that change."""

    kind: str
    name: str
    document: Json | None
    change_class: int


@dataclass(frozen=True, slots=True)
class NewVersion:
    metric: str
    number: int
    fingerprint: str
    change_class: int
    cause: VersionCause


@dataclass(frozen=True, slots=True)
class Publication:
    """What the revision after `base` records; both lists are sorted by name. `base` 0: the first revision."""

    base: int
    changes: tuple[DefinitionChange, ...]
    versions: tuple[NewVersion, ...]

    @property
    def change_class(self) -> int:
        return max(change.change_class for change in self.changes)


def prepare(head: PublishedCatalog | None, catalog: Catalog, *, uses: LineageGraph | None = None) -> Publication | None:
    """What leads from `head` (None: an empty registry) to `catalog`, a checked one; None when nothing differs.

    Only the metrics that a change can reach are fingerprinted. `uses` is the graph of head's catalog, if there is one
    already: among 10,000 metrics, finding what uses a changed one is most of the work.
    """
    before = Catalog() if head is None else head.catalog
    touched = list(_touched(before, catalog))
    found = changes(before, catalog, touched) if touched else ()
    texts = documents(alone(catalog, touched))
    recorded = [DefinitionChange(c.kind, c.name, texts.get((c.kind, c.name)), c.change_class) for c in found]
    if head is None and SETTINGS not in touched:  # settings that are all defaults differ from nothing
        recorded.insert(0, DefinitionChange(*SETTINGS, texts[SETTINGS], COMPATIBLE))
    if not recorded:
        return None
    own = {change.name: change for change in found if change.kind == "metric"}
    versions = {} if head is None else head.versions
    fingerprints = Fingerprints(catalog)
    new: list[NewVersion] = []
    for name in sorted(_metrics_to_look_at(catalog, touched, uses)):
        change = own.get(name)
        fingerprint = (change and change.after) or fingerprints.metric(name)
        number = _number(name, fingerprint, before, versions.get(name, ()))
        if number is not None:
            cause = (change and change.cause) or VersionCause.DEPENDENCY
            new.append(NewVersion(name, number, fingerprint, NUMBERS, cause))
    return Publication(0 if head is None else head.revision, tuple(recorded), tuple(new))


def _number(name: str, fingerprint: str, before: Catalog, versions: Sequence[MetricVersion]) -> int | None:
    """The number of a new version; None when the metric goes on in its last one."""
    if not versions:
        return 1
    last = versions[-1]
    if last.fingerprint == fingerprint:
        return None
    older_form = _form(last.fingerprint) != _form(fingerprint)
    if older_form and name in before.metrics and metric_fingerprint(before, name) == fingerprint:
        return None  # recorded in the form of an earlier release; compared in today's form it is the same
    return last.number + 1


def _form(fingerprint: str) -> str:
    """`f1` of `f1:…`."""
    return fingerprint.partition(":")[0]


def _metrics_to_look_at(catalog: Catalog, touched: Sequence[Key], uses: LineageGraph | None) -> set[str]:
    """The metrics whose numbers a change may move: changed ones, and all that use something that changed."""
    kinds = {kind for kind, _ in touched}
    if kinds & EVERYWHERE:
        return set(catalog.metrics)
    starts = [Node(NodeKind(kind), name) for kind, name in touched if kind in ("metric", "dataset")]
    if not starts:
        return set()
    if uses is None or "dataset" in kinds:
        # What a name means can change with a dataset. With metrics alone, who used one before uses it now.
        uses = LineageGraph(catalog)
    return {node.name for node in uses.users_of(starts) if node.kind is NodeKind.METRIC} & catalog.metrics.keys()


def _touched(before: Catalog, after: Catalog) -> Iterator[Key]:
    """Definitions that are not equal, by kind and name. The order of keys and the place in files do not count."""
    if before.settings != after.settings:
        yield SETTINGS
    for kind, section in SECTIONS.items():
        old: Mapping[str, Any] = getattr(before, section)
        new: Mapping[str, Any] = getattr(after, section)
        for name in sorted(old.keys() | new.keys()):
            was, now = old.get(name), new.get(name)
            if was is not now and was != now:
                yield kind, name
