"""The calculation of one metric version with every name looked up: a small tree that needs no catalog to be read.

`bind` makes it from definitions.model.Rule. Metrics used by metrics are written out, segments too; what is left
are rows of datasets (Base) and the ways to build on them. The plan room evaluates it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from semantic_layer.definitions.expression import Aggregate, Expr, Leaf
from semantic_layer.definitions.model import AtStartOf, Duration, Take, ToDate, Trailing
from semantic_layer.definitions.types import INTEGER, ColumnType


@dataclass(frozen=True, slots=True)
class Base:
    """One aggregate over the rows of dataset `home`, dated by its time dimension `time` (None: not dated)."""

    home: str
    value: Aggregate
    time: str | None


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`value` over `inputs`, all at the same keys; names in `value` are keys of `inputs`."""

    value: Expr
    inputs: Mapping[str, "Measure"]


@dataclass(frozen=True, slots=True)
class Filtered:
    """`inner` over fewer rows (rule 2): the condition reaches every Base inside. Names are of each Base's home."""

    inner: "Measure"
    where: Expr


@dataclass(frozen=True, slots=True)
class Filled:
    """`inner`, with `fill` for keys that have no value."""

    inner: "Measure"
    fill: Decimal


@dataclass(frozen=True, slots=True)
class EveryPeriod:
    """`inner` with a row for each period of a calendar, under null elsewhere where it has none (rule 13)."""

    inner: "Measure"
    calendar: str


@dataclass(frozen=True, slots=True)
class Shifted:
    """`inner` of the period `by` earlier, or of the first asked period of a larger one (rule 14).

    With `steps`, each step of that calendar reads an earlier one, and periods are made of their steps.
    """

    inner: "Measure"
    by: Duration | AtStartOf
    steps: str | None = None


@dataclass(frozen=True, slots=True)
class Windowed:
    """`inner` over a window that ends at each period (rule 15)."""

    inner: "Measure"
    window: Trailing | ToDate


@dataclass(frozen=True, slots=True)
class Taken:
    """`inner` at one of the period's steps, or the least, greatest or average over them (rule 16).

    `each` are the dimensions for each of whose members the last or first recorded step is looked for apart.
    """

    inner: "Measure"
    take: Take
    each: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PerEntity:
    """`inputs` per entity and key, then `value` over the entities that pass `having` (rule 17).

    With `dated_by`, an aggregate over the time dimension `time` of `home`, the entity counts once, in the period of
    that date. Without inputs, the entities are those of `home`'s rows.
    """

    value: Aggregate
    entity: tuple[str, ...]
    inputs: Mapping[str, "Measure"]
    home: str
    having: Expr | None = None
    all_time: bool = False
    dated_by: Aggregate | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True)
class AtFewer:
    """`inner` recomputed at fewer of the asked dimensions, without some filters (rule 19)."""

    inner: "Measure"
    only: tuple[str, ...] | None
    excepted: tuple[str, ...] = ()
    ignoring: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """The rank of `inner` among the asked members, apart within each combination of `within` (rule 19)."""

    inner: "Measure"
    within: tuple[str, ...]
    descending: bool


@dataclass(frozen=True, slots=True)
class Events:
    """The rows (for a distinct count the values, each at its first row) that a count counts, which pass `where`."""

    count: Base
    where: tuple[Expr, ...] = field(hash=False)  # conditions may hold mappings


@dataclass(frozen=True, slots=True)
class Credited:
    """How many of `followers` each event is credited with (rule 18): per row of the events' dataset, by its key.

    A follower is of the last event before it (or the first) that has the same `same`, at most `within` before it.
    """

    events: Events
    followers: Events
    same: tuple[str, ...]
    within: Duration | None
    first_touch: bool


Measure = (
    Base | Arithmetic | Filtered | Filled | EveryPeriod | Shifted | Windowed | Taken | PerEntity | AtFewer | Ranked
    | Credited
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntityCondition(Leaf):
    """In a condition: the row's entity passes `condition` over `inputs`, which are computed per entity (rule 20).

    No other filter applies inside; `all_time` takes the whole history, else the question's time range bounds it.
    Null where the row has no entity or the entity no value. `by` are the names by which the rows of the inputs reach
    the entity; empty where they are those of `entity`.
    """

    entity: tuple[str, ...]
    condition: Expr
    inputs: Mapping[str, Measure]
    all_time: bool
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Credits(Leaf):
    """In an aggregate: how many followers the row is credited with, 0 for a row that is no event."""

    credited: Credited
    type: ColumnType = INTEGER


@dataclass(frozen=True, slots=True)
class Asked(Leaf):
    """In a condition: a dimension by the words of the question, found anew from each home."""

    dimension: str


@dataclass(frozen=True, slots=True)
class Value(Leaf):
    """In a condition: a value of the question, bound and never part of a statement's text."""

    value: object
    type: ColumnType


def children(measure: Measure) -> tuple[Measure, ...]:
    match measure:
        case Base() | Credited():
            return ()
        case Arithmetic(_, inputs):
            return tuple(inputs.values())
        case PerEntity():
            return tuple(measure.inputs.values())
        case _:
            return (measure.inner,)


def walk(measure: Measure) -> Iterator[Measure]:
    """Every node, parents first."""
    pending = [measure]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))


def homes(measure: Measure) -> tuple[tuple[str, str | None], ...]:
    """The (dataset, time dimension) pairs whose rows the measure reads, each once, in order of appearance."""
    found: dict[tuple[str, str | None], None] = {}
    for node in walk(measure):
        if isinstance(node, Base) or (isinstance(node, PerEntity) and not node.inputs):
            found[(node.home, node.time)] = None
    return tuple(found)
