"""Traps of custom calendars and half-years (rule 11): periods that are looked up and not computed.

The fiscal months are 4, 4, 5, 4, 3 and 4 days long, three to a quarter, so nothing that adds days or counts days in a
period is right. Alien days are named by days of another age. The trading calendar has no rows for weekends. One sale
lies after all calendars, one has no date.
"""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from semantic_layer.store.embedded import EmbeddedPostgres
from tests.oracle.own_world import ENGINES, OwnTable, OwnWorld, own_world

DEFINITIONS = """
language: 1
catalog: {languages: [en], time_zone: UTC}
sources: {retail: {connection: RETAIL}}
calendars:
  fiscal: {from: days, day: day, grains: {
    fiscal_month: {column: month_start, within: fiscal_quarter}, fiscal_quarter: quarter_start, alien_day: alien}}
  trading: {from: trading_days, day: day, grains: {trading_week: week_start}}
datasets:
  days: {source: retail, table: days, key: day}
  trading_days: {source: retail, table: trading_days, key: day}
  sold: {source: retail, table: sold, key: line, time: sold_at,
    columns: {sold_at: timestamp},
    dimensions: {sold_at: {type: time, finest: second, grain: day}, store: {}, buyer: {type: integer}},
    joins: {listing: {kind: many_to_one, match: store}}}
  listing: {source: retail, table: listing, key: store, dimensions: {opened: {type: time}}}
  counted: {source: retail, table: counted, key: [day, shelf], time: counted_on,
    dimensions: {counted_on: {sql: day, type: time}, shelf: {}}}
  year: {source: retail, table: year, key: day, time: happened_on,
    dimensions: {happened_on: {sql: day, type: time}}}
metrics:
  amount: {is: sum(amount), from: sold}
  lines: {is: count(*), from: sold}
  buyers: {is: count(distinct buyer), from: sold}
  month_before: {is: amount, ago: 1 fiscal_month}
  quarter_before: {is: amount, ago: 1 fiscal_quarter}
  week_before: {is: amount, ago: 1 trading_week}
  alien_before: {is: amount, ago: 1 alien_day}
  opening: {is: amount, at_start_of: fiscal_quarter}
  to_date: {is: amount, over: fiscal_quarter to date}
  average_to_date: {is: amount, over: fiscal_month to date, take: average}
  trailing: {is: amount, over: trailing 2 fiscal_months}
  trailing_buyers: {is: buyers, over: trailing 2 fiscal_months}
  trading_trailing: {is: amount, over: trailing 2 trading_weeks}
  before_to_date: {is: to_date, ago: 1 fiscal_month}
  share: {is: amount / whole, with: {whole: {is: amount, at_level: [time]}}}
  first_buyers: {is: count(*), across: buyer, from: sold, dated_by: min(sold_at)}
  repeaters: {is: count(*), across: buyer, having: lines >= 2}
  only_fiscal: {is: amount, grains: [fiscal_month, month]}
  level: {is: sum(pieces), from: counted, take: last}
  level_recorded: {is: sum(pieces), from: counted, take: last recorded}
  things: {is: sum(things), from: year}
  half_before: {is: things, ago: 1 half_year}
  half_to_date: {is: things, over: half_year to date}
  half_opening: {is: things, at_start_of: half_year}
"""
MONTHS = {1: 4, 5: 4, 9: 5, 14: 4, 18: 3, 21: 4}  # first day of January -> days
ALIENS = {1: ("2040-01-01", 10), 11: ("2040-01-02", 2), 13: ("2040-01-09", 12)}


def of_january(day: int) -> date:
    return date(2020, 1, day)


def fiscal_rows() -> list[str]:
    rows = []
    for start, days in MONTHS.items():
        for day in range(start, start + days):
            alien = next(label for first, (label, length) in ALIENS.items() if first <= day < first + length)
            quarter = of_january(1 if start < 14 else 14)
            rows.append(f"(date '{of_january(day)}', date '{of_january(start)}', date '{quarter}', date '{alien}')")
    return rows


def trading_rows() -> list[str]:
    days = [of_january(day) for day in range(1, 18)]
    return [f"(date '{d}', date '{d - timedelta(days=d.weekday())}')" for d in days if d.weekday() < 5]


TABLES = {
    "days": OwnTable("day date, month_start date, quarter_start date, alien date", fiscal_rows()),
    "trading_days": OwnTable("day date, week_start date", trading_rows()),
    "listing": OwnTable("store text, opened date", ["('a', date '2020-01-06')", "('b', date '2020-01-12')"]),
    "sold": OwnTable(
        "line integer, sold_at timestamp, store text, buyer integer, amount integer",
        [
            "(1, timestamp '2020-01-01 10:00:00', 'a', 1, 10)",
            "(2, timestamp '2020-01-03 23:59:59', 'b', 2, 20)",
            "(3, timestamp '2020-01-04 00:00:00', 'a', 1, 40)",  # a Saturday
            "(4, timestamp '2020-01-06 12:00:00', 'a', 3, 80)",
            "(5, timestamp '2020-01-10 12:00:00', 'b', 2, 160)",
            "(6, timestamp '2020-01-14 12:00:00', 'a', 1, 320)",
            "(7, timestamp '2020-01-30 12:00:00', 'a', 1, 640)",
            "(8, null, 'b', 1, 1280)",
        ],
    ),
    "counted": OwnTable(
        "day date, shelf text, pieces integer",
        [
            "(date '2020-01-02', 'x', 5)", "(date '2020-01-03', 'y', 7)", "(date '2020-01-08', 'x', 3)",
            "(date '2020-01-08', 'y', 4)", "(date '2020-01-13', 'x', 9)",
        ],
    ),
    "year": OwnTable(
        "day date, things integer",
        [
            "(date '2019-12-31', 1)", "(date '2020-01-01', 2)", "(date '2020-06-28', 4)", "(date '2020-06-30', 8)",
            "(date '2020-07-01', 16)", "(date '2020-12-31', 32)",
        ],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
async def world(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnWorld]:
    folder: Path = tmp_path_factory.mktemp("calendars")
    async with own_world("calendars", DEFINITIONS, TABLES, postgres_server, folder) as opened:
        yield opened


def ask(*metrics: str, grain: str, also: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    dimension = more.pop("dimension", "time")
    by = [{"dimension": dimension, "grain": grain}, *({"dimension": one} for one in also)]
    return {"metrics": [{"name": one} for one in metrics], "by": by, **more}


def compared(dimension: str, grain: str, op: str, *values: str) -> dict[str, Any]:
    return {"dimension": dimension, "grain": grain, "op": op, "values": list(values)}


def within(start: str, end: str) -> dict[str, Any]:
    return {"dimension": "time", "op": "IN_RANGE", "values": [f"2020-01-{start}", f"2020-01-{end}"]}


P1, P2, P3, P4, P5, P6 = (f"2020-01-{day:02}" for day in MONTHS)
A1, A2, A3 = (label for label, _ in ALIENS.values())

QUESTIONS = {
    "periods are looked up, and what the calendar has no day for is null, not lost": (
        # Months of equal length, or of dates in March, would put other rows together; an inner join loses 1920.
        ask("amount", grain="FISCAL_MONTH", totals=[[]]),
        [[P1, "70"], [P2, "80"], [P3, "160"], [P4, "320"], [None, "1920"]],
    ),
    "a label need not be a day of its period": (
        ask("amount", grain="ALIEN_DAY"),
        [[A1, "310"], [A3, "320"], [None, "1920"]],
    ),
    "a Saturday is in no trading week": (
        ask("amount", grain="TRADING_WEEK"),
        [["2019-12-30", "30"], ["2020-01-06", "240"], ["2020-01-13", "320"], [None, "1960"]],
    ),
    "two grains of one calendar": (
        {"metrics": [{"name": "amount"}], "by": [
            {"dimension": "time", "grain": "FISCAL_QUARTER", "alias": "q"},
            {"dimension": "time", "grain": "fiscal.fiscal_month", "alias": "m"},
        ]},
        [[P1, P1, "70"], [P1, P2, "80"], [P1, P3, "160"], [P4, P4, "320"], [None, None, "1920"]],
    ),
    "a joined time": (
        ask("amount", grain="ALIEN_DAY", dimension="listing.opened"),
        [[A1, "1090"], [A2, "1460"]],
    ),
    "the spine is the calendar's": (
        ask("amount", grain="FISCAL_MONTH", fillTime=True, where=within("05", "25")),
        [[P2, "80"], [P3, "160"], [P4, "320"], [P5, None], [P6, None]],
    ),
    "the period before is the one before in the calendar": (
        # 4 days before would be right for some months only.
        ask("amount", "month_before", grain="FISCAL_MONTH"),
        [[P1, "70", None], [P2, "80", "70"], [P3, "160", "80"], [P4, "320", "160"], [None, "1920", None]],
    ),
    "an alien day before": (
        ask("alien_before", grain="ALIEN_DAY", where=within("01", "25")),
        [[A2, "310"]],
    ),
    "a quarter before by months: the same place in it": (
        ask("quarter_before", grain="FISCAL_MONTH", where=within("01", "25")),
        [[P4, "70"], [P5, "80"], [P6, "160"]],
    ),
    "by days: the same place in the month": (
        ask("month_before", grain="DAY", where=within("05", "09")),
        [["2020-01-05", "10"], ["2020-01-07", "20"], ["2020-01-08", "40"]],
    ),
    "by days: a place that the month before lacks is its last": (
        # P3 has five days, P4 four, P5 three: the fourth day of P6 reads the last of P5.
        ask("month_before", grain="DAY", where=within("14", "25")),
        [["2020-01-15", "160"], ["2020-01-18", "320"]],
    ),
    "a week before by trading days": (
        # The first week has three days: the third of the week after, Wednesday to Friday, all read its last.
        ask("week_before", grain="DAY", where=within("06", "14")),
        [["2020-01-06", "10"], ["2020-01-08", "20"], ["2020-01-09", "20"], ["2020-01-10", "20"], ["2020-01-13", "80"]],
    ),
    "the first asked month of the quarter": (
        ask("opening", grain="FISCAL_MONTH", where=within("05", "20")),
        [[P2, "80"], [P3, "80"], [P4, "320"], [P5, "320"]],
    ),
    "the first asked day of the quarter": (
        ask("opening", grain="DAY", where=within("06", "15")),
        [[f"2020-01-{day:02}", "80" if day < 14 else "320"] for day in range(6, 15)],
    ),
    "the quarter to date": (
        ask("to_date", grain="FISCAL_MONTH"),
        [[P1, "70"], [P2, "150"], [P3, "310"], [P4, "320"], [P5, "320"], [P6, "320"]],
    ),
    "the quarter to date by days, with what lies before the range": (
        ask("to_date", grain="DAY", where=within("12", "16")),
        [["2020-01-12", "310"], ["2020-01-13", "310"], ["2020-01-14", "320"], ["2020-01-15", "320"]],
    ),
    "an average of the days to date": (
        # P1: 10, 10, 30, 70; P2: nothing, then 80, 80, 80.
        ask("average_to_date", grain="FISCAL_MONTH", where=within("01", "09")),
        [[P1, 30.0], [P2, 80.0]],
    ),
    "two months, whatever their length": (
        ask("trailing", grain="FISCAL_MONTH"),
        [[P1, "70"], [P2, "150"], [P3, "240"], [P4, "480"], [P5, "320"], [P6, None]],
    ),
    "two months by days: the day's month and the one before": (
        ask("trailing", "trailing_buyers", grain="DAY", where=within("08", "11")),
        [["2020-01-08", "150", 3], ["2020-01-09", "80", 1], ["2020-01-10", "240", 2]],
    ),
    "a window of trading weeks holds no Saturday, as its weeks do not": (
        ask("trading_trailing", grain="TRADING_WEEK", where=within("01", "18")),
        [["2019-12-30", "30"], ["2020-01-06", "270"], ["2020-01-13", "560"]],
    ),
    "a shift of a window": (
        ask("before_to_date", grain="FISCAL_MONTH", where=within("05", "18")),
        [[P2, "70"], [P3, "150"], [P4, "310"]],
    ),
    "a share of each month": (
        ask("share", grain="FISCAL_MONTH", also=("store",), where=within("01", "09")),
        [[P1, "a", 50 / 70], [P1, "b", 20 / 70], [P2, "a", 1.0]],
    ),
    "each buyer once, in the month of the first sale": (
        ask("first_buyers", grain="FISCAL_MONTH"),
        [[P1, 2], [P2, 1]],
    ),
    "per buyer and month": (
        ask("repeaters", grain="FISCAL_MONTH"),
        [[P1, 1], [P2, 0], [P3, 0], [P4, 0], [None, 1]],
    ),
    "the last day of the month that is recorded at all": (
        ask("level", "level_recorded", grain="FISCAL_MONTH"),
        [[P1, None, "7"], [P2, "7", "7"], [P3, "9", "9"]],
    ),
    "distinct periods without a metric": (
        {"by": [{"dimension": "listing.opened", "grain": "FISCAL_MONTH"}]},
        [[P2], [P3]],
    ),
    "a period that is filtered by its label": (
        ask("amount", grain="DAY", where=compared("time", "FISCAL_MONTH", "GTE", P3)),
        [["2020-01-10", "160"], ["2020-01-14", "320"]],
    ),
    "a filter by label of a window chooses what is shown, not what is counted": (
        ask("to_date", grain="DAY", where=compared("time", "fiscal_month", "EQ", P3)),
        [[f"2020-01-{day:02}", "150" if day < 10 else "310"] for day in range(9, 14)],
    ),
    "a filter by the label of a joined time": (
        {"metrics": [{"name": "amount"}], "where": compared("listing.opened", "ALIEN_DAY", "NE", A1)},
        [["1460"]],
    ),
    "what is in no period is neither equal nor different": (
        {"metrics": [{"name": "lines"}], "where": {"not": compared("time", "FISCAL_MONTH", "EQ", P1)}},
        [[3]],
    ),
    "entities dated by an event, filtered by the event's period": (
        ask("first_buyers", grain="DAY", where=compared("time", "FISCAL_MONTH", "IN", P2, P3)),
        [["2020-01-06", 1]],
    ),
    "a standard period by its first day": (
        {"metrics": [{"name": "things"}], "where": compared("time", "HALF_YEAR", "EQ", "2020-01-01")},
        [["14"]],
    ),
    "a day that begins no period is the label of none": (
        {"metrics": [{"name": "things"}], "where": compared("time", "MONTH", "EQ", "2020-06-28")},
        [[None]],
    ),
    "a period after the one of a day": (
        {"metrics": [{"name": "things"}], "where": compared("time", "QUARTER", "GT", "2020-06-28")},
        [["48"]],
    ),
    "half-years begin in January and July, not every 180 days": (
        # 180 days on from 1 January 2020 is 29 June: 14 and 48 would be 6 and 56.
        ask("things", grain="HALF_YEAR"),
        [["2019-07-01", "1"], ["2020-01-01", "14"], ["2020-07-01", "48"]],
    ),
    "half a year before, by months": (
        ask("half_before", grain="MONTH", where={"dimension": "time", "op": "GTE", "values": ["2020-01-01"]}),
        [["2020-06-01", "1"], ["2020-07-01", "2"], ["2020-12-01", "12"]],
    ),
    "the half-year to date": (
        ask("half_to_date", grain="QUARTER"),
        [["2019-10-01", "1"], ["2020-01-01", "2"], ["2020-04-01", "14"], ["2020-07-01", "16"], ["2020-10-01", "48"]],
    ),
    "the first quarter of the half-year": (
        ask("half_opening", grain="QUARTER"),
        [["2020-01-01", "2"], ["2020-04-01", "2"], ["2020-07-01", "16"], ["2020-10-01", "16"]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", QUESTIONS)
async def test_periods_of_a_calendar(world: OwnWorld, engine: str, name: str) -> None:
    question, expected = QUESTIONS[name]
    assert await world.rows(engine, question) == expected


def shifted(unit: str, grain: str | None) -> dict[str, Any]:
    metric = {"name": "amount", "shift": {"periods": 1, "unit": unit}}
    return {"metrics": [metric], "by": [] if grain is None else [{"dimension": "time", "grain": grain}]}


REFUSED = {
    "a shift of months, whose days no fiscal month knows": (shifted("MONTH", "FISCAL_MONTH"), "SHIFT_GRAIN"),
    "a shift of fiscal months by weeks, which lie in none": (shifted("FISCAL_MONTH", "WEEK"), "SHIFT_GRAIN"),
    "a shift of fiscal months by hours, which are no rows of it": (shifted("FISCAL_MONTH", "HOUR"), "SHIFT_GRAIN"),
    "a shift of smaller periods by larger ones": (shifted("FISCAL_MONTH", "FISCAL_QUARTER"), "SHIFT_GRAIN"),
    "a shift by another calendar": (shifted("TRADING_WEEK", "FISCAL_MONTH"), "SHIFT_GRAIN"),
    "a grain that is not said to lie within": (shifted("FISCAL_QUARTER", "ALIEN_DAY"), "SHIFT_GRAIN"),
    "a range moved by fiscal months": (
        {**shifted("FISCAL_MONTH", None), "where": within("05", "09")},
        "SHIFT_GRAIN",
    ),
    "no such grain": (ask("amount", grain="FISCAL_WEEK"), "BAD_GRAIN"),
    "no such grain of the calendar": (ask("amount", grain="trading.fiscal_month"), "BAD_GRAIN"),
    "a grain that the metric does not allow": (ask("only_fiscal", grain="FISCAL_QUARTER"), "BAD_GRAIN"),
    "a grain finer than the time": (ask("things", grain="HOUR"), "GRAIN_TOO_FINE"),
    "a period of what is no time": (
        {"metrics": [{"name": "amount"}], "where": compared("store", "FISCAL_MONTH", "EQ", P1)},
        "BAD_GRAIN",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_a_calendar_cannot_say_is_refused(world: OwnWorld, name: str) -> None:
    question, code = REFUSED[name]
    assert await world.refused("duckdb", question) == [code]


async def test_a_calendar_is_part_of_what_a_number_uses(world: OwnWorld) -> None:
    """Of the metric where its rule names it, else of the dimension that is cut by it."""

    def cuts(meta: dict[str, Any]) -> list[str]:
        return [one["fingerprint"] for one in meta["dimensions"]]

    fiscal = (await world.ask("duckdb", ask("amount", "month_before", grain="FISCAL_MONTH")))["meta"]
    standard = (await world.ask("duckdb", ask("amount", "month_before", grain="DAY")))["meta"]
    assert fiscal["versions"] == standard["versions"]
    assert [one["fingerprint"] for one in fiscal["dimensions"]] != [
        one["fingerprint"] for one in standard["dimensions"]
    ]


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_day_of_two_periods_is_an_error_and_doubles_nothing(
    engine: str, postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    tables = TABLES | {"trading_days": OwnTable("day date, week_start date", [*trading_rows(), trading_rows()[0]])}
    async with own_world(f"twice_{engine}", DEFINITIONS, tables, postgres_server, tmp_path) as doubled:
        assert await doubled.refused(engine, ask("amount", grain="TRADING_WEEK")) == ["JOIN_NOT_UNIQUE"]
        assert len(await doubled.rows(engine, ask("amount", grain="FISCAL_MONTH"))) == 5
