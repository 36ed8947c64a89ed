"""CORS: nothing is allowed but the origins of a list; of those, what a client of ours needs."""

import httpx
import pytest
from pydantic import ValidationError

from semantic_layer.settings import fixed_settings
from tests.api.given import Door
from tests.web.conftest import Site

APP, LOCAL = "https://app.example", "http://localhost:*"
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type,authorization,x-request-id,x-timeout-ms,if-none-match",
}


def cors(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control")}


@pytest.fixture
def site() -> Site:
    return Site(Door(), origins=(APP, LOCAL))


@pytest.mark.parametrize("origin", [APP, "http://localhost", "http://localhost:5173"])
async def test_an_allowed_page_may_ask_and_read(client: httpx.AsyncClient, origin: str) -> None:
    asked = await client.options("/graphql", headers={"origin": origin, **PREFLIGHT})
    assert asked.status_code == 200 and asked.headers["access-control-allow-origin"] == origin
    assert asked.headers["access-control-allow-methods"] == "GET, POST"
    assert "access-control-allow-credentials" not in asked.headers  # keys are headers; there are no cookies
    assert asked.headers["x-request-id"]
    reply = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"origin": origin})
    assert reply.headers["access-control-allow-origin"] == origin and "Origin" in reply.headers["vary"]
    assert {"ETag", "X-Request-Id"} <= set(reply.headers["access-control-expose-headers"].split(", "))


async def test_refusals_can_be_read_too(client: httpx.AsyncClient) -> None:
    wrong = {"origin": APP, "authorization": "Bearer wrong"}
    for response in (
        await client.post("/graphql", json={}, headers=wrong),
        await client.post("/graphql", content=b"{", headers={"origin": APP, "content-type": "application/json"}),
        await client.get("/nowhere", headers={"origin": APP}),
        await client.get("/schema.graphql", headers=wrong),
    ):
        assert response.status_code >= 400 and response.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://app.example.evil.example", "https://app.example:8443", "http://app.example",
     "http://localhost.evil.example", "http://localhost:1:2", "http://localhostx", "null", "", "https://appxexample"],
)  # fmt: skip
async def test_any_other_page_may_not(client: httpx.AsyncClient, origin: str) -> None:
    asked = await client.options("/graphql", headers={"origin": origin, **PREFLIGHT})
    assert asked.status_code in (400, 405)
    reply = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"origin": origin})
    assert not any("access-control-allow-origin" in one.headers for one in (asked, reply))


@pytest.mark.parametrize(
    "asked", [{"access-control-request-method": "DELETE"}, {**PREFLIGHT, "access-control-request-headers": "cookie"}]
)
async def test_no_other_method_or_header(client: httpx.AsyncClient, asked: dict[str, str]) -> None:
    assert (await client.options("/graphql", headers={"origin": APP, **asked})).status_code == 400


async def test_by_default_nobody_is_allowed() -> None:
    async with Site(Door()).client() as client:
        asked = await client.options("/graphql", headers={"origin": APP, **PREFLIGHT})
        reply = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"origin": APP})
    assert asked.status_code == 405 and not cors(asked) and not cors(reply)


@pytest.mark.parametrize(
    "origin", ["*", "app.example", "https://app.example/", "https://*.example", "ftp://a", "null", "http://a:b@c"]
)
def test_a_wrong_origin_stops_the_start(origin: str) -> None:
    with pytest.raises(ValidationError, match="an origin is"):
        fixed_settings(cors_origins=origin)


def test_origins_are_a_list_with_commas() -> None:
    assert fixed_settings(cors_origins=f"{APP}, {LOCAL},http://[::1]:*").cors_origins == (APP, LOCAL, "http://[::1]:*")
