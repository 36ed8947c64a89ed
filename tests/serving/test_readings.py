"""Where a rule can be read in two ways: how docs/semantics.md reads it, on a few rows that can be counted by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.serving.conftest import OpenShop
from tests.serving.given import FILES, Shop, more_orders

MONTHS = {"dimension": "ordered_at", "grain": "MONTH"}
JAN, FEB, MAR, APR = (date(2026, month, 1) for month in (1, 2, 3, 4))
EDITS = (
    ("      weight: {type: float}\n", "      weight: {type: float}\n      product_id: {type: bigint}\n"),
    ("      theme: {}\n", "      theme: {}\n      level: {type: integer}\n"),
    (
        "      brand: {}\n",
        "      brand: {}\n      leading_brand: {of: brand, top: 1, by: sales, others: Rest}\n",
    ),
    (
        "    columns: {return_id: bigint, returned_at: timestamp}\n    dimensions:\n",
        "    columns: {return_id: bigint, returned_at: timestamp, product_id: bigint}\n    dimensions:\n"
        "      product_id: {type: bigint, conforms: orders.product_id}\n",
    ),
    (
        "  old_sales:\n",
        """\
  big_products:
    is: count(*)
    across: product_id
    having: sales > 50
  returns_or_none:
    is: count(*)
    from: returns
    fill: 0
  orders_28d:
    is: order_count
    over: trailing 28 days
  about_orders:
    is: approx_count_distinct(order_id)
    from: orders
  old_sales:
""",
    ),
)


@pytest.fixture
def read(opened: OpenShop) -> Shop:
    """The shop with entities, levels of tags, leading brands and returns by product."""
    shop = opened(*EDITS)
    shop.write(
        "tags", "SELECT * FROM (VALUES (1, 'green', 1), (1, 'new', 2), (2, 'green', 2)) AS t(product_id, theme, level)"
    )
    shop.write("returns", f"SELECT *, 1 AS product_id FROM ({FILES['returns']})")
    return shop


def metrics(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names]


def compare(name: str, op: str, *values: Any) -> dict[str, Any]:
    return {"dimension": name, "op": op, "values": list(values)}


# --- rule 17: no entity that passes is 0, and null is no entity ------------------------------------------------------


async def test_a_key_with_rows_and_no_entity_that_passes_counts_0(read: Shop) -> None:
    read.write("orders", more_orders("5, NULL, 99.00, 1.0, TIMESTAMP '2026-03-01 12:00'"))
    assert await read.rows({"metrics": metrics("big_products", "sales"), "by": [MONTHS]}) == [
        [JAN, 0, Decimal("30.75")],
        [FEB, 1, Decimal("104.25")],
        [MAR, 0, Decimal("99.00")],  # sold, but of no product
    ]


# --- rule 6: conditions on one path speak of one member --------------------------------------------------------------


async def test_conditions_on_one_path_speak_of_one_and_the_same_member(read: Shop) -> None:
    """Product 1 is green, and has a tag of level 2, which is another one."""
    green, level = compare("tag.theme", "EQ", "green"), compare("tag.level", "EQ", 2)
    assert await read.number(where={"and": [green, level]}) == Decimal("20.25")
    assert await read.number(where=green) == await read.number(where=level) == Decimal("35.00")
    by_theme = {"metrics": metrics("sales"), "by": [{"dimension": "tag.theme"}], "where": level}
    assert await read.rows(by_theme) == [["green", Decimal("20.25")], ["new", Decimal("14.75")]]


# --- rule 19: leading members ----------------------------------------------------------------------------------------


async def test_leaders_are_chosen_by_the_questions_filters_but_not_by_their_own(read: Shop) -> None:
    """In all, Other leads with 20.25; in February there is only Own. The order of nobody's product stays null."""
    by_leader = {"metrics": metrics("sales"), "by": [{"dimension": "product.leading_brand"}]}
    whole = [["Other", Decimal("20.25")], ["Rest", Decimal("14.75")], [None, Decimal("100.00")]]
    assert await read.rows(by_leader) == whole
    february = compare("ordered_at", "GTE", "2026-02-01")
    assert await read.rows({**by_leader, "where": february}) == [["Own", Decimal("4.25")], [None, Decimal("100.00")]]
    rest = compare("product.leading_brand", "EQ", "Rest")
    assert await read.rows({**by_leader, "where": rest}) == [whole[1]]


# --- rule 20: entities without rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "op", "values", "sales"),
    [
        ("return_count", "GTE", [1], "14.75"),
        ("return_count", "LT", [1], None),
        ("return_count", "IS_NULL", None, "120.25"),
        ("returns_or_none", "LT", [1], "120.25"),
        ("returns_or_none", "EQ", [0], "120.25"),
        ("returns_or_none", "IS_NULL", None, None),
    ],
)
async def test_an_entity_without_rows_is_null_or_what_the_metric_fills(
    read: Shop, metric: str, op: str, values: list[int] | None, sales: str | None
) -> None:
    node: dict[str, Any] = {"metric": metric, "per": "product_id", "over": "ALL_TIME", "op": op}
    found = await read.number(where=node if values is None else node | {"values": values})
    assert found == (None if sales is None else Decimal(sales))


# --- rule 15: where windows end and begin ----------------------------------------------------------------------------


async def test_a_period_after_the_data_ends_at_its_own_end(read: Shop) -> None:
    """January is told for its 31st, February for the 14th, when the data ends, March and April for their last days."""
    until_april = compare("ordered_at", "IN_RANGE", "2026-01-01", "2026-05-01")
    question = {"metrics": metrics("sales_28d", "orders_28d"), "by": [MONTHS], "where": until_april}
    assert await read.rows(question) == [
        [JAN, Decimal("30.75"), 2],
        [FEB, Decimal("124.50"), 3],
        [MAR, None, 0],
        [APR, None, 0],
    ]


async def test_a_window_without_time_ends_inside_of_its_range(read: Shop) -> None:
    def of(*range_: dict[str, Any]) -> dict[str, Any]:
        return {"metrics": metrics("sales_28d", "orders_28d"), "where": {"and": list(range_)}}

    start, end = (compare("ordered_at", op, day) for op, day in (("GTE", "2026-01-01"), ("LT", "2026-02-01")))
    assert await read.rows({"metrics": metrics("sales_28d")}) == [[Decimal("124.50")]]
    assert await read.rows(of(start, end)) == [[Decimal("30.75"), 2]]
    assert await read.rows(of(compare("ordered_at", "LT", "2026-12-01"))) == [[Decimal("124.50"), 3]]
    assert await read.rows(of(compare("ordered_at", "GTE", "2026-03-01"))) == [[None, 0]]


# --- rule 14: shifts add no periods ----------------------------------------------------------------------------------


async def test_a_shift_without_a_range_shows_periods_with_rows_of_now(read: Shop) -> None:
    before = {"name": "sales", "alias": "before", "shift": {"periods": 1, "unit": "MONTH"}}
    assert await read.rows({"metrics": [before], "by": [MONTHS]}) == [[FEB, Decimal("30.75")]]
    closed = compare("ordered_at", "IN_RANGE", "2026-02-01", "2026-05-01")
    question = {"metrics": [before, {"name": "sales"}], "by": [MONTHS], "where": closed}
    assert await read.rows(question) == [
        [FEB, Decimal("30.75"), Decimal("104.25")],
        [MAR, Decimal("104.25"), None],
    ]


# --- rule 10: estimates ----------------------------------------------------------------------------------------------


async def test_an_estimate_says_so(read: Shop) -> None:
    assert [one.code for one in (await read.ask({"metrics": metrics("about_orders")})).meta.warnings] == ["APPROXIMATE"]
    assert (await read.ask({"metrics": metrics("order_count")})).meta.warnings == ()


async def test_of_one_key_twice_the_first_direction_decides(shop: Shop) -> None:
    once = {
        "metrics": [{"name": "sales"}],
        "by": [{"dimension": "product.brand"}],
        "orderBy": [{"key": "product.brand"}],
    }
    twice = {**once, "orderBy": [*once["orderBy"], {"key": "product.brand", "descending": True}]}
    assert await shop.rows(twice) == await shop.rows(once)
