"""What every plan keeps, whatever is asked: nothing read twice or for nothing, every name in its place."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from semantic_layer.definitions.model import Table
from semantic_layer.definitions.types import BIGINT, DATE, FLOAT, INTEGER, TEXT, decimal
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.plan.build import Plans
from semantic_layer.plan.nodes import Block, DatasetRows, Plan
from semantic_layer.plan.printing import printed
from tests.plan.demo import QUESTIONS, Question, by, demo_with, demo_world, metric, months, plans, world_of
from tests.plan.random_questions import questions
from tests.plan.reading import every_block, every_plan, fields_from_nowhere, idle_joins, relations, scans

TABLES = {dataset.relation.name for dataset in demo_world().current.catalog.datasets.values()}  # type: ignore[union-attr]
# What only the plan sees; every other refusal of a well-formed question is the binder's.
REFUSED = {"SHIFT_NEEDS_RANGE", "TIME_FILTER_MIXED", "WINDOW_NEEDS_TIME", "SHIFT_GRAIN", "NOT_SUPPORTED"}


def check(plan: Plan) -> None:
    """What holds for every plan."""
    names = [step.name for step in plan.steps]
    assert len(set(names)) == len(names)
    assert not set(names) & TABLES and not set(names) & set(demo_world().current.catalog.datasets)
    assert fields_from_nowhere(plan) == []
    assert idle_joins(plan) == []
    outputs = [column.name for column in plan.final.columns]
    assert [column.output for column in plan.columns] == outputs and len(set(outputs)) == len(outputs)
    assert [column.type for column in plan.columns] == [column.type for column in plan.final.columns]
    read = {one.dataset for block in every_block(plan) for one in relations(block) if isinstance(one, DatasetRows)}
    assert read == {one.dataset for one in plan.datasets}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_any_plan_is_whole(question: Question) -> None:
    try:
        found = plans(question)
    except SemanticLayerError as refusal:
        assert {issue.code.value for issue in refusal.issues} <= REFUSED, refusal
        return
    for plan in every_plan(found):
        check(plan)
        assert printed(plan)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_plans_of_the_demo_are_whole(question: str) -> None:
    for plan in every_plan(plans(QUESTIONS[question])):
        check(plan)


@pytest.mark.parametrize("question", QUESTIONS)
def test_rows_are_read_once_for_each_set_of_filters_and_keys(question: str) -> None:
    for plan in every_plan(plans(QUESTIONS[question])):
        assert len(set(scans(plan))) == len(scans(plan))


def test_metrics_of_the_same_rows_share_one_reading() -> None:
    asked = ("sales", "baskets", "units", "average_basket_value", "discount_rate", "units_per_basket")
    plan = plans({"metrics": [metric(name) for name in asked], "by": [months()]}).rows
    [step] = plan.steps
    assert [column.name for column in step.block.columns] == [
        "transaction_date",
        "sales",
        "baskets",
        "units",
        "discounts",
    ]


def test_a_question_asked_twice_gives_the_same_plan() -> None:
    for question in QUESTIONS.values():
        assert plans(question) == plans(question)


def test_what_is_selected_beside_a_metric_does_not_change_its_rows() -> None:
    """Selection invariance: the step of a metric is the same alone and in company."""
    alone = plans({"metrics": [metric("coupon_redemptions")], "by": [months()]}).rows.steps
    together = plans({"metrics": [metric("sales"), metric("coupon_redemptions")], "by": [months()]}).rows.steps
    assert set(alone) <= set(together)


# --- joins -----------------------------------------------------------------------------------------------------------


def joined(plan: Plan) -> list[str]:
    return [
        joined.relation.dataset
        for block in every_block(plan)
        for joined in block.joins
        if isinstance(joined.relation, DatasetRows)
    ]


@pytest.mark.parametrize(
    ("question", "datasets"),
    [
        ({"metrics": [metric("sales")], "by": [by("store_id"), months()]}, []),
        ({"metrics": [metric("sales")], "by": [by("product.brand"), by("product.department")]}, ["product"]),
        ({"metrics": [metric("sales")], "by": [by("product.brand"), by("household.age")]}, ["product", "household"]),
        ({"by": [by("product.brand")]}, []),
        (
            {"metrics": [metric("sales")], "where": {"dimension": "household.age", "op": "IS_NULL"}},
            ["household"],
        ),
    ],
    ids=["own dimensions", "one join for two", "two", "members themselves", "only filtered"],
)
def test_only_what_a_column_needs_is_joined(question: Question, datasets: list[str]) -> None:
    assert joined(plans(question).rows) == datasets


def test_each_join_to_one_row_is_to_be_proved() -> None:
    plan = plans({"metrics": [metric("sales")], "by": [by("product.brand"), by("household.age")]}).rows
    assert [(check.join, check.dataset, check.columns) for check in plan.checks] == [
        ("transactions.product", "product", ("product_id",)),
        ("transactions.household", "household", ("household_id",)),
    ]
    assert plans({"metrics": [metric("sales")]}).rows.checks == ()


# --- names -----------------------------------------------------------------------------------------------------------


def step_names(found: Plans) -> list[str]:
    return [step.name for step in found.rows.steps]


def test_steps_are_named_after_metrics() -> None:
    assert step_names(plans({"metrics": [metric("private_label_share")]})) == ["private", "sales", "combined"]
    assert step_names(plans({"metrics": [metric("baskets", alias="b")]})) == ["baskets"]
    assert step_names(plans({"metrics": [metric("median_basket_value")]})) == [
        "sales_per_basket_id",
        "median_basket_value",
    ]
    growth = step_names(plans({"metrics": [metric("sales_mom_growth")], "by": [months()]}))
    assert growth == ["sales", "transaction_date_periods", "before", "combined"]


def test_a_step_never_hides_a_table() -> None:
    """`coupon_redemptions` is a metric and a table: a step of that name would read itself."""
    names = step_names(plans({"metrics": [metric("coupon_redemptions")]}))
    assert names == ["coupon_redemptions_2"]


def test_a_metric_named_like_a_table_of_another_case_or_schema() -> None:
    catalog = demo_with(products="sales", campaign="sales")
    datasets = dict(catalog.datasets)
    datasets["product"] = replace(datasets["product"], relation=Table("Retail.PRODUCTS"))
    world = world_of(replace(catalog, datasets=datasets))
    [step] = plans({"metrics": [metric("products")]}, world).rows.steps
    assert step.name not in ("products", "PRODUCTS") and step.name.startswith("products")
    [step] = plans({"metrics": [metric("campaign")]}, world).rows.steps
    assert step.name == "campaign_2"


def test_columns_that_differ_in_case_only_stay_apart() -> None:
    """PostgreSQL and DuckDB would both take them for one, unless they are quoted."""
    asked = {
        "metrics": [metric("sales", alias="Sales"), metric("units", alias="SALES")],
        "by": [by("store_id", alias="sales")],
    }
    plan = plans(asked).rows
    assert [column.name for column in plan.columns] == ["sales", "Sales", "SALES"]
    outputs = [column.output.lower() for column in plan.columns]
    assert len(set(outputs)) == 3


def test_names_are_short_enough_for_every_engine() -> None:
    long = "a" * 63
    asked = {
        "metrics": [metric("sales", alias=long), metric("units", alias="b" * 63)],
        "by": [by("product_campaign.campaign_type", alias="a" * 62)],
    }
    for plan in every_plan(plans(asked)):
        check(plan)
        assert [column.name for column in plan.columns] == ["a" * 62, long, "b" * 63]
        assert all(len(column.output) <= 63 for column in plan.columns)


# --- types and order -------------------------------------------------------------------------------------------------


def test_columns_have_the_types_of_rule_8() -> None:
    asked = (
        "sales",
        "units",
        "baskets",
        "average_basket_value",
        "sales_ytd",
        "active_households_28d",
        "new_households",
    )
    plan = plans(
        {
            "metrics": [metric(name) for name in asked],
            "by": [months(), by("product.department"), by("product.manufacturer_id")],
        }
    ).rows
    assert [column.type for column in plan.columns] == [
        DATE, TEXT, INTEGER, decimal(38, 2), BIGINT, INTEGER, FLOAT, decimal(38, 2), INTEGER, INTEGER,
    ]  # fmt: skip


def test_order_is_total() -> None:
    question: Question = {
        "metrics": [metric("sales")],
        "by": [months(), by("product.department")],
        "orderBy": [{"key": "product.department", "descending": True}],
    }
    text = printed(plans(question).rows)
    assert text.endswith(
        "order by sales.product_department descending\n  order by sales.transaction_date\n  at most 10001 rows"
    )


def test_one_row_more_than_the_limit_is_read_and_totals_have_none() -> None:
    question: Question = {
        "metrics": [metric("sales")],
        "by": [by("product.department")],
        "limit": 7,
        "offset": 3,
        "totals": [[]],
        "having": {"key": "sales", "op": "GT", "values": [1]},
    }
    found = plans(question)
    assert (found.rows.final.limit, found.rows.final.offset) == (8, 3) and found.rows.final.where
    [total] = found.totals
    assert (total.final.limit, total.final.offset, total.final.where) == (None, 0, ())


# --- refusals that only the plan sees --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"metrics": [metric("sales", shift={"periods": 1, "unit": "YEAR"})]}, ErrorCode.SHIFT_NEEDS_RANGE),
        (
            {
                "metrics": [metric("sales_ytd")],
                "by": [months()],
                "where": {
                    "or": [
                        {"dimension": "transaction_date", "op": "GTE", "values": ["2017-03-01"]},
                        {"dimension": "product.department", "op": "EQ", "values": ["MEAT"]},
                    ]
                },
            },
            ErrorCode.TIME_FILTER_MIXED,
        ),
        (
            {
                "metrics": [metric("sales_ytd")],
                "where": {"dimension": "transaction_date", "part": "DAY_OF_WEEK", "op": "EQ", "values": [1]},
            },
            ErrorCode.WINDOW_NEEDS_TIME,
        ),
        (
            {
                "metrics": [metric("sales_ytd")],
                "by": [by("transaction_date", grain="WEEK", alias="week"), months()],
            },
            ErrorCode.SHIFT_GRAIN,
        ),
        ({"metrics": [metric("sales")], "by": [months()], "timeZone": "Europe/Berlin"}, ErrorCode.ZONE_UNKNOWN),
    ],
    ids=["a shift of nothing", "time or something else", "a weekday without days", "weeks and months", "no zone"],
)
def test_a_question_that_nothing_can_compute(question: Question, code: ErrorCode) -> None:
    with pytest.raises(SemanticLayerError) as caught:
        plans(question)
    assert caught.value.code is code


def test_a_question_of_too_many_steps_is_refused_before_it_is_written() -> None:
    """Text and planning grow with steps times columns: one such question would hold up all others."""
    shifts = [metric("sales", alias=f"m{n}", shift={"periods": n, "unit": "MONTH"}) for n in range(1, 201)]
    with pytest.raises(SemanticLayerError) as caught:
        plans({"metrics": shifts, "by": [months()]})
    assert caught.value.code is ErrorCode.QUERY_TOO_COMPLEX
    assert plans({"metrics": shifts[:30], "by": [months()]}).rows.steps


def test_filters_by_one_metric_share_one_step() -> None:
    """Two hundred limits of one value are one join."""
    limits = [
        {"metric": "sales", "per": "household_id", "over": "ALL_TIME", "op": "GT", "values": [n]} for n in range(200)
    ]
    plan = plans({"metrics": [metric("baskets")], "where": {"and": limits}}).rows
    assert len(plan.steps) == 3 and sum(len(block.joins) for block in every_block(plan)) == 1


def test_a_block_is_a_value() -> None:
    """Plans are compared, cached and printed: nothing in them is shared and changed."""
    plan = plans(QUESTIONS["two_facts"]).rows
    assert isinstance(plan.final, Block)
    with pytest.raises(AttributeError):
        plan.final.limit = 3  # type: ignore[misc]
