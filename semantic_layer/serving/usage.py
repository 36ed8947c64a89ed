"""Who uses which number: every answered metric is counted in memory, and day rows are written beside the serving path.

Counting costs a look-up in a dict and never waits. What stands in the way of writing (a registry that is down) makes
rows wait, bounded; what no longer fits is counted as lost, and changes no answer.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Protocol

import structlog

from semantic_layer.errors import SemanticLayerError
from semantic_layer.query.ask import AllOf, AnyOf, Ask, DimensionFilter, Filter, LastFilter, MetricFilter, NotThis
from semantic_layer.serving.answer import Answer

WRITE_EVERY = 5.0  # seconds
LAST_WRITE = 2.0  # seconds that the end of the process waits for it
MOST_ROWS_A_DAY = 20_000  # of one process; whatever else comes that day is counted under OTHERS
MOST_WAITING = 40_000  # rows that could not be written yet
LONGEST_SHAPE = 200
OTHERS = "(others)"
BUCKETS = 16  # of milliseconds: below 1, 2, 4 … 16,384, and longer

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Use:
    """One metric of one answer. `shape` says how it was cut and filtered, without any value."""

    metric: str
    version: int
    shape: str


class UsageKey(NamedTuple):
    """What one day row counts."""

    day: date
    metric: str
    version: int
    client: str
    principal: str
    shape: str


@dataclass(slots=True)
class Usage:
    """`buckets[n]` are the calls that took less than 2^n milliseconds, and not less than half of that."""

    buckets: list[int]
    last_at: float  # of the wall clock

    @property
    def calls(self) -> int:
        return sum(self.buckets)


class UsageLog(Protocol):
    """Keeps day rows. Raises REGISTRY_UNAVAILABLE; the same rows may then come again."""

    async def add(self, rows: Mapping[UsageKey, Usage]) -> None: ...


def uses_of(ask: Ask, answer: Answer) -> tuple[Use, ...]:
    """What an answer uses: each metric and version once. A draft is no use: nobody relies on it yet."""
    if answer.meta.draft is not None or not answer.meta.versions:
        return ()
    shape = shape_of(ask)
    return tuple(
        {(one.metric, one.version): Use(one.metric, one.version, shape) for one in answer.meta.versions}.values()
    )


def shape_of(ask: Ask) -> str:
    """`transaction_date:MONTH product.department | product.brand`: the cut, then what is filtered by."""
    cut = " ".join(
        one.dimension if one.grain is None and one.part is None else f"{one.dimension}:{one.grain or one.part}"
        for one in ask.by
    )
    filtered = " ".join(sorted(set(_filtered(ask.where)))) if ask.where is not None else ""
    shape = f"{cut} | {filtered}" if filtered else cut
    return shape if len(shape) <= LONGEST_SHAPE else f"{shape[: LONGEST_SHAPE - 1]}…"


def _filtered(node: Filter) -> list[str]:
    match node:
        case AllOf(nodes) | AnyOf(nodes):
            return [name for inner in nodes for name in _filtered(inner)]
        case NotThis(inner):
            return _filtered(inner)
        case DimensionFilter(dimension) | LastFilter(dimension):
            return [dimension]
        case MetricFilter(metric, per):
            return [f"{metric} per {per}"]
        case _:
            return []


def percentile_95(buckets: Sequence[int]) -> int | None:
    """The milliseconds below which 95 of 100 calls stayed, to the next power of two; None without any call."""
    calls = sum(buckets)
    below = 0
    for place, count in enumerate(buckets):
        below += count
        if count and below * 100 >= calls * 95:
            return 1 << place
    return None


class UsageRecorder:
    """To be used from one event loop. `run` writes until it is cancelled, and once more then."""

    def __init__(
        self,
        usage_log: UsageLog,
        *,
        write_every: float = WRITE_EVERY,
        most_rows_a_day: int = MOST_ROWS_A_DAY,
        most_waiting: int = MOST_WAITING,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._log = usage_log
        self._write_every = write_every
        self._most_rows_a_day = most_rows_a_day
        self._most_waiting = most_waiting
        self._clock = clock
        self._waiting: dict[UsageKey, Usage] = {}
        self._known: set[UsageKey] = set()
        self._today = date.min
        self._tomorrow = 0.0  # of the wall clock
        self.lost = 0  # calls that no row could take

    def record(self, uses: Sequence[Use], client: str, principal: str, milliseconds: float) -> None:
        """Counts what one answer used. Never waits and never raises."""
        now = self._clock()
        if not self._tomorrow - 86_400 <= now < self._tomorrow:
            self._turn_day(now)
        bucket = min(int(milliseconds).bit_length(), BUCKETS - 1)
        for use in uses:
            key = UsageKey(self._today, use.metric, use.version, client, principal, use.shape)
            if key not in self._known:
                if len(self._known) < self._most_rows_a_day:
                    self._known.add(key)
                else:
                    key = UsageKey(self._today, use.metric, use.version, OTHERS, OTHERS, OTHERS)
            row = self._waiting.get(key)
            if row is None:
                if len(self._waiting) >= self._most_waiting:
                    self.lost += 1
                    continue
                row = self._waiting[key] = Usage([0] * BUCKETS, now)
            row.buckets[bucket] += 1
            row.last_at = now

    def _turn_day(self, now: float) -> None:
        self._today = datetime.fromtimestamp(now, UTC).date()
        midnight = datetime.combine(self._today + timedelta(days=1), datetime.min.time(), UTC)
        self._tomorrow = midnight.timestamp()
        self._known.clear()

    async def run(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._write_every)
                await self.write()
        finally:
            await self._write_last()

    async def _write_last(self) -> None:
        try:
            async with asyncio.timeout(LAST_WRITE):
                await self.write()
        except TimeoutError:
            log.warning("usage not recorded", calls=sum(one.calls for one in self._waiting.values()))

    async def write(self) -> None:
        """Hands over what waits. Never raises: what cannot be written waits on."""
        if not self._waiting:
            return
        rows, self._waiting = self._waiting, {}
        try:
            await self._log.add(rows)
        except asyncio.CancelledError:
            self._wait_again(rows)
            raise
        except SemanticLayerError as error:
            self._wait_again(rows)
            log.warning("usage waits", rows=len(self._waiting), lost=self.lost, detail=error.detail)
        except Exception as fault:  # never a reason to end what runs beside it
            self.lost += sum(one.calls for one in rows.values())
            log.error("usage lost", lost=self.lost, exc_info=fault)

    def _wait_again(self, rows: Mapping[UsageKey, Usage]) -> None:
        for key, row in rows.items():
            since = self._waiting.get(key)
            if since is not None:
                since.buckets[:] = [one + other for one, other in zip(since.buckets, row.buckets, strict=True)]
            elif len(self._waiting) < self._most_waiting:
                self._waiting[key] = row
            else:
                self.lost += row.calls
