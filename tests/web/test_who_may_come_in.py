"""Keys, the anonymous viewer, the Host header, and where a server may listen."""

import httpx
import pytest

from semantic_layer.access.principal import ANONYMOUS, Principal
from semantic_layer.web.keys import Keys
from semantic_layer.web.serving_address import (
    UnsafeAddress,
    answered_hosts,
    check_exposure,
    host_name,
    is_loopback,
)
from tests.api.given import Door
from tests.api.test_query_door import SALES, SHORT
from tests.web.conftest import KEY, Site

ASK = {"query": SHORT, "variables": {"ask": SALES}}


@pytest.mark.parametrize(
    ("headers", "principal"),
    [
        ({}, ANONYMOUS),
        ({"authorization": f"Bearer {KEY}"}, Principal("reports")),
        ({"authorization": f"bearer  {KEY} "}, Principal("reports")),
        ({"x-api-key": KEY}, Principal("reports")),
        ({"authorization": "Basic abc", "x-api-key": KEY}, Principal("reports")),
    ],
)
async def test_who_asks(headers: dict[str, str], principal: Principal) -> None:
    site = Site(Door())
    async with site.client() as client:
        response = await client.post("/graphql", json=ASK, headers=headers)
    assert response.status_code == 200 and site.door.answers.principals == [principal]


@pytest.mark.parametrize(
    ("headers", "anonymous"),
    [
        ({}, False),
        ({"authorization": "Basic abc"}, False),
        ({"authorization": "Bearer"}, True),
        ({"authorization": "Bearer wrong"}, True),  # a wrong key is refused where none is needed, too
        ({"x-api-key": ""}, True),
        ({"x-api-key": KEY[:-1]}, False),
        ({"x-api-key": "\u00e9"}, False),
    ],
)
async def test_without_a_known_key(headers: dict[str, str], anonymous: bool) -> None:
    site = Site(Door(), keys=Keys.of({"reports": KEY}, anonymous_viewer=anonymous))
    async with site.client() as client:
        sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        response = await client.post("/graphql", json=ASK, headers=sent)
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert response.headers["www-authenticate"] == "Bearer"
    assert site.door.answers.asked == []


async def test_health_needs_no_key() -> None:
    async with Site(Door(), keys=Keys.of({})).client() as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200


def test_keys_are_not_shown() -> None:
    assert KEY not in repr(Keys.of({"reports": KEY}))


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("127.0.0.1:1234", True),
        ("[::1]:8000", True),
        ("[::1]", True),
        ("evil.example", False),
        ("evil.example:8000", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost:8000:1", False),
    ],
)
async def test_on_loopback_only_its_own_names_are_answered(host: str, served: bool) -> None:
    """A page of evil.example whose name points to 127.0.0.1 must not read from here."""
    async with Site(Door()).client() as client:
        for path in ("/graphql", "/healthz", "/graphql/assets/start.js"):
            method = "POST" if path == "/graphql" else "GET"
            response = await client.request(method, path, json=ASK, headers={"host": host})
            assert (response.status_code != 421) is served
            assert served or response.json()["errors"][0]["extensions"]["code"] == "HOST_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("bound", "configured", "expected"),
    [
        ("127.0.0.1", (), {"localhost", "127.0.0.1", "[::1]"}),
        ("::1", ("Metrics.Example",), {"localhost", "127.0.0.1", "[::1]", "metrics.example"}),
        ("0.0.0.0", (), None),
        ("0.0.0.0", ("metrics.example",), {"metrics.example"}),
    ],
)
def test_answered_hosts(bound: str, configured: tuple[str, ...], expected: set[str] | None) -> None:
    assert answered_hosts(bound, configured) == expected


@pytest.mark.parametrize(
    ("header", "name"), [("a:1", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("a", "a"), ("", ""), (" A ", "a")]
)
def test_host_name(header: str, name: str) -> None:
    assert host_name(header) == name


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_loopback_needs_no_key(host: str) -> None:
    assert is_loopback(host)
    check_exposure(host, (), anonymous_viewer=True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.5", "metrics.example", "localhost.evil.example"])
def test_beyond_loopback_a_key_is_needed(host: str) -> None:
    with pytest.raises(UnsafeAddress, match="no key is set"):
        check_exposure(host, ())
    check_exposure(host, ("reports",))
    with pytest.raises(UnsafeAddress, match="anonymous viewer"):
        check_exposure(host, ("reports",), anonymous_viewer=True)


async def test_request_ids_are_echoed_if_they_are_plain(client: httpx.AsyncClient) -> None:
    given = await client.get("/healthz", headers={"x-request-id": "abc.DEF_1-2"})
    assert given.headers["x-request-id"] == "abc.DEF_1-2"
    for odd in ("a b", "x" * 129, "<script>", ""):
        made = (await client.get("/healthz", headers={"x-request-id": odd})).headers["x-request-id"]
        assert made != odd and len(made) == 32
