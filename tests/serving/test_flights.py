"""Single flight: who asks the same at the same time waits for one run, and it ends with the last who waits."""

import asyncio
from collections.abc import Awaitable, Callable

import pyarrow as pa
import pytest

from semantic_layer.serving.flights import Flights, Result, Tables

TABLES: Tables = [pa.table({"n": [1, 2, 3]})]


class Run:
    """A run that waits until it is told to go on, and counts how often it began and was cancelled."""

    def __init__(self, result: Tables = TABLES) -> None:
        self.result = result
        self.go = asyncio.Event()
        self.began = 0
        self.cancelled = 0
        self.ending = 0.0
        self.failure: Exception | None = None

    async def __call__(self) -> Tables:
        self.began += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            await asyncio.sleep(self.ending)
            raise
        if self.failure is not None:
            raise self.failure
        return self.result


async def settled(condition: Callable[[], bool]) -> None:
    """Gives other tasks turns until something holds."""
    for _ in range(100):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never held")


def asked(flights: Flights, run: Run, key: str = "k", seconds: float = 60) -> "asyncio.Task[Tables]":
    return asyncio.create_task(_awaited(flights.result(key, seconds, run)))


async def _awaited(result: Awaitable[Result]) -> Tables:
    return (await result).tables


async def test_two_at_once_run_once() -> None:
    flights, run = Flights(), Run()
    one, two = asked(flights, run), asked(flights, run)
    await settled(lambda: run.began == 1)
    run.go.set()
    assert await one is await two is TABLES
    assert run.began == 1
    assert (await flights.result("k", 60, run)).tables is TABLES and run.began == 1


async def test_other_keys_fly_apart() -> None:
    flights, run, other = Flights(), Run(), Run([])
    one, two = asked(flights, run), asked(flights, other, "other")
    await settled(lambda: run.began + other.began == 2)
    run.go.set()
    other.go.set()
    assert await one is TABLES and await two == []


async def test_who_gives_up_leaves_the_others() -> None:
    flights, run = Flights(), Run()
    one, two = asked(flights, run), asked(flights, run)
    await settled(lambda: run.began == 1)
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    assert run.cancelled == 0
    run.go.set()
    assert await two is TABLES


async def test_the_run_ends_when_nobody_waits() -> None:
    flights, run = Flights(), Run()
    one, two = asked(flights, run), asked(flights, run)
    await settled(lambda: run.began == 1)
    for waiter in (one, two):
        waiter.cancel()
    await asyncio.gather(one, two, return_exceptions=True)
    await settled(lambda: run.cancelled == 1)
    await asyncio.sleep(0.01)
    run.go.set()
    assert (await flights.result("k", 60, run)).tables is TABLES
    assert run.began == 2, "nothing of the cancelled run was kept"


async def test_a_failure_is_told_to_all_and_not_kept() -> None:
    flights, run = Flights(), Run()
    run.failure = ValueError("no")
    run.go.set()
    found = await asyncio.gather(asked(flights, run), asked(flights, run), return_exceptions=True)
    assert [str(one) for one in found] == ["no", "no"]
    assert run.began == 1
    run.failure = None
    assert (await flights.result("k", 60, run)).tables is TABLES and run.began == 2


async def test_what_nothing_vouches_for_is_neither_kept_nor_shared() -> None:
    """Two at once may see two states of the data."""
    flights, run = Flights(), Run()
    one, two = asked(flights, run, seconds=0), asked(flights, run, seconds=0)
    await settled(lambda: run.began == 2)
    run.go.set()
    await asyncio.gather(one, two)
    await flights.result("k", 0, run)
    assert run.began == 3


async def test_a_result_ends_with_its_time() -> None:
    flights, run = Flights(), Run()
    run.go.set()
    await flights.result("k", 0.5, run)
    await flights.result("k", 0.5, run)
    assert run.began == 1
    await asyncio.sleep(0.55)
    await flights.result("k", 0.5, run)
    assert run.began == 2


async def test_memory_is_bounded_and_the_oldest_goes() -> None:
    large = [pa.table({"n": pa.array(range(10_000), pa.int64())})]  # 80 kB
    flights = Flights(most_bytes=200_000)
    runs = {key: Run(large) for key in "abc"}
    for key, run in runs.items():
        run.go.set()
        await flights.result(key, 60, run)
    for key, run in reversed(runs.items()):
        await flights.result(key, 60, run)
    assert [run.began for run in runs.values()] == [2, 1, 1]


async def test_a_result_larger_than_the_memory_is_given_and_not_kept() -> None:
    large = [pa.table({"n": pa.array(range(10_000), pa.int64())})]
    flights, run = Flights(most_bytes=10_000), Run(large)
    run.go.set()
    assert (await flights.result("k", 60, run)).tables is large
    assert (await flights.result("k", 60, run)).tables is large
    assert run.began == 2


async def test_who_comes_while_a_run_is_being_stopped_gets_a_run_of_their_own() -> None:
    """Stopping takes a moment in a source; a question in this moment is a new one, not a cancelled one."""
    flights, run = Flights(), Run()
    run.ending = 0.05
    one = asked(flights, run)
    await settled(lambda: run.began == 1)
    one.cancel()
    await asyncio.gather(one, return_exceptions=True)
    await settled(lambda: run.cancelled == 1)
    run.go.set()
    late = asked(flights, run)
    assert await asyncio.gather(late, return_exceptions=True) == [TABLES]
