"""Day rows of use in a real PostgreSQL: replicas add up, and days go by."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg

from semantic_layer.serving.usage import BUCKETS, Usage, UsageKey
from semantic_layer.store.registry_database import RegistryDatabase


def key(days_ago: int = 0, metric: str = "sales", client: str = "dashboard", shape: str = "day") -> UsageKey:
    return UsageKey(_today() - timedelta(days=days_ago), metric, 1, client, "ada", shape)


def _today() -> date:
    return datetime.now(UTC).date()


def usage(calls: int, bucket: int = 3, last_at: float = 1_700_000_000.0) -> Usage:
    return Usage([calls if place == bucket else 0 for place in range(BUCKETS)], last_at)


async def test_replicas_that_write_the_same_rows_add_up(registry: RegistryDatabase) -> None:
    rows = {key(client=f"client {number % 7}", shape=str(number)): usage(1) for number in range(70)}
    others = dict(reversed(rows.items()))
    await asyncio.gather(*(registry.usage.add(one) for one in (rows, others) * 5))
    found = await registry.usage.consumers(["sales"])
    assert [(one.client, one.calls_90_days) for one in found] == [(f"client {number}", 100) for number in range(7)]


async def test_days_versions_speed_and_shapes_of_a_consumer(registry: RegistryDatabase) -> None:
    await registry.usage.add({key(0, shape="month"): usage(2, 3, 1_700_000_100.0), key(29): usage(3, 3)})
    await registry.usage.add({key(30): usage(5, 10), key(89): usage(7, 3), key(90): usage(11, 3)})
    await registry.usage.add({key(0, metric="units"): usage(1)})
    [one] = await registry.usage.consumers(["sales"])
    assert (one.metric, one.version, one.client, one.principal) == ("sales", 1, "dashboard", "ada")
    assert (one.calls_30_days, one.calls_90_days) == (5, 17)
    assert one.last_at == datetime.fromtimestamp(1_700_000_100, UTC)
    assert one.p95_milliseconds == 1024  # 12 of 17 were below 8 ms
    assert one.shapes == ("day", "month")
    assert {found.metric for found in await registry.usage.consumers()} == {"sales", "units"}
    assert await registry.usage.consumers(["nothing"]) == ()


async def test_names_may_hold_any_text(registry: RegistryDatabase) -> None:
    odd = """a "quoted", {braced} \\ 'name' 名"""
    await registry.usage.add({key(client=odd, shape="x, y"): usage(1)})
    [one] = await registry.usage.consumers()
    assert (one.client, one.shapes) == (odd, ("x, y",))


async def test_a_row_has_all_its_buckets(registry_url: str, registry: RegistryDatabase) -> None:
    connection = await asyncpg.connect(registry_url)
    try:
        insert = "INSERT INTO semantic_layer.usage_day VALUES (current_date, 'm', 1, 'c', 'p', 's', '{1}', now())"
        try:
            await connection.execute(insert)
        except asyncpg.CheckViolationError:
            return
    finally:
        await connection.close()
    raise AssertionError("a row of one bucket was taken")
