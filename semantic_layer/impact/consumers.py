"""Who relies on a metric, by what was recorded."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

SHORT, LONG = 30, 90  # days


@dataclass(frozen=True, slots=True)
class Consumer:
    """One client's use of one version of a metric in the last 90 days, today included.

    `p95_milliseconds` is the next power of two; `shapes` are the ways in which it was cut and filtered, most asked
    first.
    """

    metric: str
    version: int
    client: str
    principal: str
    calls_30_days: int
    calls_90_days: int
    last_at: datetime
    p95_milliseconds: int | None
    shapes: tuple[str, ...]


class UsageHistory(Protocol):
    async def consumers(self, metrics: Collection[str] | None = None) -> tuple[Consumer, ...]:
        """Those of these metrics, or of all; by metric, then by calls in 90 days, most first.

        Raises REGISTRY_UNAVAILABLE.
        """
        ...
