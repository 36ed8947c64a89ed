"""Traps of `steps` and `every_period`: what stands at each day of a calendar, not at each asked period. Rules 13 to 15.

The calendar has the days from 30 January to 8 March 2020, so February is its only whole month.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from semantic_layer.store.embedded import EmbeddedPostgres
from tests.oracle.own_world import ENGINES, OwnTable, OwnWorld, own_world

DEFINITIONS = """
language: 1
catalog: {languages: [en], time_zone: UTC}
sources: {retail: {connection: RETAIL}}
calendars: {days: {from: days, day: day}}
datasets:
  days: {source: retail, table: days, key: day}
  sold: {source: retail, table: sold, key: line, time: day, dimensions: {
    day: {type: time}, paid: {type: time}, store: {}}}
metrics:
  amount: {is: sum(amount), from: sold}
  paid_amount: {is: sum(amount), from: sold, time: paid}
  buyers: {is: count(distinct buyer), from: sold}
  before: {is: amount, ago: 1 month, steps: days}
  week_before: {is: amount, ago: 5 days, steps: days}
  at_start: {is: amount, at_start_of: month, steps: days}
  buyers_2d: {is: buyers, over: trailing 2 days, steps: days}
  first_2d: {is: buyers, over: trailing 2 days, take: first, steps: days}
  month_to_date: {is: amount, over: month to date, take: average, steps: days}
  ever: {is: amount, over: start to date, steps: days}
  earlier_2d: {is: buyers_2d, ago: 2 days, steps: days}
  twice: {is: doubled, with: {doubled: {is: week_before * 2}}, ago: 1 days, steps: days}
  daily: {is: amount, every_period: days, fill: 0}
"""
TABLES = {
    "days": OwnTable(
        "day date",
        [f"(date '2020-01-{day}')" for day in (30, 31)]
        + [f"(date '2020-02-{day:02}')" for day in range(1, 30)]
        + [f"(date '2020-03-{day:02}')" for day in range(1, 9)],
    ),
    "sold": OwnTable(
        "line integer, day date, paid date, store text, buyer integer, amount integer",
        [
            "(1, date '2020-01-31', date '2020-02-01', 'a', 1, 10)",
            "(2, date '2020-01-31', date '2020-02-03', 'b', 2, 20)",
            "(3, date '2020-02-01', date '2020-02-03', 'a', 1, 40)",
            "(4, date '2020-02-28', date '2020-03-01', 'a', 3, 80)",
        ],
    ),
}


@pytest.fixture(scope="module")
async def world(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnWorld]:
    folder: Path = tmp_path_factory.mktemp("steps")
    async with own_world("steps", DEFINITIONS, TABLES, postgres_server, folder) as opened:
        yield opened


def by(grain: str, *others: str) -> list[dict[str, Any]]:
    return [{"dimension": "time", "grain": grain}, *({"dimension": other} for other in others)]


def within(start: str, end: str) -> dict[str, Any]:
    return {"dimension": "time", "op": "IN_RANGE", "values": [start, end]}


QUESTIONS = {
    "every day reads the day a month before, and a month counts what its days read": (
        # 31 January is read by no day, as 29 February reads the 29th, and 28 February by one that the calendar lacks.
        # By labels February would show 30 and March 120.
        {"metrics": [{"name": "before"}], "by": by("MONTH")},
        [["2020-03-01", "40"]],
    ),
    "a shift by days works by week, and adds the week that only reads": (
        {"metrics": [{"name": "week_before"}], "by": by("WEEK")},
        [["2020-02-03", "70"], ["2020-03-02", "80"]],
    ),
    "by a date part": (
        {"metrics": [{"name": "week_before"}], "by": [{"dimension": "time", "part": "MONTH_OF_YEAR"}]},
        [[2, "70"], [3, "80"]],
    ),
    "the first day of the month in which a week begins": (
        {"metrics": [{"name": "at_start"}], "by": by("WEEK")},
        [["2020-02-03", "40"], ["2020-02-10", "40"], ["2020-02-17", "40"], ["2020-02-24", "40"]],
    ),
    "a window ends with each day, and an empty one is no row": (
        {"metrics": [{"name": "buyers_2d"}], "by": by("DAY")},
        [["2020-01-31", 2], ["2020-02-01", 2], ["2020-02-02", 1], ["2020-02-28", 1], ["2020-02-29", 1]],
    ),
    "a month shows its last day that has a value": (
        {"metrics": [{"name": "buyers_2d"}, {"name": "first_2d"}], "by": by("MONTH")},
        [["2020-01-01", 2, 2], ["2020-02-01", 1, 2]],
    ),
    "an average is of the days of the calendar": (
        # January: 30 on the 31st alone. February: 40 on 27 days, 120 on two. March has none.
        {"metrics": [{"name": "month_to_date"}], "by": by("MONTH")},
        [["2020-01-01", 30.0], ["2020-02-01", (40 * 27 + 120 * 2) / 29]],
    ),
    "history before the range is read": (
        {"metrics": [{"name": "ever"}], "by": by("DAY"), "where": within("2020-02-27", "2020-02-29")},
        [["2020-02-27", "70"], ["2020-02-28", "150"]],
    ),
    "since the start it goes on to the end of the calendar": (
        {"metrics": [{"name": "ever"}], "by": by("MONTH", "store")},
        [
            ["2020-01-01", "a", "10"], ["2020-01-01", "b", "20"], ["2020-02-01", "a", "130"],
            ["2020-02-01", "b", "20"], ["2020-03-01", "a", "130"], ["2020-03-01", "b", "20"],
        ],
    ),
    "without time it is everything": ({"metrics": [{"name": "ever"}]}, [["150"]]),
    "a window of the day that is read": (
        {"metrics": [{"name": "earlier_2d"}], "by": by("DAY")},
        [["2020-02-02", 2], ["2020-02-03", 2], ["2020-02-04", 1], ["2020-03-01", 1], ["2020-03-02", 1]],
    ),
    "what is made of others is moved as a whole": (
        {"metrics": [{"name": "twice"}], "by": by("DAY")},
        [["2020-02-06", "60"], ["2020-02-07", "80"], ["2020-03-05", "160"]],
    ),
    "every period of the calendar has a row": (
        {"metrics": [{"name": "daily"}], "by": by("MONTH")},
        [["2020-01-01", "30"], ["2020-02-01", "120"], ["2020-03-01", "0"]],
    ),
    "a period without data stands once, under null": (
        {"metrics": [{"name": "daily"}], "by": by("MONTH", "store"), "where": within("2020-02-01", "2020-04-01")},
        [["2020-02-01", "a", "120"], ["2020-03-01", None, "0"]],
    ),
    "time is each metric's own": (
        {
            "metrics": [{"name": "amount"}, {"name": "paid_amount"}],
            "by": by("MONTH"),
            "where": within("2020-02-01", "2020-03-01"),
        },
        [["2020-02-01", "120", "70"]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", QUESTIONS)
async def test_steps_of_a_calendar(world: OwnWorld, engine: str, name: str) -> None:
    question, expected = QUESTIONS[name]
    assert await world.rows(engine, question) == expected


@pytest.mark.parametrize(("metric", "code"), [("week_before", "SHIFT_NEEDS_RANGE"), ("buyers_2d", "WINDOW_NEEDS_TIME")])
async def test_without_time_there_are_no_steps(world: OwnWorld, metric: str, code: str) -> None:
    assert await world.refused("duckdb", {"metrics": [{"name": metric}], "by": [{"dimension": "store"}]}) == [code]
