"""What a test of a page asks for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.browser.tools import FLAGS, BrowserMissing, chromium, playwright

OpenPage = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Any]:
    """Chromium with nothing remembered. Skips where it cannot be had, with the reason."""
    try:
        program, driver = chromium(), playwright()
    except BrowserMissing as missing:
        pytest.skip(f"needs a browser: {missing}")
    async with driver.async_playwright() as started:
        running = await started.chromium.launch(executable_path=program, args=list(FLAGS))
        yield running
        await running.close()


@pytest.fixture
async def open_page(browser: Any) -> AsyncIterator[OpenPage]:
    """A page of its own, by Playwright's options of a context (viewport, color_scheme, locale).

    What the page complains of (console errors, exceptions) is in its `complaints`; the test says what it expects there.
    """
    contexts: list[Any] = []

    async def opened(**options: Any) -> Any:
        usual = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"}
        context = await browser.new_context(**{**usual, **options})
        contexts.append(context)
        page = await context.new_page()
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda said: said.type in ("error", "warning") and page.complaints.append(said.text))
        return page

    yield opened
    for context in contexts:
        await context.close()
