"""Questions of the demo that stand for all kinds, and their plans, made without a source."""

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from semantic_layer.access.permit import EVERYTHING, Policy, permit
from semantic_layer.access.principal import ANONYMOUS
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.model import Catalog, Metric, Rule, Table
from semantic_layer.definitions.reader import read_files
from semantic_layer.definitions.types import BIGINT, DATE, FLOAT, TEXT, TIMESTAMP, ColumnType, decimal
from semantic_layer.plan.build import Plans, build
from semantic_layer.plan.draft import RelationKey, SourceColumns
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.query.bind import bind
from semantic_layer.query.bound import BoundQuery
from semantic_layer.query.world import World
from tests.definitions.test_demo import DEMO
from tests.oracle.data import TABLES
from tests.oracle.product import KINDS_FILE
from tests.query.given import published

Question = dict[str, Any]
TYPES: dict[str, ColumnType] = {"bigint": BIGINT, "double precision": FLOAT, "text": TEXT, "timestamp": TIMESTAMP}
# What a folder of Parquet files says of its columns; it keeps none unique.
SCHEMAS: dict[RelationKey, SourceColumns] = {
    ("RETAIL", Table(table)): SourceColumns(
        {name: TYPES[kind] for name, kind in columns.items()}, impossible=dict.fromkeys(columns, False)
    )
    for table, columns in TABLES.items()
}
_TIERS = {"household_id": BIGINT, "since": DATE, "till": DATE, "tier": TEXT}
_BANDS = {"band_income": TEXT, "band_level": TEXT}
_VISITORS = {"household_id": BIGINT, "low_id": BIGINT, "high_id": BIGINT}
_BRANCHES = {"branch_id": BIGINT, "area": BIGINT}
_STOCK = {"store_id": BIGINT, "product_id": BIGINT, "day": DATE, "pieces": decimal(38, 0)}


def metric(name: str, **more: Any) -> Question:
    return {"name": name, **more}


def months(**more: Any) -> Question:
    return {"dimension": "transaction_date", "grain": "MONTH", **more}


def by(name: str, **more: Any) -> Question:
    return {"dimension": name, **more}


def compare(name: str, op: str, *values: Any, **more: Any) -> Question:
    return {"dimension": name, "op": op, "values": list(values), **more}


def between(start: str, end: str, name: str = "transaction_date") -> Question:
    return compare(name, "IN_RANGE", start, end)


QUESTIONS: dict[str, Question] = {
    "one_number": {"metrics": [metric("sales")]},
    "two_cuts": {
        "metrics": [metric("sales"), metric("baskets")],
        "by": [months(), by("product.department")],
        "where": {"and": [compare("product.department", "NE", "FUEL"), between("2017-01-01", "2017-04-01")]},
        "orderBy": [{"key": "sales", "descending": True}],
        "limit": 10,
        "offset": 20,
    },
    "ratio_of_a_filtered_part": {"metrics": [metric("private_label_share")], "by": [by("product.department")]},
    "having_and_totals": {
        "metrics": [metric("sales"), metric("average_basket_value")],
        "by": [by("product.department"), by("product.brand")],
        "having": {"key": "sales", "op": "GT", "values": ["1000.50"]},
        "totals": [["product.department"], []],
    },
    "two_facts": {
        "metrics": [metric("redemptions_per_1000_baskets")],
        "by": [months()],
        "where": between("2017-01-01", "2018-01-01"),
    },
    "per_entity": {"metrics": [metric("median_basket_value"), metric("repeat_purchase_rate")], "by": [months()]},
    "first_event": {
        "metrics": [metric("new_households")],
        "by": [months()],
        "where": {"and": [compare("product.department", "EQ", "MEAT"), between("2017-03-01", "2017-06-01")]},
    },
    "year_to_date": {
        "metrics": [metric("sales_ytd")],
        "by": [months(), by("product.department")],
        "where": between("2017-06-01", "2017-09-01"),
    },
    "trailing_window": {
        "metrics": [metric("active_households_28d")],
        "by": [by("transaction_date", grain="DAY")],
        "where": between("2017-05-01", "2017-05-15"),
    },
    "growth": {"metrics": [metric("sales_mom_growth")], "by": [months(), by("product.department")]},
    "year_before": {
        "metrics": [metric("sales"), metric("sales", alias="sales_ly", shift={"periods": 1, "unit": "YEAR"})],
        "by": [months()],
        "where": between("2017-01-01", "2018-01-01"),
    },
    "share_of_total": {
        "metrics": [metric("sales_share")],
        "by": [months(), by("product.department")],
        "limit": 5,
        "orderBy": [{"key": "sales_share", "descending": True}],
    },
    "existence": {"metrics": [metric("promoted_sales_share")], "by": [by("transaction_date", grain="WEEK")]},
    "bridge": {
        "metrics": [metric("sales"), metric("baskets")],
        "by": [by("product_campaign.campaign_type", alias="campaign_type")],
    },
    "bridge_in_a_filter": {
        "metrics": [metric("sales")],
        "by": [by("product.department")],
        "where": {
            "and": [
                compare("household_campaign.campaign_type", "EQ", "Type A"),
                compare("household_campaign.campaign_id", "LT", 10),
            ]
        },
    },
    "bridge_in_an_or": {
        "metrics": [metric("sales")],
        "where": {
            "or": [
                compare("household_campaign.campaign_type", "EQ", "Type A"),
                compare("product.department", "EQ", "MEAT"),
            ]
        },
    },
    "metric_filter_and_segment": {
        "metrics": [metric("active_households")],
        "by": [by("household.income")],
        "where": {
            "and": [
                {"metric": "sales", "per": "household_id", "over": "ALL_TIME", "op": "GT", "values": [5000]},
                {"segment": "displayed_lines"},
            ]
        },
    },
    "parts_of_dates": {
        "metrics": [metric("sales")],
        "by": [by("transaction_date", part="DAY_OF_WEEK", alias="weekday"), by("transaction_date", grain="HOUR")],
        "where": compare("transaction_date", "GTE", 18, part="HOUR_OF_DAY"),
    },
    "leading_members": {"metrics": [metric("sales")], "by": [by("product.leading_department")]},
    "attribute": {
        "metrics": [metric("active_households")],
        "where": compare("household.lifetime_sales", "GT", "10000"),
    },
    "every_period": {
        "metrics": [metric("coupon_redemptions")],
        "by": [by("transaction_date", grain="DAY"), by("household.income")],
        "where": between("2017-03-01", "2017-04-01"),
        "fillTime": True,
    },
    "members_without_facts": {
        "metrics": [metric("sales")],
        "by": [by("product.department")],
        "where": compare("product.department", "STARTS_WITH", "M"),
        "includeEmpty": True,
    },
    "distinct_members": {"by": [by("product.department"), by("product.brand")], "limit": 3},
}

# Questions to the definitions of tests/golden/kinds, which the demo has no data for.
QUESTIONS_OF_KINDS: dict[str, Question] = {
    "last_recorded_of_each": {
        "metrics": [metric("on_hand_of_stores")],
        "by": [by("day", grain="MONTH"), by("product.department")],
        "where": between("2017-03-01", "2017-06-01", "day"),
    },
    "last_day": {
        "metrics": [metric("closing"), metric("usual_stock")],
        "by": [by("day", grain="MONTH")],
        "where": between("2017-03-01", "2017-06-01", "day"),
    },
    "conversion": {
        "metrics": [metric("baskets_after_coupon")],
        "by": [by("redemption_date", grain="MONTH"), by("campaign.campaign_type")],
    },
    "what_held_at_the_time": {"metrics": [metric("till_sales")], "by": [by("loyalty.tier")]},
    "states_in_a_window": {"metrics": [metric("on_hand_28d")], "by": [by("day", grain="WEEK")]},
}


@cache
def demo_world() -> World:
    """The demo's definitions as revision 1."""
    return World(published(None, read_files([DEMO])), datetime(2018, 1, 1), 10_000, 100_000)


def world_of(catalog: Catalog) -> World:
    return World(published(None, catalog), datetime(2018, 1, 1), 10_000, 100_000)


@cache
def kinds_world() -> World:
    return world_of(read_files([DEMO, KINDS_FILE]))


def demo_with(**metrics: str) -> Catalog:
    """The demo with further metrics, each written as one formula over metrics."""
    catalog = demo_world().current.catalog
    more = {name: Metric(name, Rule(parse_formula(formula))) for name, formula in metrics.items()}
    return replace(catalog, metrics={**catalog.metrics, **more})


def bound(question: Question, world: World | None = None) -> BoundQuery:
    return bind(read_ask(question), world or demo_world())


@cache
def _kinds_schemas() -> dict[RelationKey, SourceColumns]:
    """Those of the demo, and what the sources say of datasets that are made by a SELECT."""
    datasets = kinds_world().current.catalog.datasets
    lines = SCHEMAS["RETAIL", Table("transactions")].types
    types = {
        "shelf": _STOCK,
        "loyalty": _TIERS,
        "till_line": lines,
        "band": _BANDS,
        "visitor": _VISITORS,
        "branch": _BRANCHES,
    }
    return SCHEMAS | {
        ("RETAIL", datasets[name].relation): SourceColumns(one, impossible=dict.fromkeys(one, False))
        for name, one in types.items()
    }


def plans_of_kinds(question: Question) -> Plans:
    return build(permit(bound(question, kinds_world()), ANONYMOUS, EVERYTHING), _kinds_schemas())


def plans(question: Question, world: World | None = None, policy: Policy = EVERYTHING) -> Plans:
    return build(permit(bound(question, world), ANONYMOUS, policy), SCHEMAS)
