"""The numeric diff of the demo's change (sales less coupons) beside SQL that was written by hand."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from semantic_layer.access.principal import Principal
from semantic_layer.app.backend import open_backend
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.definitions.reader import read_files
from semantic_layer.impact.comparing import BY_RULE, NumberComparison, Wish, compared_metrics
from semantic_layer.impact.numeric_diff import Counts, MetricNumbers, Window
from semantic_layer.registry.drafting import drafted
from semantic_layer.settings import fixed_settings
from tests.house.tree import ROOT

OLD, NEW = "is: sum(sales_value)", "is: sum(sales_value - coupon_disc)"

# Old and new sales in each cell, and what is said of the cells that differ: nearest ranks, as a person would count.
LINES = """
with lines as (
    select cast(date_trunc('month', transaction_timestamp) as date) as month, p.department, p.brand,
           cast(sales_value as decimal(12, 2)) as old,
           cast(sales_value as decimal(12, 2)) - cast(coupon_disc as decimal(12, 2)) as new
    from '{data}/transactions.parquet' t left join '{data}/products.parquet' p on p.product_id = t.product_id
    where {where}
),
cells as (select {keys}, sum(old) as old, sum(new) as new from lines group by all),
moved as (select *, abs(new - old) / abs(old) as ratio from cells where old <> new)
"""
SUMMARY = """
select (select count(*) from cells), (select count(*) from moved),
       (select sum(old) from lines), (select sum(new) from lines),
       (select quantile_disc(ratio, 0.5) from moved where old <> 0),
       (select quantile_disc(ratio, 0.95) from moved where old <> 0), (select max(ratio) from moved where old <> 0)
"""


@pytest.fixture(scope="module")
async def comparison(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    folder = Path(shutil.copytree(ROOT / "schema/demo", tmp_path_factory.mktemp("changed") / "definitions"))
    file = folder / "metrics_sales.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(OLD, NEW, 1), encoding="utf-8")
    catalogs = draft_catalogs(read_files([ROOT / "schema/demo"]))
    after = drafted(catalogs.current, read_files([folder]), "less coupons", datetime.now(UTC))
    settings = fixed_settings(connections={"RETAIL": f"duckdb://{ROOT / '.demo/subset'}"})
    async with open_backend(settings, catalogs) as backend:

        async def compared(wish: Wish = BY_RULE, metric: str = "sales") -> MetricNumbers:
            return await NumberComparison(backend.answers, Principal("ada"), catalogs.current, after, wish).of(metric)

        yield compared, compared_metrics(catalogs.current, after)


def by_hand(query: str, keys: str, where: str = "true") -> list[tuple[Any, ...]]:
    lines = LINES.format(data=ROOT / ".demo/subset", keys=keys, where=where)
    return duckdb.sql(lines + query).fetchall()


CUTS = [
    # cut, window, and the same by hand
    (("product.department",), Window(), "month, department", "true"),
    (("product.department", "product.brand"), Window(), "month, department, brand", "true"),
    ((), Window(date(2017, 3, 1), date(2017, 6, 1)), "month",
     "transaction_timestamp >= '2017-03-01' and transaction_timestamp < '2017-06-01'"),
    ((), Window(None, date(2017, 6, 1)), "month", "transaction_timestamp < '2017-06-01'"),
]  # fmt: skip


@pytest.mark.parametrize(("dimensions", "window", "keys", "where"), CUTS)
async def test_cells_totals_and_relative_changes(
    comparison: Any, dimensions: tuple[str, ...], window: Window, keys: str, where: str
) -> None:
    compared, _ = comparison
    diff = (await compared(Wish(dimensions=dimensions, window=window))).diff
    [(cells, moved, old, new, p50, p95, largest)] = by_hand(SUMMARY, keys, where)
    assert moved > 0
    assert diff.counts == Counts(cells, moved, 0, 0)
    assert (diff.total.before, diff.total.after) == (old, new)
    assert [diff.relative.p50, diff.relative.p95, diff.relative.largest] == pytest.approx([p50, p95, largest])
    assert diff.complete is window.is_all


async def test_the_months_the_members_and_the_cells_that_move_most(comparison: Any) -> None:
    compared, _ = comparison
    diff = (await compared(Wish(dimensions=("product.department",)))).diff
    months = by_hand("select * from cells order by month", "month")
    assert [(*cell.place, cell.before, cell.after) for cell in diff.periods] == months
    most = "select * from moved order by abs(new - old) desc, {} limit 5"
    [top, *_] = by_hand(most.format("department"), "department")
    assert (diff.members[0].member, diff.members[0].before, diff.members[0].after) == top[:3]
    cells = by_hand(most.format("month, department"), "month, department")
    assert [(*cell.place, cell.before, cell.after) for cell in diff.samples] == [cell[:4] for cell in cells]
    assert isinstance(diff.samples[0].before, Decimal)


async def test_what_is_derived_moves_with_it(comparison: Any) -> None:
    """A ratio is compared as a ratio, in its totals too; its rule's own filter is no cut for it."""
    compared, metrics = comparison
    assert set(metrics) > {"sales", "sales_ytd", "average_basket_value", "private_label_share"}
    found = await compared(metric="private_label_share")
    assert "product.brand" not in found.diff.cut.dimensions
    assert found.diff.counts.changed > 0
    shares = "select sum({0}) filter (brand = 'Private') / sum({0}) from lines"
    for column, value in (("old", found.diff.total.before), ("new", found.diff.total.after)):
        [(share,)] = by_hand(shares.format(column), "month")
        assert value == pytest.approx(share)


async def test_a_metric_that_means_nothing_without_time_has_no_grand_total(comparison: Any) -> None:
    compared, _ = comparison
    diff = (await compared(metric="sales_mom_growth")).diff
    assert (diff.total, diff.members) == (None, ())
    assert len(diff.periods) >= 12
