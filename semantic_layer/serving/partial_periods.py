"""Periods that the asked range or the data do not cover fully: their growth is a false impression (rule 25)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from semantic_layer.definitions.types import Grain
from semantic_layer.query.calendar import add, midnight, start_of
from semantic_layer.query.time_range import Bounds

DAY = timedelta(days=1)


def partial_periods(
    labels: Iterable[date | datetime | None], grain: Grain, bounds: Bounds, span: tuple[datetime, datetime] | None
) -> tuple[str, ...]:
    """The labels of such periods, in order. The data is taken to cover whole days, from its first to its last."""
    covered = bounds if span is None else bounds.both(_whole_days(span))
    found = set()
    for label in labels:
        if label is None:
            continue
        start = label if isinstance(label, datetime) else midnight(label)
        if not _covers(covered, start, grain):
            found.add(label)
    return tuple(label.isoformat() for label in sorted(found))


def _whole_days(span: tuple[datetime, datetime]) -> Bounds:
    first, last = span
    return Bounds(start_of(first, Grain.DAY), start_of(last, Grain.DAY) + DAY)


def _covers(covered: Bounds, start: datetime, grain: Grain) -> bool:
    try:
        end = add(start, 1, grain)
    except OverflowError:
        return True
    if covered.start is not None and start < covered.start:
        return False
    return covered.end is None or end <= covered.end
