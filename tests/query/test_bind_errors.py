"""Every way in which binding says no: the code, the path that leads to the mistake, near names, and the words."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.query.ask import Ask, AskMetric, KeyFilter, LastFilter, SegmentFilter
from semantic_layer.query.bind import bind
from tests.query.given import bound, demo_world, issues, world

Path = tuple[str | int, ...]
REVENUE = {"name": "revenue"}
POSTAGE = {"name": "postage"}
UNITS = "SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER, HALF_YEAR, YEAR"
OPERATORS = (
    "EQ, NE, IN, NOT_IN, GT, GTE, LT, LTE, IN_RANGE, IS_NULL, IS_NOT_NULL, IS_DISTINCT_FROM, CONTAINS, STARTS_WITH,"
    " ENDS_WITH"
)
REACHED = (
    "order_date, order_id, customer_id, size, product.department, product.brand, product.leading_brand,"
    " product.lifetime_revenue, billing_store.region, shipping_store.region, tag.theme"
)


@dataclass(frozen=True)
class Mistake:
    """A question with one mistake in it, and how that is told."""

    name: str
    question: dict[str, Any]
    code: str
    path: Path
    message: str
    near: tuple[str, ...] = ()


def by(*dimensions: dict[str, Any], metric: dict[str, Any] = REVENUE) -> dict[str, Any]:
    return {"metrics": [metric], "by": list(dimensions)}


def metrics(*asked: dict[str, Any]) -> dict[str, Any]:
    return {"metrics": list(asked)}


def where(node: dict[str, Any], metric: dict[str, Any] = REVENUE) -> dict[str, Any]:
    return {"metrics": [metric], "where": node}


def compares(dimension: str, op: str, *values: Any, **more: Any) -> dict[str, Any]:
    return {"dimension": dimension, "op": op, "values": list(values), **more}


def having(op: str, *values: Any, key: str = "revenue") -> dict[str, Any]:
    return {"metrics": [REVENUE], "having": {"key": key, "op": op, "values": list(values)}}


def per(metric: str = "revenue", entity: str = "customer_id", over: str = "RANGE", op: str = "GT") -> dict[str, Any]:
    return where({"metric": metric, "per": entity, "over": over, "op": op, "values": [1]})


def last(dimension: str = "order_date", count: int = 3, unit: str = "DAY", **more: Any) -> dict[str, Any]:
    return {"dimension": dimension, "last": {"count": count, "unit": unit, **more}}


NAMES = [
    Mistake("nothing asked", {}, "EMPTY_QUESTION", (), "ask for at least one metric or one dimension"),
    Mistake(
        "a language without labels",
        {"metrics": [REVENUE], "language": "fr"},
        "UNKNOWN_LANGUAGE",
        ("language",),
        "no labels in language fr; there are en",
        ("en",),
    ),
    Mistake(
        "a metric misspelled",
        metrics(REVENUE | {"alias": "a"}, {"name": "revenu"}),
        "UNKNOWN_METRIC",
        ("metrics", 1, "name"),
        "no metric revenu; did you mean revenue or big_revenue or net_revenue?",
        ("revenue", "big_revenue", "net_revenue"),
    ),
    Mistake("nothing near", metrics({"name": "xyzzy"}), "UNKNOWN_METRIC", ("metrics", 0, "name"), "no metric xyzzy"),
    Mistake(
        "a version that never was",
        metrics(REVENUE | {"version": 7}),
        "UNKNOWN_VERSION",
        ("metrics", 0, "version"),
        "revenue has no version 7; it has 1, 2",
        ("1", "2"),
    ),
    Mistake(
        "a parameter misspelled",
        metrics({"name": "loyal_customers", "parameters": {"at_lest": 3}}),
        "UNKNOWN_PARAMETER",
        ("metrics", 0, "parameters", "at_lest"),
        "loyal_customers has no parameter at_lest; did you mean at_least?",
        ("at_least",),
    ),
    Mistake(
        "a parameter below its least value",
        metrics({"name": "loyal_customers", "parameters": {"at_least": 0}}),
        "BAD_VALUE",
        ("metrics", 0, "parameters", "at_least"),
        "parameter at_least: at least 1, got 0",
    ),
    Mistake(
        "a parameter of another type",
        metrics({"name": "loyal_customers", "parameters": {"at_least": True}}),
        "BAD_VALUE",
        ("metrics", 0, "parameters", "at_least"),
        "parameter at_least: expected a whole number, got true",
    ),
    Mistake(
        "a dimension misspelled",
        by({"dimension": "product.departmant"}),
        "UNKNOWN_DIMENSION",
        ("by", 0, "dimension"),
        "no dimension product.departmant; did you mean product.department or",
        ("product.department", "product.brand", "product.leading_brand"),
    ),
    Mistake(
        "a dimension of another dataset",
        by({"dimension": "carrier"}),
        "UNREACHABLE_DIMENSION",
        ("by", 0, "dimension"),
        f"revenue cannot reach carrier; it reaches {REACHED}",
    ),
    Mistake(
        "a dimension that one of two facts reaches",
        by({"dimension": "product.brand"}, {"dimension": "size"}, metric={"name": "net_revenue"}),
        "UNREACHABLE_DIMENSION",
        ("by", 1, "dimension"),
        "net_revenue cannot reach size; it reaches returned_on, order_date, product.department",
    ),
    Mistake(
        "two ways to a dimension",
        by({"dimension": "store.region"}),
        "AMBIGUOUS_PATH",
        ("by", 0, "dimension"),
        "store.region can be billing_store.region or shipping_store.region; say which",
        ("billing_store.region", "shipping_store.region"),
    ),
    Mistake(
        "one metric twice",
        metrics(REVENUE, REVENUE),
        "DUPLICATE_COLUMN",
        ("metrics", 1),
        "two columns would be named revenue; give one an alias",
    ),
    Mistake(
        "an alias that is taken",
        by({"dimension": "size", "alias": "revenue"}),
        "DUPLICATE_COLUMN",
        ("metrics", 0),
        "two columns would be named revenue",
    ),
    Mistake(
        "an order key that is no column",
        {"metrics": [REVENUE], "orderBy": [{"key": "revenue"}, {"key": "revenu"}]},
        "UNKNOWN_KEY",
        ("orderBy", 1, "key"),
        "no column revenu in this answer; there are revenue",
        ("revenue",),
    ),
    Mistake(
        "totals of what was not asked",
        {"metrics": [REVENUE], "by": [{"dimension": "size"}], "totals": [[], ["size", "sizes"]]},
        "UNKNOWN_KEY",
        ("totals", 1, 1),
        "totals keep dimensions of the question; sizes is none of size",
        ("size",),
    ),
    Mistake(
        "totals without a metric",
        {"by": [{"dimension": "size"}], "totals": [[]]},
        "EMPTY_QUESTION",
        ("totals",),
        "totals need a metric",
    ),
    Mistake(
        "members of nothing",
        {"by": [{"dimension": "siz"}]},
        "UNKNOWN_DIMENSION",
        ("by", 0, "dimension"),
        "no dimension siz; did you mean size",
        ("size", "shipping_store.region"),
    ),
    Mistake(
        "a limit above the maximum",
        {"metrics": [REVENUE], "limit": 5_001},
        "LIMIT_TOO_LARGE",
        ("limit",),
        "limit 5001 is above the maximum of 5000 rows; page with offset",
    ),
]

TIME = [
    Mistake(
        "a grain misspelled",
        by({"dimension": "order_date", "grain": "MONT"}),
        "BAD_GRAIN",
        ("by", 0, "grain"),
        f"MONT is no grain; there are {UNITS}",
        ("MONTH", "MINUTE"),
    ),
    Mistake(
        "a grain of what is no time",
        by({"dimension": "size", "grain": "MONTH"}),
        "BAD_GRAIN",
        ("by", 0, "grain"),
        "size is no time dimension, so it has no grain",
    ),
    Mistake(
        "a grain finer than the records",
        by({"dimension": "order_date", "grain": "MINUTE"}),
        "GRAIN_TOO_FINE",
        ("by", 0, "grain"),
        "order_lines.order_date is recorded by hour; minute is finer",
        ("HOUR",),
    ),
    Mistake(
        "a grain finer than one of two facts records",
        by({"dimension": "time", "grain": "HOUR"}, metric={"name": "net_revenue"}),
        "GRAIN_TOO_FINE",
        ("by", 0, "grain"),
        "returns.returned_on is recorded by day; hour is finer",
        ("DAY",),
    ),
    Mistake(
        "a part misspelled",
        by({"dimension": "order_date", "part": "HOUR"}),
        "BAD_PART",
        ("by", 0, "part"),
        "HOUR is no date part; there are HOUR_OF_DAY, DAY_OF_WEEK,",
        ("HOUR_OF_DAY",),
    ),
    Mistake(
        "a part of what is no time",
        by({"dimension": "size", "part": "DAY_OF_WEEK"}),
        "BAD_PART",
        ("by", 0, "part"),
        "size is no time dimension, so it has no DAY_OF_WEEK",
    ),
    Mistake(
        "the hour of what is recorded by day",
        by({"dimension": "shelved_on", "part": "HOUR_OF_DAY"}, metric=POSTAGE),
        "GRAIN_TOO_FINE",
        ("by", 0, "part"),
        "shelved_on is recorded by day; HOUR_OF_DAY is finer",
    ),
    Mistake(
        "the weekday of what is recorded by month",
        by({"dimension": "billed_in", "part": "DAY_OF_WEEK"}, metric=POSTAGE),
        "GRAIN_TOO_FINE",
        ("by", 0, "part"),
        "billed_in is recorded by month; DAY_OF_WEEK is finer",
    ),
    Mistake(
        "a grain and a part",
        by({"dimension": "order_date", "grain": "DAY", "part": "DAY_OF_WEEK"}),
        "BAD_PART",
        ("by", 0, "part"),
        "a column has a grain or a part, not both",
    ),
    Mistake(
        "periods filled without periods",
        {"metrics": [REVENUE], "by": [{"dimension": "size"}], "fillTime": True},
        "FILL_NEEDS_RANGE",
        ("fillTime",),
        "fillTime needs exactly one time dimension with a grain among the dimensions",
    ),
    Mistake(
        "periods filled without a metric",
        {"by": [{"dimension": "order_date", "grain": "MONTH"}], "fillTime": True},
        "FILL_NEEDS_RANGE",
        ("fillTime",),
        "fillTime fills rows of metrics; without one, the members that exist are listed",
    ),
    Mistake(
        "a unit of a shift misspelled",
        metrics(REVENUE | {"shift": {"periods": 1, "unit": "YEARS"}}),
        "BAD_GRAIN",
        ("metrics", 0, "shift", "unit"),
        f"YEARS is no unit of time; there are {UNITS}",
        ("YEAR", "HALF_YEAR"),
    ),
    Mistake(
        "a month is no number of weeks",
        by(
            {"dimension": "order_date", "grain": "WEEK"},
            metric=REVENUE | {"shift": {"periods": 1, "unit": "MONTH"}},
        ),
        "SHIFT_GRAIN",
        ("metrics", 0),
        "revenue is shifted by 1 month, which is no whole number of weeks",
        ("HOUR", "DAY", "MONTH"),
    ),
    Mistake(
        "a year does not fit into a quarter",
        by({"dimension": "order_date", "grain": "YEAR"}, metric={"name": "revenue_opening"}),
        "SHIFT_GRAIN",
        ("metrics", 0),
        "revenue_opening is the value at the start of a quarter, into which years do not fit",
    ),
    Mistake(
        "a grain that the definition does not allow",
        by({"dimension": "order_date", "grain": "DAY"}, metric={"name": "revenue_last_year"}),
        "BAD_GRAIN",
        ("metrics", 0),
        "revenue_last_year is not asked by day; its grains are MONTH, YEAR",
        ("MONTH", "YEAR"),
    ),
    Mistake(
        "a cut that the definition does not allow",
        by({"dimension": "customer_id"}, metric={"name": "promoted_revenue"}),
        "NOT_CUTTABLE",
        ("metrics", 0),
        "the definition of promoted_revenue does not allow a cut by customer_id",
    ),
    Mistake(
        "a unit of last misspelled",
        where(last(unit="DAYS")),
        "BAD_GRAIN",
        ("where", "last", "unit"),
        f"DAYS is no unit of time; there are {UNITS}",
        ("DAY",),
    ),
    Mistake(
        "an anchor that does not exist",
        where({"and": [last(), last(anchor="TODAY")]}),
        "BAD_FILTER",
        ("where", "and", 1, "last", "anchor"),
        "anchor is DATA or NOW, not TODAY",
    ),
    Mistake(
        "the last days of what is no time",
        where(last("size")),
        "BAD_FILTER",
        ("where", "dimension"),
        "size does not date the rows of every metric asked",
    ),
    Mistake(
        "the last days of a date that does not date the rows",
        where(last("shelved_on"), POSTAGE),
        "BAD_FILTER",
        ("where", "dimension"),
        "shelved_on does not date the rows of every metric asked",
    ),
    Mistake(
        "before the calendar",
        where(last(count=99_999, unit="YEAR")),
        "BAD_VALUE",
        ("where", "last", "count"),
        "the range begins before the calendar does",
    ),
]

FILTERS = [
    Mistake(
        "an unknown dimension of a filter",
        where({"and": [compares("size", "EQ", "big"), compares("product.departmant", "EQ", "x")]}),
        "UNKNOWN_DIMENSION",
        ("where", "and", 1, "dimension"),
        "no dimension product.departmant; did you mean product.department",
        ("product.department", "product.brand", "product.leading_brand"),
    ),
    Mistake(
        "an unknown operator",
        where({"not": compares("size", "EQUALS", "big")}),
        "BAD_OPERATOR",
        ("where", "not", "op"),
        f"EQUALS is no operator; there are {OPERATORS}",
        ("EQ", "NE"),
    ),
    Mistake(
        "an unknown part of a filter",
        where(compares("order_date", "EQ", 1, part="WEEKDAY")),
        "BAD_PART",
        ("where", "part"),
        "WEEKDAY is no date part; there are HOUR_OF_DAY,",
        ("DAY_OF_WEEK", "WEEK_OF_YEAR"),
    ),
    Mistake(
        "an operator for texts on a decimal",
        where(compares("price", "CONTAINS", "1"), POSTAGE),
        "BAD_OPERATOR",
        ("where",),
        "CONTAINS does not fit price (decimal(12,2)); it takes EQ, NE, IN, NOT_IN, GT, GTE, LT, LTE, IN_RANGE,",
    ),
    Mistake(
        "an order of truth values",
        where(compares("fragile", "GT", True), POSTAGE),
        "BAD_OPERATOR",
        ("where",),
        "GT does not fit fragile (boolean); it takes EQ, NE, IN, NOT_IN, IS_NULL, IS_NOT_NULL, IS_DISTINCT_FROM",
    ),
    Mistake(
        "a range of texts",
        where(compares("product.department", "IN_RANGE", "A", "M")),
        "BAD_OPERATOR",
        ("where",),
        "IN_RANGE does not fit product.department (text); it takes EQ, NE, IN, NOT_IN, GT, GTE, LT, LTE, IS_NULL,",
    ),
    Mistake(
        "a pattern on time",
        where(compares("order_date", "CONTAINS", "2026")),
        "BAD_OPERATOR",
        ("where",),
        "CONTAINS does not fit order_date, a time dimension",
    ),
    Mistake(
        "no member of a closed list",
        where(compares("size", "IN", "big", "bigg")),
        "UNKNOWN_MEMBER",
        ("where", "values", 1),
        "'bigg' is no member of size; there are big, small",
        ("big",),
    ),
    Mistake(
        "too few values",
        where(compares("order_date", "IN_RANGE", "2026-01-01")),
        "BAD_VALUE",
        ("where", "values"),
        "IN_RANGE takes two values, from and to, got 1",
    ),
    Mistake(
        "too many values",
        where(compares("size", "EQ", "big", "small")),
        "BAD_VALUE",
        ("where", "values"),
        "EQ takes one value, got 2",
    ),
    Mistake(
        "a name instead of a number",
        where({"not": compares("order_date", "EQ", "MONDAY", part="DAY_OF_WEEK")}),
        "BAD_VALUE",
        ("where", "not", "values", 0),
        "order_date DAY_OF_WEEK: expected a whole number, got 'MONDAY'",
    ),
    Mistake(
        "an unknown period of a metric filter",
        per(over="EVER"),
        "BAD_FILTER",
        ("where", "over"),
        "over is ALL_TIME or RANGE, not EVER",
    ),
    Mistake(
        "an unknown metric of a metric filter",
        per(metric="order_cout"),
        "UNKNOWN_METRIC",
        ("where", "metric"),
        "no metric order_cout; did you mean order_count",
        ("order_count", "parcel_count"),
    ),
    Mistake(
        "a metric of other entities",
        per(metric="postage"),
        "UNREACHABLE_DIMENSION",
        ("where", "per"),
        "postage cannot be computed per customer_id",
    ),
    Mistake(
        "an unknown entity",
        per(entity="customer_i"),
        "UNKNOWN_DIMENSION",
        ("where", "per"),
        "no dimension customer_i; did you mean customer_id?",
        ("customer_id",),
    ),
    Mistake(
        "an unknown operator of a metric filter",
        per(op="GTT"),
        "BAD_OPERATOR",
        ("where", "op"),
        f"GTT is no operator; there are {OPERATORS}",
        ("GT", "GTE", "LT"),
    ),
    Mistake(
        "an unknown segment",
        where({"segment": "big_order"}),
        "UNKNOWN_SEGMENT",
        ("where", "segment"),
        "no segment big_order; did you mean big_orders?",
        ("big_orders",),
    ),
    Mistake(
        "having on what is no column",
        having("GT", 1, key="revenu"),
        "UNKNOWN_KEY",
        ("having", "key"),
        "no column revenu in this answer; there are revenue",
        ("revenue",),
    ),
    Mistake(
        "having with an unknown operator",
        having("OVER", 1),
        "BAD_OPERATOR",
        ("having", "op"),
        f"OVER is no operator; there are {OPERATORS}",
    ),
    Mistake(
        "having with an operator for texts",
        having("CONTAINS", "1"),
        "BAD_OPERATOR",
        ("having",),
        "CONTAINS does not fit revenue (decimal(38,2)); it takes",
    ),
    Mistake(
        "having with a text",
        having("GT", "many"),
        "BAD_VALUE",
        ("having", "values", 0),
        """revenue: expected a number as text ("12.50"), got 'many'""",
    ),
    Mistake(
        "a fingerprint of no column",
        {"metrics": [REVENUE], "expect": {"fingerprints": {"revenu": "f1:1"}}},
        "UNKNOWN_KEY",
        ("expect", "fingerprints", "revenu"),
        "no metric column revenu in this answer; there are revenue",
    ),
    Mistake(
        "another revision",
        {"metrics": [REVENUE], "expect": {"revision": 1}},
        "EXPECTATION_FAILED",
        ("expect", "revision"),
        "expected revision 1, but this answer would be of revision 2",
    ),
    Mistake(
        "another rule",
        {"metrics": [REVENUE], "expect": {"fingerprints": {"revenue": "f1:1"}}},
        "EXPECTATION_FAILED",
        ("expect", "fingerprints", "revenue"),
        "(version 2), not the expected one",
    ),
]


@pytest.mark.parametrize("mistake", [*NAMES, *TIME, *FILTERS], ids=lambda mistake: mistake.name)
def test_a_mistake_is_told_once_with_its_place_and_near_names(mistake: Mistake) -> None:
    [issue] = issues(mistake.question)
    assert (issue.code.value, issue.path, issue.near) == (mistake.code, mistake.path, mistake.near)
    assert mistake.message in issue.message


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (KeyFilter("revenue", "GT", (1,), ("where",)), "`key` stands in `having`; in `where` say `dimension`"),
        (SegmentFilter("big_orders", ("having",)), "in `having` a condition names a column of the answer with `key`"),
    ],
    ids=["key in where", "segment in having"],
)
def test_a_filter_in_the_wrong_place(node: Any, message: str) -> None:
    """The reader lets neither through; a question made in Python may hold both."""
    ask = Ask(metrics=(AskMetric("revenue"),))
    ask = replace(ask, where=node) if node.path == ("where",) else replace(ask, having=node)
    with pytest.raises(SemanticLayerError) as caught:
        bind(ask, world())
    [issue] = caught.value.issues
    assert (issue.code, issue.path, issue.message) == (ErrorCode.BAD_FILTER, node.path, message)


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"limit": 0}, "BAD_LIMIT", ("limit",)),
        ({"offset": -1}, "BAD_LIMIT", ("offset",)),
        ({"offset": 2**63}, "BAD_LIMIT", ("offset",)),
        ({"where": LastFilter("order_date", 0, "DAY")}, "BAD_VALUE", ("last", "count")),
    ],
    ids=["no rows", "before the first row", "after every row", "no days"],
)
def test_numbers_are_checked_without_the_reader_too(change: dict[str, Any], code: str, path: Path) -> None:
    with pytest.raises(SemanticLayerError) as caught:
        bind(Ask(metrics=(AskMetric("revenue"),), **change), world())
    assert [(issue.code.value, issue.path) for issue in caught.value.issues] == [(code, path)]


def test_all_mistakes_come_at_once() -> None:
    found = issues(
        {
            "metrics": [{"name": "revenu"}, {"name": "order_count", "version": 9}, {"name": "customers"}],
            "by": [{"dimension": "siz"}, {"dimension": "order_date", "grain": "MONT"}],
            "where": {
                "and": [
                    {"or": [compares("size", "EQ", "huge"), {"segment": "bigg"}]},
                    {"not": compares("order_date", "GT", "yesterday")},
                ]
            },
            "having": {"key": "customers", "op": "GT", "values": ["x"]},
            "orderBy": [{"key": "nothing"}],
            "totals": [["what"]],
            "limit": 1_000_000,
            "language": "fr",
        }
    )
    assert [issue.code.value for issue in found] == [
        "UNKNOWN_LANGUAGE", "UNKNOWN_METRIC", "UNKNOWN_VERSION", "UNKNOWN_DIMENSION", "BAD_GRAIN", "UNKNOWN_MEMBER",
        "UNKNOWN_SEGMENT", "BAD_VALUE", "UNKNOWN_KEY", "UNKNOWN_KEY", "BAD_VALUE", "LIMIT_TOO_LARGE",
    ]  # fmt: skip


def test_a_column_that_could_not_be_bound_is_still_a_column() -> None:
    """One mistake is told once, not again wherever its column is named."""
    found = issues(
        {
            "metrics": [{"name": "revenu", "alias": "r"}],
            "by": [{"dimension": "siz", "alias": "s"}],
            "having": {"key": "r", "op": "GT", "values": [1]},
            "orderBy": [{"key": "s"}, {"key": "r"}],
            "totals": [["s"]],
        }
    )
    assert [issue.code.value for issue in found] == ["UNKNOWN_METRIC", "UNKNOWN_DIMENSION"]


def test_a_long_list_of_wrong_values_is_cut() -> None:
    values = [f"size {n}" for n in range(500)]
    assert len(issues(where(compares("size", "IN", *values)))) == 100


def test_weeks_and_months_do_not_nest_under_a_shift() -> None:
    asked = by(
        {"dimension": "order_date", "grain": "WEEK", "alias": "week"},
        {"dimension": "order_date", "grain": "MONTH"},
        metric=REVENUE | {"shift": {"periods": 52, "unit": "WEEK"}},
    )
    [issue] = issues(asked)
    assert (issue.code.value, issue.message) == ("SHIFT_GRAIN", "revenue is shifted, and week, month do not nest")


def test_a_to_many_dimension_by_its_dataset_is_not_taken_silently() -> None:
    """A bridge is used only when it is named (rule 6): the message says by which name."""
    [issue] = issues(where(compares("campaign.campaign_type", "EQ", "A"), {"name": "sales"}), demo_world())
    assert issue.code is ErrorCode.AMBIGUOUS_PATH
    assert issue.near == ("product_campaign.campaign_type", "household_campaign.campaign_type")


def test_a_good_question_is_bound() -> None:
    """The table above would pass if everything were refused."""
    assert bound(by({"dimension": "size"}, {"dimension": "order_date", "grain": "MONTH"})).key_names == (
        "size",
        "order_date",
    )


def test_a_segment_of_rows_is_of_its_own_dataset_only() -> None:
    """`exists(promotions)` says nothing about redemptions; it was a fault of the server."""
    both = {"metrics": [{"name": "coupon_redemptions"}, {"name": "sales"}], "where": {"segment": "promoted_lines"}}
    [issue] = issues(both, demo_world())
    assert (issue.code, issue.path) == (ErrorCode.BAD_FILTER, ("where", "segment"))
    assert issue.message == (
        "segment promoted_lines chooses rows of transactions; coupon_redemptions has rows of redemptions"
    )


def test_a_segment_of_dimensions_is_taken_by_rows_that_have_them() -> None:
    both = {"metrics": [{"name": "coupon_redemptions"}, {"name": "sales"}], "where": {"segment": "weekend_lines"}}
    assert bound(both, demo_world()).where


def test_a_segment_of_entities_needs_rows_that_lead_to_them() -> None:
    [issue] = issues(where({"segment": "loyal"}, POSTAGE))
    assert (issue.code, issue.path) == (ErrorCode.UNREACHABLE_DIMENSION, ("where", "segment"))
    assert issue.message.startswith("postage cannot reach customer_id; it reaches")
