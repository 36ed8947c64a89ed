"""Time filters as conditions, and the range of time that a condition leaves (semantics rules 12 and 14)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from semantic_layer.definitions.expression import Call, Expr, Literal
from semantic_layer.definitions.types import TIMESTAMP, Grain
from semantic_layer.query.calendar import add, start_of
from semantic_layer.query.measure import Asked, Value

INSTANT = timedelta(microseconds=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Half-open `[start, end)`; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    @property
    def closed(self) -> bool:
        return self.start is not None and self.end is not None

    def both(self, other: "Bounds") -> "Bounds":
        starts = [start for start in (self.start, other.start) if start is not None]
        ends = [end for end in (self.end, other.end) if end is not None]
        return Bounds(max(starts, default=None), min(ends, default=None))

    def either(self, other: "Bounds") -> "Bounds":
        start = None if self.start is None or other.start is None else min(self.start, other.start)
        end = None if self.end is None or other.end is None else max(self.end, other.end)
        return Bounds(start, end)


OPEN = Bounds()


def _at(value: datetime) -> Value:
    return Value(value, TIMESTAMP)


def after_end(value: datetime, whole_day: bool) -> datetime:
    """The first moment after a value: the next day for a date, the next instant for a timestamp."""
    try:
        return value + (DAY if whole_day else INSTANT)
    except OverflowError:
        return datetime.max


def within(asked: Expr, start: datetime | None, end: datetime | None) -> Expr:
    """`start <= asked < end` with open ends left out; at least one end is given."""
    parts: list[Expr] = []
    if start is not None:
        parts.append(Call("gte", (asked, _at(start))))
    if end is not None:
        parts.append(Call("lt", (asked, _at(end))))
    return parts[0] if len(parts) == 1 else Call("and", tuple(parts))


def one_of(asked: Expr, values: Sequence[tuple[datetime, bool]]) -> Expr:
    """`asked` lies inside one of the days, or is one of the instants."""
    if all(whole_day for _, whole_day in values) and len(values) > 1:
        day = Call("date_trunc", (Literal("day"), asked))
        return Call("in", (day, *(_at(value) for value, _ in values)))
    ranges = tuple(within(asked, value, after_end(value, whole_day)) for value, whole_day in values)
    return ranges[0] if len(ranges) == 1 else Call("or", ranges)


def bounds_of(condition: Expr, is_time: Callable[[Asked], bool]) -> Bounds:
    """A range outside of which `condition` is never true, as far as its shape tells."""
    match condition:
        case Call("gte", (Asked() as asked, Value(datetime() as start))) if is_time(asked):
            return Bounds(start, None)
        case Call("lt", (Asked() as asked, Value(datetime() as end))) if is_time(asked):
            return Bounds(None, end)
        case Call("in", (Call("date_trunc", (Literal("day"), Asked() as asked)), *values)) if is_time(asked):
            days = [value.value for value in values if isinstance(value, Value) and isinstance(value.value, datetime)]
            return Bounds(min(days), after_end(max(days), whole_day=True)) if days else OPEN
        case Call("and", arguments):
            result = OPEN
            for argument in arguments:
                result = result.both(bounds_of(argument, is_time))
            return result
        case Call("or", (first, *others)):
            result = bounds_of(first, is_time)
            for argument in others:
                result = result.either(bounds_of(argument, is_time))
            return result
        case _:
            return OPEN


def last_units(count: int, unit: Grain, anchor: datetime, week_start: str) -> Bounds:
    """The last `count` periods of `unit`, the one that holds `anchor` being the last of them."""
    current = start_of(anchor, unit, week_start)
    return Bounds(add(current, -(count - 1), unit), add(current, 1, unit))
