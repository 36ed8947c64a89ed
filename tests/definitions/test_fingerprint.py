"""A fingerprint changes exactly when a number could: never by names, words, order or spelling."""

import json
from pathlib import Path

import pytest

from semantic_layer.definitions.fingerprint import Fingerprints, dimension_fingerprint, metric_fingerprint
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_files
from tests.definitions.shop import read_parsed, read_shop, shop
from tests.definitions.test_demo import DEMO

GOLDEN = Path(__file__).parent / "fingerprints.json"


def printed(catalog: Catalog) -> dict[str, str]:
    prints = Fingerprints(catalog)
    return {name: prints.metric(name) for name in catalog.metrics}


def changed_by(*edits: tuple[str, str]) -> set[str]:
    """The metrics of the shop whose fingerprint differs after replacing texts in its files."""
    before = printed(read_shop().catalog)
    texts = shop()
    for old, new in edits:
        found = [name for name, text in texts.items() if old in text]
        assert found, old
        texts |= {name: texts[name].replace(old, new) for name in found}
    after = printed(read_parsed(texts).catalog)
    return {name for name in before if after.get(name) != before[name]}


def test_the_fingerprints_of_the_demo_never_change() -> None:
    """They are stored with every version. A new form is a new prefix (`f2:`), beside this one.

    The file was written once; a changed definition of the demo changes its own lines, and nothing else may.
    """
    catalog = read_files([DEMO])
    prints = Fingerprints(catalog)
    paths = [("transactions", "product.brand"), ("transactions", "household_campaign.campaign_type")]
    paths += [
        ("transactions", "transaction_date"),
        ("redemptions", "transaction_date"),
        ("redemptions", "household.age"),
    ]
    found = printed(catalog) | {f"{home}: {path}": prints.dimension(home, path) for home, path in paths}
    assert found == json.loads(GOLDEN.read_text())


SAME = [
    # spelling, order, names
    [
        (
            "is: sum(amount)\n    from: order_lines\n    unit: CNY",
            "unit: CNY\n    from: order_lines\n    is: SUM( (amount) )",
        )
    ],
    [("      refunds:", "      returned:"), ("coalesce(refunds, 0)", "coalesce(returned, 0)")],
    [("big_orders", "huge_orders")],
    [("billing_store:", "paying_store:")],
    [("    match: [product_id, week]", "    match: {week: week, product_id: product_id}")],
    [("values: [big, small]", "values: [small, big]")],
    [("order_lines", "lines_of_orders"), ("table: lines_of_orders", "table: order_lines")],
    # words, people, service
    [("    fill: 0\n", "    fill: 0.00\n    about: {label: {en: Revenue}, format: '0'}\n    governance: {tier: 1}\n")],
    [("    time: order_date\n", "    time: order_date\n    rows: {en: a line}\n    watermark: max(loaded_at)\n")],
    [("        finest: hour\n", "        finest: hour\n        grain: month\n        label: {en: Date}\n")],
    [("        sensitive: personal\n", "")],
    [("connection: LAKE", "connection: POND")],
    # what no metric uses
    [("      department:", "      division:"), ("[department, brand]", "[division, brand]")],
    [("select * from returned where not test", "select *\n      from returned   where not test")],
]


@pytest.mark.parametrize("edits", SAME, ids=lambda edits: edits[0][1].strip()[:40])
def test_what_changes_no_number_changes_no_fingerprint(edits: list[tuple[str, str]]) -> None:
    assert changed_by(*edits) == set()


ALL_OF_REVENUE = {
    "revenue", "big_revenue", "average_order", "net_revenue", "revenue_28d", "revenue_ytd", "revenue_last_year",
    "revenue_opening", "median_order", "revenue_share", "brand_share", "revenue_rank", "promoted_revenue",
}  # fmt: skip
LOYAL = {"loyal_customers", "promoted_revenue"}  # promoted_revenue uses the segment `loyal`, which counts orders
DIFFERENT = [
    ([("is: sum(amount)", "is: avg(amount)")], ALL_OF_REVENUE),
    ([("unit: CNY\n    fill: 0", "unit: CNY\n    fill: 1")], ALL_OF_REVENUE),
    ([("amount: decimal(12,2)", "amount: float")], ALL_OF_REVENUE),
    ([("count(distinct order_id)", "count(order_id)")], {"order_count", "average_order", *LOYAL}),
    ([("where: size = 'big'", "where: size <> 'small'")], {"big_revenue"}),
    ([("amount >= 100", "amount > 100")], {"big_revenue"}),
    ([("values: [Own, Other]", "values: [Own, Other, None]")], {"big_revenue", "revenue_share", "brand_share"}),
    ([("having: order_count >= 5", "having: order_count >= 6")], {"promoted_revenue"}),
    ([("        over: all time\n", "")], {"promoted_revenue"}),
    ([("kind = 'display'", "kind = 'mailer'")], {"promoted_revenue"}),
    ([("match: [product_id, week]", "match: product_id")], {"promoted_revenue"}),
    ([("trailing 28 days", "trailing 27 days")], {"revenue_28d"}),
    ([("take: average", "take: max")], {"revenue_ytd"}),
    ([("ago: 1 year", "ago: 12 months")], {"revenue_last_year"}),
    ([("grains: [month, year]", "grains: [month]")], {"revenue_last_year"}),
    ([("at_level: []", "at_level: [time]")], {"revenue_share"}),
    ([("        ignoring: [product.brand]\n", "")], {"revenue_share"}),
    ([("default: 2\n", "default: 3\n")], {"loyal_customers"}),
    ([("    fill_time: true\n", "")], {"promoted_revenue"}),
    ([("except: [customer_id]", "only: []")], {"promoted_revenue"}),
    ([("across: order_id", "across: customer_id")], {"median_order"}),
    ([("dated_by: min", "dated_by: max")], {"new_customers"}),
    ([("rank_within: [time]", "rank_within: [time]\n    order: ascending")], {"revenue_rank"}),
    ([("select * from returned", "select * from returned_goods")], {"net_revenue"}),
    ([("table: product\n", "table: goods\n")], {"big_revenue", "revenue_share", "brand_share"}),
]


def _short(value: object) -> str:
    """The same in every process, which runs of several processes need."""
    return str(sorted(value) if isinstance(value, set | frozenset) else value)[:50]


@pytest.mark.parametrize(("edits", "expected"), DIFFERENT, ids=_short)
def test_what_changes_a_number_changes_its_fingerprint_and_no_other(
    edits: list[tuple[str, str]], expected: set[str]
) -> None:
    assert changed_by(*edits) == expected


@pytest.mark.parametrize("edit", [("Asia/Shanghai", "UTC"), ("week_start: monday", "week_start: sunday")])
def test_zone_and_week_are_in_every_number(edit: tuple[str, str]) -> None:
    assert changed_by(edit) == set(read_shop().catalog.metrics)


def test_no_cut_at_all_is_not_the_same_as_any_cut() -> None:
    plain = read_shop(new="metrics: {x: {is: revenue}}").catalog
    never = read_shop(new="metrics: {x: {is: revenue, cut_by: {only: []}}}").catalog
    assert metric_fingerprint(plain, "x") != metric_fingerprint(never, "x")


def test_a_unit_that_follows_is_the_same_as_one_that_is_said() -> None:
    follows = read_shop(new="metrics: {x: {is: revenue, ago: 1 day}}").catalog
    said = read_shop(new="metrics: {x: {is: revenue, ago: 1 day, unit: CNY}}").catalog
    assert metric_fingerprint(follows, "x") == metric_fingerprint(said, "x")


def test_a_text_is_not_the_number_that_it_looks_like() -> None:
    text = read_shop(new="metrics: {x: {is: sum(a), from: order_lines, where: \"code = '1'\"}}").catalog
    number = read_shop(new="metrics: {x: {is: sum(a), from: order_lines, where: code = 1}}").catalog
    assert metric_fingerprint(text, "x") != metric_fingerprint(number, "x")


def test_a_dimension_has_the_fingerprint_of_its_path() -> None:
    catalog = read_shop().catalog
    billing = dimension_fingerprint(catalog, "order_lines", "billing_store.region")
    shipping = dimension_fingerprint(catalog, "order_lines", "shipping_store.region")
    assert billing.startswith("f1:") and len(billing) == 67
    assert billing != shipping
    with pytest.raises(KeyError):
        dimension_fingerprint(catalog, "returns", "tag.theme")
