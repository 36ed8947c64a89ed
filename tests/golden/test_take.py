"""`take` beside a window: what a month shows of the windows that end on its days, against hand-written SQL.

The demo has no such metric, so these definitions stand beside the demo's.
"""

import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from semantic_layer.access.principal import ANONYMOUS
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.definitions.reader import read_files
from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.engines.opening import open_engine
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answers import Answers, Limits
from tests.oracle.data import ROOT
from tests.oracle.databases import Oracle

TAKES = ("first", "average", "min", "max")
METRIC = """
  active_{take}:
    is: active_households
    over: trailing 28 days
    take: {take}
    about:
      label: {{en: Active {take}, zh: 活跃 {take}}}
      meaning: {{en: Households of 28 days, zh: 近28天家庭}}
    governance: {{domain: grocery, owner: grocery_lead}}
  active_{take}_before:
    is: active_{take}
    ago: 1 month
    about:
      label: {{en: Active {take} before, zh: 上月活跃 {take}}}
      meaning: {{en: The month before, zh: 上月}}
    governance: {{domain: grocery, owner: grocery_lead}}
"""
MONTHS = [{"dimension": "transaction_date", "grain": "MONTH"}]

# One row per recorded day with the households of that day and the 27 before it, then what each month takes of it.
DAYS = """
    with d as (select day from calendar
               where day >= (select min(day) from lines) and day <= (select max(day) from lines)),
         w as (select d.day, count(distinct l.household_id) as n
               from d left join lines l on l.day <= d.day and l.day > d.day - 28 group by 1),
         m as (select cast(date_trunc('month', day) as date) as month, w.* from w)"""
TAKEN = {
    "first": "max(case when day = month then n end)",
    "average": "avg(cast(n as double precision))",
    "min": "min(n)",
    "max": "max(n)",
}


@pytest.fixture
async def answers(engine: str, source_urls: dict[str, str], tmp_path: Path) -> AsyncIterator[Answers]:
    extra = tmp_path / "take.yaml"
    extra.write_text("metrics:" + "".join(METRIC.format(take=take) for take in TAKES), "utf-8")
    catalog = read_files([*sorted((ROOT / "schema" / "demo").glob("*.yaml")), extra])
    source = open_engine(source_urls[engine])
    yield Answers(draft_catalogs(catalog), {"RETAIL": source}, DuckDBCombiner(), Limits(seconds=120))
    await source.close()


async def rows(answers: Answers, question: dict[str, Any]) -> list[tuple[Any, ...]]:
    table = (await answers.answer(read_ask(question), ANONYMOUS)).rows
    return [tuple(row.values()) for row in table.to_pylist()]


def assert_same(got: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]]) -> None:
    assert wanted and [row[0] for row in got] == [row[0] for row in wanted]
    for (month, cell), (_, truth) in zip(got, wanted, strict=True):
        assert math.isclose(cell, truth, rel_tol=1e-9), f"{month}: {cell}, the oracle says {truth}"


@pytest.mark.parametrize("take", TAKES)
async def test_what_a_month_takes(take: str, answers: Answers, oracle: Oracle) -> None:
    truth = sorted(oracle.rows(f"{DAYS} select month, {TAKEN[take]} from m group by 1"))
    assert_same(await rows(answers, {"metrics": [{"name": f"active_{take}"}], "by": MONTHS}), truth)


@pytest.mark.parametrize("take", TAKES)
async def test_what_the_month_before_takes(take: str, answers: Answers, oracle: Oracle) -> None:
    """Inside a shift the days stay days: taking the months that the shift reads for days shows one day of each."""
    truth = sorted(
        oracle.rows(
            f"""{DAYS} select cast(month + interval '1 month' as date), {TAKEN[take]} from m
            where month >= date '2017-02-01' and month < date '2017-05-01' group by 1"""
        )
    )
    window = {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-03-01", "2017-06-01"]}
    question = {"metrics": [{"name": f"active_{take}_before"}], "by": MONTHS, "where": window}
    assert_same(await rows(answers, question), truth)
