"""What differs between two recorded revisions, and how the numbers move, asked over GraphQL."""

import re
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from semantic_layer.app.application import Application
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_files
from tests.app.test_application import DEMO
from tests.app.test_schema_lifecycle import serving
from tests.house.tree import ROOT

CHANGES = """query ($from: Int!, $to: Int) { changes(from: $from, to: $to) { from to class changes {
  kind name how class cause because lines { path class before after } } } }"""
NUMBERS = """query ($from: Int!, $to: Int, $by: [String!], $cells: Int!) { changes(from: $from, to: $to) { changes {
  name numbers(by: $by, cells: $cells) { cells changed complete leftOut provesNothingMoves total { before after }
    cut { grain dimensions } members { dimension member before after } periods { place before after }
    relative { p50 max } } } } }"""


def less_coupons(folder: Path) -> Catalog:
    """The demo's definitions with coupons taken off sales."""
    copied = Path(shutil.copytree(DEMO, folder / "definitions"))
    file = copied / "metrics_sales.yaml"
    text = file.read_text(encoding="utf-8").replace("is: sum(sales_value)", "is: sum(sales_value - coupon_disc)", 1)
    file.write_text(text.replace("en: [pieces, quantity]", "en: [pieces]", 1), encoding="utf-8")
    return read_files([copied])


async def publish(application: Application, *catalogs: Catalog) -> None:
    for number, catalog in enumerate(catalogs, 1):
        await application.registry.publisher.publish(catalog, actor="tests")
        await application.catalogs.wait_for(number, timeout=60)


async def asked(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    reply: dict[str, Any] = (await client.post("/graphql", json={"query": query, "variables": variables})).json()
    return reply


async def test_lines_classes_and_numbers_between_two_revisions(registry_url: str, tmp_path: Path) -> None:
    async with serving(registry_url) as (application, client):
        await publish(application, read_files([DEMO]), less_coupons(tmp_path))
        found = (await asked(client, CHANGES, **{"from": 1}))["data"]["changes"]
        assert (found["from"], found["to"], found["class"]) == (1, 2, 2)
        by_name = {one["name"]: one for one in found["changes"]}
        assert len(by_name) == 11
        assert by_name["sales"]["lines"] == [
            {"path": ["is"], "class": 2, "before": '"sum(sales_value)"', "after": '"sum(sales_value - coupon_disc)"'}
        ]
        assert (by_name["sales_ytd"]["cause"], by_name["sales_ytd"]["because"]) == ("DEPENDENCY", ["metric sales"])
        [words] = by_name["units"]["lines"]
        assert (by_name["units"]["class"], words["class"], words["path"]) == (0, 0, ["about", "synonyms", "en"])

        variables = {"by": ["product.department"], "cells": 100_000}
        numbers = (await asked(client, NUMBERS, **{"from": 1, **variables}))["data"]["changes"]["changes"]
        diffs = {one["name"]: one["numbers"] for one in numbers}
        assert diffs["units"] is None
        assert diffs["sales"]["total"] == {"before": "135087.73", "after": "133999.68"}
        assert (diffs["sales"]["complete"], diffs["sales"]["cut"]) == (
            True, {"grain": "MONTH", "dimensions": ["product.department"]},
        )  # fmt: skip
        assert diffs["sales"]["periods"][0]["place"] == ["2017-01-01"]
        assert diffs["sales"]["members"][0] == {
            "dimension": "product.department", "member": "GROCERY", "before": "61996.85", "after": "61391.30",
        }  # fmt: skip
        assert all(diffs[name] is not None for name in by_name if name != "units")

        back = (await asked(client, NUMBERS, **{"from": 2, "to": 1, **variables}))["data"]["changes"]["changes"]
        [sales] = [one["numbers"] for one in back if one["name"] == "sales"]
        assert sales["total"] == {"before": "133999.68", "after": "135087.73"}
        assert sales["changed"] == diffs["sales"]["changed"]

        none = (await asked(client, CHANGES, **{"from": 2, "to": 2}))["data"]["changes"]
        assert (none["class"], none["changes"]) == (0, [])


@pytest.mark.parametrize("variables", [{"from": 0}, {"from": 7}, {"from": 1, "to": 9}])
async def test_a_revision_that_is_not_recorded_is_told(registry_url: str, variables: dict[str, int]) -> None:
    async with serving(registry_url) as (application, client):
        await publish(application, read_files([DEMO]))
        reply = await asked(client, CHANGES, **variables)
        assert reply["data"] == {"changes": None}
        assert reply["errors"][0]["extensions"]["code"] == "UNKNOWN_REVISION"


async def test_a_comparison_that_is_refused_leaves_the_lines(registry_url: str, tmp_path: Path) -> None:
    async with serving(registry_url) as (application, client):
        await publish(application, read_files([DEMO]), less_coupons(tmp_path))
        reply = await asked(client, NUMBERS, **{"from": 1, "by": ["nowhere"], "cells": 10})
        assert {error["extensions"]["code"] for error in reply["errors"]} == {"UNKNOWN_DIMENSION"}
        assert len(reply["data"]["changes"]["changes"]) == 11
        capped = await asked(client, NUMBERS, **{"from": 1, "by": ["product.brand"], "cells": 3})
        [sales] = [one["numbers"] for one in capped["data"]["changes"]["changes"] if one["name"] == "sales"]
        assert (sales["complete"], sales["leftOut"]) == (False, ["only the first 3 cells were compared"])
        long_ago = await asked(client, NUMBERS, **{"from": 1, "by": [], "cells": -5})
        assert "errors" not in long_ago


async def test_the_documents_of_the_page_are_answered(registry_url: str, tmp_path: Path) -> None:
    page = (ROOT / "docs/governance.md").read_text(encoding="utf-8")
    documents = re.findall(r"^```graphql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(documents) >= 2
    async with serving(registry_url) as (application, client):
        await publish(application, read_files([DEMO]), less_coupons(tmp_path))
        for document in documents:
            assert "errors" not in await asked(client, document), document
