"""How the numeric diff cuts, what it leaves out and says so, and that no draft is taken for another."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode
from semantic_layer.impact.comparing import Cap, NumberComparison, Wish, compared_metrics
from semantic_layer.impact.numeric_diff import Window, changed
from semantic_layer.impact.preview import ChangePreview, preview
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answers import Limits
from tests.serving.given import ANNA, FILES, ORDERS, Shop, cells, more_orders, open_shop, shop, write

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SUM = "is: sum(amount)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for table, query in FILES.items():
        write(tmp_path, table, query)
    return tmp_path


@pytest.fixture
def opened(folder: Path) -> Iterator[Shop]:
    one = open_shop(folder)
    yield one
    asyncio.run(one.engine.close())


def draft(one: Shop, *edits: tuple[str, str], name: str = "draft") -> ChangePreview:
    return preview(one.catalogs.current, shop(*edits), name, NOW)


def comparison(one: Shop, found: ChangePreview, **more: Any) -> NumberComparison:
    assert found.before is not None
    return NumberComparison(one.answers, ANNA, found.before, found.after, **more)


async def asked(one: Shop, published: PublishedCatalog, **metric: Any) -> Any:
    answer = await one.answers.answer(read_ask({"metrics": [{"name": "sales", **metric}]}), ANNA, published=published)
    return answer, cells(answer)[0][0]


async def test_two_drafts_and_a_publication_of_one_number_are_three_catalogs(opened: Shop) -> None:
    """All of them would be revision 2: what was compiled or answered for one must not be given for another."""
    twice, half = draft(opened, (SUM, "is: sum(amount * 2)")), draft(opened, (SUM, "is: sum(amount * 0.5)"))
    whole = 135
    for _ in range(2):
        assert (await asked(opened, twice.after))[1] == whole * 2
        assert (await asked(opened, half.after))[1] == whole / 2
        assert (await asked(opened, opened.catalogs.current))[1] == whole
    opened.catalogs.publish(shop((SUM, "is: sum(amount + 1)")))
    assert opened.catalogs.current.revision == twice.after.revision == half.after.revision == 2
    assert (await asked(opened, opened.catalogs.current))[1] == whole + 4
    assert (await asked(opened, twice.after))[1] == whole * 2
    assert (await asked(opened, opened.catalogs.current, version=2))[1] == whole + 4


async def test_an_answer_says_that_its_rules_are_a_draft(opened: Shop) -> None:
    answer, _ = await asked(opened, draft(opened, (SUM, "is: sum(amount * 2)"), name="proposal 7").after)
    assert (answer.meta.draft, answer.grounds) == ("proposal 7", None)
    published, _ = await asked(opened, opened.catalogs.current)
    assert published.meta.draft is None


async def test_a_draft_is_no_revision_that_can_be_asked_for(opened: Shop) -> None:
    found = draft(opened, (SUM, "is: sum(amount * 2)"))
    ask = read_ask({"metrics": [{"name": "sales"}], "asOf": {"revision": 2}})
    with pytest.raises(Exception, match="no revision 2"):
        await opened.answers.answer(ask, ANNA, published=found.after)


async def test_old_is_what_is_published_now_and_not_what_the_version_began_with(opened: Shop) -> None:
    """Between the two, a dimension came that the old version's first revision does not have."""
    more = (
        "      order_id: {type: bigint}\n",
        "      order_id: {type: bigint}\n      big: {sql: amount > 15, type: boolean}\n",
    )
    opened.catalogs.publish(shop(more))
    found = draft(opened, more, (SUM, "is: sum(amount * 2)"))
    assert opened.catalogs.current.version_in_force("sales").revision == 1
    [numbers] = await comparison(opened, found, wish=Wish(dimensions=("big",))).all(["sales"])
    assert numbers.diff is not None
    assert [(one.member, one.before, one.after) for one in numbers.diff.members] == [
        (True, 120.25, 240.5),
        (False, 14.75, 29.5),
    ]


# --- the cut -----------------------------------------------------------------------------------------------------


async def test_by_month_and_the_nearest_dimensions_with_few_members(opened: Shop) -> None:
    [numbers] = await comparison(opened, draft(opened, (SUM, "is: sum(amount * 2)"))).all(["sales"])
    diff = numbers.diff
    assert diff is not None
    assert diff.cut.names == ("ordered_at:month", "product.brand")
    assert (diff.counts.cells, diff.counts.changed) == (4, 4)  # January Own, Other; February Own, and no brand
    assert diff.complete and diff.moves and not diff.proves_nothing_moves


async def test_a_definition_that_allows_no_months_is_compared_by_what_it_allows(opened: Shop) -> None:
    weekly = ("    from: orders\n    unit: EUR\n", "    from: orders\n    unit: EUR\n    grains: [week, day]\n")
    opened.catalogs.publish(shop(weekly))
    [numbers] = await comparison(opened, draft(opened, weekly, (SUM, "is: sum(amount * 2)"))).all(["sales"])
    assert numbers.diff is not None and numbers.diff.cut.grain == "WEEK"
    assert any("allows no months" in said for said in numbers.diff.cut.said)


async def test_a_window_is_compared_and_is_not_all_of_it(opened: Shop) -> None:
    wish = Wish(window=Window(date(2026, 2, 1), None))
    [numbers] = await comparison(opened, draft(opened, (SUM, "is: sum(amount + 0)")), wish=wish).all(["sales"])
    assert numbers.diff is not None and numbers.diff.total is not None
    assert numbers.diff.total.before == numbers.diff.total.after
    assert not numbers.diff.complete and not numbers.diff.proves_nothing_moves


# --- what lowers a class -----------------------------------------------------------------------------------------


async def with_numbers(one: Shop, found: ChangePreview, **more: Any) -> ChangePreview:
    return found.with_numbers(await comparison(one, found, **more).all(found.compared))


def classes(found: ChangePreview) -> dict[str, int]:
    return {change.name: found.class_of(change) for change in found.changes}


async def test_another_rule_that_gives_the_same_numbers_everywhere_is_class_1(opened: Shop) -> None:
    found = draft(opened, (SUM, "is: sum(amount + 0)"))
    assert set(classes(found).values()) == {2}
    compared = await with_numbers(opened, found)
    assert {name for name, class_ in classes(compared).items() if class_ == 1} >= {"sales", "average_order"}
    [diff] = [one.diff for name, one in compared.numbers.items() if name == "sales"]
    assert diff is not None and diff.looked_closer is not None and diff.looked_closer.grain == "DAY"


async def test_days_that_move_inside_a_month_are_found(folder: Path) -> None:
    """Two columns of time in one month: no month changes, every day does."""
    write(folder, "orders", f"SELECT *, ordered_at + INTERVAL 1 DAY AS paid_at FROM ({ORDERS})")
    paid = ("      ordered_at: {type: time, finest: hour}\n",
            "      ordered_at: {type: time, finest: hour, sql: 'PLACE'}\n")  # fmt: skip
    columns = (
        "      ordered_at: timestamp\n    watermark",
        "      ordered_at: timestamp\n      paid_at: timestamp\n    watermark",
    )
    one = open_shop(folder, columns, (paid[0], paid[1].replace("PLACE", "ordered_at")))
    found = draft(one, columns, (paid[0], paid[1].replace("PLACE", "paid_at")))
    [numbers] = await comparison(one, found).all(["sales"])
    await one.engine.close()
    assert numbers.diff is not None
    assert numbers.diff.cut.grain == "DAY"
    assert (numbers.diff.counts.appeared, numbers.diff.counts.vanished) == (4, 4)
    assert not numbers.diff.proves_nothing_moves


async def test_another_unit_of_the_same_figures_stays_class_2(opened: Shop) -> None:
    compared = await with_numbers(opened, draft(opened, ("unit: EUR", "unit: USD")))
    assert compared.numbers["sales"].diff is not None
    assert compared.numbers["sales"].diff.proves_nothing_moves
    assert classes(compared)["sales"] == 2


async def test_a_cut_comparison_lowers_nothing(opened: Shop) -> None:
    found = draft(opened, (SUM, "is: sum(amount + 0)"))
    compared = await with_numbers(opened, found, cap=Cap(cells=2))
    diff = compared.numbers["sales"].diff
    assert diff is not None and not diff.complete
    assert diff.left_out == ("only the first 2 cells were compared",)
    assert diff.counts.cells == 2
    assert classes(compared)["sales"] == 2


# --- what goes wrong ---------------------------------------------------------------------------------------------


async def test_one_that_cannot_be_compared_is_told_beside_the_others(opened: Shop) -> None:
    """Visits come from a source that no connection is configured for."""
    edits = (
        (SUM, "is: sum(amount * 2)"),
        ("  visit_count:\n    is: count(*)", "  visit_count:\n    is: count(distinct visit_id)"),
    )
    compared = await with_numbers(opened, draft(opened, *edits))
    assert [issue.code for issue in compared.numbers["visit_count"].issues] == [ErrorCode.SOURCE_UNAVAILABLE]
    assert compared.numbers["visit_count"].diff is None
    assert compared.numbers["sales"].diff is not None


async def test_what_the_cap_leaves_out_is_named_and_progress_is_told(opened: Shop) -> None:
    found = draft(opened, (SUM, "is: sum(amount * 2)"))
    told: list[tuple[str, int, int]] = []
    names = found.compared
    assert names[0] == "sales"  # own changes first, so the cap cuts what follows from them
    numbers = await comparison(opened, found, cap=Cap(metrics=1)).all(names, lambda *step: told.append(step))
    assert [one.metric for one in numbers if one.diff is not None] == ["sales"]
    assert {one.left_out for one in numbers[1:]} == {"only 1 metrics are compared at once"}
    assert told == [(name, place + 1, len(names)) for place, name in enumerate(names)]


async def test_no_time_left_is_said(opened: Shop) -> None:
    found = draft(opened, (SUM, "is: sum(amount * 2)"))
    [numbers] = await comparison(opened, found, cap=Cap(seconds=0)).all(["sales"])
    assert (numbers.diff, numbers.issues) == (None, ())
    assert numbers.left_out is not None and "used up" in numbers.left_out


async def test_a_slow_source_is_left_out_at_the_deadline(opened: Shop) -> None:
    opened.engine.gate = asyncio.Event()
    found = draft(opened, (SUM, "is: sum(amount * 2)"))
    wish = Wish(dimensions=())
    [numbers] = await comparison(opened, found, wish=wish, cap=Cap(seconds=0.3)).all(["sales"])
    assert numbers.left_out is not None and "takes longer" in numbers.left_out


async def test_cancelling_reaches_the_source(opened: Shop) -> None:
    opened.engine.gate = asyncio.Event()
    running = asyncio.create_task(
        comparison(opened, draft(opened, (SUM, "is: sum(amount * 2)")), wish=Wish(dimensions=())).all(["sales"])
    )
    await opened.engine.started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with asyncio.timeout(60):
        while opened.engine.cancelled == 0:
            await asyncio.sleep(0.01)


async def test_a_servers_row_limit_is_the_cap(folder: Path) -> None:
    write(folder, "orders", more_orders("5, 1, 1.00, 1.0, TIMESTAMP '2026-03-01 00:00'"))
    one = open_shop(folder, limits=Limits(default_rows=2, max_rows=3))
    [numbers] = await comparison(
        one, draft(one, (SUM, "is: sum(amount * 2)")), wish=Wish(dimensions=("product.brand",))
    ).all(["sales"])
    await one.engine.close()
    assert numbers.diff is not None and numbers.diff.left_out == ("only the first 3 cells were compared",)


@pytest.mark.parametrize(
    ("before", "after", "differ"),
    [(1, 1, False), (1, 2, True), (None, 0, True), (None, None, False), (0.1 + 0.2, 0.3, False), (0.0, None, True),
     (1.0, 1.00001, True), (3, 3.0, False), ("a", "b", True)],
)  # fmt: skip
def test_what_counts_as_changed(before: Any, after: Any, differ: bool) -> None:
    assert changed(before, after) is differ


def test_only_rules_that_differ_are_compared(opened: Shop) -> None:
    found = draft(
        opened, ("deprecated: {ends: 2027-01-01, use: [sales]}", "deprecated: {ends: 2028-01-01, use: [sales]}")
    )
    assert found.before is not None
    assert (found.changes[0].change_class, compared_metrics(found.before, found.after)) == (2, ())
