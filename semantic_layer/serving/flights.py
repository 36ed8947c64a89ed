"""Results kept for as long as they are true, and one run for questions asked at the same time (single flight)."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

import pyarrow as pa
from cachetools import TLRUCache

Tables = list[pa.Table]


@dataclass(frozen=True, slots=True)
class Result:
    """`until` is the moment (of the monotonic clock) up to which it is kept: the past when it is not."""

    tables: Tables
    until: float = -math.inf


@dataclass(slots=True)
class _Flight:
    task: "asyncio.Task[Tables]"
    waiting: int = 0


class Flights:
    """`key` says everything that the result depends on: source, texts, typed values and the data's change tokens.

    The run ends when nobody waits for it any more.
    """

    def __init__(self, most_bytes: int = 256 * 1024 * 1024) -> None:
        self._kept: TLRUCache[Hashable, Result] = TLRUCache(
            most_bytes, ttu=lambda _key, kept, _now: kept.until, timer=time.monotonic, getsizeof=_size
        )
        self._flights: dict[Hashable, _Flight] = {}

    async def result(self, key: Hashable, seconds: float, run: Callable[[], Awaitable[Tables]]) -> Result:
        """The result of `run`, kept for `seconds`; at 0 nothing says how long it is true: neither kept nor shared."""
        if seconds <= 0:
            return Result(await run())
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        result = Result(await self._shared(key, run), time.monotonic() + seconds)
        if _size(result) <= self._kept.maxsize:
            self._kept[key] = result
        return result

    async def _shared(self, key: Hashable, run: Callable[[], Awaitable[Tables]]) -> Tables:
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.ensure_future(run()))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0:
                # who comes from now on gets a run of their own, also while this one is still being stopped
                self._flights.pop(key, None)
                flight.task.cancel()


def _size(kept: Result) -> int:
    return 1024 + sum(table.nbytes for table in kept.tables)
