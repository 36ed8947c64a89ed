"""`python -m tests.examples.picture_dashboard` draws docs/dashboard.png: the demo's dashboard on the whole data."""

import asyncio
import tempfile
from pathlib import Path

from tests.browser.tools import FLAGS, chromium, playwright
from tests.demo.process import Demo, free_port
from tests.examples.dashboard import Dashboard
from tests.house.tree import ROOT
from tests.oracle.load_retail import WHOLE_DATA

PICTURE = ROOT / "docs/dashboard.png"
SIZE = {"width": 1280, "height": 840}


async def draw(address: str) -> None:
    async with playwright().async_playwright() as started:
        browser = await started.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = await browser.new_page(viewport=SIZE, locale="en-US", color_scheme="light")
        await (await Dashboard.of(page, address)).settled()
        await page.reload()  # as fast as it is once everything was asked
        await Dashboard(page).settled()
        await page.hover("#trend .chart svg", position={"x": 232, "y": 100})
        await page.screenshot(path=PICTURE)
        await browser.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder), free_port(), WHOLE_DATA)
        try:
            asyncio.run(draw(demo.until("Stop ").url))
        finally:
            demo.end()
    print(f"docs/dashboard.png: {PICTURE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
