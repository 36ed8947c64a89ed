"""Deadlines, cancelling and questions at the same time, through the whole pipeline."""

import asyncio
from decimal import Decimal

import pytest

from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answers import Limits
from tests.serving.conftest import OpenShop
from tests.serving.given import ANNA, Shop, cells

SALES = {"metrics": [{"name": "sales"}]}
WHOLE = [[Decimal("135.00")]]


async def warm(shop: Shop) -> asyncio.Event:
    """Columns and freshness known, so that what runs next is the question; it waits for the returned gate."""
    await shop.ask({"metrics": [{"name": "order_count"}]})
    shop.engine.runs.clear()
    shop.engine.started.clear()
    shop.engine.gate = asyncio.Event()
    return shop.engine.gate


async def test_two_at_once_run_once(shop: Shop) -> None:
    gate = await warm(shop)
    one, two = asyncio.create_task(shop.ask(SALES)), asyncio.create_task(shop.ask(SALES))
    await shop.engine.started.wait()
    await asyncio.sleep(0.02)
    gate.set()
    assert cells(await one) == cells(await two) == WHOLE
    assert len(shop.engine.runs) == 1


async def test_one_client_gone_leaves_the_other(shop: Shop) -> None:
    gate = await warm(shop)
    gone, stays = asyncio.create_task(shop.ask(SALES)), asyncio.create_task(shop.ask(SALES))
    await shop.engine.started.wait()
    await asyncio.sleep(0.02)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    gate.set()
    assert cells(await stays) == WHOLE
    assert shop.engine.cancelled == 0


async def test_the_last_client_gone_stops_the_source(shop: Shop) -> None:
    await warm(shop)
    tasks = [asyncio.create_task(shop.ask(SALES)) for _ in range(3)]
    await shop.engine.started.wait()
    await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.02)
    assert shop.engine.cancelled == 1
    shop.engine.gate = None
    assert await shop.rows(SALES) == WHOLE


async def test_a_question_has_a_deadline_and_it_stops_the_source(opened: OpenShop) -> None:
    shop = opened(limits=Limits(seconds=2))
    await warm(shop)
    refused = await shop.refused(SALES)
    assert (refused.code, refused.retryable) == (ErrorCode.DEADLINE_EXCEEDED, True)
    await asyncio.sleep(0.02)
    shop.engine.gate = None
    assert await shop.rows(SALES) == WHOLE


async def test_a_caller_may_ask_for_less_time_and_not_for_more(opened: OpenShop) -> None:
    shop = opened(limits=Limits(seconds=2))
    await warm(shop)
    for timeout in (0.05, 100.0):
        refused = await shop.refused(SALES, timeout=timeout)
        assert refused.code is ErrorCode.DEADLINE_EXCEEDED
        await asyncio.sleep(0.02)


async def test_who_waits_longer_is_not_bound_by_the_deadline_of_another(shop: Shop) -> None:
    gate = await warm(shop)
    hasty = asyncio.create_task(shop.ask(SALES, timeout=0.2))
    await shop.engine.started.wait()
    patient = asyncio.create_task(shop.ask(SALES, timeout=20))
    await asyncio.gather(hasty, return_exceptions=True)
    await asyncio.sleep(0.1)
    gate.set()
    assert cells(await patient) == WHOLE


async def test_a_slow_question_holds_no_other_one_up(shop: Shop) -> None:
    gate = await warm(shop)
    slow = asyncio.create_task(shop.ask(SALES))
    await shop.engine.started.wait()
    shop.engine.gate = None
    assert await shop.number("return_count") == 1
    assert not slow.done()
    gate.set()
    assert cells(await slow) == WHOLE


async def test_more_questions_than_a_source_can_take_are_refused_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semantic_layer.serving.sources.MOST_RUNNING", 1)
    gate = await warm(shop)
    first = asyncio.create_task(shop.ask(SALES))
    await shop.engine.started.wait()
    refused = await shop.refused({"metrics": [{"name": "order_count"}], "by": [{"dimension": "product.brand"}]})
    assert (refused.code, refused.retryable) == (ErrorCode.OVERLOADED, True)
    gate.set()
    assert cells(await first) == WHOLE
    assert await shop.rows(SALES) == WHOLE


async def test_a_question_of_too_many_steps_is_refused_before_it_is_written(shop: Shop) -> None:
    shifts = [{"name": "sales", "alias": f"s{n}", "shift": {"periods": n, "unit": "MONTH"}} for n in range(1, 151)]
    refused = await shop.refused({"metrics": shifts, "by": [{"dimension": "time", "grain": "MONTH"}]})
    assert refused.code is ErrorCode.QUERY_TOO_COMPLEX


async def test_a_long_question_is_compiled_beside_the_others(shop: Shop) -> None:
    """On the event loop it would hold everybody up for as long as it takes."""
    shifts = [
        {"name": "sales", "alias": f"sales_before_{back}", "shift": {"periods": back, "unit": "MONTH"}}
        for back in range(1, 61)
    ]
    by_month = {"by": [{"dimension": "ordered_at", "grain": "MONTH"}]}
    await shop.answers.explain(read_ask({"metrics": shifts[:1], **by_month}), ANNA)
    others = 0

    async def the_others() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    running = asyncio.create_task(the_others())
    await shop.answers.explain(read_ask({"metrics": shifts, **by_month}), ANNA)
    running.cancel()
    assert others > 100
