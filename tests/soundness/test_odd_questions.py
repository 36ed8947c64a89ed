"""Questions at the edges: beyond the data, longer decimals, a metric's own time, missing hours, far shifts."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from semantic_layer.store.embedded import EmbeddedPostgres
from tests.oracle.own_world import OwnTable, OwnWorld, own_world

DEFINITIONS = """\
catalog: {time_zone: Europe/Berlin, languages: [en]}
domains:
  shop: {label: {en: Shop}, owner: o, tier: 3}
sources:
  shop: {connection: RETAIL}
datasets:
  sale:
    source: shop
    table: sales
    key: sale_id
    time: ordered_on
    columns: {sale_id: integer, amount: "decimal(10,2)", ordered_on: date, paid_on: date, seen_at: timestamp}
    dimensions:
      ordered_on: {type: time}
      paid_on: {type: time}
      seen_at: {type: time, finest: second, stored_in: UTC}
      amount: {type: "decimal(10,2)"}
    segments:
      large: {where: amount > 5}
metrics:
  revenue: {is: sum(amount), from: sale}
  sales: {is: count(*), from: sale}
  revenue_ytd: {is: revenue, over: year to date}
  paid: {is: sum(amount), from: sale, time: paid_on}
  paid_ytd: {is: paid, over: year to date}
  payers: {is: count(*), across: amount, from: sale, dated_by: min(ordered_on)}
"""
TABLES = {
    "sales": OwnTable(
        "sale_id integer, amount numeric(10,2), ordered_on date, paid_on date, seen_at timestamp",
        [
            "(1, 10.00, '2024-01-31', '2024-05-02', '2024-03-31 00:30')",
            "(2, 20.00, '2024-02-29', '2024-05-03', '2024-03-31 01:30')",
            "(3, 0.50, '2024-03-30', null, '2024-10-27 00:30')",
            "(4, 5.01, '2024-06-10', '2024-06-30', '2024-10-27 01:30')",
        ],
    )
}


@pytest.fixture(scope="module")
async def shop(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnWorld]:
    async with own_world(
        "odd_questions", DEFINITIONS, TABLES, postgres_server, tmp_path_factory.mktemp("odd_questions")
    ) as world:
        yield world


def within(start: str, end: str, name: str = "ordered_on") -> dict[str, Any]:
    return {"dimension": name, "op": "IN_RANGE", "values": [start, end]}


def shifted(name: str, periods: int, unit: str) -> dict[str, Any]:
    return {"name": name, "alias": "before", "shift": {"periods": periods, "unit": unit}}


def by(grain: str, name: str = "ordered_on") -> list[dict[str, Any]]:
    return [{"dimension": name, "grain": grain}]


# --- shifts ----------------------------------------------------------------------------------------------------------


async def test_a_shifted_window_beyond_the_data_is_the_window_of_then(engine: str, shop: OwnWorld) -> None:
    """The data ends in June 2024: year to date of December 2024 stays 35.51; a year later, December 2025 shows it."""
    december = {"metrics": [{"name": "revenue_ytd"}], "by": by("MONTH"), "where": within("2024-12-01", "2025-01-01")}
    assert await shop.rows(engine, december) == [["2024-12-01", "35.51"]]
    later = {
        "metrics": [shifted("revenue_ytd", 1, "YEAR")],
        "by": by("MONTH"),
        "where": within("2025-12-01", "2026-01-01"),
    }
    assert await shop.rows(engine, later) == [["2025-12-01", "35.51"]]
    whole = {"metrics": [shifted("revenue_ytd", 1, "YEAR")], "where": within("2025-01-01", "2026-01-01")}
    assert await shop.rows(engine, whole) == [["35.51"]]


@pytest.mark.parametrize(
    ("start", "end", "before"),
    [
        ("2024-03-30", "2024-03-31", "20.00"),
        ("2024-03-29", "2024-04-01", "20.00"),
        ("2024-03-31", "2024-04-01", "20.00"),
        ("2024-03-28", "2024-03-29", None),
        ("2024-02-29", "2024-03-31", "30.00"),
    ],
)
async def test_a_range_is_moved_by_its_days(
    engine: str, shop: OwnWorld, start: str, end: str, before: str | None
) -> None:
    """A month before 30 March is 29 February, the last day that February has: the same day that the question by day
    reads. Moving both ends gives 29 February to 29 February, which is empty.
    """
    question = {"metrics": [shifted("revenue", 1, "MONTH")], "where": within(start, end)}
    assert await shop.rows(engine, question) == [[before]]


@pytest.mark.parametrize(("periods", "unit"), [(10_000, "YEAR"), (-1_001, "YEAR"), (12_001, "MONTH"), (60_000, "WEEK")])
async def test_a_shift_beyond_every_calendar_is_refused(engine: str, shop: OwnWorld, periods: int, unit: str) -> None:
    """PostgreSQL's days begin in 4713 BC, DuckDB's long before: one of them would fail, the other find nothing."""
    question = {"metrics": [{"name": "sales"}, shifted("sales", periods, unit)], "by": by("DAY")}
    assert await shop.refused(engine, question) == ["BAD_VALUE"]


async def test_the_longest_shift_finds_nothing(engine: str, shop: OwnWorld) -> None:
    question = {"metrics": [{"name": "sales"}, shifted("sales", 1_000, "YEAR")], "by": by("YEAR")}
    assert await shop.rows(engine, question) == [["2024-01-01", 4, None]]


@pytest.mark.parametrize("metric", ["revenue_ytd", "payers", "before"])
async def test_a_segment_joined_to_time_by_or_is_refused(engine: str, shop: OwnWorld, metric: str) -> None:
    """A segment speaks of rows, so `or` joins rows to periods: the condition fits neither. It was a fault."""
    either = [{"dimension": "ordered_on", "part": "DAY_OF_WEEK", "op": "IN", "values": [1]}, {"segment": "large"}]
    asked = shifted("revenue", 1, "MONTH") if metric == "before" else {"name": metric}
    where = {"and": [within("2024-01-01", "2025-01-01"), {"or": either}]}
    for keys in ([], by("MONTH")):
        assert await shop.refused(engine, {"metrics": [asked], "by": keys, "where": where}) == ["TIME_FILTER_MIXED"]


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "values", "count"),
    [
        ("EQ", ["5.0100000000000000000000000000000000001"], 0),
        ("EQ", ["5.0100000000000000000000000000000000000"], 1),
        ("NE", ["5.01000000000000000001"], 4),
        ("LT", ["5.01000000000000000001"], 2),
        ("LTE", ["5.00999999999999999999999999999999"], 1),
        ("GT", ["5.0099999999999999999999999999"], 3),
        ("IN", ["0.5000000000000000000000", "5.01000000000000000001", "20.000000000000000000000000000001"], 1),
        ("NOT_IN", ["0.50000000000000000000001", "5.010000000000000000000"], 3),
        ("IN_RANGE", ["0.50000000000000000000000000000001", "20.00000000000000000000000000000001"], 3),
        ("IS_DISTINCT_FROM", ["20.000000000000000000000000000001"], 4),
    ],
)
async def test_longer_decimals_compare_exactly(
    engine: str, shop: OwnWorld, op: str, values: list[str], count: int
) -> None:
    where = {"dimension": "amount", "op": op, "values": values}
    assert await shop.rows(engine, {"metrics": [{"name": "sales"}], "where": where}) == [[count]]


# --- time ------------------------------------------------------------------------------------------------------------


async def test_last_days_of_the_time_that_dates_the_metric(engine: str, shop: OwnWorld) -> None:
    """Payments end on 30 June, so the last two months are May and June; orders end on 10 June."""
    question = {
        "metrics": [{"name": "paid"}],
        "where": {"dimension": "paid_on", "last": {"count": 2, "unit": "MONTH"}},
    }
    answer = await shop.ask(engine, question)
    assert answer["rows"] == [["35.01"]]
    assert answer["meta"]["resolved"] == [{"column": "paid_on", "from": "2024-05-01", "to": "2024-07-01"}]
    days = {"metrics": [{"name": "paid"}], "where": {"dimension": "paid_on", "last": {"count": 1, "unit": "DAY"}}}
    assert await shop.rows(engine, days) == [["5.01"]]
    ytd = {"metrics": [{"name": "paid_ytd"}], "where": {"dimension": "paid_on", "last": {"count": 1, "unit": "DAY"}}}
    assert await shop.rows(engine, ytd) == [["35.01"]]


async def test_partial_periods_are_those_of_the_time_that_dates_the_metric(engine: str, shop: OwnWorld) -> None:
    """Payments run from 2 May to 30 June: May is cut, June is whole. Orders begin on 31 January and end on 10 June."""
    answer = await shop.ask(engine, {"metrics": [{"name": "paid"}], "by": by("MONTH", "paid_on")})
    assert answer["rows"] == [["2024-05-01", "30.00"], ["2024-06-01", "5.01"], [None, "0.50"]]
    assert answer["meta"]["partialPeriods"] == ["2024-05-01"]


async def test_the_hour_that_summer_time_leaves_out_is_no_period(engine: str, shop: OwnWorld) -> None:
    """31 March 2024 has 23 hours in Berlin: after 01:00 comes 03:00. 27 October names its 25 hours by 24 labels."""
    hours = {
        "metrics": [{"name": "sales"}],
        "by": by("HOUR", "seen_at"),
        "fillTime": True,
        "where": within("2024-03-31", "2024-04-01", "seen_at"),
    }
    found = await shop.rows(engine, hours)
    assert [row[0][11:13] for row in found] == [f"{hour:02}" for hour in range(24) if hour != 2]
    assert [row for row in found if row[1]] == [["2024-03-31T01:00:00", 1], ["2024-03-31T03:00:00", 1]]
    autumn = {**hours, "where": within("2024-10-27", "2024-10-28", "seen_at")}
    found = await shop.rows(engine, autumn)
    assert len(found) == 24
    assert [row for row in found if row[1]] == [["2024-10-27T02:00:00", 2]]
