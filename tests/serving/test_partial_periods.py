"""Which periods range and data cover fully, judged by whole days."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_layer.definitions.types import Grain
from semantic_layer.query.calendar import add, start_of
from semantic_layer.query.time_range import OPEN, Bounds
from semantic_layer.serving.partial_periods import partial_periods

MONTHS = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]


def span(first: str, last: str) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(first), datetime.fromisoformat(last)


@pytest.mark.parametrize(
    ("recorded", "partial"),
    [
        (span("2026-01-01 00:00", "2026-03-31 23:59"), ()),
        (span("2026-01-01 09:30", "2026-03-31 07:00"), ()),  # a shop that opens at nine has whole days
        (span("2026-01-02 00:00", "2026-03-31 00:00"), ("2026-01-01",)),
        (span("2025-06-01 00:00", "2026-03-30 23:59"), ("2026-03-01",)),
        (span("2026-02-03 00:00", "2026-02-04 00:00"), ("2026-01-01", "2026-02-01", "2026-03-01")),
        (None, ()),  # nothing tells
    ],
)
def test_what_the_data_covers(recorded: tuple[datetime, datetime] | None, partial: tuple[str, ...]) -> None:
    assert partial_periods(MONTHS, Grain.MONTH, OPEN, recorded) == partial


def test_four_hours_of_a_month_are_no_month() -> None:
    """The demo's data ends at 3 on New Year's morning: January 2018 is partial."""
    recorded = span("2017-01-01 11:53", "2018-01-01 04:01")
    months = [date(2017, 12, 1), date(2018, 1, 1)]
    assert partial_periods(months, Grain.MONTH, OPEN, recorded) == ("2018-01-01",)


def test_what_the_range_covers() -> None:
    bounds = Bounds(datetime(2026, 1, 15), datetime(2026, 3, 1))
    recorded = span("2025-01-01", "2026-12-31")
    assert partial_periods(MONTHS[:2], Grain.MONTH, bounds, recorded) == ("2026-01-01",)
    at_noon = Bounds(datetime(2026, 1, 1, 12), None)
    assert partial_periods([date(2026, 1, 1)], Grain.DAY, at_noon, recorded) == ("2026-01-01",)


def test_hours_and_nulls() -> None:
    hours = [datetime(2026, 1, 1, 9), datetime(2026, 1, 1, 10), None]
    bounds = Bounds(datetime(2026, 1, 1, 9, 30), None)
    assert partial_periods(hours, Grain.HOUR, bounds, span("2026-01-01", "2026-01-01")) == ("2026-01-01T09:00:00",)


def test_the_last_year_of_the_calendar() -> None:
    assert partial_periods([date(9999, 1, 1)], Grain.YEAR, OPEN, span("2026-01-01", "2026-12-31")) == ()


@given(
    grain=st.sampled_from([Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER]),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2021, 1, 1)),
    days=st.integers(1, 400),
)
def test_a_period_is_partial_exactly_if_one_of_its_days_is_not_covered(
    grain: Grain, start: datetime, days: int
) -> None:
    first, last = start, start + timedelta(days)
    labels = [add(start_of(first, grain), n, grain).date() for n in range(-1, 5)]
    covered = {(first + timedelta(n)).date() for n in range((last.date() - first.date()).days + 1)}

    def whole(label: date) -> bool:
        end = add(datetime(label.year, label.month, label.day), 1, grain).date()
        return all(label + timedelta(n) in covered for n in range((end - label).days))

    expected = tuple(label.isoformat() for label in labels if not whole(label))
    assert partial_periods(labels, grain, OPEN, (first, last)) == expected
