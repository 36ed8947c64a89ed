"""The last day of the calendar, the usual "no end" of warehouses, among the days of a filter."""

from datetime import datetime

from semantic_layer.query.measure import Asked
from semantic_layer.query.time_range import bounds_of, one_of


def test_the_last_day_has_no_day_after_it() -> None:
    days = one_of(Asked("day"), [(datetime(2017, 1, 1), True), (datetime(9999, 12, 31), True)])
    bounds = bounds_of(days, Asked("day").__eq__)
    assert (bounds.start, bounds.end) == (datetime(2017, 1, 1), datetime.max)
