"""How long something takes: many small measurements taken in turns, their median and their spread.

What is compared takes turns, so that a machine that is busy for a while slows all of it alike.
"""

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

WARM = 3


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds: the median, and the quartiles around it."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(seconds: Sequence[float]) -> "Spread":
        if len(seconds) < 2:
            return Spread(seconds[0], seconds[0], seconds[0])
        low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
        return Spread(median, low, high)

    def __str__(self) -> str:
        return f"{shown(self.median)} ({shown(self.low)} to {shown(self.high)})"


@dataclass(frozen=True, slots=True)
class Cost:
    """By the clock, and in CPU of all threads: the second moves less when others use the machine too."""

    wall: Spread
    cpu: Spread

    @staticmethod
    def of(rounds: Sequence[tuple[float, float]]) -> "Cost":
        return Cost(Spread.of([wall for wall, _ in rounds]), Spread.of([cpu for _, cpu in rounds]))


def shown(seconds: float) -> str:
    """In the unit in which it reads best, with three figures."""
    for factor, unit in ((1e6, "µs"), (1e3, "ms")):
        if seconds * factor < 1_000:
            return f"{_figures(seconds * factor)} {unit}"
    return f"{_figures(seconds)} s"


def times(one: float, other: float) -> str:
    """`1.3x`, `24x`: how many times the other."""
    return f"{_figures(one / other)}x"


def _figures(value: float) -> str:
    return f"{value:,.{max(0, 2 - len(str(int(value))) + 1) if value < 100 else 0}f}"


async def in_turns(calls: Mapping[str, Callable[[int], Awaitable[object]]], rounds: int) -> dict[str, Cost]:
    """Each call gets a number that no call got before, so that it may ask something new each time."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for place in range(-WARM, rounds):
        for name, call in calls.items():
            began, used = time.perf_counter(), time.process_time()
            await call(place + WARM)
            if place >= 0:
                taken[name].append((time.perf_counter() - began, time.process_time() - used))
    return {name: Cost.of(seconds) for name, seconds in taken.items()}


def repeated(call: Callable[[], object], rounds: int) -> Cost:
    """What is done again and again by itself."""
    taken = []
    for place in range(-1, rounds):
        began, used = time.perf_counter(), time.process_time()
        call()
        if place >= 0:
            taken.append((time.perf_counter() - began, time.process_time() - used))
    return Cost.of(taken)
