"""The dashboard as somebody in front of it sees it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.demo.process import PATIENCE

TILES = ("trend", "baskets", "departments")


@dataclass(frozen=True, slots=True)
class Dashboard:
    """An open page; what is read is what is shown, taken back from its form for people."""

    page: Any

    @staticmethod
    async def of(page: Any, address: str, query: str = "lang=en") -> "Dashboard":
        page.set_default_timeout(PATIENCE * 1000)
        await page.goto(f"{address}/dashboard?{query}")
        return await Dashboard(page).settled()

    async def settled(self) -> "Dashboard":
        """Until every tile has its answer or its refusal."""
        for tile in TILES:
            await self.page.wait_for_selector(f"#{tile}:not([aria-busy]) > *")
        return self

    async def figure(self, name: str) -> Decimal:
        """A large number of the page by its field's name."""
        return number(await self.page.inner_text(f'[data-number="{name}"]'))

    async def table(self, tile: str) -> list[list[str]]:
        """The cells of the tile's table, without its head."""
        rows = await self.page.locator(f"#{tile} tbody tr").all()
        return [await row.locator("th, td").all_text_contents() for row in rows]

    async def text(self, tile: str) -> str:
        return str(await self.page.inner_text(f"#{tile}"))

    async def choose(self, department: str) -> None:
        await self.page.click(f'[data-department="{department}"]')
        await self.settled()

    async def speak(self, language: str) -> None:
        await self.page.click(f'#languages [lang="{language}"]')
        await self.settled()


def number(shown: str) -> Decimal:
    """$4,594,146.32, +7.4%, US$29.49."""
    return Decimal(shown.replace("US", "").translate(str.maketrans("", "", "$,%+ ")))
