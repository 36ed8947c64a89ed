"""Ranges of time: `last` filters and their anchors, the bounds of conditions, what `meta.resolved` tells."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_layer.definitions.expression import Call, Expr, Literal
from semantic_layer.definitions.types import TIMESTAMP, Grain
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.query.bind import conjuncts
from semantic_layer.query.bound import ResolvedTime
from semantic_layer.query.last_filters import recorded_keys
from semantic_layer.query.measure import Asked, Value
from semantic_layer.query.time_range import OPEN, Bounds, bounds_of, last_units
from tests.query.given import LAST_ORDER, LAST_RETURN, NOW, bound, issues, world


def last(count: int, unit: str, metric: str = "revenue", dimension: str = "order_date", **more: Any) -> dict[str, Any]:
    node = {"dimension": dimension, "last": {"count": count, "unit": unit, **more}}
    return {"metrics": [{"name": metric}], "where": node}


def resolved(question: dict[str, Any], **changes: Any) -> tuple[ResolvedTime, ...]:
    return bound(question, world(**changes)).resolved


# --- last ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "unit", "start", "end"),
    [
        (1, "DAY", datetime(2026, 11, 20), datetime(2026, 11, 21)),
        (28, "DAY", datetime(2026, 10, 24), datetime(2026, 11, 21)),
        (2, "HOUR", datetime(2026, 11, 20, 17), datetime(2026, 11, 20, 19)),
        (1, "WEEK", datetime(2026, 11, 16), datetime(2026, 11, 23)),  # the 20th is a Friday
        (3, "MONTH", datetime(2026, 9, 1), datetime(2026, 12, 1)),
        (1, "QUARTER", datetime(2026, 10, 1), datetime(2027, 1, 1)),
        (2, "YEAR", datetime(2025, 1, 1), datetime(2027, 1, 1)),
    ],
)
def test_last_means_calendar_periods_with_the_anchor_in_the_last(
    count: int, unit: str, start: datetime, end: datetime
) -> None:
    assert resolved(last(count, unit)) == (ResolvedTime("order_date", start, end),)


def test_the_anchor_is_the_data_unless_it_is_said_to_be_the_clock() -> None:
    assert resolved(last(1, "DAY")) == resolved(last(1, "DAY", anchor="DATA"))
    start = datetime(NOW.year, NOW.month, NOW.day)
    assert resolved(last(1, "DAY", anchor="NOW")) == (ResolvedTime("order_date", start, start + timedelta(1)),)


def test_the_anchor_of_several_facts_is_the_last_moment_of_any() -> None:
    """Returns are recorded two days longer than orders: one range serves both."""
    [range_] = resolved(last(1, "DAY", metric="net_revenue", dimension="time"))
    assert LAST_RETURN > LAST_ORDER
    assert (range_.start, range_.end) == (LAST_RETURN, LAST_RETURN + timedelta(1))


def test_without_data_the_anchor_is_the_clock() -> None:
    [range_] = resolved(last(1, "MONTH", metric="postage", dimension="sent_at"))
    assert (range_.start, range_.end) == (datetime(2026, 11, 1), datetime(2026, 12, 1))


def test_a_week_begins_on_the_day_that_the_catalog_says() -> None:
    anchor = datetime(2026, 11, 20, 18)
    assert last_units(1, Grain.WEEK, anchor, "sunday") == Bounds(datetime(2026, 11, 15), datetime(2026, 11, 22))


@given(
    count=st.integers(1, 400),
    unit=st.sampled_from(list(Grain)),
    anchor=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)),
)
def test_the_anchor_lies_in_the_last_unit(count: int, unit: Grain, anchor: datetime) -> None:
    longer, last_one = last_units(count + 1, unit, anchor, "monday"), last_units(1, unit, anchor, "monday")
    found = last_units(count, unit, anchor, "monday")
    assert found.start is not None and last_one.start is not None and longer.start is not None
    assert found.end is not None and last_one.start <= anchor < found.end
    assert longer.start < found.start <= last_one.start and longer.end == found.end == last_one.end


def test_what_must_be_known_of_the_data_is_named() -> None:
    """(revision, dataset, time dimension), for DATA only, of pinned versions in their own catalog."""
    against = world()

    def keys(question: dict[str, Any]) -> tuple[Any, ...]:
        return recorded_keys(read_ask(question), against)

    assert keys(last(1, "DAY", anchor="NOW")) == () == keys({"metrics": [{"name": "revenue"}]})
    assert keys(last(1, "DAY")) == ((2, "order_lines", "order_date"),)
    both = ((2, "order_lines", "order_date"), (2, "returns", "returned_on"))
    assert keys(last(1, "DAY", metric="net_revenue", dimension="time")) == both
    pinned = last(1, "DAY") | {"metrics": [{"name": "revenue", "version": 1}]}
    assert keys(pinned) == ((1, "order_lines", "order_date"),)
    inner = {"metrics": [{"name": "revenue"}], "where": {"not": {"or": [last(1, "DAY")["where"]]}}}
    assert keys(inner) == ((2, "order_lines", "order_date"),)
    members = {"by": [{"dimension": "size"}], "where": last(1, "DAY")["where"]}
    assert keys(members) == ((2, "order_lines", "order_date"),)
    assert keys(last(1, "DAY", metric="no_metric")) == ()


# --- bounds ----------------------------------------------------------------------------------------------------------

DATE_ASKED = Asked("order_date")


def is_time(asked: Asked) -> bool:
    return asked == DATE_ASKED


def day(number: int) -> datetime:
    return datetime(2026, 1, 1) + timedelta(number)


def value(number: int) -> Value:
    return Value(day(number), TIMESTAMP)


atoms = st.one_of(
    st.builds(lambda n: Call("gte", (DATE_ASKED, value(n))), st.integers(0, 20)),
    st.builds(lambda n: Call("lt", (DATE_ASKED, value(n))), st.integers(0, 20)),
    st.builds(
        lambda ns: Call("in", (Call("date_trunc", (Literal("day"), DATE_ASKED)), *(value(n) for n in ns))),
        st.lists(st.integers(0, 20), min_size=1, max_size=3),
    ),
    st.builds(lambda n: Call("gte", (Asked("other_time"), value(n))), st.integers(0, 20)),
    st.builds(lambda yes: Literal(yes), st.booleans()),
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(lambda parts: Call("and", tuple(parts)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: Call("or", tuple(parts)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: Call("not", (part,)), inner),
    ),
    max_leaves=8,
)


def holds(condition: Expr, moment: datetime, other: datetime) -> bool:
    """What the condition says of a row with these two times."""
    match condition:
        case Literal(yes):
            return bool(yes)
        case Call("not", (part,)):
            return not holds(part, moment, other)
        case Call("and", parts):
            return all(holds(part, moment, other) for part in parts)
        case Call("or", parts):
            return any(holds(part, moment, other) for part in parts)
        case Call("in", (_, *days)):
            return any(isinstance(one, Value) and one.value == moment for one in days)
        case Call(function, (Asked(name), Value(limit))):
            compared = moment if name == DATE_ASKED.dimension else other
            assert isinstance(limit, datetime)
            return compared >= limit if function == "gte" else compared < limit
    raise AssertionError(condition)


@settings(max_examples=60)
@given(conditions, st.integers(0, 20), st.integers(0, 20))
def test_a_condition_is_never_true_outside_of_its_bounds(condition: Expr, at: int, other: int) -> None:
    bounds = bounds_of(condition, is_time)
    if holds(condition, day(at), day(other)):
        assert bounds.start is None or bounds.start <= day(at)
        assert bounds.end is None or day(at) < bounds.end


@settings(max_examples=60)
@given(conditions)
def test_conjuncts_say_together_what_the_condition_says(condition: Expr) -> None:
    parts = conjuncts(condition)
    assert not any(isinstance(part, Call) and part.function == "and" for part in parts)
    for at in range(0, 21, 4):
        together = all(holds(part, day(at), day(7)) for part in parts)
        assert together == holds(condition, day(at), day(7))


def test_bounds_of_what_is_joined() -> None:
    one, two = Bounds(day(1), day(5)), Bounds(day(3), None)
    assert one.both(two) == Bounds(day(3), day(5)) and one.either(two) == Bounds(day(1), None)
    assert one.both(OPEN) == one and one.either(OPEN) == OPEN
    assert one.closed and not two.closed


# --- what is told ------------------------------------------------------------------------------------------------


def test_resolved_ranges_are_those_of_all_filters_together() -> None:
    question = {
        "metrics": [{"name": "revenue"}],
        "where": {
            "and": [
                {"dimension": "order_date", "op": "GTE", "values": ["2026-02-01"]},
                {"dimension": "order_date", "op": "LTE", "values": ["2026-03-31"]},
                {"dimension": "order_date", "part": "DAY_OF_WEEK", "op": "EQ", "values": [1]},
                {"dimension": "size", "op": "EQ", "values": ["big"]},
            ]
        },
    }
    assert resolved(question) == (ResolvedTime("order_date", datetime(2026, 2, 1), datetime(2026, 4, 1)),)


def test_what_no_range_says_is_not_resolved() -> None:
    node = {"not": {"dimension": "order_date", "op": "EQ", "values": ["2026-02-01"]}}
    assert resolved({"metrics": [{"name": "revenue"}], "where": node}) == ()


def test_each_time_dimension_has_its_own_range() -> None:
    question = {
        "metrics": [{"name": "postage"}],
        "where": {
            "and": [
                {"dimension": "sent_at", "op": "GTE", "values": ["2026-02-01"]},
                {"dimension": "shelved_on", "op": "LT", "values": ["2026-05-01"]},
            ]
        },
    }
    assert resolved(question) == (
        ResolvedTime("sent_at", datetime(2026, 2, 1), None),
        ResolvedTime("shelved_on", None, datetime(2026, 5, 1)),
    )


def test_the_clock_of_the_question_must_reach_the_calendar() -> None:
    found = issues(last(100_000, "YEAR", anchor="NOW"))
    assert [issue.code.value for issue in found] == ["BAD_VALUE"]
