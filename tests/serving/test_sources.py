"""A source that is down, or that is not what the definitions say, fails its own questions and no others."""

import os
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.errors import ErrorCode
from semantic_layer.serving.answers import Answers
from tests.serving.conftest import OpenShop
from tests.serving.given import FILES, Shop, WatchedEngine, cells

SALES = {"metrics": [{"name": "sales"}]}
VISITS = {"metrics": [{"name": "visit_count"}]}


def with_attic(shop: Shop, folder: Path) -> Shop:
    """The shop with a second source, whose files are in another folder."""
    attic = WatchedEngine(folder, is_database=False)
    return Shop(
        shop.folder,
        shop.engine,
        shop.catalogs,
        Answers(shop.catalogs, {"LAKE": shop.engine, "ATTIC": attic}, DuckDBCombiner()),
    )


async def test_each_source_answers_its_own_questions(shop: Shop) -> None:
    both = with_attic(shop, shop.folder)
    assert await both.rows(SALES) == [[Decimal("135.00")]]
    assert await both.rows(VISITS) == [[1]]


async def test_a_source_that_is_down_fails_only_its_own_questions(shop: Shop, tmp_path: Path) -> None:
    both = with_attic(shop, tmp_path / "nowhere")
    refused = await both.refused(VISITS)
    assert (refused.code, refused.retryable) == (ErrorCode.SOURCE_UNAVAILABLE, True)
    assert str(tmp_path) not in str(refused)
    assert await both.rows(SALES) == [[Decimal("135.00")]]


async def test_a_source_that_nobody_configured(shop: Shop) -> None:
    refused = await shop.refused(VISITS)
    assert refused.code is ErrorCode.SOURCE_UNAVAILABLE
    assert str(refused) == "no connection ATTIC is configured; there are LAKE"
    assert await shop.rows(SALES) == [[Decimal("135.00")]]


async def test_metrics_of_two_sources_in_one_question(shop: Shop) -> None:
    both = with_attic(shop, shop.folder)
    assert await both.rows({"metrics": [{"name": "sales"}, {"name": "visit_count"}]}) == [[Decimal("135.00"), 1]]


async def test_a_source_that_is_down_is_named_by_a_question_over_several(shop: Shop, tmp_path: Path) -> None:
    both = with_attic(shop, tmp_path / "nowhere")
    refused = await both.refused({"metrics": [{"name": "sales"}, {"name": "visit_count"}]})
    assert (refused.code, refused.retryable) == (ErrorCode.SOURCE_UNAVAILABLE, True)


BOTH = {
    "metrics": [{"name": "sales"}, {"name": "visit_count"}],
    "orderBy": [{"key": "visit_count", "descending": True}],
    "totals": [[]],
}


async def test_metrics_of_a_source_that_is_down_are_null_where_the_question_allows_it(
    shop: Shop, tmp_path: Path
) -> None:
    attic = tmp_path / "attic"
    shutil.copytree(shop.folder, attic)
    both = with_attic(shop, attic)
    whole = await both.ask({**BOTH, "partial": True})
    assert cells(whole) == [[Decimal("135.00"), 1]]
    shutil.rmtree(attic)
    part = await both.ask({**BOTH, "partial": True})
    assert cells(part) == [[Decimal("135.00"), None]]
    assert [one.type for one in part.columns] == [one.type for one in whole.columns]
    assert [(one.code, one.message) for one in part.meta.warnings] == [
        ("SOURCE_MISSING", "visit_count is missing: source ATTIC does not answer")
    ]
    assert part.totals[0].rows.to_pylist() == [{"sales": Decimal("135.00"), "visit_count": None}]
    assert (await both.refused(BOTH)).code is ErrorCode.SOURCE_UNAVAILABLE
    alone = await both.refused({"metrics": [{"name": "visit_count"}], "partial": True})
    assert alone.code is ErrorCode.SOURCE_UNAVAILABLE


async def test_a_source_that_never_answered_is_missing_like_any_other(opened: OpenShop, tmp_path: Path) -> None:
    """A server may start while a source is down: types then come from the declared columns."""
    sums = ("  visit_count:", "  seconds: {is: sum(seconds), from: visits}\n  visit_count:")
    declared = opened(sums, ("visited_at: timestamp", "visited_at: timestamp, seconds: bigint"))
    part = await with_attic(declared, tmp_path / "nowhere").ask(
        {"metrics": [{"name": "sales"}, {"name": "visit_count"}, {"name": "seconds"}], "partial": True}
    )
    assert cells(part) == [[Decimal("135.00"), None, None]]
    assert [one.type for one in part.columns] == ["DECIMAL", "INTEGER", "BIGINT"]
    unknown = await with_attic(opened(sums), tmp_path / "nowhere").refused(
        {"metrics": [{"name": "sales"}, {"name": "seconds"}], "partial": True}
    )
    assert unknown.code is ErrorCode.SOURCE_UNAVAILABLE
    assert str(unknown) == "visits does not answer, and no one declares the type of its column seconds"


PER_VISIT = ("metrics:\n", "metrics:\n  per_visit: {is: sales / visit_count}\n")


async def test_what_a_missing_source_is_needed_for_is_told(opened: OpenShop, tmp_path: Path) -> None:
    """Every metric, or a condition on which rows are shown: null is not what it has, so no row is chosen by it."""
    shop = opened(PER_VISIT)
    attic = tmp_path / "attic"
    shutil.copytree(shop.folder, attic)
    both = with_attic(shop, attic)
    alone = {"metrics": [{"name": "per_visit"}], "partial": True}
    chosen = {**BOTH, "partial": True, "having": {"key": "visit_count", "op": "IS_NULL"}}
    assert await both.rows(alone) == [[135.0]]
    assert await both.rows(chosen) == []
    shutil.rmtree(attic)
    for question in (alone, chosen):
        refused = await both.refused(question)
        assert (refused.code, refused.retryable) == (ErrorCode.SOURCE_UNAVAILABLE, True)
    of_the_other = {**chosen, "having": {"key": "sales", "op": "IS_NOT_NULL"}}
    assert await both.rows(of_the_other) == [[Decimal("135.00"), None]]


async def test_a_file_that_is_gone_and_comes_back(shop: Shop) -> None:
    os.rename(shop.folder / "orders.parquet", shop.folder / "orders.hidden")
    refused = await shop.refused(SALES)
    assert refused.code is ErrorCode.SOURCE_REFUSED
    assert "orders" in str(refused) and str(shop.folder) not in str(refused) and "SELECT" not in str(refused)
    assert await shop.number("return_count") == 1
    os.rename(shop.folder / "orders.hidden", shop.folder / "orders.parquet")
    assert await shop.rows(SALES) == [[Decimal("135.00")]]


async def test_a_column_that_is_gone_is_named_with_near_ones(shop: Shop) -> None:
    shop.write("orders", FILES["orders"].replace("amount, weight", "amounts, weight"))
    refused = await shop.refused(SALES)
    assert refused.code is ErrorCode.SOURCE_REFUSED
    assert str(refused) == "the source has no usable column amount for dataset orders; did you mean amounts?"
    assert refused.issues[0].near == ("amounts",)


async def test_a_column_that_goes_after_it_was_known(shop: Shop) -> None:
    """The first question after the change may be refused; no number is wrong, and the next one knows."""
    assert await shop.number() == Decimal("135.00")
    shop.write("orders", FILES["orders"].replace("amount, weight", "amounts, weight"))
    for _ in range(2):
        refused = await shop.refused(SALES)
        assert refused.code is ErrorCode.SOURCE_REFUSED
    assert "did you mean amounts?" in str(refused)


async def test_a_sum_that_does_not_fit_is_refused_and_not_wrapped(shop: Shop) -> None:
    largest = "9999999999.99::DECIMAL(12,2)"
    query = f"""SELECT n AS order_id, 1 AS product_id, {largest} AS amount, 1.0::DOUBLE AS weight,
        TIMESTAMP '2026-01-01' AS ordered_at FROM range(1000) AS t(n)"""
    shop.write("orders", query)
    assert await shop.number() == Decimal("9999999999990.00")


@pytest.mark.parametrize("question", [SALES, {"metrics": [{"name": "return_count"}]}])
async def test_after_a_failure_the_next_question_is_answered(shop: Shop, question: dict[str, object]) -> None:
    (shop.folder / "returns.parquet").write_bytes(b"no parquet at all")
    refused = await shop.refused({"metrics": [{"name": "return_count"}]})
    assert refused.code in (ErrorCode.SOURCE_UNAVAILABLE, ErrorCode.SOURCE_REFUSED)
    shop.write("returns", FILES["returns"])
    assert cells(await shop.ask(question))


FILLED = (
    "metrics:\n",
    """metrics:
  visits_or_0: {is: count(*), from: visits, fill: 0}
  visits_said: {is: "case when visit_count is null then 'none' else 'some' end"}
  surplus: {is: order_count - visits_or_0}
  surplus_month_ago: {is: surplus, ago: 1 month}
  balance: {is: "coalesce(order_count, 0) - coalesce(visit_count, 0)"}
  balance_month_ago: {is: balance, ago: 1 month}
  daily_surplus: {is: avg(surplus), across: ordered_at}
  daily_surplus_ever: {is: daily_surplus, over: start to date}
""",
)
MONTHS = {"by": [{"dimension": "ordered_at", "grain": "MONTH"}]}


async def test_a_fill_holds_where_only_the_other_source_has_rows(opened: OpenShop) -> None:
    """As in one source, every row of the answer shows the fill, and arithmetic counts with it (rule 4)."""
    shop = opened(FILLED)
    both = with_attic(shop, shop.folder)
    names = ("order_count", "visits_or_0", "visits_said", "surplus")
    rows = await both.rows({"metrics": [{"name": one} for one in names], **MONTHS})
    assert rows == [
        [date(2026, 1, 1), 2, 1, "some", 1],
        [date(2026, 2, 1), 2, 0, "none", 2],
    ]


async def test_a_shift_is_put_on_each_source_only_where_that_is_the_same(opened: OpenShop) -> None:
    shop = opened(FILLED)
    both = with_attic(shop, shop.folder)
    in_range = {"dimension": "ordered_at", "op": "IN_RANGE", "values": ["2026-02-01", "2026-04-01"]}
    asked = {"where": in_range, **MONTHS}
    rows = await both.rows({"metrics": [{"name": "surplus_month_ago"}], **asked})
    assert rows == [[date(2026, 2, 1), 1], [date(2026, 3, 1), 2]]
    refused = await both.refused({"metrics": [{"name": "balance_month_ago"}], **asked})
    assert refused.code is ErrorCode.SOURCES_NOT_COMBINED
    one_row = await both.rows({"metrics": [{"name": "balance_month_ago"}], "where": in_range})
    assert one_row == [[3]]


async def test_entities_of_several_sources_are_refused_in_windows_too(opened: OpenShop) -> None:
    shop = opened(FILLED)
    both = with_attic(shop, shop.folder)
    for name in ("daily_surplus", "daily_surplus_ever"):
        refused = await both.refused({"metrics": [{"name": name}]})
        assert refused.code is ErrorCode.SOURCES_NOT_COMBINED
