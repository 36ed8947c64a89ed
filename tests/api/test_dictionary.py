"""The dictionary: entries in the asked language, search, what cuts what, members."""

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.query.ask import AnyOf, Ask, AskDimension, DimensionFilter
from semantic_layer.serving.answer import AnswerColumn, OutputType
from tests.api.given import ANSWER, Door, published


async def test_an_entry_says_who_answers_for_it(door: Door) -> None:
    """What the metric does not name is its domain's."""
    reply = await door.ask(
        '{ metric(name: "sales") { name label rule synonyms meaning unit format owner dataOwner tier kind direction'
        " updated warn tags version fingerprint versions { number revision class cause recordedAt actor }"
        " deprecated { ends } } }"
    )
    entry = reply["data"]["metric"]
    assert entry == {
        "name": "sales",
        "label": "Sales",
        "rule": "sales is sum(sales_value) from transactions.",
        "synonyms": ["revenue", "turnover"],
        "meaning": "Amount received for goods after all discounts",
        "unit": "USD",
        "format": "#,##0.00",
        "owner": "grocery_lead",
        "dataOwner": "data_engineering",
        "tier": 1,
        "kind": "result",
        "direction": "up_is_good",
        "updated": "daily",
        "warn": "value < 0.8 * usual",
        "tags": ["headline"],
        "version": 2,
        "fingerprint": "f1:sales2",
        "versions": [
            {
                "number": number,
                "revision": revision,
                "class": 2,
                "cause": "OWN_CHANGE",
                "recordedAt": "2026-11-24T08:30:00+00:00",
                "actor": "ann",
            }
            for number, revision in ((1, 1), (2, 3))
        ],
        "deprecated": None,
    }


async def test_words_come_in_the_asked_language(door: Door) -> None:
    reply = await door.ask('{ metric(name: "sales", language: "zh") { label synonyms dimensions { name label } } }')
    entry = reply["data"]["metric"]
    assert entry["label"] == "销售额" and entry["synonyms"] == ["营业额", "销售收入"]
    labels = {one["name"]: one["label"] for one in entry["dimensions"]}
    assert labels["product.department"] == "部门"


async def test_lineage_goes_down_to_columns(door: Door) -> None:
    reply = await door.ask(
        '{ metric(name: "average_basket_value")'
        " { lineage { columns { dataset name } edges { user { name } used { name } } } } }"
    )
    lineage = reply["data"]["metric"]["lineage"]
    columns = {(column["dataset"], column["name"]) for column in lineage["columns"]}
    assert {("transactions", "sales_value"), ("transactions", "basket_id")} <= columns
    uses = {(edge["user"]["name"], edge["used"]["name"]) for edge in lineage["edges"]}
    assert {("average_basket_value", "sales"), ("average_basket_value", "baskets")} <= uses


async def test_who_would_change_with_it(door: Door) -> None:
    reply = await door.ask('{ metric(name: "baskets") { usedBy } }')
    assert {"average_basket_value", "units_per_basket"} <= set(reply["data"]["metric"]["usedBy"])


@pytest.mark.parametrize("search", ["sales", "销售额", "xiaoshoue", "xse", "revenue", "营业额"])
async def test_search_finds_by_name_label_synonym_and_pinyin(door: Door, search: str) -> None:
    reply = await door.ask("query ($s: String) { metricsCatalog(search: $s) { nodes { name } } }", {"s": search})
    assert reply["data"]["metricsCatalog"]["nodes"][0]["name"] == "sales"


async def test_pages_cover_the_catalog_once_in_order(door: Door) -> None:
    names: list[str] = []
    after = None
    while True:
        reply = await door.ask(
            "query ($a: String) { metricsCatalog(first: 7, after: $a) {"
            " totalCount edges { cursor node { name } } pageInfo { hasNextPage endCursor } } }",
            {"a": after},
        )
        page = reply["data"]["metricsCatalog"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        assert page["totalCount"] == len(published().catalog.metrics)
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert names == sorted(published().catalog.metrics)


async def test_dimensions_for_several_metrics_are_those_all_reach(door: Door) -> None:
    """Coupons are redeemed by the day and know no store: together with sales only what both have (rule 5)."""
    query = "query ($m: [String!]!) { dimensionsFor(metrics: $m) { name grains } }"
    alone = (await door.ask(query, {"m": ["sales"]}))["data"]["dimensionsFor"]
    both = (await door.ask(query, {"m": ["sales", "coupon_redemptions"]}))["data"]["dimensionsFor"]
    assert "store_id" in {one["name"] for one in alone} - {one["name"] for one in both}
    grains = {one["name"]: one["grains"] for one in both}
    assert grains["transaction_date"] == ["DAY", "WEEK", "MONTH", "QUARTER", "HALF_YEAR", "YEAR"]
    assert "household.income" in grains


async def test_members_are_asked_through_the_pipeline(door: Door) -> None:
    columns = (AnswerColumn("product.department", "Department", OutputType.TEXT),)
    rows = pa.table({"product.department": ["GROCERY", None]})
    door.answers.result = replace(ANSWER, columns=columns, rows=rows)
    reply = await door.ask(
        '{ dimensionValues(dimension: "product.department", search: "gro", first: 5)'
        " { values column { type } meta { truncated } } }"
    )
    assert reply["data"]["dimensionValues"] == {
        "values": ["GROCERY", None],
        "column": {"type": "TEXT"},
        "meta": {"truncated": False},
    }
    spellings = ("gro", "GRO", "Gro")
    assert door.answers.asked == [
        Ask(
            by=(AskDimension("product.department"),),
            where=AnyOf(tuple(DimensionFilter("product.department", "CONTAINS", (one,)) for one in spellings)),
            limit=5,
        )
    ]


async def test_the_revision_that_answers(door: Door) -> None:
    reply = await door.ask("{ catalog { revision actor languages timeZone weekStart metrics } }")
    assert reply["data"]["catalog"] == {
        "revision": 3,
        "actor": "ann",
        "languages": ["en", "zh"],
        "timeZone": "UTC",
        "weekStart": "monday",
        "metrics": len(published().catalog.metrics),
    }


@pytest.mark.parametrize(
    ("document", "code", "path", "near"),
    [
        ('{ metric(name: "salez") { name } }', "UNKNOWN_METRIC", ["name"], "sales"),
        ('{ metric(name: "sales", language: "de") { name } }', "UNKNOWN_LANGUAGE", ["language"], "en"),
        ('{ dimensionsFor(metrics: ["sales", "unitz"]) { name } }', "UNKNOWN_METRIC", ["metrics", 1], "units"),
        ("{ dimensionsFor(metrics: []) { name } }", "EMPTY_QUESTION", ["metrics"], None),
        ("{ metricsCatalog(first: 0) { totalCount } }", "BAD_LIMIT", ["first"], None),
        ("{ metricsCatalog(first: 501) { totalCount } }", "LIMIT_TOO_LARGE", ["first"], None),
        ('{ metricsCatalog(after: "é") { totalCount } }', "BAD_VALUE", ["after"], None),
        ('{ metricsCatalog(after: "eA==") { totalCount } }', "BAD_VALUE", ["after"], None),
        ('{ dimensionValues(dimension: "d", first: 0) { values } }', "BAD_LIMIT", ["first"], None),
    ],
)
async def test_refused(door: Door, document: str, code: str, path: list[Any], near: str | None) -> None:
    (extensions,) = await door.refused(document)
    assert (extensions["code"], extensions["path"]) == (code, path)
    assert near is None or near in extensions["near"]


async def test_the_next_catalog_gets_its_own_words(door: Door) -> None:
    """Search words are made once per catalog, and never serve another one."""
    index = door.backend.search
    before: PublishedCatalog = published()
    assert await index.of(before.catalog) is await index.of(before.catalog)
    smaller = replace(before.catalog, metrics={"units": before.catalog.metrics["units"]})
    assert (await index.of(smaller)).search("sales") == () or "sales" not in {
        hit.name for hit in (await index.of(smaller)).search("sales")
    }
