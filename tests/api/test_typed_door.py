"""`metrics(...)`: what is selected is asked, and where it was selected the values stand."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from semantic_layer.api.typed_question import PASSED_ON
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError
from semantic_layer.query.ask import (
    AllOf,
    AnyOf,
    Ask,
    AskDimension,
    AskMetric,
    AskShift,
    DimensionFilter,
    KeyFilter,
    LastFilter,
    MetricFilter,
    NotThis,
    OrderKey,
    SegmentFilter,
)
from semantic_layer.query.ask_reader import KEYS
from semantic_layer.serving.answer import Answer, AnswerColumn, OutputType, TotalsSet
from tests.api.given import ANSWER, Door, schema

MONTHS = pa.array([date(2017, 1, 1), date(2017, 2, 1)], pa.date32())
DEPARTMENTS = pa.array(["GROCERY", None])
SELECTED = {"metrics", "by", "totals"}
SHIFT = ["rows", "sales", "shift"]
SALES = pa.array([Decimal("370886.93"), Decimal("0.50")], pa.decimal128(38, 2))


def given(door: Door, rows: dict[str, Any], totals: tuple[TotalsSet, ...] = ()) -> None:
    """The pipeline answers with these columns, whatever is asked."""
    door.answers.result = Answer(columns(rows), pa.table(rows), totals, ANSWER.meta)


def columns(rows: dict[str, Any]) -> tuple[AnswerColumn, ...]:
    return tuple(
        AnswerColumn(name, name.title(), output_of(values), scale=2 if pa.types.is_decimal(values.type) else None)
        for name, values in rows.items()
    )


def output_of(values: Any) -> OutputType:
    kinds = {pa.int32(): OutputType.INTEGER, pa.int64(): OutputType.BIGINT, pa.float64(): OutputType.FLOAT}
    kinds |= {pa.date32(): OutputType.DATE, pa.string(): OutputType.TEXT}
    return OutputType.DECIMAL if pa.types.is_decimal(values.type) else kinds[values.type]


async def asked(door: Door, selection: str, arguments: str = "", variables: dict[str, Any] | None = None) -> Ask:
    """The question that a selection becomes. What the pipeline answers to it does not fit, and does not matter."""
    head = f"query ({variables.pop('$')})" if variables else "query"
    await door.ask(f"{head} {{ metrics{arguments} {{ {selection} }} }}", variables)
    (ask,) = door.answers.asked
    return ask


async def where(door: Door, written: str) -> Any:
    ask = await asked(door, "rows { sales }", f"(where: {written})")
    return without_paths(ask.where)


def without_paths(node: Any) -> Any:
    """A filter without the places that it was read at."""
    if isinstance(node, AllOf | AnyOf):
        return replace(node, nodes=tuple(without_paths(one) for one in node.nodes), path=())
    if isinstance(node, NotThis):
        return replace(node, node=without_paths(node.node), path=())
    return None if node is None else replace(node, path=())


# --- selections ------------------------------------------------------------------------------------------------------


async def test_a_selection_is_a_question_and_its_rows_stand_where_they_were_selected(door: Door) -> None:
    total = {"sales": pa.array([Decimal("370887.43")], pa.decimal128(38, 2))}
    by_department = {"product.department": DEPARTMENTS, "sales": SALES}
    rows = {"transactionDate": MONTHS, "product.department": DEPARTMENTS, "sales": SALES, "before": SALES}
    given(
        door,
        rows,
        (
            TotalsSet((), columns(total), pa.table(total)),
            TotalsSet(("product.department",), columns(by_department), pa.table(by_department)),
        ),
    )
    reply = await door.ask(
        """{ metrics(orderBy: {key: "product.department", direction: DESC}, limit: 50) {
          rows {
            transactionDate(grain: MONTH) product { department } sales before: sales(shift: {periods: 1, unit: YEAR})
          }
          totals { sales }
          byDepartment: subtotals { product { department } sales }
          meta { revision limit { value } columns { name label type unit } }
        } }"""
    )
    assert door.answers.asked == [
        Ask(
            metrics=(AskMetric("sales", "sales"), AskMetric("sales", "before", AskShift(1, "YEAR"))),
            by=(
                AskDimension("transaction_date", "MONTH", alias="transactionDate"),
                AskDimension("product.department", alias="product.department"),
            ),
            order_by=(OrderKey("product.department", True),),
            limit=50,
            totals=((), ("product.department",)),
        )
    ]
    assert reply == {
        "data": {
            "metrics": {
                "rows": [
                    {
                        "transactionDate": "2017-01-01",
                        "product": {"department": "GROCERY"},
                        "sales": "370886.93",
                        "before": "370886.93",
                    },
                    {
                        "transactionDate": "2017-02-01",
                        "product": {"department": None},
                        "sales": "0.50",
                        "before": "0.50",
                    },
                ],
                "totals": {"sales": "370887.43"},
                "byDepartment": [
                    {"product": {"department": "GROCERY"}, "sales": "370886.93"},
                    {"product": {"department": None}, "sales": "0.50"},
                ],
                "meta": {
                    "revision": 3,
                    "limit": {"value": 50},
                    "columns": [
                        {"name": "transactionDate", "label": "Transactiondate", "type": "DATE", "unit": None},
                        {"name": "product.department", "label": "Product.Department", "type": "TEXT", "unit": None},
                        {"name": "sales", "label": "Sales", "type": "DECIMAL", "unit": None},
                        {"name": "before", "label": "Before", "type": "DECIMAL", "unit": None},
                    ],
                },
            }
        }
    }


async def test_parts_versions_and_the_time_of_whatever_is_asked(door: Door) -> None:
    selection = "rows { time(grain: WEEK) hour: transactionDatePart(part: HOUR_OF_DAY) timePart(part: DAY_OF_WEEK) "
    ask = await asked(door, selection + "productCampaign { kind: campaignType } old: sales(version: 1) baskets }")
    assert ask.by == (
        AskDimension("time", "WEEK", alias="time"),
        AskDimension("transaction_date", part="HOUR_OF_DAY", alias="hour"),
        AskDimension("time", part="DAY_OF_WEEK", alias="timePart"),
        AskDimension("product_campaign.campaign_type", alias="productCampaign.kind"),
    )
    assert ask.metrics == (AskMetric("sales", "old", version=1), AskMetric("baskets", "baskets"))


async def test_fragments_directives_and_variables(door: Door) -> None:
    given(door, {"product.department": DEPARTMENTS, "sales": SALES, "ly": SALES})
    reply = await door.ask(
        """query ($from: Date!, $grain: Grain, $no: Boolean = false, $back: Shift!) {
          metrics(where: {transactionDate: {gte: $from}}) { ...Shown }
        }
        fragment Shown on MetricsAnswer { rows { ...Cut sales ... on Row { ly: sales(shift: $back) } __typename } }
        fragment Cut on Row {
          product { department __typename }
          transactionDate(grain: $grain) @include(if: $no)
          baskets @skip(if: true)
          product { department }
          sales
        }""",
        {"from": "2017-01-01", "back": {"periods": 2, "unit": "MONTH"}},
    )
    (ask,) = door.answers.asked
    assert ask.by == (AskDimension("product.department", alias="product.department"),)
    assert ask.metrics == (AskMetric("sales", "sales"), AskMetric("sales", "ly", AskShift(2, "MONTH")))
    assert reply["data"]["metrics"]["rows"][0] == {
        "product": {"department": "GROCERY", "__typename": "ProductDimensions"},
        "sales": "370886.93",
        "ly": "370886.93",
        "__typename": "Row",
    }


async def test_two_objects_of_one_join_keep_their_places(door: Door) -> None:
    ask = await asked(door, "rows { a: product { brand } storeId b: product { brand department } units }")
    assert [(one.dimension, one.alias) for one in ask.by] == [
        ("product.brand", "a.brand"),
        ("store_id", "storeId"),
        ("product.brand", "b.brand"),
        ("product.department", "b.department"),
    ]


async def test_members_are_asked_without_metrics(door: Door) -> None:
    ask = await asked(door, "rows { product { department } }")
    assert (ask.metrics, len(ask.by)) == ((), 1)


async def test_totals_without_rows_ask_what_they_select(door: Door) -> None:
    ask = await asked(door, "totals { sales baskets } s: subtotals { storeId sales }")
    assert ask.metrics == (AskMetric("sales", "sales"), AskMetric("baskets", "baskets"))
    assert (ask.by, ask.totals) == ((AskDimension("store_id", alias="storeId"),), ((), ("storeId",)))


async def test_totals_find_their_columns_under_any_key(door: Door) -> None:
    total = {"turnover": SALES.slice(0, 1)}
    given(door, {"turnover": SALES}, (TotalsSet((), columns(total), pa.table(total)),))
    reply = await door.ask("{ metrics { rows { turnover: sales } totals { all: sales again: sales } } }")
    assert reply["data"]["metrics"]["totals"] == {"all": "370886.93", "again": "370886.93"}


async def test_totals_keep_the_keys_of_a_dimension_asked_twice(door: Door) -> None:
    ask = await asked(door, "rows { storeId again: storeId sales } s: subtotals { again: storeId storeId sales }")
    assert ask.totals == (("storeId", "again"),)


# --- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('{product: {department: {eq: "A"}}}', DimensionFilter("product.department", "EQ", ("A",))),
        ("{storeId: {notIn: [1, 2]}}", DimensionFilter("store_id", "NOT_IN", (1, 2))),
        ("{storeId: {in: []}}", DimensionFilter("store_id", "IN")),
        ("{storeId: {isNull: true}}", DimensionFilter("store_id", "IS_NULL")),
        ("{storeId: {isNull: false}}", DimensionFilter("store_id", "IS_NOT_NULL")),
        ('{basketId: {eq: "12345678901"}}', DimensionFilter("basket_id", "EQ", ("12345678901",))),
        ("{basketId: {gt: 12345678901}}", DimensionFilter("basket_id", "GT", (12345678901,))),
        (
            '{time: {inRange: {from: "2017-01-01", to: "2018-01-01"}}}',
            DimensionFilter("time", "IN_RANGE", ("2017-01-01", "2018-01-01")),
        ),
        (
            "{transactionDate: {dayOfWeek: {in: [6, 7]}}}",
            DimensionFilter("transaction_date", "IN", (6, 7), "DAY_OF_WEEK"),
        ),
        ("{transactionDate: {last: {count: 28, unit: DAY}}}", LastFilter("transaction_date", 28, "DAY")),
        (
            "{transactionDate: {last: {count: 1, unit: MONTH, anchor: NOW}}}",
            LastFilter("transaction_date", 1, "MONTH", "NOW"),
        ),
        ("{segments: BIG_SPENDERS}", SegmentFilter("big_spenders")),
        (
            '{metric: {sales: {per: "householdId", over: RANGE, gte: "500.50"}}}',
            MetricFilter("sales", "household_id", "RANGE", "GTE", ("500.50",)),
        ),
        (
            '{metric: {averageBasketValue: {per: "household.homeOwnership", over: ALL_TIME, isNull: true}}}',
            MetricFilter("average_basket_value", "household.home_ownership", "ALL_TIME", "IS_NULL"),
        ),
        ("{not: {storeId: {eq: 1}}}", NotThis(DimensionFilter("store_id", "EQ", (1,)))),
        (
            '{or: [{storeId: {eq: 1}}, {product: {brand: {startsWith: "P"}, department: {isNull: true}}}]}',
            AnyOf(
                (
                    DimensionFilter("store_id", "EQ", (1,)),
                    AllOf(
                        (
                            DimensionFilter("product.department", "IS_NULL"),
                            DimensionFilter("product.brand", "STARTS_WITH", ("P",)),
                        )
                    ),
                )
            ),
        ),
        (
            "{and: [{storeId: {gt: 1, lt: 9}}], productId: {ne: 3}}",
            AllOf(
                (
                    DimensionFilter("store_id", "GT", (1,)),
                    DimensionFilter("store_id", "LT", (9,)),
                    DimensionFilter("product_id", "NE", (3,)),
                )
            ),
        ),
        ("{product: null}", None),
        ("null", None),
    ],
)
async def test_filters(door: Door, written: str, meant: Any) -> None:
    if meant is None and written != "null":
        (refused,) = await door.refused(f"{{ metrics(where: {written}) {{ rows {{ sales }} }} }}")
        assert refused["code"] == "BAD_FILTER"
        return
    assert await where(door, written) == meant


async def test_conditions_on_rows(door: Door) -> None:
    any_of = '{or: [{key: "n", isNull: true}, {not: {key: "n", in: [1]}}]}'
    having = f'(having: [{{key: "sales", gt: "1000.50", lte: 5}}, {any_of}])'
    ask = await asked(door, "rows { sales n: baskets }", having)
    assert without_paths(ask.having) == AllOf(
        (
            KeyFilter("sales", "GT", ("1000.50",)),
            KeyFilter("sales", "LTE", (5,)),
            AnyOf((KeyFilter("n", "IS_NULL"), NotThis(KeyFilter("n", "IN", (1,))))),
        )
    )


async def test_all_other_arguments(door: Door) -> None:
    arguments = (
        '(offset: 3, includeEmpty: true, fillTime: true, timeZone: "Europe/Berlin", language: "zh", minRevision: 2, '
        'strict: true, expect: {revision: 3, fingerprints: {sales: "f1:a"}}, asOf: {revision: 1}, '
        'orderBy: [{key: "sales"}], limit: null)'
    )
    ask = await asked(door, "rows { sales }", arguments)
    assert (ask.offset, ask.include_empty, ask.fill_time, ask.time_zone) == (3, True, True, "Europe/Berlin")
    assert (ask.language, ask.min_revision, ask.strict, ask.limit) == ("zh", 2, True, None)
    assert ask.expect is not None and ask.expect.fingerprints == {"sales": "f1:a"}
    assert ask.as_of is not None and ask.as_of.revision == 1
    assert ask.order_by == (OrderKey("sales"),)


def test_there_is_an_argument_for_every_part_of_a_question() -> None:
    """But for those that are selected."""
    arguments = schema().graphql.query_type.fields["metrics"].args  # type: ignore[union-attr]
    assert set(arguments) == set(KEYS) - SELECTED
    assert set(PASSED_ON) == set(arguments) - {"where", "having", "orderBy"}


# --- what is wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "code", "path"),
    [
        ("{ metrics(where: {product: {}}) { rows { sales } } }", "BAD_FILTER", ["where", "product"]),
        ("{ metrics(where: {storeId: {}}) { rows { sales } } }", "BAD_FILTER", ["where", "storeId"]),
        ("{ metrics(where: {storeId: {eq: null}}) { rows { sales } } }", "BAD_VALUE", ["where", "storeId", "eq"]),
        ("{ metrics(where: {or: []}) { rows { sales } } }", "BAD_FILTER", ["where", "or"]),
        ("{ metrics(where: {or: {segments: []}}) { rows { sales } } }", "BAD_FILTER", ["where", "or", 0, "segments"]),
        ('{ metrics(having: {key: "sales"}) { rows { sales } } }', "BAD_FILTER", ["having", 0]),
        ("{ metrics(having: {gt: 5}) { rows { sales } } }", "BAD_FILTER", ["having", 0, "key"]),
        ("{ metrics { rows { sales } totals { baskets } } }", "UNKNOWN_KEY", ["totals", "baskets"]),
        ("{ metrics { rows { sales } totals { sales(version: 1) } } }", "UNKNOWN_KEY", ["totals", "sales"]),
        ("{ metrics { rows { storeId sales } s: subtotals { productId sales } } }", "UNKNOWN_KEY", ["s", "productId"]),
        ("{ metrics { a: rows { sales } b: rows { sales } } }", "BAD_QUESTION", ["b"]),
        ("{ metrics(limit: 0) { rows { sales } } }", "BAD_LIMIT", ["limit"]),
        ('{ metrics(timeZone: "Mars") { rows { sales } } }', "ZONE_UNKNOWN", ["timeZone"]),
        ("{ metrics { rows { sales(shift: {periods: 0, unit: DAY}) } } }", "BAD_VALUE", [*SHIFT, "periods"]),
        ("{ metrics { rows { %s: sales } } }" % ("x" * 64), "BAD_NAME", ["rows", "x" * 64]),
    ],
)  # fmt: skip
async def test_a_wrong_form_is_told_where_it_was_written(door: Door, document: str, code: str, path: list[Any]) -> None:
    (refused,) = await door.refused(document)
    assert (refused["code"], refused["path"]) == (code, path)
    assert door.answers.asked == []


async def test_what_the_pipeline_refuses_is_told_in_the_words_of_this_door(door: Door) -> None:
    door.answers.failure = SemanticLayerError(
        [
            Issue(ErrorCode.UNKNOWN_VERSION, "sales has no version 7", ("metrics", 1, "version")),
            Issue(ErrorCode.GRAIN_TOO_FINE, "too fine", ("by", 0, "grain")),
            Issue(ErrorCode.UNREACHABLE_DIMENSION, "no way", ("by", 1, "dimension"), ("household.kids_count",)),
            Issue(ErrorCode.UNKNOWN_MEMBER, "no member", ("where", "and", 1, "values", 1)),
            Issue(ErrorCode.BAD_OPERATOR, "does not fit", ("where", "and", 0, "op")),
            Issue(ErrorCode.BAD_VALUE, "no number", ("having", "values", 0)),
            Issue(ErrorCode.UNKNOWN_KEY, "no column", ("orderBy", 0, "key"), ("ly",)),
        ]
    )
    refused = await door.refused(
        """{ metrics(where: {storeId: {gt: 5}, product: {brand: {in: ["a", "b"]}}}, having: {key: "ly", gt: "x"},
                  orderBy: {key: "l"}) {
          out: rows { transactionDate(grain: SECOND) household { age } sales ly: sales(version: 7) } } }"""
    )
    assert [issue["path"] for issue in refused[0]["issues"]] == [
        ["out", "ly", "version"],
        ["out", "transactionDate", "grain"],
        ["out", "household", "age"],
        ["where", "product", "brand", "in", 1],
        ["where", "storeId", "gt"],
        ["having", 0, "gt"],
        ["orderBy", 0, "key"],
    ]
    assert refused[0]["issues"][2]["near"] == ["household.kidsCount"]


async def test_a_problem_of_the_whole_filter_is_not_one_of_its_only_condition(door: Door) -> None:
    door.answers.failure = SemanticLayerError([Issue(ErrorCode.SHIFT_NEEDS_RANGE, "no range", ("where",))])
    (refused,) = await door.refused("{ metrics(where: {storeId: {eq: 5}}) { rows { sales } } }")
    assert refused["path"] == ["where"]


async def test_each_alias_is_a_question_of_its_own_asked_at_once_and_fails_alone(door: Door) -> None:
    running = 0

    async def answer(ask: Ask, *_: Any, **__: Any) -> Any:
        nonlocal running
        running += 1
        async with asyncio.timeout(10):
            while running < 2:  # until the other question runs too
                await asyncio.sleep(0)
        if ask.metrics[0].name == "units":
            raise SemanticLayerError([Issue(ErrorCode.SOURCE_UNAVAILABLE, "down")])
        return replace(ANSWER, columns=columns({"sales": SALES}), rows=pa.table({"sales": SALES}), totals=())

    door.answers.answer = answer  # type: ignore[method-assign]
    reply = await door.ask("{ good: metrics { rows { sales } } bad: metrics { rows { units } } }")
    assert reply["data"] == {"good": {"rows": [{"sales": "370886.93"}, {"sales": "0.50"}]}, "bad": None}
    assert [(error["path"], error["extensions"]["code"]) for error in reply["errors"]] == [
        (["bad"], "SOURCE_UNAVAILABLE")
    ]


async def test_an_unknown_field_names_near_ones(door: Door) -> None:
    (refused,) = await door.refused("{ metrics { rows { averageBasketVlue } } }")
    assert refused["code"] == "GRAPHQL_INVALID" and refused["near"][0] == "averageBasketValue"


@pytest.mark.parametrize(
    ("arguments", "message", "near"),
    [
        ('(where: {prodct: {brand: {eq: "A"}}})', "Where has no field prodct; did you mean product", "product"),
        ('(where: {product: {brnd: {eq: "A"}}})', "ProductWhere has no field brnd; did you mean brand", "brand"),
        ('(orderBy: {key: "x", direction: DSC})', "DSC is no Direction; did you mean DESC", "DESC"),
        ("(where: {segments: [BIG_SPENDER]})", "BIG_SPENDER is no Segment; did you mean BIG_SPENDERS", "BIG_SPENDERS"),
    ],
)
async def test_a_misspelt_input_names_near_ones(door: Door, arguments: str, message: str, near: str) -> None:
    reply = await door.ask(f"{{ metrics{arguments} {{ rows {{ sales }} }} }}")
    (error, *_) = reply["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_INVALID"
    assert error["message"].startswith(message) and error["extensions"]["near"][0] == near


@pytest.mark.parametrize(
    ("document", "message", "near"),
    [
        ("{ metrics(orderby: {}) { rows { sales } } }", "Query.metrics takes no orderby, but where", ["orderBy"]),
        ("{ metrics { rows { sales(shfit: null) } } }", "Row.sales takes no shfit, but shift, version; did", ["shift"]),
        ("{ metrics { rows { product(x: 1) { brand } } } }", "Row.product takes no x", []),
    ],
)
async def test_a_misspelt_argument_names_near_ones(door: Door, document: str, message: str, near: list[str]) -> None:
    reply = await door.ask(document)
    (error, *_) = reply["errors"]
    assert error["message"].startswith(message)
    assert error["extensions"]["near"][:1] == near


async def test_a_misspelt_variable_names_near_ones(door: Door) -> None:
    document = "query ($w: Where, $o: [OrderBy!]) { metrics(where: $w, orderBy: $o) { rows { sales } } }"
    wrong = {"w": {"product": {"departmnt": {"eq": "A"}}}, "o": [{"key": "sales", "direction": "DOWN"}]}
    refused = await door.refused(document, wrong)
    assert [one["near"][:1] for one in refused] == [["department"], []]


async def test_a_filter_nested_without_end_is_refused(door: Door) -> None:
    nested: dict[str, Any] = {"storeId": {"eq": 1}}
    for _ in range(100):
        nested = {"not": nested}
    (refused,) = await door.refused("query ($w: Where) { metrics(where: $w) { rows { sales } } }", {"w": nested})
    assert refused["code"] == "QUERY_TOO_DEEP" and door.answers.asked == []


async def test_a_mistake_made_a_thousand_times_is_told_a_hundred_times(door: Door) -> None:
    wrong = {"or": [{"storeId": {}} for _ in range(1_000)]}
    (refused,) = await door.refused("query ($w: Where) { metrics(where: $w) { rows { sales } } }", {"w": wrong})
    assert len(refused["issues"]) == 100


# --- values of earlier rules -----------------------------------------------------------------------------------------


async def test_a_pinned_version_of_another_type_reads_as_the_field_where_it_can(door: Door) -> None:
    """`sales` is a DECIMAL today, `baskets` an INTEGER, `discountRate` a FLOAT."""
    given(
        door,
        {
            "sales": pa.array([5, None], pa.int32()),
            "baskets": pa.array([7, 2**31 - 1], pa.int64()),
            "discountRate": pa.array([Decimal("0.25"), None], pa.decimal128(38, 2)),
        },
    )
    reply = await door.ask("{ metrics { rows { sales(version: 1) baskets discountRate } } }")
    assert reply["data"]["metrics"]["rows"] == [
        {"sales": "5", "baskets": 7, "discountRate": 0.25},
        {"sales": None, "baskets": 2**31 - 1, "discountRate": None},
    ]


@pytest.mark.parametrize(
    ("values", "code"),
    [(pa.array([2**31], pa.int64()), "NUMBER_OUT_OF_RANGE"), (pa.array(["many"]), "NOT_SUPPORTED")],
)
async def test_what_a_field_cannot_say_is_refused(door: Door, values: Any, code: str) -> None:
    given(door, {"baskets": values})
    (refused,) = await door.refused("{ metrics { rows { baskets } } }")
    assert (refused["code"], refused["path"]) == (code, ["rows", "baskets"])
