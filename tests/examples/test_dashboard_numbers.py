"""The numbers that the dashboard shows in a browser are those of hand-written SQL, and of the published rows."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.browser.fixtures import OpenPage
from tests.demo.process import Demo
from tests.examples.dashboard import Dashboard, number
from tests.oracle.data import ROOT, is_whole
from tests.oracle.databases import DuckDbOracle

YEAR = "day >= date '2017-01-01' and day < date '2018-01-01'"
MONTHS = f"""
    select strftime(day, '%B %Y'), sum(sales_value), count(distinct basket_id)
    from cut where {YEAR} and {{0}} group by 1, date_trunc('month', day) order by date_trunc('month', day)"""
TOTAL = f"select sum(sales_value), count(distinct basket_id) from cut where {YEAR} and {{0}}"
DEPARTMENTS = f"select department, sum(sales_value) from cut where {YEAR} group by 1 order by 2 desc, 1 limit 10"
FILTERS = {"": "true", "&department=GROCERY": "department = 'GROCERY'"}


def near(shown: str, truth: Decimal | float, digits: int) -> bool:
    """Whether it is the truth at so many decimals; a half may go either way, as the truth is no decimal number."""
    return abs(number(shown) - Decimal(truth)) <= Decimal(5).scaleb(-digits - 1) + Decimal("1e-9")


@pytest.mark.parametrize("query", FILTERS, ids=["all", "one department"])
async def test_they_are_those_of_hand_written_sql(
    query: str, demo: Demo, open_page: OpenPage, duckdb_oracle: DuckDbOracle
) -> None:
    page = await open_page()
    dashboard = await Dashboard.of(page, demo.url, f"lang=en{query}")
    months = duckdb_oracle.rows(MONTHS.format(FILTERS[query]))
    [(sales, baskets)] = duckdb_oracle.rows(TOTAL.format(FILTERS[query]))

    trend = await dashboard.table("trend")
    assert [(month, number(shown)) for month, shown, _ in trend] == [(month, sold) for month, sold, _ in months]
    assert trend[0][2] == "–"  # December 2016 has no data
    for (_, _, growth), (_, before, _), (_, now, _) in zip(trend[1:], months, months[1:], strict=False):
        assert near(growth, (now / before - 1) * 100, 1)
    assert near(await page.inner_text('[data-number="sales"]'), sales, 0)

    table = await dashboard.table("baskets")
    assert [(month, number(count)) for month, _, count in table] == [(month, count) for month, _, count in months]
    for (_, value, _), (_, sold, count) in zip(table, months, strict=True):
        assert near(value, sold / count, 2)
    assert await dashboard.figure("baskets") == baskets
    assert near(await page.inner_text('[data-number="averageBasketValue"]'), sales / baskets, 2)

    [(whole, _)] = duckdb_oracle.rows(TOTAL.format("true"))
    rows, largest = await dashboard.table("departments"), duckdb_oracle.rows(DEPARTMENTS)
    assert [(name, number(shown)) for name, shown, _ in rows] == [(name or "(none)", sold) for name, sold in largest]
    for (_, _, share), (_, sold) in zip(rows, largest, strict=True):
        assert near(share, sold / whole * 100, 1)
    assert page.complaints == []


@pytest.mark.full
async def test_they_are_the_published_ones(demo: Demo, open_page: OpenPage, golden_data: Path) -> None:
    """On the whole data: the months of expected.json, which nobody here computed."""
    if not is_whole(golden_data):
        pytest.skip("needs the whole demo data (make test-full)")
    published = {one["id"]: one["rows"] for one in json.loads((ROOT / "tests/golden/expected.json").read_text())}
    dashboard = await Dashboard.of(await open_page(), demo.url)
    months: list[list[Any]] = [row for row in published["by_month"] if row[0] < "2018"]
    growths = [row[1] for row in published["sales_mom"] if row[0] < "2018"]

    trend, baskets = await dashboard.table("trend"), await dashboard.table("baskets")
    assert len(trend) == len(baskets) == len(months) == 12
    for (_, sales, growth), (_, value, count), row, grown in zip(trend, baskets, months, growths, strict=True):
        assert near(sales, row[1], 2)
        assert number(count) == row[2]
        assert near(value, row[3], 2)
        assert growth == "–" if grown is None else near(growth, grown * 100, 1)
    assert await dashboard.figure("baskets") == sum(row[2] for row in months)  # no basket goes over a month's end
    assert near(await dashboard.page.inner_text('[data-number="sales"]'), sum(row[1] for row in months), 0)
