"""Where an answer comes from: every number names its rule, its data, and what to know before relying on it."""

from datetime import date
from decimal import Decimal

import pytest

from semantic_layer.definitions.fingerprint import dimension_fingerprint, metric_fingerprint
from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answer import (
    AnswerColumn,
    ColumnVersion,
    Limit,
    OutputType,
    ParameterValue,
    ResolvedRange,
)
from semantic_layer.serving.answers import Limits
from tests.serving.conftest import OpenShop
from tests.serving.given import ANNA, ORDERS, Shop, cells, more_orders

MONTHS = {"dimension": "ordered_at", "grain": "MONTH"}
SALES = {"name": "sales"}


# --- columns and rows ------------------------------------------------------------------------------------------------


async def test_columns_say_what_they_are(shop: Shop) -> None:
    answer = await shop.ask(
        {"metrics": [SALES, {"name": "average_order", "alias": "mean"}], "by": [MONTHS, {"dimension": "weight"}]}
    )
    assert answer.columns == (
        AnswerColumn("ordered_at", "ordered_at", OutputType.DATE),
        AnswerColumn("weight", "weight", OutputType.FLOAT),
        AnswerColumn("sales", "sales", OutputType.DECIMAL, "EUR", 2, is_metric=True),
        AnswerColumn("mean", "average_order", OutputType.FLOAT, None, None, is_metric=True),
    )
    assert answer.rows.num_columns == 4


@pytest.mark.parametrize(("limit", "rows", "truncated"), [(1, 1, True), (2, 2, True), (3, 3, False), (100, 3, False)])
async def test_a_cut_answer_says_so(shop: Shop, limit: int, rows: int, truncated: bool) -> None:
    answer = await shop.ask({"metrics": [SALES], "by": [{"dimension": "product.brand"}], "limit": limit})
    assert (answer.rows.num_rows, answer.meta.truncated) == (rows, truncated)
    assert answer.meta.limit == Limit(limit, "question")


async def test_the_limit_of_the_server_is_named_as_such(opened: OpenShop) -> None:
    shop = opened(limits=Limits(default_rows=2, max_rows=5))
    answer = await shop.ask({"metrics": [SALES], "by": [{"dimension": "order_id"}]})
    assert (answer.rows.num_rows, answer.meta.truncated, answer.meta.limit) == (2, True, Limit(2, "server"))
    refused = await shop.refused({"metrics": [SALES], "limit": 6})
    assert refused.code is ErrorCode.LIMIT_TOO_LARGE


async def test_pages_follow_one_another(shop: Shop) -> None:
    question = {"metrics": [SALES], "by": [{"dimension": "order_id"}], "limit": 2}
    pages = [await shop.ask({**question, "offset": offset}) for offset in (0, 2, 4)]
    assert [[row[0] for row in cells(page)] for page in pages] == [[1, 2], [3, 4], []]
    assert [page.meta.truncated for page in pages] == [True, False, False]


async def test_totals_are_computed_again_and_not_limited(shop: Shop) -> None:
    answer = await shop.ask(
        {
            "metrics": [{"name": "average_order"}],
            "by": [MONTHS, {"dimension": "product.brand"}],
            "totals": [[], ["ordered_at"]],
            "having": {"key": "average_order", "op": "GT", "values": [15]},
            "limit": 1,
        }
    )
    grand, by_month = answer.totals
    assert grand.by == () and by_month.by == ("ordered_at",)
    assert grand.rows.to_pylist() == [{"average_order": 33.75}]
    assert [list(row.values()) for row in by_month.rows.to_pylist()] == [
        [date(2026, 1, 1), 15.375],
        [date(2026, 2, 1), 52.125],
    ]
    assert [column.name for column in by_month.columns] == ["ordered_at", "average_order"]


async def test_no_rows_are_one_row_without_dimensions(shop: Shop) -> None:
    nothing = {"dimension": "product.brand", "op": "EQ", "values": ["nobody's"]}
    metrics = [SALES, {"name": "order_count"}, {"name": "average_order"}]
    assert await shop.rows({"metrics": metrics, "where": nothing}) == [[None, 0, None]]
    assert await shop.rows({"metrics": metrics, "where": nothing, "by": [MONTHS]}) == []


# --- rules -----------------------------------------------------------------------------------------------------------


async def test_the_answer_names_revision_versions_and_fingerprints(shop: Shop) -> None:
    question = {
        "metrics": [SALES, {"name": "return_count"}],
        "by": [{"dimension": "time", "grain": "MONTH", "alias": "month"}],
    }
    meta = (await shop.ask(question)).meta
    published = shop.catalogs.current
    catalog = published.catalog
    assert (meta.revision, meta.recorded_at, meta.semantics) == (1, published.recorded_at, 1)
    assert meta.versions == (
        ColumnVersion("sales", "sales", 1, metric_fingerprint(catalog, "sales")),
        ColumnVersion("return_count", "return_count", 1, metric_fingerprint(catalog, "return_count")),
    )
    assert [(one.name, one.fingerprint) for one in meta.dimensions] == [
        ("month", dimension_fingerprint(catalog, "orders", "time"))
    ]


async def test_the_sql_is_what_was_run(shop: Shop) -> None:
    question = {"metrics": [SALES], "by": [{"dimension": "product.brand"}], "totals": [[]]}
    meta = (await shop.ask(question)).meta
    rows, total = meta.sql.split(";\n\n")
    assert rows in shop.engine.texts and total in shop.engine.texts
    assert "GROUP BY" in rows and "GROUP BY" not in total
    explained = await shop.answers.explain(read_ask(question), ANNA)
    assert explained.sql == (rows, total) and explained.plan.startswith("source LAKE\n")


async def test_parameters_are_told(shop: Shop) -> None:
    question = {
        "metrics": [{"name": "orders_above"}, {"name": "orders_above", "alias": "b", "parameters": {"floor": 50}}]
    }
    answer = await shop.ask(question)
    assert cells(answer) == [[3, 1]]
    assert answer.meta.parameters == (
        ParameterValue("orders_above", "floor", "10"),
        ParameterValue("orders_above", "floor", "50"),
    )


# --- time ------------------------------------------------------------------------------------------------------------


async def test_ranges_are_told_as_dates(shop: Shop) -> None:
    last = {"dimension": "ordered_at", "last": {"count": 1, "unit": "MONTH"}}
    answer = await shop.ask({"metrics": [SALES], "where": last})
    assert cells(answer) == [[Decimal("104.25")]]
    assert answer.meta.resolved == (ResolvedRange("ordered_at", "2026-02-01", "2026-03-01"),)
    after = {"dimension": "ordered_at", "op": "GTE", "values": ["2026-02-01T12:30:00"]}
    assert (await shop.ask({"metrics": [SALES], "where": after})).meta.resolved == (
        ResolvedRange("ordered_at", "2026-02-01T12:30:00", None),
    )


async def test_last_moves_with_the_data(shop: Shop) -> None:
    last = {"metrics": [SALES], "where": {"dimension": "ordered_at", "last": {"count": 1, "unit": "DAY"}}}
    assert await shop.rows(last) == [[Decimal("100.00")]]
    shop.write("orders", more_orders("5, 1, 7.00, 1.0, TIMESTAMP '2026-03-01 12:00'"))
    assert await shop.rows(last) == [[Decimal("7.00")]]


async def test_periods_that_the_data_does_not_cover_are_named(shop: Shop) -> None:
    """The orders begin on 5 January and end on 14 February: neither month is whole."""
    answer = await shop.ask({"metrics": [SALES], "by": [MONTHS]})
    assert answer.meta.partial_periods == ("2026-01-01", "2026-02-01")
    whole = more_orders("5, 1, 0, 1, TIMESTAMP '2026-01-01 00:00'", "6, 1, 0, 1, TIMESTAMP '2026-02-28 01:00'")
    shop.write("orders", whole)
    assert (await shop.ask({"metrics": [SALES], "by": [MONTHS]})).meta.partial_periods == ()


async def test_periods_that_the_range_cuts_are_named(shop: Shop) -> None:
    shop.write("orders", more_orders("5, 1, 0, 1, TIMESTAMP '2025-12-01'", "6, 1, 0, 1, TIMESTAMP '2026-03-31'"))
    cut = {"dimension": "ordered_at", "op": "IN_RANGE", "values": ["2026-01-10", "2026-03-01"]}
    question = {"metrics": [SALES], "by": [MONTHS], "where": cut}
    assert (await shop.ask(question)).meta.partial_periods == ("2026-01-01",)


async def test_each_fact_says_what_it_covers(shop: Shop) -> None:
    """Returns are recorded on one day in March."""
    answer = await shop.ask(
        {"metrics": [SALES, {"name": "return_count"}], "by": [{"dimension": "time", "grain": "MONTH"}]}
    )
    assert [row[0] for row in cells(answer)] == [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    assert answer.meta.partial_periods == ("2026-01-01", "2026-02-01", "2026-03-01")


async def test_a_range_by_another_name_of_time_cuts_periods_too(shop: Shop) -> None:
    shop.write("orders", more_orders("5, 1, 0, 1, TIMESTAMP '2025-12-01'", "6, 1, 0, 1, TIMESTAMP '2026-03-31'"))
    cut = {"dimension": "time", "op": "IN_RANGE", "values": ["2026-01-10", "2026-03-01"]}
    assert (await shop.ask({"metrics": [SALES], "by": [MONTHS], "where": cut})).meta.partial_periods == ("2026-01-01",)


# --- warnings --------------------------------------------------------------------------------------------------------

NAN = ORDERS.replace("1.5::DOUBLE", "'NaN'::DOUBLE")


async def test_warnings_are_told_once_each(shop: Shop) -> None:
    shop.write("orders", NAN)
    meta = (await shop.ask({"metrics": [{"name": "old_sales"}], "by": [{"dimension": "weight"}]})).meta
    assert [one.code for one in meta.warnings] == ["METRIC_DEPRECATED", "VALUES_NULLED"]
    deprecated, nulled = (one.message for one in meta.warnings)
    assert deprecated == "old_sales is deprecated and ends on 2027-01-01; use sales"
    assert nulled.startswith("orders.weight holds values that are no numbers")


async def test_a_file_is_looked_through_again_when_it_changes(shop: Shop) -> None:
    question = {"metrics": [{"name": "order_count"}], "by": [{"dimension": "weight"}]}
    assert (await shop.ask(question)).meta.warnings == ()
    shop.write("orders", NAN)
    answer = await shop.ask(question)
    assert [row for row in cells(answer) if row[0] is None] == [[None, 1]]
    assert [one.code for one in answer.meta.warnings] == ["VALUES_NULLED"]
    shop.write("orders", ORDERS)
    assert (await shop.ask(question)).meta.warnings == ()


async def test_a_strict_question_takes_warnings_for_errors(shop: Shop) -> None:
    shop.write("orders", NAN)
    question = {"metrics": [{"name": "old_sales"}], "by": [{"dimension": "weight"}], "strict": True}
    refused = await shop.refused(question)
    assert [(one.code, one.path) for one in refused.issues] == [(ErrorCode.WARNING_AS_ERROR, ("strict",))] * 2
    assert cells(await shop.ask({"metrics": [SALES], "strict": True})) == [[Decimal("135.00")]]


async def test_what_is_no_number_is_missing(shop: Shop) -> None:
    shop.write("orders", NAN)
    rows = await shop.rows({"metrics": [SALES], "by": [{"dimension": "weight"}]})
    assert rows[-1] == [None, Decimal("10.50")]


# --- freshness -------------------------------------------------------------------------------------------------------


async def test_each_dataset_that_was_read_says_how_fresh_it_is(shop: Shop) -> None:
    fresh = (await shop.ask({"metrics": [SALES], "by": [{"dimension": "product.brand"}]})).meta.freshness
    assert [(one.dataset, one.as_of) for one in fresh] == [("orders", "2026-02-14T23:30:00"), ("product", None)]
    assert fresh[0].change_token is not None and fresh[0].change_token.startswith("orders.parquet@")
    assert fresh[1].change_token is not None and fresh[1].change_token.startswith("products.parquet@")
