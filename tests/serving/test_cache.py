"""Results are kept only while something says that they are true (semantics rule 25)."""

import asyncio
from decimal import Decimal

from semantic_layer.access.principal import Principal
from semantic_layer.query.ask_reader import read_ask
from tests.serving.conftest import OpenShop
from tests.serving.given import ORDERS, Shop, cells, more_orders

SALES = {"metrics": [{"name": "sales"}]}
SUM = "SUM("


async def test_a_question_asked_again_is_not_run_again(shop: Shop) -> None:
    first, second = await shop.ask(SALES), await shop.ask(SALES)
    assert cells(first) == cells(second) == [[Decimal("135.00")]]
    assert first.meta == second.meta
    assert shop.engine.count(SUM) == 1


async def test_an_answer_is_given_again_as_it_is_while_its_grounds_stand(shop: Shop) -> None:
    first = await shop.ask(SALES)
    assert await shop.ask(SALES) is first
    shop.write("products", "SELECT 1 AS product_id, 'Renamed' AS brand")
    assert await shop.ask(SALES) is first, "it reads no products"
    shop.write("orders", ORDERS)
    again = await shop.ask(SALES)
    assert again is not first and cells(again) == cells(first) and again.meta != first.meta


async def test_a_changed_file_gives_a_new_number(shop: Shop) -> None:
    assert await shop.number() == Decimal("135.00")
    before = (await shop.ask(SALES)).meta.freshness
    shop.write("orders", more_orders("5, 1, 0.75, 1.0, TIMESTAMP '2026-03-01 12:00'"))
    assert await shop.number() == Decimal("135.75")
    after = (await shop.ask(SALES)).meta.freshness
    assert before[0].change_token != after[0].change_token
    assert (before[0].as_of, after[0].as_of) == ("2026-02-14T23:30:00", "2026-03-01T12:00:00")
    shop.write("orders", ORDERS)
    assert await shop.number() == Decimal("135.00")


async def test_a_change_in_a_joined_file_counts_too(shop: Shop) -> None:
    question = {"metrics": [{"name": "sales"}], "by": [{"dimension": "product.brand"}]}
    assert await shop.rows(question) == [
        ["Other", Decimal("20.25")],
        ["Own", Decimal("14.75")],
        [None, Decimal("100.00")],
    ]
    shop.write("products", "SELECT 1 AS product_id, 'Renamed' AS brand")
    assert await shop.rows(question) == [["Renamed", Decimal("14.75")], [None, Decimal("120.25")]]


async def test_without_a_token_or_a_time_to_live_nothing_is_kept(opened: OpenShop) -> None:
    shop = opened(tells_tokens=False)
    assert await shop.number() == Decimal("135.00")
    shop.write("orders", more_orders("5, 1, 1.00, 1.0, TIMESTAMP '2026-03-01 12:00'"))
    assert await shop.number() == Decimal("136.00")
    assert await shop.number() == Decimal("136.00")
    assert shop.engine.count(SUM) == 3
    meta = (await shop.ask(SALES)).meta
    assert meta.time_to_live is None
    assert [(one.dataset, one.change_token) for one in meta.freshness] == [("orders", None)]


def life(text: str) -> tuple[str, str]:
    return ("    watermark: max(ordered_at)\n", f"    watermark: max(ordered_at)\n    {text}\n")


async def test_a_declared_time_to_live_keeps_results_and_says_so(opened: OpenShop) -> None:
    shop = opened(life("time_to_live: 10 minutes"), tells_tokens=False)
    assert await shop.number() == Decimal("135.00")
    shop.write("orders", more_orders("5, 1, 1.00, 1.0, TIMESTAMP '2026-03-01 12:00'"))
    answer = await shop.ask(SALES)
    assert cells(answer) == [[Decimal("135.00")]], "old for as long as was declared"
    assert answer.meta.time_to_live == 600


async def test_a_kept_result_says_what_is_left_of_its_life(opened: OpenShop) -> None:
    """Whoever keeps the answer for as long as it says must not hold it longer than was declared."""
    shop = opened(life("time_to_live: 10 minutes"), tells_tokens=False)
    await shop.ask(SALES)
    await asyncio.sleep(1.1)
    left = (await shop.ask(SALES)).meta.time_to_live
    assert left is not None and 0 < left < 600


async def test_a_long_life_is_told_too(opened: OpenShop) -> None:
    """A day is as long as a result is kept under a change token, and was taken for one: the age was not shown."""
    shop = opened(life("time_to_live: 2 days"), tells_tokens=False)
    assert (await shop.ask(SALES)).meta.time_to_live == 172_800


async def test_a_time_to_live_ends(opened: OpenShop) -> None:
    shop = opened(life("time_to_live: 1 second"), tells_tokens=False)
    assert await shop.number() == Decimal("135.00")
    shop.write("orders", more_orders("5, 1, 1.00, 1.0, TIMESTAMP '2026-03-01 12:00'"))
    await asyncio.sleep(1.1)
    assert await shop.number() == Decimal("136.00")


async def test_one_dataset_that_nothing_is_known_of_keeps_all_from_being_kept(opened: OpenShop) -> None:
    """Orders may live ten minutes; of products nothing is said."""
    shop = opened(life("time_to_live: 10 minutes"), tells_tokens=False)
    question = {"metrics": [{"name": "sales"}], "by": [{"dimension": "product.brand"}]}
    await shop.ask(question)
    answer = await shop.ask(question)
    assert shop.engine.count(SUM) == 2 and answer.meta.time_to_live is None


async def test_a_declared_change_token_is_asked_of_the_data(opened: OpenShop) -> None:
    shop = opened(life("change_token: count(*)"), tells_tokens=False)
    assert await shop.number() == Decimal("135.00")
    assert await shop.number() == Decimal("135.00")
    assert shop.engine.count(SUM) == 1
    shop.write("orders", ORDERS.replace("10.50", "11.50"))
    assert await shop.number() == Decimal("135.00"), "the declared token did not change"
    shop.write("orders", more_orders("5, 1, 1.00, 1.0, TIMESTAMP '2026-03-01 12:00'"))
    assert await shop.number() == Decimal("136.00")
    [fresh] = (await shop.ask(SALES)).meta.freshness
    assert fresh.change_token == "5"


async def test_what_differs_in_a_value_is_another_question(shop: Shop) -> None:
    def above(amount: object) -> dict[str, object]:
        return {"metrics": [{"name": "orders_above", "parameters": {"floor": amount}}]}

    assert await shop.rows(above(10)) == [[3]]
    assert await shop.rows(above("10.50")) == [[2]]
    assert await shop.rows(above(10)) == [[3]]
    assert await shop.rows({**above(10), "limit": 1}) == [[3]]
    assert shop.engine.count("COUNT(") == 3


async def test_a_new_revision_needs_no_invalidation(shop: Shop) -> None:
    """Words changed, the statement did not: the rows are those kept, the provenance is new."""
    before = await shop.ask(SALES)
    catalog = shop.catalogs.current.catalog
    shop.catalogs.publish(type(catalog)(**{**_sections(catalog), "metrics": _without(catalog.metrics, "visit_count")}))
    after = await shop.ask(SALES)
    assert (before.meta.revision, after.meta.revision) == (1, 2)
    assert cells(before) == cells(after) and shop.engine.count(SUM) == 1


def _sections(catalog: object) -> dict[str, object]:
    return {name: getattr(catalog, name) for name in ("settings", "domains", "sources", "calendars", "datasets")}


def _without(metrics: object, name: str) -> dict[str, object]:
    assert isinstance(metrics, dict)
    return {key: value for key, value in metrics.items() if key != name}


async def test_who_asks_the_same_statement_gets_the_same_rows(shop: Shop) -> None:
    """The key is made after the policy, of the statement itself."""
    for name in ("anna", "bert"):
        assert cells(await shop.answers.answer(read_ask(SALES), Principal(name))) == [[Decimal("135.00")]]
    assert shop.engine.count(SUM) == 1


async def test_data_that_became_another_type_is_read_as_it_is_now(shop: Shop) -> None:
    """Amounts are declared with two decimals and cast line by line: 0.004 is 0.00 in each of ten lines."""
    assert await shop.number() == Decimal("135.00")
    lines = ", ".join(f"({n}, 1, 0.004::DECIMAL(12,4), 1.0::DOUBLE, TIMESTAMP '2026-01-05 09:00')" for n in range(10))
    shop.write("orders", f"SELECT * FROM (VALUES {lines}) AS t(order_id, product_id, amount, weight, ordered_at)")
    assert await shop.number() == Decimal("0.00")
