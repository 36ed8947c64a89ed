"""A join to one row is proved for the rows of now, or the number is refused (semantics rule 3)."""

from decimal import Decimal
from pathlib import Path

import duckdb

from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.errors import ErrorCode
from semantic_layer.serving.answers import Answers
from tests.serving.conftest import OpenShop
from tests.serving.given import FILES, PublishedInMemory, Shop, WatchedEngine
from tests.serving.given import shop as read_shop

BY_BRAND = {"metrics": [{"name": "sales"}], "by": [{"dimension": "product.brand"}]}
BRANDS = [["Other", Decimal("20.25")], ["Own", Decimal("14.75")], [None, Decimal("100.00")]]
DOUBLED = FILES["products"].replace("(3, 'Unsold')", "(1, 'Own too')")
PROOF = "duplicates"


async def test_a_key_that_repeats_is_an_error_and_never_a_doubled_number(shop: Shop) -> None:
    """The data drifts after it was right: product 1 is listed twice now."""
    assert await shop.rows(BY_BRAND) == BRANDS
    shop.write("products", DOUBLED)
    refused = await shop.refused(BY_BRAND)
    assert refused.code is ErrorCode.JOIN_NOT_UNIQUE
    message = str(refused)
    assert "orders.product" in message and "product_id" in message and "SELECT" not in message
    shop.write("products", FILES["products"])
    assert await shop.rows(BY_BRAND) == BRANDS


async def test_a_question_without_the_join_is_not_touched(shop: Shop) -> None:
    shop.write("products", DOUBLED)
    assert await shop.number() == Decimal("135.00")
    assert await shop.rows({"by": [{"dimension": "product.brand"}]}) == [["Other"], ["Own"], ["Own too"]]


async def test_a_filter_needs_the_proof_too(shop: Shop) -> None:
    shop.write("products", DOUBLED)
    question = {"metrics": [{"name": "sales"}], "where": {"dimension": "product.brand", "op": "IS_NOT_NULL"}}
    assert (await shop.refused(question)).code is ErrorCode.JOIN_NOT_UNIQUE


async def test_totals_need_the_proof_too(shop: Shop) -> None:
    shop.write("products", DOUBLED)
    refused = await shop.refused({**BY_BRAND, "totals": [[]]})
    assert refused.code is ErrorCode.JOIN_NOT_UNIQUE


async def test_a_key_of_null_finds_no_row_and_may_repeat(shop: Shop) -> None:
    nulls = f"{FILES['products']} UNION ALL VALUES (NULL, 'x'), (NULL, 'y')"
    shop.write("products", nulls)
    assert await shop.rows(BY_BRAND) == BRANDS


async def test_what_was_proved_is_not_proved_again_for_the_same_file(shop: Shop) -> None:
    await shop.ask(BY_BRAND)
    await shop.ask({**BY_BRAND, "limit": 2})
    await shop.ask({**BY_BRAND, "metrics": [{"name": "order_count"}]})
    assert shop.engine.count(PROOF) == 1
    shop.write("products", FILES["products"])
    await shop.ask(BY_BRAND)
    assert shop.engine.count(PROOF) == 2


async def test_without_a_token_it_is_proved_with_every_question(opened: OpenShop) -> None:
    shop = opened(tells_tokens=False)
    await shop.ask(BY_BRAND)
    await shop.ask(BY_BRAND)
    assert shop.engine.count(PROOF) == 2


async def test_the_proof_and_the_rows_are_of_one_snapshot(shop: Shop) -> None:
    """They are run together: between them nobody can change the rows."""
    await shop.ask(BY_BRAND)
    [with_proof] = [run for run in shop.engine.runs if any(PROOF in text for text in run)]
    assert any("SUM(" in text for text in with_proof)


async def test_a_failed_proof_is_not_remembered_as_passed(shop: Shop) -> None:
    shop.write("products", DOUBLED)
    for _ in range(2):
        assert (await shop.refused(BY_BRAND)).code is ErrorCode.JOIN_NOT_UNIQUE


async def test_a_key_that_the_source_itself_keeps_needs_no_proof(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as database:
        for table, query in FILES.items():
            database.execute(f"CREATE TABLE {table} AS {query}")
        database.execute("ALTER TABLE products ADD PRIMARY KEY (product_id)")
    catalogs = PublishedInMemory()
    catalogs.publish(read_shop())
    engine = WatchedEngine(path, is_database=True)
    shop = Shop(tmp_path, engine, catalogs, Answers(catalogs, {"LAKE": engine}, DuckDBCombiner()))
    assert await shop.rows(BY_BRAND) == BRANDS
    assert engine.count(PROOF) == 0
    await engine.close()


async def test_a_to_many_join_counts_a_row_once_per_value(shop: Shop) -> None:
    """Product 1 has two themes: its orders count under each, and once in the total. Nothing is to be proved."""
    question = {"metrics": [{"name": "sales"}], "by": [{"dimension": "tag.theme"}], "totals": [[]]}
    answer = await shop.ask(question)
    assert [list(row.values()) for row in answer.rows.to_pylist()] == [
        ["green", Decimal("35.00")],
        ["new", Decimal("14.75")],
        [None, Decimal("100.00")],
    ]
    [total] = answer.totals
    assert total.rows.to_pylist() == [{"sales": Decimal("135.00")}]
    assert [warning.code for warning in answer.meta.warnings] == ["TO_MANY_DIMENSION"]
    assert shop.engine.count(PROOF) == 0
