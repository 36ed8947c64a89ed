"""An answer's grounds stand exactly as long as asking again would give the same answer (semantics rules 25 and 27)."""

import os
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from semantic_layer.serving.answer import Answer, Grounds
from semantic_layer.serving.compiler import Compiler
from tests.serving.conftest import OpenShop
from tests.serving.given import FILES, ORDERS, Shop, cells, more_orders, write

SALES = {"metrics": [{"name": "sales"}]}
BY_BRAND = {"metrics": [{"name": "sales"}], "by": [{"dimension": "product.brand"}], "totals": [[]]}


async def grounds(shop: Shop, question: dict[str, Any]) -> Grounds:
    found = (await shop.ask(question)).grounds
    assert found is not None
    return found


async def test_they_stand_while_nothing_changes(shop: Shop) -> None:
    of_sales, of_brands = await grounds(shop, SALES), await grounds(shop, BY_BRAND)
    assert shop.answers.stands(of_sales) and shop.answers.stands(of_brands)
    assert len(of_brands.marks) == 2


async def test_a_changed_file_ends_those_that_read_it(shop: Shop) -> None:
    of_sales, of_brands = await grounds(shop, SALES), await grounds(shop, BY_BRAND)
    shop.write("products", "SELECT 1 AS product_id, 'Renamed' AS brand")
    assert shop.answers.stands(of_sales) and not shop.answers.stands(of_brands)
    shop.write("orders", ORDERS)
    assert not shop.answers.stands(of_sales)


@pytest.mark.parametrize("in_place", [False, True])
async def test_a_file_of_the_same_size_and_time_ends_them(shop: Shop, tmp_path: Path, in_place: bool) -> None:
    """As `cp -p`, `tar` and `rsync` leave it, which set the time back to that of the file they copy."""
    found, file = await grounds(shop, SALES), shop.folder / "orders.parquet"
    before = file.stat()
    write(tmp_path, "orders", ORDERS.replace("10.50", "11.50"))
    other = tmp_path / "orders.parquet"
    if in_place:
        file.write_bytes(other.read_bytes())
    else:
        other.replace(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert not shop.answers.stands(found)
    assert await shop.number() == Decimal("136.00")


async def test_a_missing_file_or_folder_ends_them(shop: Shop) -> None:
    found = await grounds(shop, SALES)
    (shop.folder / "orders.parquet").rename(shop.folder / "away")
    assert not shop.answers.stands(found)
    (shop.folder / "away").rename(shop.folder / "orders.parquet")
    assert shop.answers.stands(await grounds(shop, SALES))
    shop.folder.rename(shop.folder.with_name("moved"))
    assert not shop.answers.stands(found)


async def test_what_speaks_of_this_moment_has_none(shop: Shop) -> None:
    for anchor in ("NOW", "DATA"):
        last = {"dimension": "ordered_at", "last": {"count": 1, "unit": "MONTH", "anchor": anchor}}
        assert (await shop.ask({**SALES, "where": last})).grounds is None
    assert (await shop.ask({**SALES, "asOf": {"revision": 1}})).grounds is None


async def test_without_a_token_or_a_time_to_live_there_are_none(opened: OpenShop) -> None:
    shop = opened(tells_tokens=False)
    assert (await shop.ask(SALES)).grounds is None


LIFE = "    watermark: max(ordered_at)\n"


async def test_a_declared_token_must_be_asked_for(opened: OpenShop) -> None:
    shop = opened((LIFE, f"{LIFE}    change_token: count(*)\n"), tells_tokens=False)
    assert (await shop.ask(SALES)).grounds is None


async def test_an_answer_that_lives_for_a_while_has_none(opened: OpenShop) -> None:
    """It says what is left of its life, which is less each time."""
    shop = opened((LIFE, f"{LIFE}    time_to_live: 10 minutes\n"), tells_tokens=False)
    assert (await shop.ask(SALES)).grounds is None


async def test_they_end_with_what_is_believed_of_columns(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await grounds(shop, SALES)
    compiler: Compiler = shop.answers._compiler
    compiler.forget()
    assert not shop.answers.stands(found)
    assert shop.answers.stands(await grounds(shop, SALES))


async def test_they_never_stand_for_another_answer(shop: Shop) -> None:
    """Files come, go and come back; whatever grounds of whatever moment stand, asking gives their very answer."""
    states = {
        "orders": [ORDERS, more_orders("5, 1, 0.75, 1.0, TIMESTAMP '2026-03-01 12:00'")],
        "products": [FILES["products"], "SELECT 1 AS product_id, 'Renamed' AS brand"],
    }
    dice = random.Random(7)
    seen: list[tuple[dict[str, Any], Answer]] = []
    stood = ended = 0
    for _ in range(40):
        if dice.random() < 0.4:
            table = dice.choice(list(states))
            shop.write(table, dice.choice(states[table]))
        question = dice.choice([SALES, BY_BRAND])
        seen.append((question, await shop.ask(question)))
        asked, before = dice.choice(seen)
        if before.grounds is not None and shop.answers.stands(before.grounds):
            again = await shop.ask(asked)
            assert (cells(again), again.meta) == (cells(before), before.meta)
            stood += 1
        else:
            ended += 1
    assert stood > 5 and ended > 5
