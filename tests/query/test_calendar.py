"""Calendar arithmetic against code that was written apart: day by day, by ISO weeks, by the standard library."""

import calendar
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_layer.definitions.types import Grain
from semantic_layer.query.calendar import WEEKDAYS, add, divides, nests, start_of

moments = st.datetimes(datetime(1600, 1, 1), datetime(2400, 1, 1))
counts = st.integers(-150, 150)
grains = st.sampled_from(list(Grain))
MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.HALF_YEAR: 6, Grain.YEAR: 12}
month_grains = st.sampled_from(list(MONTHS))


def walked(day: date, months: int) -> date:
    """`day` moved month by month, as a person turns the leaves of a calendar."""
    first = day.replace(day=1)
    for _ in range(abs(months)):
        neighbour = first + timedelta(31) if months > 0 else first - timedelta(1)
        first = neighbour.replace(day=1)
    days = (first + timedelta(31)).replace(day=1) - first
    return first + min(timedelta(day.day), days) - timedelta(1)


@settings(max_examples=60)
@given(moments, counts, month_grains)
def test_months_are_months(moment: datetime, count: int, unit: Grain) -> None:
    moved = add(moment, count, unit)
    assert moved.date() == walked(moment.date(), count * MONTHS[unit])
    assert moved.time() == moment.time()


@given(moments, counts, st.sampled_from([Grain.WEEK, Grain.DAY, Grain.HOUR, Grain.MINUTE, Grain.SECOND]))
def test_the_rest_are_lengths(moment: datetime, count: int, unit: Grain) -> None:
    assert add(moment, count, unit) - moment == timedelta(**{f"{unit}s": count})


@pytest.mark.parametrize(
    ("moment", "count", "unit", "moved"),
    [
        ("2017-03-31", -1, Grain.MONTH, "2017-02-28"),
        ("2017-03-29", -1, Grain.MONTH, "2017-02-28"),
        ("2020-02-29", -1, Grain.YEAR, "2019-02-28"),
        ("2020-02-29", 4, Grain.YEAR, "2024-02-29"),
        ("2017-11-30", 1, Grain.QUARTER, "2018-02-28"),
        ("2016-12-31", 2, Grain.MONTH, "2017-02-28"),
        ("2017-01-01", -1, Grain.WEEK, "2016-12-25"),
    ],
)
def test_known_days(moment: str, count: int, unit: Grain, moved: str) -> None:
    assert add(datetime.fromisoformat(moment), count, unit) == datetime.fromisoformat(moved)


@pytest.mark.parametrize("unit", list(Grain))
def test_the_calendar_has_ends(unit: Grain) -> None:
    for moment, count in ((datetime(9999, 12, 31, 23, 59, 59), 1), (datetime(1, 1, 1), -1)):
        with pytest.raises(OverflowError):
            add(moment, count, unit)


@given(moments, grains)
def test_a_period_holds_its_moment_and_touches_the_next(moment: datetime, grain: Grain) -> None:
    start = start_of(moment, grain)
    end = add(start, 1, grain)
    assert start <= moment < end
    assert start_of(start, grain) == start and start_of(end, grain) == end
    assert start_of(end - timedelta(microseconds=1), grain) == start


@given(moments, grains)
def test_labels_are_those_of_the_standard_library(moment: datetime, grain: Grain) -> None:
    start = start_of(moment, grain)
    if grain.is_clock:
        assert start == datetime.fromisoformat(moment.isoformat(timespec=f"{grain}s"))
        return
    assert start.time() == datetime.min.time()
    match grain:
        case Grain.DAY:
            assert start.date() == moment.date()
        case Grain.WEEK:
            assert start.isocalendar()[:2] == moment.isocalendar()[:2] and start.isoweekday() == 1
        case Grain.MONTH:
            assert (start.year, start.month, start.day) == (moment.year, moment.month, 1)
        case Grain.QUARTER:
            assert start.year == moment.year and start.day == 1
            assert start.month in (1, 4, 7, 10) and 0 <= moment.month - start.month < 3
        case Grain.HALF_YEAR:
            assert start.date() in (date(moment.year, 1, 1), date(moment.year, 7, 1))
            assert (start.month == 7) is (moment.month > 6)
        case Grain.YEAR:
            assert start.date() == date(moment.year, 1, 1)


@given(moments, st.sampled_from(WEEKDAYS))
def test_a_week_begins_on_the_day_that_is_said(moment: datetime, first_day: str) -> None:
    start = start_of(moment, Grain.WEEK, first_day)
    assert calendar.day_name[start.weekday()].lower() == first_day
    assert start <= moment < start + timedelta(7)


@given(moments, st.integers(1, 120), grains, grains)
def test_a_shift_divides_exactly_if_it_falls_on_whole_periods(
    moment: datetime, count: int, unit: Grain, grain: Grain
) -> None:
    """SHIFT_GRAIN is told when some period would be cut: tried here on periods of many years."""
    starts = [start_of(add(moment, n, grain), grain) for n in range(0, 6000, 53)]
    moved = [add(start, -count, unit) for start in starts]
    assert divides(grain, count, unit) is all(start_of(one, grain) == one for one in moved)


@given(moments, grains, grains)
def test_a_period_that_nests_lies_in_one_longer_period(moment: datetime, fine: Grain, coarse: Grain) -> None:
    first = start_of(moment, fine)
    last = add(first, 1, fine) - timedelta(microseconds=1)
    if nests(fine, coarse):
        assert start_of(first, coarse) == start_of(last, coarse)


def test_weeks_nest_in_nothing_longer() -> None:
    assert [grain for grain in Grain if nests(Grain.WEEK, grain)] == [Grain.WEEK]
    assert not nests(Grain.MONTH, Grain.DAY) and nests(Grain.DAY, Grain.WEEK) and nests(Grain.MONTH, Grain.QUARTER)
