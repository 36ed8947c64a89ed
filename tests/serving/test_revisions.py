"""Which rule answers: pins, earlier registries, revisions that are awaited, and what the caller relies on."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from semantic_layer.api.json_values import encoded_rows
from semantic_layer.errors import ErrorCode
from semantic_layer.serving.answers import Limits
from tests.serving.conftest import OpenShop
from tests.serving.given import FIRST_MOMENT, Shop, cells
from tests.serving.given import shop as read_shop

SALES = {"metrics": [{"name": "sales"}]}
WITHOUT_SMALL = ("is: sum(amount)\n    from: orders", "is: sum(amount)\n    from: orders\n    where: amount > 5")


def published_again(shop: Shop) -> None:
    """Revision 2: sales of lines above 5 only."""
    shop.catalogs.publish(read_shop(WITHOUT_SMALL))


async def test_old_and_new_rule_in_one_question(shop: Shop) -> None:
    published_again(shop)
    answer = await shop.ask({"metrics": [{"name": "sales"}, {"name": "sales", "alias": "before", "version": 1}]})
    assert cells(answer) == [[Decimal("130.75"), Decimal("135.00")]]
    now, before = answer.meta.versions
    assert (now.version, before.version) == (2, 1) and now.fingerprint != before.fingerprint
    assert answer.meta.revision == 2


async def test_a_metric_above_a_changed_one_changes_and_can_be_pinned(shop: Shop) -> None:
    published_again(shop)
    question = {"metrics": [{"name": "average_order"}, {"name": "average_order", "alias": "v1", "version": 1}]}
    assert await shop.rows(question) == [[130.75 / 4, 135.0 / 4]]


async def test_a_pinned_answer_stays_byte_for_byte_the_same(shop: Shop) -> None:
    """Ten more edits of the metric, of its dataset, its join, its dimension and its words."""
    pinned = {
        "metrics": [{"name": "sales", "version": 1}, {"name": "average_order", "version": 1, "alias": "mean"}],
        "by": [{"dimension": "product.brand"}, {"dimension": "ordered_at", "grain": "MONTH"}],
        "totals": [[]],
    }
    edits = [
        ("is: sum(amount)", "is: max(amount)"),
        ("is: sales / order_count", "is: sales / order_count * 100"),
        ("      amount: decimal(12,2)", "      amount: decimal(12,0)"),
        ("many_to_one, match: product_id}", "many_to_one, match: {order_id: product_id}}"),
        ("      brand: {}", '      brand: {sql: "lower(brand)"}'),
        ("    unit: EUR", "    unit: EUR\n    fill: 0"),
        ("  languages: [en]", "  languages: [en]\n  week_start: sunday"),
        ("is: sum(amount)", "is: sum(weight)"),
        ("    table: orders\n", "    sql: select * from orders where amount < 50\n"),
        ("finest: hour}", 'finest: hour, sql: "ordered_at + interval 1 month"}'),
    ]

    async def asked() -> tuple[bytes, object]:
        answer = await shop.ask(pinned)
        every = [(answer.columns, answer.rows), *((totals.columns, totals.rows) for totals in answer.totals)]
        rows = orjson.dumps([encoded_rows(columns, table) for columns, table in every])
        return rows, (answer.columns, answer.meta.versions, answer.meta.sql)

    before = await asked()
    assert b"14.75" not in before[0] and b'"10.50"' in before[0]
    for edit in edits:
        shop.catalogs.publish(read_shop(edit))
        assert await asked() == before, edit
    assert shop.catalogs.current.revision == 11
    assert len(shop.catalogs.current.versions["sales"]) > 5


async def test_a_pin_keeps_the_time_zone_of_its_catalog(shop: Shop) -> None:
    pinned = {"metrics": [{"name": "sales", "version": 1}], "by": [{"dimension": "ordered_at", "grain": "DAY"}]}
    before = await shop.rows(pinned)
    shop.catalogs.publish(read_shop(("  languages: [en]", "  languages: [en]\n  time_zone: Asia/Shanghai")))
    assert await shop.rows(pinned) == before


async def test_a_pin_of_the_version_in_force_survives_the_next_one(shop: Shop) -> None:
    published_again(shop)
    pinned = {"metrics": [{"name": "sales", "version": 2}]}
    assert await shop.rows(pinned) == [[Decimal("130.75")]]
    shop.catalogs.publish(read_shop())
    assert await shop.rows(pinned) == [[Decimal("130.75")]]
    assert await shop.rows(SALES) == [[Decimal("135.00")]]
    assert shop.catalogs.current.versions["sales"][-1].number == 3


async def test_a_removed_metric_is_asked_of_an_earlier_registry(shop: Shop) -> None:
    shop.catalogs.publish(
        read_shop(("  old_sales:\n    is: sales\n    deprecated: {ends: 2027-01-01, use: [sales]}\n", ""))
    )
    old = {"metrics": [{"name": "old_sales"}]}
    assert (await shop.refused(old)).code is ErrorCode.UNKNOWN_METRIC
    answer = await shop.ask({**old, "asOf": {"revision": 1}})
    assert cells(answer) == [[Decimal("135.00")]] and answer.meta.revision == 1


async def test_the_registry_of_a_moment(shop: Shop) -> None:
    """Revision 1 was recorded at one o'clock, revision 2 at two."""
    published_again(shop)

    async def at(hours: float) -> Decimal:
        moment = (FIRST_MOMENT + timedelta(hours=hours)).isoformat()
        [[value]] = await shop.rows({**SALES, "asOf": {"recordedAt": moment}})
        return Decimal(value)

    assert [await at(1), await at(1.5), await at(2), await at(100)] == [
        Decimal("135.00"),
        Decimal("135.00"),
        Decimal("130.75"),
        Decimal("130.75"),
    ]
    before = {**SALES, "asOf": {"recordedAt": FIRST_MOMENT.isoformat()}}
    assert (await shop.refused(before)).code is ErrorCode.UNKNOWN_REVISION
    assert (await shop.refused({**SALES, "asOf": {"revision": 9}})).code is ErrorCode.UNKNOWN_REVISION


async def test_a_pin_inside_of_an_earlier_registry(shop: Shop) -> None:
    """Version 2 did not exist then."""
    published_again(shop)
    pinned = {"metrics": [{"name": "sales", "version": 2}]}
    assert await shop.rows(pinned) == [[Decimal("130.75")]]
    assert (await shop.refused({**pinned, "asOf": {"revision": 1}})).code is ErrorCode.UNKNOWN_VERSION


async def test_a_revision_is_waited_for(shop: Shop) -> None:
    waiting = asyncio.create_task(shop.ask({**SALES, "minRevision": 2}))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    published_again(shop)
    answer = await waiting
    assert answer.meta.revision == 2 and cells(answer) == [[Decimal("130.75")]]


async def test_a_revision_that_does_not_come(opened: OpenShop) -> None:
    shop = opened(limits=Limits(revision_wait=0.05))
    refused = await shop.refused({**SALES, "minRevision": 2})
    assert (refused.code, refused.retryable) == (ErrorCode.REVISION_NOT_LOADED, True)


async def test_a_question_keeps_the_catalog_that_it_began_with(shop: Shop) -> None:
    await shop.ask({"metrics": [{"name": "order_count"}]})
    shop.engine.gate = asyncio.Event()
    shop.engine.started.clear()
    running = asyncio.create_task(shop.ask(SALES))
    await shop.engine.started.wait()
    published_again(shop)
    shop.engine.gate.set()
    answer = await running
    assert answer.meta.revision == 1 and cells(answer) == [[Decimal("135.00")]]
    assert [one.version for one in answer.meta.versions] == [1]


async def test_what_the_caller_relies_on_is_checked_before_anything_is_run(shop: Shop) -> None:
    fingerprint = (await shop.ask(SALES)).meta.versions[0].fingerprint
    relied = {**SALES, "expect": {"revision": 1, "fingerprints": {"sales": fingerprint}}}
    assert await shop.rows(relied) == [[Decimal("135.00")]]
    published_again(shop)
    shop.engine.runs.clear()
    refused = await shop.refused(relied)
    assert [issue.code for issue in refused.issues] == [ErrorCode.EXPECTATION_FAILED] * 2
    assert shop.engine.runs == []
    earlier = {**relied, "asOf": {"revision": 1}}
    assert await shop.rows(earlier) == [[Decimal("135.00")]]


@pytest.mark.parametrize("metric", ["sales", "average_order", "sales_28d"])
async def test_words_make_a_revision_and_no_version(shop: Shop, metric: str) -> None:
    before = shop.catalogs.current.versions[metric]
    shop.catalogs.publish(read_shop(("    unit: EUR", "    unit: EUR\n    about: {label: {en: Money}}")))
    answer = await shop.ask({"metrics": [{"name": metric}]})
    assert answer.meta.revision == 2 and shop.catalogs.current.versions[metric] == before
    if metric == "sales":
        assert answer.columns[0].label == "Money"


# --- filters of the question beside a pin ----------------------------------------------------------------------------

SEGMENT = (
    "      tag: {to: tags, kind: one_to_many, match: product_id}\n",
    "      tag: {to: tags, kind: one_to_many, match: product_id}\n"
    "    segments:\n      large: {where: amount > 15}\n      loyal: {members: product_id, having: sales > 50}\n",
)
PRODUCT = ("      weight: {type: float}\n", "      weight: {type: float}\n      product_id: {type: bigint}\n")


@pytest.mark.parametrize("segment", ["large", "loyal"])
async def test_a_segment_beside_a_pin_is_the_one_of_then(opened: OpenShop, segment: str) -> None:
    shop = opened(SEGMENT, PRODUCT)
    pinned = {"metrics": [{"name": "sales", "version": 1}], "where": {"segment": segment}}
    before = await shop.rows(pinned)
    other = (SEGMENT[0], SEGMENT[1].replace("15", "5").replace("50", "10"))
    shop.catalogs.publish(read_shop(other, PRODUCT))
    assert await shop.rows(pinned) == before
    assert await shop.rows({"metrics": [{"name": "sales"}], "where": {"segment": segment}}) != before


async def test_a_filter_by_a_metric_that_came_later_is_refused_for_a_pin(opened: OpenShop) -> None:
    """Version 1 knows nothing of returns by product; the question cannot be bound in its catalog."""
    shop = opened(PRODUCT)
    later = (
        "    columns: {return_id: bigint, returned_at: timestamp}\n    dimensions:\n",
        "    columns: {return_id: bigint, returned_at: timestamp}\n    dimensions:\n"
        "      product_id: {type: bigint, sql: return_id, conforms: orders.product_id}\n",
    )
    shop.catalogs.publish(read_shop(PRODUCT, later))
    node = {"metric": "return_count", "per": "product_id", "over": "ALL_TIME", "op": "GT", "values": [0]}
    assert await shop.rows({"metrics": [{"name": "sales"}], "where": node}) == [[Decimal("14.75")]]
    refused = await shop.refused({"metrics": [{"name": "sales", "version": 1}], "where": node})
    assert refused.code is ErrorCode.UNREACHABLE_DIMENSION


async def test_a_filter_by_a_metric_of_a_dataset_that_came_later(opened: OpenShop) -> None:
    shop = opened(PRODUCT)
    dataset = """\
  complaints:
    source: lake
    table: returns
    key: return_id
    columns: {return_id: bigint}
    dimensions:
      product_id: {type: bigint, sql: return_id, conforms: orders.product_id}
metrics:
  complaint_count:
    is: count(*)
    from: complaints
"""
    shop.catalogs.publish(read_shop(PRODUCT, ("metrics:\n", dataset)))
    node = {"metric": "complaint_count", "per": "product_id", "over": "ALL_TIME", "op": "GT", "values": [0]}
    assert await shop.rows({"metrics": [{"name": "sales"}], "where": node}) == [[Decimal("14.75")]]
    refused = await shop.refused({"metrics": [{"name": "sales", "version": 1}], "where": node})
    assert refused.code is ErrorCode.UNKNOWN_METRIC
