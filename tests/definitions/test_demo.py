"""The demo's definitions: their names are a contract, and they are complete in both languages."""

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_files
from semantic_layer.definitions.sentence import describe

DEMO = Path(__file__).parents[2] / "schema" / "demo"
METRICS = {
    "sales": "销售额", "units": "销量", "baskets": "交易笔数", "active_households": "活跃客户数",
    "average_basket_value": "客单价", "units_per_basket": "连带率", "discount_rate": "折扣率",
    "private_label_share": "自有品牌占比", "repeat_purchase_rate": "复购率", "new_households": "新客数",
    "sales_ytd": "年累计销售额", "sales_mom_growth": "销售额环比", "active_households_28d": "近28天活跃客户数",
    "sales_share": "销售占比", "median_basket_value": "客单价中位数", "p90_basket_value": "客单价P90",
    "promoted_sales_share": "促销销售占比", "coupon_redemptions": "核券数",
    "redemptions_per_1000_baskets": "千笔核券数", "targeted_households": "触达家庭数",
    "redeeming_households": "核券家庭数", "redemption_rate": "核券率",
}  # fmt: skip
DIMENSIONS = {
    "transactions": {"transaction_date", "store_id", "household_id", "basket_id"},
    "product": {"department", "brand", "product_category", "product_type", "package_size", "manufacturer_id"},
    "household": {
        "income", "age", "household_size", "kids_count", "household_comp", "home_ownership", "marital_status",
    },
    "campaign": {"campaign_id", "campaign_type"},
    "redemptions": {"redemption_date", "household_id"},
}  # fmt: skip


@pytest.fixture(scope="module")
def demo() -> Catalog:
    return read_files([DEMO])


def test_the_names_of_the_contract(demo: Catalog) -> None:
    assert {name: metric.about.label["zh"] for name, metric in demo.metrics.items()} == METRICS
    for dataset, names in DIMENSIONS.items():
        assert names <= set(demo.datasets[dataset].dimensions), dataset
    joins = {"product", "household", "promotions", "product_campaign", "household_campaign"}
    assert set(demo.datasets["transactions"].joins) == joins


def test_every_metric_has_an_owner_and_a_meaning_in_both_languages(demo: Catalog) -> None:
    for metric in demo.metrics.values():
        assert metric.governance.owner and metric.governance.domain and metric.rule.unit, metric.name
        assert metric.about.meaning.keys() == {"en", "zh"} == metric.about.label.keys(), metric.name


def test_every_dimension_and_segment_has_a_label_in_both_languages(demo: Catalog) -> None:
    for dataset in demo.datasets.values():
        for thing in (*dataset.dimensions.values(), *dataset.segments.values()):
            assert thing.label.keys() == {"en", "zh"}, (dataset.name, thing.name)


def test_columns_of_facts_are_declared(demo: Catalog) -> None:
    """Keys, match columns and summed columns: then no number depends on what a source says about a type."""
    for name in ("transactions", "redemptions", "campaign_targets", "coupons", "promotions"):
        dataset = demo.datasets[name]
        used = {*(dataset.key or ()), *(ours for join in dataset.joins.values() for ours, _ in join.match)}
        assert used <= set(dataset.columns), name


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("metric", sorted(METRICS))
def test_the_rule_in_one_sentence(demo: Catalog, metric: str, language: str, snapshot: SnapshotAssertion) -> None:
    assert describe(demo, metric, language) == snapshot
