"""A page of plain files beside the questions."""

from pathlib import Path

import httpx
import pytest

from semantic_layer.web.static_page import StaticPage
from tests.api.given import Door
from tests.web.conftest import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Sales</title>")
    (folder / "main.js").write_text("export {};")
    (tmp_path / "secret.js").write_text("never")
    (folder / "out.js").symlink_to(tmp_path / "secret.js")
    return Site(Door(), pages=(StaticPage("/board", folder),))


async def test_the_page_is_its_index_and_takes_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    for address in ("/board", "/board/"):
        response = await client.get(address, follow_redirects=True)
        assert response.status_code == 200 and "Sales" in response.text
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy


async def test_a_file_is_asked_for_again_and_comes_once(client: httpx.AsyncClient) -> None:
    first = await client.get("/board/main.js")
    assert first.status_code == 200 and "javascript" in first.headers["content-type"]
    assert first.headers["cache-control"] == "no-cache"
    again = await client.get("/board/main.js", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


@pytest.mark.parametrize("path", ["none.js", "../secret.js", "%2e%2e/secret.js", "out.js", "%00", "a" * 5000])
async def test_only_its_own_files_are_there(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(f"/board/{path}")
    assert response.status_code == 404
    assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_nothing_can_be_sent_there(client: httpx.AsyncClient) -> None:
    response = await client.post("/board/main.js")
    assert response.status_code == 405
    assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"
