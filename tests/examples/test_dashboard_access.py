"""The dashboard for readers who hear it, use the keyboard or see little: the rules of axe, in its states."""

from typing import Any

import pytest

from tests.browser.fixtures import OpenPage
from tests.demo.process import Demo
from tests.examples.dashboard import TILES, Dashboard
from tests.node.tools import NodeTools


async def violations(page: Any, tools: NodeTools) -> list[str]:
    await page.add_script_tag(path=tools.packages / "node_modules/axe-core/axe.min.js")
    found = await page.evaluate("axe.run().then((result) => result.violations)")
    return [f"{one['id']}: {node['target']}: {node['failureSummary']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_no_rule_is_broken(
    scheme: str, width: int, demo: Demo, open_page: OpenPage, node_tools: NodeTools
) -> None:
    page = await open_page(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    await Dashboard.of(page, demo.url, "lang=zh&department=GROCERY")
    for tile in TILES:
        await page.click(f"#{tile} summary")
    assert await violations(page, node_tools) == []


async def test_nor_where_nothing_is_answered(demo: Demo, open_page: OpenPage, node_tools: NodeTools) -> None:
    page = await open_page(bypass_csp=True)
    await page.route("**/graphql", lambda route: route.abort())
    await Dashboard.of(page, demo.url)
    assert await violations(page, node_tools) == []
    await page.evaluate("document.documentElement.removeAttribute('lang')")
    assert len(await violations(page, node_tools)) == 1  # the rules see what is wrong
