"""The tiny shop's files, fresh for each test."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.serving.given import FILES, Shop, open_shop, write

OpenShop = Callable[..., Shop]


@pytest.fixture(scope="session")
def shop_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    for table, query in FILES.items():
        write(folder, table, query)
    return folder


@pytest.fixture
def folder(shop_files: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shop_files, tmp_path / "shop"))


@pytest.fixture
async def opened(folder: Path) -> AsyncIterator[OpenShop]:
    """`opened(*edits, limits=…, tells_tokens=…)`: the shop, with its definitions edited; closed after the test."""
    async with AsyncExitStack() as stack:

        def open_one(*edits: tuple[str, str], **more: Any) -> Shop:
            shop = open_shop(folder, *edits, **more)
            stack.push_async_callback(shop.engine.close)
            return shop

        yield open_one


@pytest.fixture
async def shop(opened: OpenShop) -> Shop:
    return opened()
