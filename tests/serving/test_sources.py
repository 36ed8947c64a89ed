"""A source that is down, or that is not what the definitions say, fails its own questions and no others."""

import os
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.errors import ErrorCode
from semantic_layer.serving.answers import Answers
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
