"""Day rows of use in PostgreSQL: added to by every replica, read by metric."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from semantic_layer.impact.consumers import LONG, SHORT, Consumer
from semantic_layer.serving.usage import BUCKETS, Usage, UsageKey, percentile_95
from semantic_layer.store.connection import registry_errors

MOST_SHAPES = 5

# Rows come in the order of their key, so that replicas that write the same rows wait for one another in a line.
ADD = text("""
INSERT INTO semantic_layer.usage_day AS kept (day, metric, version, client, principal, shape, buckets, last_at)
SELECT day, metric, version, client, principal, shape, buckets::bigint[], to_timestamp(last_at)
FROM unnest(
    cast(:day AS date[]), cast(:metric AS text[]), cast(:version AS integer[]), cast(:client AS text[]),
    cast(:principal AS text[]), cast(:shape AS text[]), cast(:buckets AS text[]),
    cast(:last_at AS double precision[])
) AS added (day, metric, version, client, principal, shape, buckets, last_at)
ON CONFLICT (metric, day, version, client, principal, shape) DO UPDATE SET
    buckets = (
        SELECT array_agg(one + other ORDER BY place)
        FROM unnest(kept.buckets, excluded.buckets) WITH ORDINALITY AS both_rows (one, other, place)
    ),
    last_at = greatest(kept.last_at, excluded.last_at)
""")

SUMS = ", ".join(f"sum(buckets[{place}])::bigint" for place in range(1, BUCKETS + 1))
READ = text(f"""
SELECT metric, version, client, principal, shape, max(last_at) AS last_at, array[{SUMS}] AS buckets,
       coalesce(sum((SELECT sum(calls) FROM unnest(buckets) AS counted (calls)))
                FILTER (WHERE day > today - {SHORT}), 0)::bigint AS recent
FROM semantic_layer.usage_day, (SELECT (now() AT TIME ZONE 'UTC')::date AS today) AS clock
WHERE day > today - {LONG} AND (cast(:metrics AS text[]) IS NULL OR metric = ANY(cast(:metrics AS text[])))
GROUP BY metric, version, client, principal, shape
""")


class PostgresUsage:
    """Implements serving's `UsageLog` and impact's `UsageHistory`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, rows: Mapping[UsageKey, Usage]) -> None:
        ordered = sorted(rows.items())
        columns: dict[str, list[Any]] = {name: [getattr(key, name) for key, _ in ordered] for name in UsageKey._fields}
        columns["buckets"] = ["{" + ",".join(map(str, row.buckets)) + "}" for _, row in ordered]
        columns["last_at"] = [row.last_at for _, row in ordered]
        async with registry_errors(), self._engine.begin() as connection:
            await connection.execute(ADD, columns)

    async def consumers(self, metrics: Collection[str] | None = None) -> tuple[Consumer, ...]:
        wanted = None if metrics is None else list(metrics)
        async with registry_errors(), self._engine.connect() as connection:
            found = (await connection.execute(READ, {"metrics": wanted})).all()
        together: dict[tuple[str, int, str, str], list[Any]] = {}
        for row in found:
            together.setdefault((row.metric, row.version, row.client, row.principal), []).append(row)
        consumers = [_consumer(*key, rows) for key, rows in together.items()]
        return tuple(sorted(consumers, key=lambda one: (one.metric, -one.calls_90_days, one.client, one.principal)))


def _consumer(metric: str, version: int, client: str, principal: str, rows: Iterable[Any]) -> Consumer:
    rows = sorted(rows, key=lambda row: (-sum(row.buckets), row.shape))
    buckets = [sum(row.buckets[place] for row in rows) for place in range(BUCKETS)]
    last: datetime = max(row.last_at for row in rows)
    return Consumer(
        metric,
        version,
        client,
        principal,
        calls_30_days=sum(row.recent for row in rows),
        calls_90_days=sum(buckets),
        last_at=last.astimezone(UTC),
        p95_milliseconds=percentile_95(buckets),
        shapes=tuple(row.shape for row in rows[:MOST_SHAPES]),
    )
