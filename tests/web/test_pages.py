"""Health, readiness, unknown addresses, and GraphiQL without anything from elsewhere."""

import json
import re
from pathlib import Path

import httpx
import pytest

from semantic_layer.registry.catalogs import RegistryStatus
from semantic_layer.web import graphiql_page
from semantic_layer.web.graphiql_page import ASSETS, FirstQuestion
from tests.api.given import Door
from tests.web.conftest import Site

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_health(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (RegistryStatus(None, None, True, None), 503, None),
        (RegistryStatus(None, 1, True, "Revision 1 cannot be served"), 503, "Revision 1 cannot be served"),
        (RegistryStatus(3, 3, True, None), 200, None),
        (RegistryStatus(3, 4, True, "Revision 4 cannot be served"), 200, "Revision 4 cannot be served"),
        (RegistryStatus(3, 3, False, "The registry does not answer"), 200, "The registry does not answer"),
    ],
)
async def test_ready_as_long_as_a_revision_is_served(
    site: Site, client: httpx.AsyncClient, status: RegistryStatus, code: int, error: str | None
) -> None:
    site.status = status
    response = await client.get("/readyz")
    assert response.status_code == code
    body = response.json()
    assert (body["revision"], body["newestRevision"], body["error"]) == (status.serving, status.newest, error)


@pytest.mark.parametrize(
    "path", ["/", "/graphq", "/docs", "/openapi.json", "/graphql/assets/", "/graphql/assets/../page.html"]
)
async def test_nothing_else_is_there(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_wrong_method(client: httpx.AsyncClient) -> None:
    response = await client.post("/healthz")
    assert response.status_code == 405
    assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


async def test_a_browser_gets_graphiql(client: httpx.AsyncClient) -> None:
    response = await client.get("/graphql", headers=BROWSER)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    addresses = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert len(addresses) == 6
    for address in addresses:
        if address == "data:,":
            continue
        asset = await client.get(address)
        assert asset.status_code == 200 and len(asset.content) > 100
        again = await client.get(address, headers={"if-none-match": asset.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_the_page_may_load_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/graphql", headers=BROWSER)).headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "http" not in policy


async def test_the_first_question_is_filled_in_and_cannot_break_out() -> None:
    first = FirstQuestion("{ __typename }", {"x": "</script><script>alert(1)</script>"})
    async with Site(Door(), first_question=first).client() as client:
        page = (await client.get("/graphql", headers=BROWSER)).text
    shown = re.search(r'<script type="application/json" id="first">(.*?)</script>', page, re.DOTALL)
    assert shown is not None
    read = json.loads(shown[1])
    assert read["query"] == "{ __typename }" and json.loads(read["variables"]) == dict(first.variables)


async def test_without_a_first_question_there_is_no_page() -> None:
    async with Site(Door(), first_question=None).client() as client:
        assert (await client.get("/graphql", headers=BROWSER)).status_code == 400
        assert (await client.get("/graphql/assets/start.js")).status_code == 404


def test_the_vendored_files_stay_small_and_licensed() -> None:
    folder = Path(graphiql_page.__file__).parent / "graphiql"
    assert sum((folder / name).stat().st_size for name in ASSETS) < 2_000_000
    assert (folder / "LICENSES.txt").read_text(encoding="utf-8").count("MIT License") >= 2
