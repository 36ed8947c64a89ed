"""Values of a source that are no numbers and no days: NaN, infinities, days outside of the years 1 to 9999. Rule 9.

They are missing where they stand, so that no other row's number depends on them.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from semantic_layer.store.embedded import EmbeddedPostgres
from tests.oracle.own_world import OwnTable, OwnWorld, own_world

DEFINITIONS = """\
catalog: {time_zone: UTC, languages: [en]}
domains:
  lab: {label: {en: Lab}, owner: o, tier: 3}
sources:
  lab: {connection: RETAIL}
datasets:
  reading:
    source: lab
    table: readings
    key: reading_id
    time: taken_on
    columns: {reading_id: integer, level: float, price: "decimal(12,2)", taken_on: date, taken_at: timestamp}
    dimensions:
      taken_on: {type: time}
      taken_at: {type: time, finest: second}
      level: {type: float}
      band: {sql: case when level > 1 then 'high' when level is null then 'none' else 'low' end}
metrics:
  readings: {is: count(*), from: reading}
  levels: {is: sum(level), from: reading}
  known_levels: {is: count(level), from: reading}
  highest: {is: max(level), from: reading}
  middle: {is: median(level), from: reading}
  different: {is: count(distinct level), from: reading}
  money: {is: sum(price), from: reading}
  last_day: {is: max(taken_on), from: reading}
  last_moment: {is: max(taken_at), from: reading}
  ever: {is: readings, over: start to date}
  of_year: {is: readings, over: year to date}
  before: {is: readings, ago: 1 month}
"""

# Written as both engines read it; PostgreSQL and DuckDB both know days after the year 9999.
READINGS = OwnTable(
    "reading_id integer, level double precision, price double precision, taken_on date, taken_at timestamp",
    [
        "(1, 1.5, 10.10, '2024-01-10', '2024-01-10 08:00')",
        "(2, 0.5, 0.20, '2024-02-29', '2024-02-29 09:00')",
        "(3, 'NaN', 'NaN', '2024-02-29', 'infinity')",
        "(4, 'Infinity', 'Infinity', 'infinity', '2024-03-01 00:00')",
        "(5, '-Infinity', '-Infinity', '-infinity', '-infinity')",
        "(6, null, 5.00, null, null)",
        "(7, 1.5, 1.00, '12024-01-01', '12024-01-01 00:00')",
    ],
)


@pytest.fixture(scope="module")
async def lab(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnWorld]:
    folder: Path = tmp_path_factory.mktemp("lab")
    async with own_world("lab", DEFINITIONS, {"readings": READINGS}, postgres_server, folder) as world:
        yield world


def metrics(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names]


async def test_one_bad_value_does_not_hide_the_others(engine: str, lab: OwnWorld) -> None:
    """By hand: 1.5 + 0.5 + 1.5; a sum over a column with NaN is NaN, its maximum NaN, its count 6."""
    question = {"metrics": metrics("levels", "known_levels", "highest", "middle", "different")}
    assert await lab.rows(engine, question) == [[3.5, 3, 1.5, 1.5, 2]]


async def test_money_kept_as_floats_is_missing_and_not_refused(engine: str, lab: OwnWorld) -> None:
    """10.10 + 0.20 + 5.00 + 1.00; DuckDB casts no NaN to a decimal, PostgreSQL would sum it to NaN."""
    assert await lab.rows(engine, {"metrics": metrics("money")}) == [["16.30"]]


async def test_all_bad_values_are_one_key(engine: str, lab: OwnWorld) -> None:
    question = {"metrics": metrics("readings"), "by": [{"dimension": "level"}]}
    assert await lab.rows(engine, question) == [[0.5, 1], [1.5, 2], [None, 4]]


async def test_a_formula_takes_them_as_missing(engine: str, lab: OwnWorld) -> None:
    question = {"metrics": metrics("readings"), "by": [{"dimension": "band"}]}
    assert await lab.rows(engine, question) == [["high", 2], ["low", 1], ["none", 4]]


@pytest.mark.parametrize(
    ("op", "values", "count"),
    [("GT", [0], 3), ("LTE", [1], 1), ("NE", [1.5], 1), ("IS_NULL", [], 4), ("IS_DISTINCT_FROM", [1.5], 5)],
)
async def test_filters_do_not_keep_them_as_numbers(
    engine: str, lab: OwnWorld, op: str, values: list[Any], count: int
) -> None:
    where = {"dimension": "level", "op": op, "values": values}
    assert await lab.rows(engine, {"metrics": metrics("readings"), "where": where}) == [[count]]


async def test_days_outside_of_the_calendar_are_one_key(engine: str, lab: OwnWorld) -> None:
    question = {"metrics": metrics("readings"), "by": [{"dimension": "taken_on", "grain": "MONTH"}]}
    assert await lab.rows(engine, question) == [["2024-01-01", 1], ["2024-02-01", 2], [None, 4]]


async def test_an_open_range_ends_with_the_calendar(engine: str, lab: OwnWorld) -> None:
    where = {"dimension": "taken_on", "op": "GTE", "values": ["2024-02-01"]}
    assert await lab.rows(engine, {"metrics": metrics("readings"), "where": where}) == [[2]]


async def test_the_last_moment_is_one_of_the_calendar(engine: str, lab: OwnWorld) -> None:
    answer = await lab.ask(engine, {"metrics": metrics("last_day", "last_moment")})
    assert answer["rows"] == [["2024-02-29", "2024-03-01T00:00:00"]]
    assert answer["meta"]["freshness"][0]["dataset"] == "reading"


async def test_windows_shifts_and_filled_periods_end(engine: str, lab: OwnWorld) -> None:
    """A series of periods up to infinity would run until the deadline."""
    months = [{"dimension": "taken_on", "grain": "MONTH"}]
    windows = {"metrics": metrics("ever", "of_year"), "by": months}
    assert await lab.rows(engine, windows) == [["2024-01-01", 1, 1], ["2024-02-01", 3, 3]]
    assert await lab.rows(engine, {"metrics": metrics("ever")}) == [[3]]
    shifted = {"metrics": metrics("readings", "before"), "by": months}
    assert await lab.rows(engine, shifted) == [["2024-01-01", 1, None], ["2024-02-01", 2, 1], [None, 4, None]]
    filled = {"metrics": metrics("readings"), "by": [{"dimension": "taken_on", "grain": "QUARTER"}], "fillTime": True}
    assert await lab.rows(engine, filled) == [["2024-01-01", 3], [None, 4]]


async def test_last_days_are_counted_back_from_the_calendar(engine: str, lab: OwnWorld) -> None:
    where = {"dimension": "taken_on", "last": {"count": 1, "unit": "DAY"}}
    assert await lab.rows(engine, {"metrics": metrics("readings"), "where": where}) == [[2]]


async def test_who_reads_such_a_column_is_warned(engine: str, lab: OwnWorld) -> None:
    """And nobody else."""
    warned = await lab.ask(engine, {"metrics": metrics("levels")})
    assert [one["code"] for one in warned["meta"]["warnings"]] == ["VALUES_NULLED"]
    assert "reading.level" in warned["meta"]["warnings"][0]["message"]
    plain = await lab.ask(engine, {"metrics": metrics("readings")})
    assert plain["meta"]["warnings"] == []
