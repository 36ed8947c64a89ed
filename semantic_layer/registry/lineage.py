"""What a metric is made of, down to columns, and what is made of it.

One walk over the definitions serves both directions, and tells a publication which metrics a change can reach.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from semantic_layer.definitions.expression import Exists, Expr, Name, walk
from semantic_layer.definitions.model import (
    Across,
    After,
    Ago,
    AtLevel,
    AtStartOf,
    Catalog,
    Dimension,
    MetricValue,
    RankWithin,
    Rule,
    Segment,
    SemiAdditive,
    ToDate,
    TopMembers,
    Trailing,
)
from semantic_layer.definitions.reach import TIME, FoundDimension, find_dimension
from semantic_layer.definitions.scope import Block, block_of, blocks_below, homes, row_homes, used_names
from semantic_layer.definitions.types import AnyGrain, CalendarGrain


class NodeKind(StrEnum):
    METRIC = "metric"
    SEGMENT = "segment"
    DIMENSION = "dimension"
    JOIN = "join"
    DATASET = "dataset"
    COLUMN = "column"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Node:
    """A defined thing. What belongs to a dataset says so: `of` is the dataset, None for metrics and sources."""

    kind: NodeKind
    name: str
    of: str | None = None

    def __str__(self) -> str:
        return self.name if self.of is None else f"{self.of}.{self.name}"


class Role(StrEnum):
    """What the user does with the used."""

    VALUE = "value"  # it is in the calculation
    FILTER = "filter"  # it chooses rows or entities
    ENTITY = "entity"  # one value is made for each of it
    LEVEL = "level"  # it sets the level of a share or rank
    TIME = "time"  # it dates the rows
    CUT = "cut"  # the metric may be cut by it, or may not
    PATH = "path"  # a join on the way, or a column that a join matches
    PART = "part"  # it lies in it


@dataclass(frozen=True, slots=True)
class Edge:
    user: Node
    used: Node
    role: Role


Uses = tuple[tuple[Node, Role], ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Everything reached from `start`, sorted; `start` itself is among the nodes."""

    start: Node
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def of_kind(self, kind: NodeKind) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.kind is kind)


@dataclass
class LineageGraph:
    """All uses between the definitions of one catalog. Made once per catalog; both directions come from it."""

    catalog: Catalog
    _resolved: dict[tuple[str, str, Role], Uses] = field(default_factory=dict)

    def uses(self, start: Node) -> Lineage:
        """Everything below: what `start` is made of."""
        return _reached(start, lambda node: self.below.get(node, ()), upwards=False)

    def used_by(self, start: Node) -> Lineage:
        """Everything above: what would change with `start`."""
        return _reached(start, lambda node: self.above.get(node, ()), upwards=True)

    def users_of(self, starts: Iterable[Node]) -> set[Node]:
        """All nodes above any of these, and these."""
        seen = set(starts)
        pending = list(seen)
        while pending:
            for user, _ in self.above.get(pending.pop(), ()):
                if user not in seen:
                    seen.add(user)
                    pending.append(user)
        return seen

    @cached_property
    def below(self) -> Mapping[Node, Uses]:
        """Direct uses of each node."""
        found: dict[Node, Uses] = {}
        for name in self.catalog.metrics:
            found[metric_node(name)] = tuple(dict.fromkeys(self._uses_of_metric(name)))
        for name, dataset in self.catalog.datasets.items():
            node = Node(NodeKind.DATASET, name)
            found[node] = ((Node(NodeKind.SOURCE, dataset.source), Role.PART),)
            for dimension in dataset.dimensions.values():
                uses = (*self._uses_of_dimension(name, dimension), (node, Role.PART))
                found[Node(NodeKind.DIMENSION, dimension.name, name)] = tuple(dict.fromkeys(uses))
            for segment in dataset.segments.values():
                uses = (*self._uses_of_segment(name, segment), (node, Role.PART))
                found[Node(NodeKind.SEGMENT, segment.name, name)] = tuple(dict.fromkeys(uses))
            for join in dataset.joins:
                uses = tuple(self._uses_of_join(name, join))
                found[Node(NodeKind.JOIN, join, name)] = tuple(dict.fromkeys(uses))
        for column in {used for uses in found.values() for used, _ in uses if used.kind is NodeKind.COLUMN}:
            found[column] = ((Node(NodeKind.DATASET, column.of or ""), Role.PART),)
        return found

    @cached_property
    def above(self) -> Mapping[Node, Uses]:
        """Direct users of each node."""
        found: dict[Node, list[tuple[Node, Role]]] = {}
        for user, uses in self.below.items():
            for used, role in uses:
                found.setdefault(used, []).append((user, role))
        return {node: tuple(users) for node, users in found.items()}

    # --- direct uses of each kind of definition

    def _uses_of_metric(self, name: str) -> Iterator[tuple[Node, Role]]:
        metric = self.catalog.metrics[name]
        for block in blocks_below(block_of(metric)):
            yield from self._uses_of_block(block)
        for grain in metric.grains or ():
            if isinstance(grain, CalendarGrain):
                yield from self._of_calendar(grain.calendar, grain)
        cuts = (*(metric.cut_only or ()), *metric.cut_except)
        for home in homes(self.catalog, block_of(metric)) if cuts else ():
            for cut in cuts:
                yield from self._named(home, cut, Role.CUT)

    def _uses_of_block(self, block: Block) -> Iterator[tuple[Node, Role]]:
        rule = block.rule
        for name in used_names(block):
            if block.find(name) is None:
                yield metric_node(name), Role.VALUE
        if isinstance(rule.modifier, After):
            yield metric_node(rule.modifier.event), Role.VALUE
        yield from self._calendars_of(rule)
        if rule.home is not None:
            yield Node(NodeKind.DATASET, rule.home), Role.VALUE
            yield from self._named(rule.home, rule.time or TIME, Role.TIME)
            if not isinstance(rule.modifier, Across):
                yield from self._in_formula(rule.home, rule.value, Role.VALUE)
        if rule.where is None and rule.modifier is None:
            return
        for home in row_homes(self.catalog, block):
            yield from self._uses_at_home(home, rule)
        if isinstance(rule.modifier, After):
            for home in homes(self.catalog, block):
                yield from self._uses_at_home(home, replace(rule, where=None))

    def _calendars_of(self, rule: Rule) -> Iterator[tuple[Node, Role]]:
        """The calendars whose periods or days a sentence is made by."""
        unit: AnyGrain | None = None
        match rule.modifier:
            case Trailing(length, _, steps) | Ago(length, steps):
                unit, named = length.unit, steps
            case ToDate(unit, _, steps) | AtStartOf(unit, steps):
                named = steps
            case _:
                named = None
        if isinstance(unit, CalendarGrain):
            yield from self._of_calendar(unit.calendar, unit)
        for name in (named, rule.every_period):
            if name is not None:
                yield from self._of_calendar(name)

    def _of_calendar(self, name: str, grain: CalendarGrain | None = None) -> Iterator[tuple[Node, Role]]:
        calendar = self.catalog.calendars.get(name)
        if calendar is None:
            return
        listed = [(calendar.dataset, calendar.day), *(calendar.finer.values() if grain is None else ())]
        if grain is not None:
            listed.append((calendar.dataset, calendar.grains[grain.name]))
        for dataset, column in listed:
            yield Node(NodeKind.DATASET, dataset), Role.TIME
            yield Node(NodeKind.COLUMN, column, dataset), Role.TIME

    def _uses_at_home(self, home: str, rule: Rule) -> Iterator[tuple[Node, Role]]:
        """Conditions and modifiers of a sentence hold for the rows of each home that it is made of."""
        if rule.where is not None:
            yield from self._in_formula(home, rule.where, Role.FILTER)
        names: tuple[tuple[str, ...], Role]
        match rule.modifier:
            case Across(entity, _, _, dated_by):
                names = (entity, Role.ENTITY)
                if dated_by is not None:
                    yield from self._in_formula(home, dated_by, Role.TIME)
            case After(_, same, _, _):
                names = (same, Role.ENTITY)
            case AtLevel(only, excepted, ignoring):
                names = ((*(only or ()), *excepted, *ignoring), Role.LEVEL)
            case RankWithin(within):
                names = (within, Role.LEVEL)
            case SemiAdditive(_, each):
                names = (each, Role.ENTITY)
            case _:
                return
        for name in names[0]:
            yield from self._named(home, name, names[1])

    def _uses_of_dimension(self, dataset: str, dimension: Dimension) -> Iterator[tuple[Node, Role]]:
        match dimension.rule:
            case TopMembers(of, _, by, _):
                yield Node(NodeKind.DIMENSION, of, dataset), Role.VALUE
                yield metric_node(by), Role.VALUE
            case MetricValue(metric):
                yield metric_node(metric), Role.VALUE
            case formula:
                for node in walk(formula):
                    if isinstance(node, Name):
                        yield Node(NodeKind.COLUMN, str(node), dataset), Role.VALUE

    def _uses_of_segment(self, dataset: str, segment: Segment) -> Iterator[tuple[Node, Role]]:
        if segment.where is not None:
            yield from self._in_formula(dataset, segment.where, Role.FILTER)
        for member in segment.members:
            yield from self._named(dataset, member, Role.ENTITY)
        if segment.having is not None:
            names = (str(node) for node in walk(segment.having) if isinstance(node, Name))
            yield from ((metric_node(name), Role.FILTER) for name in names)

    def _uses_of_join(self, dataset: str, name: str) -> Iterator[tuple[Node, Role]]:
        join = self.catalog.datasets[dataset].joins[name]
        other = join.through or join.to
        for here, there in join.match:
            yield Node(NodeKind.COLUMN, here, dataset), Role.PATH
            yield Node(NodeKind.COLUMN, there, other), Role.PATH
        yield Node(NodeKind.DATASET, join.to), Role.PATH
        if join.valid_at is not None:
            yield from self._named(dataset, join.valid_at, Role.TIME)
        if join.through is not None:
            yield Node(NodeKind.DATASET, join.through), Role.PATH
            for onward in self.catalog.datasets[join.through].joins.values():
                if onward.to == join.to:
                    yield Node(NodeKind.JOIN, onward.name, join.through), Role.PATH
        yield Node(NodeKind.DATASET, dataset), Role.PART

    # --- names in formulas

    def _in_formula(self, home: str, formula: Expr, role: Role) -> Iterator[tuple[Node, Role]]:
        inside_exists: set[int] = set()  # walk goes into the conditions of exists, whose names mean another dataset
        for node in walk(formula):
            if id(node) in inside_exists:
                continue
            if isinstance(node, Exists):
                inside_exists |= {id(inner) for inner in walk(node.where)} if node.where is not None else set()
                yield from self._in_exists(home, node)
            elif isinstance(node, Name):
                yield from self._named(home, str(node), role)

    def _in_exists(self, home: str, exists: Exists) -> Iterator[tuple[Node, Role]]:
        yield Node(NodeKind.JOIN, exists.join, home), Role.FILTER
        join = self.catalog.datasets[home].joins.get(exists.join)
        if join is not None and exists.where is not None:
            yield from self._in_formula(join.to, exists.where, Role.FILTER)

    def _named(self, home: str, words: str, role: Role) -> Uses:
        """What a name means for rows of `home`: dimension first, then segment, then column; and the joins to it."""
        asked = (home, words, role)
        if asked not in self._resolved:
            self._resolved[asked] = tuple(self._resolve(home, words, role))
        return self._resolved[asked]

    def _resolve(self, home: str, words: str, role: Role) -> Iterator[tuple[Node, Role]]:
        found = find_dimension(self.catalog, home, words)
        if isinstance(found, FoundDimension):
            yield Node(NodeKind.DIMENSION, found.dimension.name, found.dataset), role
            yield from ((Node(NodeKind.JOIN, hop.join.name, hop.start), Role.PATH) for hop in found.hops)
        elif words == TIME:
            return
        elif words in self._segments:
            yield Node(NodeKind.SEGMENT, words, self._segments[words]), role
        else:
            yield from self._column(home, words.split("."), role)

    def _column(self, home: str, path: list[str], role: Role) -> Iterator[tuple[Node, Role]]:
        """A raw column, of the home or over joins."""
        *joins, column = path
        for name in joins:
            join = self.catalog.datasets[home].joins.get(name)
            if join is None:
                return
            yield Node(NodeKind.JOIN, name, home), Role.PATH
            home = join.to
        yield Node(NodeKind.COLUMN, column, home), role

    @cached_property
    def _segments(self) -> Mapping[str, str]:
        """Segment -> its dataset; a segment's name is unique in the catalog."""
        return {name: dataset.name for dataset in self.catalog.datasets.values() for name in dataset.segments}


def metric_node(name: str) -> Node:
    return Node(NodeKind.METRIC, name)


def _reached(start: Node, neighbours: Callable[[Node], Uses], *, upwards: bool) -> Lineage:
    seen = {start}
    edges: set[Edge] = set()
    pending = [start]
    while pending:
        node = pending.pop()
        for other, role in neighbours(node):
            edges.add(Edge(other, node, role) if upwards else Edge(node, other, role))
            if other not in seen:
                seen.add(other)
                pending.append(other)
    return Lineage(start, tuple(sorted(seen, key=_order)), tuple(sorted(edges, key=_edge_order)))


def _order(node: Node) -> tuple[str, str, str]:
    return (node.kind, node.of or "", node.name)


def _edge_order(edge: Edge) -> tuple[object, ...]:
    return (*_order(edge.user), *_order(edge.used), edge.role)
