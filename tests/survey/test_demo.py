"""The demo's own data on both engines: counts against hand-written SQL, and first definitions that are asked."""

import pytest

from semantic_layer.app.draft import draft_catalogs
from semantic_layer.app.survey import open_sources
from semantic_layer.definitions.reader import Reading, read_texts, read_with_places
from semantic_layer.settings import fixed_settings
from semantic_layer.survey.check_data import DataChecks
from semantic_layer.survey.finding import DataReport
from tests.oracle.data import ROOT
from tests.oracle.databases import Oracle
from tests.survey.test_first_definitions import answers, catalog_of, written

NO_PRODUCT = """
select count(*) from transactions as t
where t.product_id is not null and not exists (select 1 from products as p where p.product_id = t.product_id)"""
NO_HOUSEHOLD = """
select count(*) from transactions as t
where not exists (select 1 from demographics as d where d.household_id = t.household_id)"""
TWICE = """
select count(*), sum(n) from (
  select count(*) as n from promotions group by product_id, store_id, week having count(*) > 1) as repeated"""
MORE_ROWS = """
select count(*) - (select count(*) from transactions) from transactions as t
left join promotions as p on p.product_id = t.product_id and p.store_id = t.store_id and p.week = t.week"""
BY_DEPARTMENT = """
select p.department, sum(cast(t.sales_value as decimal(12, 2))), count(*)
from transactions as t left join products as p on p.product_id = t.product_id group by 1"""


async def checked(reading: Reading, url: str, connection: str) -> DataReport:
    async with open_sources(fixed_settings(connections={connection: url})) as sources:
        checks = DataChecks(reading, draft_catalogs(reading.catalog).current, sources, 300.0)
        return await checks.run(lambda *_: None)


@pytest.fixture
def url(engine: str, source_urls: dict[str, str]) -> str:
    return source_urls[engine]


async def test_the_demo_is_what_its_definitions_say(url: str, oracle: Oracle) -> None:
    report = await checked(read_with_places([ROOT / "schema/demo"]), url, "RETAIL")
    joins = {join.name: join for join in report.joins}
    assert joins["transactions.product"].orphan_rows == oracle.rows(NO_PRODUCT)[0][0] > 0
    assert joins["transactions.household"].orphan_rows == oracle.rows(NO_HOUSEHOLD)[0][0] > 0
    promotions = joins["transactions.promotions"]
    assert (promotions.repeated, promotions.repeated_rows) == oracle.rows(TWICE)[0] and promotions.repeated > 0
    assert promotions.extra_rows == oracle.rows(MORE_ROWS)[0][0]
    assert {dataset.dataset: dataset.rows for dataset in report.datasets if dataset.rows} == {
        name: oracle.rows(f"select count(*) from {table}")[0][0]
        for name, table in (
            ("campaign", "campaign_descriptions"), ("campaign_targets", "campaigns"), ("coupons", "coupons"),
            ("redemptions", "coupon_redemptions"), ("household", "demographics"), ("product", "products"),
            ("promotions", "promotions"), ("transactions", "transactions"),
        )
    }  # fmt: skip
    assert report.errors == 0


async def test_its_first_definitions_are_right_at_once(url: str, oracle: Oracle) -> None:
    found = await written(url)
    catalog = catalog_of(found)
    question = {
        "metrics": [{"name": "total_sales_value"}, {"name": "transactions_count"}],
        "by": [{"dimension": "product.department"}],
    }
    [rows] = await answers(catalog, url, [question])
    assert sorted(map(str, map(tuple, rows))) == sorted(map(str, oracle.rows(BY_DEPARTMENT)))
    report = await checked(read_texts(found.files), url, "SHOP")
    assert (report.errors, {one.code for one in report.findings if one.level == "warning"}) == (0, {"ORPHANS"})
