"""Who asks a metric, as rows of a table."""

from collections.abc import Iterable
from datetime import datetime

from semantic_layer.impact.consumers import Consumer

CONSUMER_HEAD = ("metric", "version", "client", "principal", "30 days", "90 days", "last (UTC)", "p95")
Row = tuple[str, ...]


def consumer_rows(consumers: Iterable[Consumer]) -> list[Row]:
    return [
        consumer_row(
            one.metric, one.version, one.client, one.principal, one.calls_30_days, one.calls_90_days, one.last_at,
            one.p95_milliseconds,
        )
        for one in consumers
    ]  # fmt: skip


def consumer_row(
    metric: str, version: int, client: str, principal: str, recent: int, calls: int, last_at: datetime, p95: int | None
) -> Row:
    """As CONSUMER_HEAD has them."""
    speed = "–" if p95 is None else f"< {p95:,} ms"
    return metric, str(version), client, principal, f"{recent:,}", f"{calls:,}", f"{last_at:%Y-%m-%d %H:%M}", speed
