"""Counting use: by whom, of what, how fast; bounded, never in the way of an answer, and what is lost is told."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.usage import (
    OTHERS,
    Usage,
    UsageKey,
    UsageRecorder,
    Use,
    percentile_95,
    shape_of,
    uses_of,
)
from tests.serving.given import Shop

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
SALES = Use("sales", 1, "ordered_at:MONTH")


class Kept:
    """A log in memory; `down` makes it refuse as a registry that is down does."""

    def __init__(self) -> None:
        self.rows: dict[UsageKey, int] = {}
        self.down = False
        self.fault: Exception | None = None

    async def add(self, rows: Mapping[UsageKey, Usage]) -> None:
        if self.down:
            raise refuse(ErrorCode.REGISTRY_UNAVAILABLE, "The registry does not answer.")
        if self.fault is not None:
            raise self.fault
        for key, usage in rows.items():
            self.rows[key] = self.rows.get(key, 0) + usage.calls


def recorder(kept: Kept, **more: Any) -> UsageRecorder:
    return UsageRecorder(kept, **({"clock": lambda: NOON} | more))


async def test_calls_of_one_kind_are_one_row() -> None:
    kept = Kept()
    one = recorder(kept)
    for _ in range(3):
        one.record([SALES], "dashboard", "ada", 12.0)
    one.record([SALES, Use("units", 2, "")], "dashboard", "bob", 12.0)
    await one.write()
    day = date(2026, 11, 24)
    assert kept.rows == {
        UsageKey(day, "sales", 1, "dashboard", "ada", SALES.shape): 3,
        UsageKey(day, "sales", 1, "dashboard", "bob", SALES.shape): 1,
        UsageKey(day, "units", 2, "dashboard", "bob", ""): 1,
    }
    await one.write()
    assert sum(kept.rows.values()) == 5  # nothing is written twice


async def test_a_call_counts_for_the_day_it_came_on() -> None:
    kept = Kept()
    now = [datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC).timestamp()]
    one = recorder(kept, clock=lambda: now[0])
    one.record([SALES], "c", "ada", 1.0)
    now[0] += 2
    one.record([SALES], "c", "ada", 1.0)
    now[0] -= 2  # a clock that is set back
    one.record([SALES], "c", "ada", 1.0)
    await one.write()
    assert {key.day.isoformat(): calls for key, calls in kept.rows.items()} == {"2026-11-24": 2, "2026-11-25": 1}


async def test_many_kinds_of_calls_make_few_rows_and_lose_no_call() -> None:
    """Whoever sends a new name each time cannot fill the table."""
    kept = Kept()
    one = recorder(kept, most_rows_a_day=10)
    for number in range(100):
        one.record([SALES], f"client {number}", "ada", 1.0)
        await one.write()
    assert len(kept.rows) == 11
    assert sum(kept.rows.values()) == 100
    assert kept.rows[UsageKey(date(2026, 11, 24), "sales", 1, OTHERS, OTHERS, OTHERS)] == 90
    assert one.lost == 0


async def test_a_registry_that_is_down_loses_nothing_that_fits_and_counts_the_rest() -> None:
    kept = Kept()
    kept.down = True
    one = recorder(kept, most_waiting=2)
    for name in ("a", "b", "c", "a"):
        one.record([SALES], name, "ada", 1.0)
        await one.write()
    assert (one.lost, kept.rows) == (1, {})
    kept.down = False
    await one.write()
    assert sorted((key.client, calls) for key, calls in kept.rows.items()) == [("a", 2), ("b", 1)]


async def test_a_fault_of_the_log_is_counted_and_ends_nothing() -> None:
    kept = Kept()
    kept.fault = RuntimeError("a bug")
    one = recorder(kept)
    one.record([SALES], "c", "ada", 1.0)
    await one.write()
    kept.fault = None
    one.record([SALES], "c", "ada", 1.0)
    await one.write()
    assert (one.lost, sum(kept.rows.values())) == (1, 1)


async def test_what_waits_at_the_end_is_written() -> None:
    kept = Kept()
    one = recorder(kept, write_every=3600.0)
    running = asyncio.create_task(one.run())
    await asyncio.sleep(0)
    one.record([SALES], "c", "ada", 1.0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sum(kept.rows.values()) == 1


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [([], None), ([0.2], 1), ([1.0], 2), ([3.9], 4), ([100.0] * 95 + [9_000.0] * 5, 128),
     ([100.0] * 94 + [9_000.0] * 6, 16384), ([10.0**9], 32768)],
)  # fmt: skip
async def test_the_95th_percentile_is_the_next_power_of_two(milliseconds: list[float], expected: int | None) -> None:
    found: list[Usage] = []

    class Log:
        async def add(self, rows: Mapping[UsageKey, Usage]) -> None:
            found.extend(rows.values())

    one = UsageRecorder(Log(), clock=lambda: NOON)
    for each in milliseconds:
        one.record([SALES], "c", "ada", each)
    await one.write()
    assert percentile_95(found[0].buckets if found else []) == expected


@pytest.mark.parametrize(
    ("question", "shape"),
    [
        ({"metrics": [{"name": "sales"}]}, ""),
        ({"by": [{"dimension": "ordered_at", "grain": "MONTH"}, {"dimension": "ordered_at", "part": "DAY_OF_WEEK"}]},
         "ordered_at:MONTH ordered_at:DAY_OF_WEEK"),
        ({"by": [{"dimension": "product.brand"}], "where": {"and": [
            {"dimension": "store", "op": "EQ", "values": ["secret"]},
            {"not": {"or": [{"dimension": "store", "op": "IS_NULL"},
                            {"dimension": "day", "last": {"count": 2, "unit": "DAY"}}]}},
            {"metric": "sales", "per": "order_id", "over": "ALL_TIME", "op": "GT", "values": [3]}]}},
         "product.brand | day sales per order_id store"),
    ],
)  # fmt: skip
def test_the_shape_of_a_question_holds_names_and_no_values(question: dict[str, Any], shape: str) -> None:
    assert shape_of(read_ask(question)) == shape


def test_a_long_shape_is_cut() -> None:
    question = {"by": [{"dimension": f"dimension_{number}"} for number in range(40)]}
    assert len(shape_of(read_ask(question))) == 200


async def test_an_answer_uses_each_metric_and_version_once(shop: Shop) -> None:
    question = {"metrics": [{"name": "sales"}, {"name": "sales", "alias": "again"}, {"name": "order_count"}]}
    answer = await shop.ask(question)
    assert uses_of(read_ask(question), answer) == (Use("sales", 1, ""), Use("order_count", 1, ""))
    assert uses_of(read_ask({"by": []}), await shop.ask({"by": [{"dimension": "product.brand"}]})) == ()
