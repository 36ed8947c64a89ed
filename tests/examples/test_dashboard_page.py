"""The demo's dashboard in front of a reader: two languages, a choice, a tile that fails, a phone, the keyboard."""

import json
from typing import Any

import pytest

from tests.browser.fixtures import OpenPage
from tests.demo.process import Demo
from tests.examples.dashboard import TILES, Dashboard

RULES = {
    "trend": ["Sales v1", "Sales growth on month before v1"],
    "baskets": ["Average basket value v1", "Baskets v1"],
    "departments": ["Sales v1", "Share of sales v1"],
}


async def test_each_tile_names_the_rule_of_its_numbers(demo: Demo, open_page: OpenPage) -> None:
    page = await open_page()
    dashboard = await Dashboard.of(page, demo.url)
    for tile, labels in RULES.items():
        rules = [" ".join(text.split()) for text in await page.locator(f"#{tile} .rules li").all_inner_texts()]
        assert [rule.rsplit(" ", 1)[0] for rule in rules] == labels
        assert all(rule.rsplit(" ", 1)[1].startswith("f1:") for rule in rules)
        assert "Data until Jan 1, 2018" in await dashboard.text(tile)
        await page.click(f"#{tile} summary")
        opened = await dashboard.text(tile)
        assert "SELECT" in opened and "Catalog revision 1" in opened
    assert "Sales per basket" in await dashboard.text("baskets")  # the dictionary's words
    assert page.complaints == []


async def test_one_request_answers_the_whole_page(demo: Demo, open_page: OpenPage) -> None:
    page = await open_page()
    asked: list[str] = []
    page.on("request", lambda request: request.method == "POST" and asked.append(request.url))
    await Dashboard.of(page, demo.url)
    assert asked == [f"{demo.url}/graphql"]


async def test_it_speaks_two_languages(demo: Demo, open_page: OpenPage) -> None:
    page = await open_page()
    dashboard = await Dashboard.of(page, demo.url)
    english = await dashboard.figure("averageBasketValue")
    await dashboard.speak("zh")
    assert "销售额环比" in await dashboard.text("trend")
    assert "客单价" in await dashboard.text("baskets")
    assert "按部门" in await dashboard.text("departments")
    assert await page.get_attribute("html", "lang") == "zh"
    assert await page.title() == "连锁超市 2017"
    assert await dashboard.figure("averageBasketValue") == english
    assert await page.get_attribute('#languages [aria-pressed="true"]', "lang") == "zh"
    await page.reload()
    await dashboard.settled()
    assert "交易笔数" in await dashboard.text("baskets")  # the address keeps the choice
    assert page.complaints == []


async def test_a_browser_chooses_the_first_language(demo: Demo, open_page: OpenPage) -> None:
    page = await open_page(locale="zh-CN")
    await Dashboard.of(page, demo.url, "")
    assert await page.get_attribute("html", "lang") == "zh"


async def test_a_department_filters_the_other_tiles(demo: Demo, open_page: OpenPage) -> None:
    page = await open_page()
    dashboard = await Dashboard.of(page, demo.url)
    whole, rows = await dashboard.figure("baskets"), await dashboard.table("departments")
    await dashboard.choose("MEAT")
    assert await page.get_attribute('[aria-pressed="true"][data-department]', "data-department") == "MEAT"
    assert await page.evaluate("document.activeElement.dataset.department") == "MEAT"  # the keyboard stays there
    assert "Only MEAT" in await dashboard.text("trend") and "Only MEAT" in await dashboard.text("baskets")
    assert await dashboard.figure("baskets") < whole
    assert await dashboard.table("departments") == rows
    await dashboard.choose("MEAT")
    assert await dashboard.figure("baskets") == whole
    assert "department=" not in page.url
    assert page.complaints == []


async def test_a_tile_that_fails_leaves_the_others(demo: Demo, open_page: OpenPage) -> None:
    """Its question alone is made one that the server refuses; the second try is left as it is."""
    page = await open_page()
    sent = 0

    async def spoilt(route: Any) -> None:
        nonlocal sent
        sent += 1
        body = route.request.post_data_json
        if sent == 1:
            body["variables"]["top"] = 100_000_000
        await route.continue_(post_data=json.dumps(body))

    await page.route("**/graphql", spoilt)
    dashboard = await Dashboard.of(page, demo.url)
    refused = await dashboard.text("departments")
    assert "LIMIT_TOO_LARGE" in refused and "100000000" in refused.replace(",", "")
    assert await page.locator('[role="alert"]').count() == 1
    assert await dashboard.figure("baskets") > 0 and len(await dashboard.table("trend")) == 12
    await page.click("#departments button")
    await dashboard.settled()
    assert len(await dashboard.table("departments")) == 10
    assert await page.locator('[role="alert"]').count() == 0
    assert page.complaints == []


async def test_a_server_that_is_away(demo: Demo, open_page: OpenPage) -> None:
    page = await open_page()
    await page.route("**/graphql", lambda route: route.abort())
    dashboard = await Dashboard.of(page, demo.url)
    for tile in TILES:
        assert "The server does not answer." in await dashboard.text(tile)
    await page.unroute("**/graphql")
    await page.click("#trend button")
    await dashboard.settled()
    assert len(await dashboard.table("trend")) == 12


async def test_tiles_wait_visibly(demo: Demo, open_page: OpenPage) -> None:
    page = await open_page()
    held: list[Any] = []
    await page.route("**/graphql", lambda route: held.append(route))
    await page.goto(f"{demo.url}/dashboard?lang=en")
    for tile in TILES:
        await page.wait_for_selector(f"#{tile}[aria-busy] >> text=Loading")
    await held[0].continue_()
    await Dashboard(page).settled()
    assert await page.locator("text=Loading").count() == 0


async def test_only_the_last_choice_is_shown(demo: Demo, open_page: OpenPage) -> None:
    """A question that nobody waits for any more is given up."""
    page = await open_page()
    dashboard = await Dashboard.of(page, demo.url)
    held: list[Any] = []
    await page.route("**/graphql", lambda route: route.continue_() if held else held.append(route))
    await page.click('[data-department="MEAT"]')
    await page.wait_for_selector("#trend[aria-busy]")
    async with page.expect_event("requestfailed"):
        await dashboard.choose("GROCERY")
    assert "Only GROCERY" in await dashboard.text("trend")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone(scheme: str, demo: Demo, open_page: OpenPage) -> None:
    page = await open_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    await Dashboard.of(page, demo.url)
    for tile in TILES:
        await page.click(f"#{tile} summary")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in ground[4:-1].split(",")) / 3
    assert brightness > 200 if scheme == "light" else brightness < 50


async def test_the_chart_tells_its_points(demo: Demo, open_page: OpenPage) -> None:
    """By the arrow keys as by the pointer; the whole of it is in the chart's name and in the table."""
    page = await open_page()
    dashboard = await Dashboard.of(page, demo.url)
    months = await dashboard.table("trend")
    assert (await page.get_attribute("#trend svg", "aria-label")).count(";") == 11
    await page.focus("#trend .chart svg")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    told = await page.locator("#trend .told").all_text_contents()
    assert told[0] == months[1][0] and told[1].endswith(months[1][1]) and told[2].endswith(months[1][2])
    await page.keyboard.press("Tab")
    assert await page.locator("#trend .told").count() == 0
    assert page.complaints == []
