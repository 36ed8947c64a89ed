"""Periods in the zone of the question, against Python's own time zones (semantics rule 12)."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from semantic_layer.errors import ErrorCode
from semantic_layer.serving.answer import ResolvedRange
from tests.serving.conftest import OpenShop
from tests.serving.given import Shop

INSTANT = ("      ordered_at: timestamp\n    watermark", "      ordered_at: timestamptz\n    watermark")
STORED = (
    "      ordered_at: {type: time, finest: hour}",
    "      ordered_at: {type: time, finest: hour, stored_in: UTC}",
)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe")
SPRING, AUTUMN = datetime(2026, 3, 28, 10, tzinfo=UTC), datetime(2026, 10, 24, 10, tzinfo=UTC)
HOURS = 60


def hourly(start: datetime, kind: str) -> str:
    """An order every hour from an instant on, kept as an instant or as wall time in UTC."""
    first = f"{kind} '{start:%Y-%m-%d %H:%M}{'+00' if kind == 'TIMESTAMPTZ' else ''}'"
    return f"""SELECT n AS order_id, 1 AS product_id, 1.00::DECIMAL(12,2) AS amount, 1.0::DOUBLE AS weight,
        {first} + to_hours(n::INT) AS ordered_at FROM range({HOURS}) AS t(n)"""


def counted(start: datetime, zone: str, hours: bool = False) -> list[list[Any]]:
    """Orders per period on the walls of a zone."""
    wall = [(start + timedelta(hours=n)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for n in range(HOURS)]
    if hours:
        return [[at, n] for at, n in sorted(Counter(one.replace(minute=0) for one in wall).items())]
    return [[day, n] for day, n in sorted(Counter(one.date() for one in wall).items())]


def orders(grain: str, zone: str) -> dict[str, Any]:
    return {
        "metrics": [{"name": "order_count"}],
        "by": [{"dimension": "ordered_at", "grain": grain}],
        "timeZone": zone,
    }


@pytest.mark.parametrize("start", [SPRING, AUTUMN], ids=["spring", "autumn"])
@pytest.mark.parametrize(
    ("edit", "kind"), [(INSTANT, "TIMESTAMPTZ"), (STORED, "TIMESTAMP")], ids=["instants", "stored"]
)
async def test_days_have_23_to_25_hours(opened: OpenShop, edit: tuple[str, str], kind: str, start: datetime) -> None:
    shop = opened(edit)
    shop.write("orders", hourly(start, kind))
    for zone in ZONES:
        assert await shop.rows(orders("DAY", zone)) == counted(start, zone), zone
        assert await shop.rows(orders("HOUR", zone)) == counted(start, zone, hours=True), zone


async def test_the_day_that_the_clocks_change(opened: OpenShop) -> None:
    """The table above would agree with itself: 29 March has 23 hours in Berlin, 25 October 25."""
    shop = opened(INSTANT)
    for start, day, hours in ((SPRING, date(2026, 3, 29), 23), (AUTUMN, date(2026, 10, 25), 25)):
        shop.write("orders", hourly(start, "TIMESTAMPTZ"))
        assert [day, hours] in await shop.rows(orders("DAY", "Europe/Berlin"))
        of_the_day = {"dimension": "ordered_at", "op": "EQ", "values": [day.isoformat()]}
        question = {"metrics": [{"name": "order_count"}], "where": of_the_day, "timeZone": "Europe/Berlin"}
        assert await shop.rows(question) == [[hours]]


async def test_a_filter_with_a_zone_of_its_own_is_an_instant(opened: OpenShop) -> None:
    shop = opened(INSTANT)
    shop.write("orders", hourly(SPRING, "TIMESTAMPTZ"))
    noon = {"dimension": "ordered_at", "op": "LT", "values": ["2026-03-28T12:00:00Z"]}
    for zone in ZONES:
        assert await shop.number("order_count", where=noon, timeZone=zone) == 2, zone


async def test_the_last_day_is_the_one_on_the_walls_of_the_zone(opened: OpenShop) -> None:
    """The last order came at 21:00 UTC on 30 March: early on the 31st in Tokyo."""
    shop = opened(INSTANT)
    shop.write("orders", hourly(SPRING, "TIMESTAMPTZ"))
    last = {"dimension": "ordered_at", "last": {"count": 1, "unit": "DAY"}}
    for zone, day, hours in (("UTC", "2026-03-30", 22), ("Asia/Tokyo", "2026-03-31", 7)):
        answer = await shop.ask({"metrics": [{"name": "order_count"}], "where": last, "timeZone": zone})
        end = (date.fromisoformat(day) + timedelta(1)).isoformat()
        assert answer.meta.resolved == (ResolvedRange("ordered_at", day, end),)
        assert answer.rows.to_pylist() == [{"order_count": hours}]


async def test_wall_time_of_no_known_zone_is_never_converted(shop: Shop) -> None:
    refused = await shop.refused(orders("DAY", "Europe/Berlin"))
    assert refused.code is ErrorCode.ZONE_UNKNOWN
    assert "ordered_at" in str(refused) and "Europe/Berlin" in str(refused)


async def test_without_time_there_is_nothing_to_convert(shop: Shop) -> None:
    assert await shop.number("order_count", timeZone="Europe/Berlin") == 4


async def test_dates_are_never_converted(opened: OpenShop) -> None:
    edit = ("      ordered_at: {type: time, finest: hour}", "      ordered_at: {type: time, finest: day}")
    shop = opened(edit)
    assert await shop.rows(orders("DAY", "Pacific/Apia")) == await shop.rows(orders("DAY", "UTC"))
