"""Nothing may be made of itself: metrics, steps, segments and dimensions are one graph without circles."""

from collections.abc import Iterator
from dataclasses import dataclass

from semantic_layer.definitions.expression import Exists, Expr, Name, walk
from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.model import Across, After, Catalog, MetricValue, Segment, TopMembers
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.scope import Block, block_of, blocks_below, metric_names, row_homes
from semantic_layer.definitions.shape_reader import Path

MAX_LEVELS = 60  # metrics made of metrics: every later stage walks them by recursion


@dataclass(frozen=True, slots=True)
class Thing:
    """A node of the graph: a metric, a step, a segment or a dimension, by the path of its definition."""

    path: Path

    @property
    def name(self) -> str:
        return self.path[1] if len(self.path) == 2 else f"{self.path[-1]}"


@dataclass(frozen=True, slots=True)
class Use:
    """An edge: what is used, and where it is written."""

    thing: Thing
    path: Path
    offset: int = -1


def check_cycles(findings: Findings) -> bool:
    """Says each circle once, at the name that closes it; whether there was none.

    What is the same thing as what, which domain is above which, and what replaces what are chains of their own.
    """
    before = len(findings.problems)
    for uses in (_graph(findings.catalog), _conforming(findings.catalog), _above(findings.catalog)):
        done: dict[Thing, int] = {}
        for start in uses:
            _walk(findings, uses, start, done)
    return len(findings.problems) == before


def _walk(findings: Findings, uses: dict[Thing, list[Use]], start: Thing, done: dict[Thing, int]) -> None:
    """Depth first without recursion. `done` holds the height of each finished thing above what it is made of."""
    if start in done:
        return
    trail: list[tuple[Thing, Iterator[Use], Use | None]] = [(start, iter(uses[start]), None)]
    on_trail = {start: 0}
    while trail:
        thing, rest, _ = trail[-1]
        use = next(rest, None)
        if use is None:
            trail.pop()
            del on_trail[thing]
            done[thing] = 1 + max((done.get(u.thing, 0) for u in uses[thing]), default=0)
            if done[thing] == MAX_LEVELS + 1:
                message = f'"{thing.name}" is built on more than {MAX_LEVELS} levels of metrics'
                findings.at_key(thing.path, ProblemCode.TOO_LARGE, message)
        elif use.thing in on_trail:
            _say_circle(findings, [*trail[on_trail[use.thing] :]], use)
        elif use.thing not in done and use.thing in uses:
            on_trail[use.thing] = len(trail)
            trail.append((use.thing, iter(uses[use.thing]), use))


def _say_circle(findings: Findings, circle: list[tuple[Thing, Iterator[Use], Use | None]], closing: Use) -> None:
    first = circle[0][0]
    said = [first.name]
    for thing, _, use in circle[1:]:
        assert use is not None
        said.append(f"{thing.name} ({findings.places.key(*thing.path)})")
    first_use = circle[1][2] if len(circle) > 1 else closing
    assert first_use is not None
    place = findings.places.value(*first_use.path, offset=first_use.offset)
    message = " -> ".join([*said, first.name])
    findings.add(place, ProblemCode.CYCLE, message)


def _graph(catalog: Catalog) -> dict[Thing, list[Use]]:
    uses: dict[Thing, list[Use]] = {}
    for metric in catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            uses[Thing(block.path)] = list(_uses_of_block(catalog, block))
    for dataset in catalog.datasets.values():
        for name, segment in dataset.segments.items():
            path = ("datasets", dataset.name, "segments", name)
            uses[Thing(path)] = list(_uses_of_segment(catalog, dataset.name, segment, path))
        for name, dimension in dataset.dimensions.items():
            path = ("datasets", dataset.name, "dimensions", name)
            rule = dimension.rule
            if isinstance(rule, TopMembers):
                of = Thing(("datasets", dataset.name, "dimensions", rule.of))
                uses[Thing(path)] = [Use(of, (*path, "of")), *_metric_use(catalog, rule.by, (*path, "by"))]
            elif isinstance(rule, MetricValue):
                uses[Thing(path)] = _metric_use(catalog, rule.metric, (*path, "metric"))
            else:
                uses[Thing(path)] = []
    return uses


def _conforming(catalog: Catalog) -> dict[Thing, list[Use]]:
    uses: dict[Thing, list[Use]] = {}
    for dataset in catalog.datasets.values():
        for name, dimension in dataset.dimensions.items():
            path = ("datasets", dataset.name, "dimensions", name)
            if dimension.conforms is not None:
                aim, word = dimension.conforms
                uses[Thing(path)] = [Use(Thing(("datasets", aim, "dimensions", word)), (*path, "conforms"))]
    return uses


def _above(catalog: Catalog) -> dict[Thing, list[Use]]:
    """Domains by the one above them, and metrics that end by those that are used instead."""
    uses: dict[Thing, list[Use]] = {}
    for domain in catalog.domains.values():
        path = ("domains", domain.name)
        uses[Thing(path)] = [Use(Thing(("domains", domain.parent)), (*path, "parent"))] if domain.parent else []
    for metric in catalog.metrics.values():
        path = ("metrics", metric.name)
        instead = () if metric.deprecated is None else metric.deprecated.use
        uses[Thing(path)] = [
            Use(Thing(("metrics", name)), (*path, "deprecated", "use", str(place)))
            for place, name in enumerate(instead)
        ]
    return uses


def _metric_use(catalog: Catalog, name: str, path: Path, offset: int = -1) -> list[Use]:
    return [Use(Thing(("metrics", name)), path, offset)] if name in catalog.metrics else []


def _uses_of_block(catalog: Catalog, block: Block) -> Iterator[Use]:
    for name, path in metric_names(block):
        step = block.find(str(name))
        if step is not None:
            yield Use(Thing(step.path), path, name.at)
        else:
            yield from _metric_use(catalog, str(name), path, name.at)
    rule = block.rule
    if isinstance(rule.modifier, After):
        yield from _metric_use(catalog, rule.modifier.event, (*block.path, "after", "event"))
    datasets = row_homes(catalog, block) if rule.where is not None or isinstance(rule.modifier, Across) else ()
    for home in datasets:
        if rule.where is not None:
            yield from _uses_of_condition(catalog, home, rule.where, (*block.path, "where"))
        if isinstance(rule.modifier, Across):
            for entity in rule.modifier.entity:
                yield from _dimension_use(catalog, home, entity, (*block.path, "across"))
    if rule.home is not None and not isinstance(rule.modifier, Across):
        yield from _uses_of_condition(catalog, rule.home, rule.value, (*block.path, "is"))


def _uses_of_segment(catalog: Catalog, home: str, segment: Segment, path: Path) -> Iterator[Use]:
    if segment.where is not None:
        yield from _uses_of_condition(catalog, home, segment.where, (*path, "where"))
    if segment.having is not None:
        for node in walk(segment.having):
            if isinstance(node, Name):
                yield from _metric_use(catalog, str(node), (*path, "having"), node.at)
        for member in segment.members:
            yield from _dimension_use(catalog, home, member, (*path, "members"))


def _uses_of_condition(catalog: Catalog, home: str, tree: Expr, path: Path) -> Iterator[Use]:
    for node in walk(tree):
        if isinstance(node, Exists):
            continue
        if isinstance(node, Name):
            yield from _dimension_use(catalog, home, str(node), path, node.at)


def _dimension_use(catalog: Catalog, home: str, words: str, path: Path, at: int = -1) -> Iterator[Use]:
    """The dimension or segment that a name of a condition means."""
    if home not in catalog.datasets:
        return
    found = find_dimension(catalog, home, words)
    if isinstance(found, FoundDimension):
        yield Use(Thing(("datasets", found.dataset, "dimensions", found.dimension.name)), path, at)
        return
    for dataset in catalog.datasets.values():
        if words in dataset.segments:
            yield Use(Thing(("datasets", dataset.name, "segments", words)), path, at)
