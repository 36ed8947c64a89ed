"""A window over entities: a key has a value from the first row on that the metric reads, and no sooner. Rule 15."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from semantic_layer.store.embedded import EmbeddedPostgres
from tests.oracle.own_world import OwnTable, OwnWorld, own_world

DEFINITIONS = """\
catalog: {time_zone: UTC, languages: [en]}
domains:
  shop: {label: {en: Shop}, owner: o, tier: 3}
sources:
  shop: {connection: RETAIL}
datasets:
  line:
    source: shop
    table: lines
    key: line_id
    time: sold_on
    columns: {line_id: integer, customer: text, city: text, gift: boolean, amount: integer, sold_on: date}
    dimensions:
      sold_on: {type: time}
      customer: {}
      city: {}
      gift: {type: boolean}
  refund:
    source: shop
    table: refunds
    key: refund_id
    time: returned_on
    columns: {refund_id: integer, customer: text, city: text, back: integer, returned_on: date}
    dimensions:
      returned_on: {type: time, conforms: line.sold_on}
      customer: {conforms: line.customer}
      city: {conforms: line.city}
metrics:
  revenue: {is: sum(amount), from: line}
  gifts: {is: revenue, where: gift}
  givers: {is: count(gifts), across: customer}
  givers_ytd: {is: givers, over: year to date}
  back: {is: sum(back), from: refund}
  net: {is: "coalesce(revenue, 0) - coalesce(back, 0)"}
  netting: {is: sum(net), across: customer}
  netting_ytd: {is: netting, over: year to date}
  of_cities: {is: revenue, at_level: [city]}
  of_cities_ytd: {is: of_cities, over: year to date}
  visitors: {is: count(*), across: customer, having: of_cities > 40}
  visitors_ytd: {is: visitors, over: year to date}
"""
TABLES = {
    "lines": OwnTable(
        "line_id integer, customer text, city text, gift boolean, amount integer, sold_on date",
        [
            "(1, 'anna', 'Bonn', true, 10, '2024-01-10')",
            "(2, 'ben', 'Delft', false, 20, '2024-01-20')",
            "(3, 'ben', 'Bonn', false, 40, '2024-02-10')",
        ],
    ),
    "refunds": OwnTable(
        "refund_id integer, customer text, city text, back integer, returned_on date",
        ["(1, 'anna', 'Ulm', 3, '2024-01-15')", "(2, 'ben', 'Delft', 5, '2024-02-20')"],
    ),
}
MONTHS = {"dimension": "time", "grain": "MONTH"}
CITIES = {"dimension": "city"}


@pytest.fixture(scope="module")
async def shop(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnWorld]:
    folder = tmp_path_factory.mktemp("entities_in_windows")
    async with own_world("entities_in_windows", DEFINITIONS, TABLES, postgres_server, folder) as world:
        yield world


async def asked(shop: OwnWorld, engine: str, metric: str, *keys: dict[str, Any]) -> list[list[Any]]:
    return await shop.rows(engine, {"metrics": [{"name": metric}], "by": list(keys)})


async def test_a_key_begins_with_rows_that_the_inputs_read(engine: str, shop: OwnWorld) -> None:
    """Delft has no gift, so it has no givers, as without a window: not 0 because it has lines."""
    assert await asked(shop, engine, "givers", CITIES) == [["Bonn", 1]]
    assert await asked(shop, engine, "givers_ytd", MONTHS, CITIES) == [
        ["2024-01-01", "Bonn", 1],
        ["2024-02-01", "Bonn", 1],
    ]


async def test_a_key_of_one_fact_alone_is_not_lost(engine: str, shop: OwnWorld) -> None:
    """Ulm has refunds only: -3 in January and still in February; taken from the lines alone it has no row.

    And the last refund of February comes after the last line, on a day that is recorded all the same: Delft has
    20 - 5, not 20.
    """
    assert await asked(shop, engine, "netting_ytd", MONTHS, CITIES) == [
        ["2024-01-01", "Bonn", "10"],
        ["2024-01-01", "Delft", "20"],
        ["2024-01-01", "Ulm", "-3"],
        ["2024-02-01", "Bonn", "50"],
        ["2024-02-01", "Delft", "15"],
        ["2024-02-01", "Ulm", "-3"],
    ]
    assert await asked(shop, engine, "netting_ytd", MONTHS) == [["2024-01-01", "27"], ["2024-02-01", "62"]]
    assert await asked(shop, engine, "netting_ytd") == [["62"]]


async def test_a_level_without_time_has_one_window(engine: str, shop: OwnWorld) -> None:
    """Year to date at the end of the data, 70, beside every month; adding the windows of both months gives 100."""
    assert await asked(shop, engine, "of_cities_ytd", MONTHS) == [["2024-01-01", "70"], ["2024-02-01", "70"]]


async def test_the_level_of_an_input_stays_within_its_window(engine: str, shop: OwnWorld) -> None:
    """Bonn sold 10 until January and 50 until February, so its two customers count in February alone; the windows
    of both months together hold 60.
    """
    assert await asked(shop, engine, "visitors_ytd", MONTHS, CITIES) == [
        ["2024-01-01", "Bonn", 0],
        ["2024-01-01", "Delft", 0],
        ["2024-02-01", "Bonn", 2],
        ["2024-02-01", "Delft", 0],
    ]
