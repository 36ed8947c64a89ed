"""Old numbers beside new ones, cell by cell (docs/governance.md, "What a change does to the numbers").

A cell is one row of the comparison: a period and a member of each dimension.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError, refuse

Value = int | Decimal | float | str | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is compared, half-open; an end that is None is open. Both None: all history."""

    start: date | None = None
    end: date | None = None

    @property
    def is_all(self) -> bool:
        return self.start is None and self.end is None


ALL_HISTORY = Window()


@dataclass(frozen=True, slots=True)
class Cut:
    """How the cells are cut. `time` and `grain` are None where nothing dates the metric's rows or no grain fits.

    `said` tells by which rule, one sentence each.
    """

    time: str | None = None
    grain: str | None = None
    dimensions: tuple[str, ...] = ()
    window: Window = ALL_HISTORY
    said: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What a cell's place is made of, in order."""
        return self.dimensions if self.grain is None else (f"{self.time}:{self.grain.lower()}", *self.dimensions)


@dataclass(frozen=True, slots=True)
class Cell:
    """`place` follows the cut's names. The grand total has an empty place."""

    place: tuple[Value, ...]
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Member:
    """A member of one dimension, with the metric over all of it (recomputed, so a ratio is right too)."""

    dimension: str
    member: Value
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Relative:
    """|after - before| / |before|, over the changed cells that have both values and no zero before."""

    p50: float
    p95: float
    largest: float


@dataclass(frozen=True, slots=True)
class Counts:
    """`cells` have a value in at least one of the two; `changed` includes the appeared and the vanished."""

    cells: int = 0
    changed: int = 0
    appeared: int = 0
    vanished: int = 0

    @property
    def share(self) -> float:
        return self.changed / self.cells if self.cells else 0.0


@dataclass(frozen=True, slots=True)
class NumericDiff:
    """What was compared and what was found.

    `left_out` says what the cost cap cut; empty: nothing. `members` are those that move most, of each dimension;
    `samples` the changed cells that move most. `looked_closer` is the finer cut at which nothing had changed either,
    asked only when nothing had changed at `cut`. `total` and `members` are None and empty where the metric means
    nothing without time. `periods` is the metric by time alone.
    """

    cut: Cut
    counts: Counts
    total: Cell | None = None
    periods: tuple[Cell, ...] = ()
    relative: Relative | None = None
    members: tuple[Member, ...] = ()
    samples: tuple[Cell, ...] = ()
    left_out: tuple[str, ...] = ()
    looked_closer: Cut | None = None
    watermarks: tuple[tuple[str, str], ...] = ()
    sql: str = ""

    @property
    def complete(self) -> bool:
        """Nothing was cut, and all history was compared."""
        return not self.left_out and self.cut.window.is_all

    @property
    def moves(self) -> bool:
        """Whether anything that was compared changed: a cell, or a total (which may, where no cell does)."""
        totals = (*self.periods, *(() if self.total is None else (self.total,)))
        return self.counts.changed > 0 or bool(self.members) or any(changed(one.before, one.after) for one in totals)

    @property
    def proves_nothing_moves(self) -> bool:
        """Whether it lowers class 2 to 1: complete, something was there, and nothing of it moves, by day either."""
        return self.complete and self.counts.cells > 0 and not self.moves and self.looked_closer is not None


@dataclass(frozen=True, slots=True)
class MetricNumbers:
    """The numeric diff of one metric, or why there is none: refused with issues, or left out by the cost cap."""

    metric: str
    before_version: int
    after_version: int
    before: str
    after: str
    unit: str | None = None
    diff: NumericDiff | None = None
    issues: tuple[Issue, ...] = ()
    left_out: str | None = None
    milliseconds: float = 0.0

    def raise_if_not_compared(self) -> None:
        """Raises what stood in the way of the comparison; DEADLINE_EXCEEDED where the cap left it out."""
        if self.issues:
            raise SemanticLayerError(self.issues)
        if self.left_out is not None:
            raise refuse(ErrorCode.DEADLINE_EXCEEDED, f"{self.metric} was not compared: {self.left_out}")


def changed(before: Value, after: Value) -> bool:
    """Exact numbers differ or do not; of binary floats a billionth is the order of summing, and no change."""
    if isinstance(before, float) or isinstance(after, float):
        if before is None or after is None or not (_is_number(before) and _is_number(after)):
            return before != after
        one, other = float(before), float(after)  # type: ignore[arg-type]
        return abs(one - other) > max(1e-9 * max(abs(one), abs(other)), 1e-12)
    return before != after


def moved_by(before: Value, after: Value) -> Decimal | float:
    """How far a cell moved; one that appears or vanishes by all of its value, and what is no number by nothing."""
    if not all(value is None or _is_number(value) for value in (before, after)):
        return 0.0
    if isinstance(before, float) or isinstance(after, float):
        return abs(float(after or 0) - float(before or 0))  # type: ignore[arg-type]
    return abs(Decimal(after or 0) - Decimal(before or 0))  # type: ignore[arg-type]


def _is_number(value: Value) -> bool:
    return isinstance(value, int | Decimal | float) and not isinstance(value, bool)


def counted(cells: Sequence[Cell]) -> Counts:
    compared = [cell for cell in cells if cell.before is not None or cell.after is not None]
    moved = [cell for cell in compared if changed(cell.before, cell.after)]
    return Counts(
        len(compared),
        len(moved),
        sum(cell.before is None for cell in moved),
        sum(cell.after is None for cell in moved),
    )


def relative_of(cells: Sequence[Cell]) -> Relative | None:
    """None where no changed cell can be related to what it was."""
    ratios = sorted(
        float(moved_by(cell.before, cell.after)) / abs(float(cell.before))  # type: ignore[arg-type]
        for cell in cells
        if cell.before and cell.after is not None and _is_number(cell.before) and changed(cell.before, cell.after)
    )
    if not ratios:
        return None
    return Relative(_at(ratios, 50), _at(ratios, 95), ratios[-1])


def _at(ordered: Sequence[float], percent: int) -> float:
    """The percentile by nearest rank: a value that occurs."""
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]


def most_moved(cells: Sequence[Cell], count: int) -> tuple[Cell, ...]:
    """The changed cells that moved most, those first."""
    moved = [cell for cell in cells if changed(cell.before, cell.after)]
    return tuple(sorted(moved, key=lambda cell: (-moved_by(cell.before, cell.after), _told(cell.place)))[:count])


def _told(place: tuple[Value, ...]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in place)
