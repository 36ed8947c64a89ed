"""Result types by rule 8: computed from definitions and declared columns, the same on every engine."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from semantic_layer.definitions.expression import Expr, Name
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    NULL,
    TEXT,
    TIMESTAMP,
    ColumnType,
    decimal,
)
from semantic_layer.query.declared_types import declared_type
from semantic_layer.query.typing import expression_type, literal_type
from tests.query.given import bound, demo_world

COLUMNS: dict[str, ColumnType | None] = {
    "i": INTEGER, "b": BIGINT, "m": decimal(12, 2), "r": decimal(10, 4), "f": FLOAT, "t": TEXT, "yes": BOOLEAN,
    "d": DATE, "at": TIMESTAMP, "unknown": None,
}  # fmt: skip
D = decimal


def type_of_name(name: Name) -> ColumnType | None:
    return COLUMNS[str(name)]


def type_of(formula: str) -> ColumnType | None:
    expr: Expr = parse_formula(formula)
    return expression_type(expr, type_of_name)


TABLE: list[tuple[str, ColumnType | None]] = [
    # counts
    ("count(*)", INTEGER),
    ("count(t)", INTEGER),
    ("count(distinct b)", INTEGER),
    ("count(distinct i, t)", INTEGER),
    ("count_if(yes)", INTEGER),
    ("approx_count_distinct(t)", INTEGER),
    # sums
    ("sum(i)", BIGINT),
    ("sum(b)", BIGINT),
    ("sum(m)", D(38, 2)),
    ("sum(r)", D(38, 4)),
    ("sum(f)", FLOAT),
    ("sum(unknown)", None),
    # averages, quantiles and ratios are floats, whatever goes in
    ("avg(i)", FLOAT),
    ("avg(m)", FLOAT),
    ("median(m)", FLOAT),
    ("percentile(i, 0.9)", FLOAT),
    ("percentile_disc(m, 0.9)", FLOAT),
    ("approx_percentile(m, 0.5)", FLOAT),
    ("i / b", FLOAT),
    ("m / m", FLOAT),
    ("sum(m) / count(*)", FLOAT),
    # minimum and maximum are of the input's type
    ("min(i)", INTEGER),
    ("max(m)", D(12, 2)),
    ("max(t)", TEXT),
    ("min(at)", TIMESTAMP),
    # exact arithmetic stays exact
    ("i + i", BIGINT),
    ("i - b", BIGINT),
    ("i * i", BIGINT),
    ("i % b", BIGINT),
    ("m + r", D(38, 4)),
    ("m - i", D(38, 2)),
    ("m * r", D(38, 6)),
    ("m * i", D(38, 2)),
    ("m * 1.5", D(38, 3)),
    ("sum(m) * sum(r)", D(38, 6)),
    ("-m", D(12, 2)),
    ("abs(m)", D(12, 2)),
    # a float on either side makes a float
    ("m + f", FLOAT),
    ("f * i", FLOAT),
    ("sqrt(i)", FLOAT),
    ("power(i, 2)", FLOAT),
    ("ln(m)", FLOAT),
    # rounding
    ("round(m)", D(38, 0)),
    ("round(r, 2)", D(38, 2)),
    ("round(m, 5)", D(38, 2)),
    ("round(f, 2)", FLOAT),
    ("round(i)", INTEGER),
    ("floor(m)", D(38, 0)),
    ("ceil(f)", FLOAT),
    # what takes the widest of its arguments
    ("coalesce(i, b)", BIGINT),
    ("coalesce(m, 0)", D(38, 2)),
    ("coalesce(m, f)", FLOAT),
    ("coalesce(t, 'none')", TEXT),
    ("greatest(i, m, r)", D(38, 4)),
    ("nullif(i, 0)", INTEGER),
    ("case when yes then i else m end", D(38, 2)),
    ("case when yes then 'a' end", TEXT),
    ("case when yes then null else i end", INTEGER),
    ("case when yes then null end", NULL),
    ("coalesce(i, unknown)", None),
    # conditions and texts
    ("i > 1 and not (t like 'a%')", BOOLEAN),
    ("t in ('a', 'b')", BOOLEAN),
    ("i between 1 and 2", BOOLEAN),
    ("contains(t, 'x')", BOOLEAN),
    ("t || i", TEXT),
    ("upper(t)", TEXT),
    ("length(t)", INTEGER),
    # time
    ("year(d)", INTEGER),
    ("isodow(at)", INTEGER),
    ("date_diff('day', d, at)", INTEGER),
    ("date_trunc('month', d)", DATE),
    ("date_trunc('month', at)", TIMESTAMP),
    ("at + interval 7 days", TIMESTAMP),
    ("cast(t as decimal(10,2))", D(10, 2)),
    ("f::integer", INTEGER),
    ("m + null", D(12, 2)),
]


@pytest.mark.parametrize(("formula", "expected"), TABLE, ids=[formula for formula, _ in TABLE])
def test_the_type_of_an_expression(formula: str, expected: ColumnType | None) -> None:
    assert type_of(formula) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, NULL), (True, BOOLEAN), (0, INTEGER), (2**31 - 1, INTEGER), (2**31, BIGINT), (-(2**31) - 1, BIGINT),
        (2**63, D(38, 0)), (Decimal("1.250"), D(38, 3)), (Decimal("1E+3"), D(38, 0)), (0.5, FLOAT), ("x", TEXT),
        (date(2026, 1, 1), DATE), (datetime(2026, 1, 1), TIMESTAMP),
    ],
)  # fmt: skip
def test_the_type_of_a_constant(value: object, expected: ColumnType) -> None:
    assert literal_type(value) == expected


DEMO = {
    "sales": D(38, 2), "units": BIGINT, "baskets": INTEGER, "active_households": INTEGER,
    "average_basket_value": FLOAT, "units_per_basket": FLOAT, "discount_rate": FLOAT, "private_label_share": FLOAT,
    "repeat_purchase_rate": FLOAT, "new_households": INTEGER, "sales_ytd": D(38, 2), "sales_mom_growth": FLOAT,
    "active_households_28d": INTEGER, "sales_share": FLOAT, "median_basket_value": FLOAT, "p90_basket_value": FLOAT,
    "promoted_sales_share": FLOAT, "coupon_redemptions": INTEGER, "redemptions_per_1000_baskets": FLOAT,
    "targeted_households": INTEGER, "redeeming_households": INTEGER, "redemption_rate": FLOAT,
}  # fmt: skip


def test_every_metric_of_the_demo_has_a_type_without_a_source() -> None:
    """Its columns are declared, so no number depends on what a file says about a type."""
    query = bound({"metrics": [{"name": name} for name in DEMO]}, demo_world())
    assert {column.name: declared_type(column) for column in query.columns} == DEMO


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("revenue", D(38, 2)),  # filled with 0: stays exact
        ("order_count", INTEGER),
        ("average_order", FLOAT),
        ("net_revenue", None),  # the refunds' column is not declared
        ("revenue_28d", D(38, 2)),
        ("revenue_last_year", D(38, 2)),
        ("revenue_opening", D(38, 2)),
        ("customers_ever", INTEGER),
        ("median_order", FLOAT),
        ("loyal_customers", INTEGER),
        ("new_customers", INTEGER),
        ("revenue_share", FLOAT),
        ("revenue_rank", INTEGER),
        ("promoted_revenue", D(38, 2)),
        ("heaviest", FLOAT),
    ],
)
def test_windows_shifts_and_shares_keep_the_type_of_what_they_build_on(
    metric: str, expected: ColumnType | None
) -> None:
    [column] = bound({"metrics": [{"name": metric}]}).columns
    assert declared_type(column) == expected
