"""`POST /graphql`: statuses, media types and bodies of GraphQL over HTTP; whatever comes in, never a 5xx."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_layer.errors import CODES, ErrorCode
from tests.api.given import Door
from tests.api.test_query_door import DOCUMENT, SALES, SHORT
from tests.query.test_ask_reader import CONTRACT
from tests.web.conftest import Site

JSON_TYPE = {"content-type": "application/json"}
GRAPHQL_TYPE = "application/graphql-response+json"
HELLO = {"query": "{ __typename }"}


def code_of(response: httpx.Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


async def test_the_contract_over_http(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": DOCUMENT, "variables": {"ask": CONTRACT}})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.json()["data"]["query"]["rows"][0] == ["2017-01-01", "GROCERY", "370886.93", 12721, 0.125]


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        (None, 200, "application/json"),
        ("*/*", 200, "application/json"),
        ("application/*", 200, "application/json"),
        ("application/json", 200, "application/json"),
        (GRAPHQL_TYPE, 400, GRAPHQL_TYPE),
        (f"{GRAPHQL_TYPE}; charset=utf-8, application/json; charset=utf-8", 400, GRAPHQL_TYPE),
        (f"application/json;q=0.5, {GRAPHQL_TYPE}", 400, GRAPHQL_TYPE),
        (f"{GRAPHQL_TYPE};q=0.1, application/json;q=0.9", 200, "application/json"),
        ("text/html, application/json;q=0.9", 200, "application/json"),
        ("text/html", 406, "application/json"),
        ("application/json;q=0", 406, "application/json"),
        (",;q=x,", 406, "application/json"),
    ],
)
async def test_what_is_said_of_the_document_has_the_status_of_its_media_type(
    client: httpx.AsyncClient, accept: str | None, status: int, media_type: str
) -> None:
    """Plain JSON says 200 to whatever was understood as a request; the newer type has 400 for a wrong document."""
    headers = {"accept": accept} if accept is not None else {}
    client.headers.pop("accept")
    response = await client.post("/graphql", json={"query": "{ nope }"}, headers=headers)
    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (status, media_type)
    if status != 406:
        fine = await client.post("/graphql", json=HELLO, headers=headers)
        assert (fine.status_code, fine.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "BAD_REQUEST"),
        (b"{", 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }"', 400, "BAD_REQUEST"),
        (b"\xff\xfe", 400, "BAD_REQUEST"),
        (b'{"query": "\xc3\x28"}', 400, "BAD_REQUEST"),
        (b'{"query": "\\ud800"}', 400, "BAD_REQUEST"),
        (b'{"query": NaN}', 400, "BAD_REQUEST"),
        (b"null", 400, "BAD_REQUEST"),
        (b"[]", 400, "BAD_REQUEST"),
        (json.dumps([HELLO, HELLO]).encode(), 400, "BAD_REQUEST"),
        (b"{}", 400, "BAD_REQUEST"),
        (b'{"query": 1}', 400, "BAD_REQUEST"),
        (b'{"query": " "}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "variables": []}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "variables": "{}"}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "operationName": 1}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "extensions": []}', 400, "BAD_REQUEST"),
        (b"[" * 100_000, 400, "BAD_REQUEST"),
        (b'{"query": "x", "variables": {"ask": ' + b'{"not":' * 150 + b"1" + b"}" * 152, 400, "QUERY_TOO_DEEP"),
        (b'{"query": "x", "variables": {"ask": ' + b"[" * 20_000 + b"]" * 20_000 + b"}}", 400, None),
        (b'{"query": "x", "variables": {"ask": [' + b"1," * 120_000 + b"1]}}", 400, "QUERY_TOO_COMPLEX"),
        (b'{"query": "' + b"x" * 1_000_000 + b'"}', 413, "BODY_TOO_LARGE"),
    ],
)
async def test_bodies_that_are_no_request(
    client: httpx.AsyncClient, body: bytes, status: int, code: str | None
) -> None:
    response = await client.post("/graphql", content=body, headers=JSON_TYPE)
    assert response.status_code == status
    assert code is None or code_of(response) == code


async def test_a_body_is_counted_while_it_comes(client: httpx.AsyncClient) -> None:
    """Without a Content-Length: refused after a megabyte, and not when 100 have been taken in."""
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < 100_000_000:
            taken += 100_000
            yield b"x" * 100_000

    response = await client.post("/graphql", content=endless(), headers=JSON_TYPE)
    assert (response.status_code, code_of(response)) == (413, "BODY_TOO_LARGE")
    assert taken <= 1_200_000


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content-type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "application/x-www-form-urlencoded"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "application/json; charset=latin-1"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "application/json", "content-encoding": "gzip"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": ""}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "application/json; charset=UTF-8"}, 200, None),
        ({"content-type": 'Application/JSON;charset="utf-8"'}, 200, None),
    ],
)
async def test_media_types_of_bodies(
    client: httpx.AsyncClient, headers: dict[str, str], status: int, code: str | None
) -> None:
    response = await client.post("/graphql", content=json.dumps(HELLO), headers=headers)
    assert response.status_code == status
    assert code is None or code_of(response) == code


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_only_post_and_get_ask(client: httpx.AsyncClient, method: str) -> None:
    """And no CORS: OPTIONS allows nothing to nobody."""
    response = await client.request(method, "/graphql?query={__typename}", headers={"origin": "http://evil.example"})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert not any(name.startswith("access-control") for name in response.headers)


async def test_a_named_operation(client: httpx.AsyncClient) -> None:
    body = {"query": "query A { __typename } query B { b: __typename }", "operationName": "B", "extensions": {}}
    assert (await client.post("/graphql", json=body)).json() == {"data": {"b": "Query"}}
    wrong = await client.post("/graphql", json={**body, "operationName": "C"}, headers={"accept": GRAPHQL_TYPE})
    assert (wrong.status_code, code_of(wrong)) == (400, "GRAPHQL_INVALID")


async def test_wrong_variables_are_a_400_with_the_newer_type(client: httpx.AsyncClient) -> None:
    body = {"query": SHORT, "variables": {"ask": {"limit": "ten"}}}
    response = await client.post("/graphql", json=body, headers={"accept": GRAPHQL_TYPE})
    assert (response.status_code, code_of(response)) == (400, "BAD_LIMIT")
    assert "data" not in response.json()


async def test_nothing_is_asked_before_the_first_publish(site: Site, client: httpx.AsyncClient) -> None:
    served, site.catalogs.catalog = site.catalogs.catalog, None
    response = await client.post("/graphql", json=HELLO)
    assert (response.status_code, code_of(response)) == (503, "NOT_READY")
    assert response.headers["retry-after"] == "1"
    site.catalogs.catalog = served
    assert (await client.post("/graphql", json=HELLO)).status_code == 200


async def test_a_fault_is_an_error_with_the_id_of_the_request(site: Site, client: httpx.AsyncClient) -> None:
    site.door.answers.failure = RuntimeError("secret")
    body = {"query": SHORT, "variables": {"ask": SALES}}
    response = await client.post("/graphql", json=body, headers={"x-request-id": "abc-1"})
    assert (response.status_code, code_of(response)) == (200, "INTERNAL")
    assert response.json()["errors"][0]["extensions"]["requestId"] == "abc-1" == response.headers["x-request-id"]
    assert "secret" not in response.text


async def test_who_hangs_up_stops_the_question(site: Site) -> None:
    """A dashboard that was closed must not keep the source busy."""
    site.door.answers.delay = 30
    body = json.dumps({"query": SHORT, "variables": {"ask": SALES}}).encode()
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "raw_path": b"/graphql", "query_string": b"",
             "root_path": "", "headers": headers, "http_version": "1.1", "scheme": "http"}  # fmt: skip
    messages = [{"type": "http.request", "body": body}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(0.01)
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await asyncio.wait_for(site.app(scope, receive, send), timeout=5)
    await asyncio.sleep(0)
    assert (site.door.answers.cancelled, sent) == (1, [])


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["query", "variables", "operationName", "extensions", "ask", *CONTRACT]), inner
            )
        ),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode())
    | st.text(max_size=60).map(lambda text: json.dumps({"query": text}).encode())
)
async def test_no_body_makes_a_5xx(body: bytes) -> None:
    async with Site(Door()).client() as client:
        response = await client.post("/graphql", content=body, headers=JSON_TYPE)
    assert response.status_code < 500
    for error in response.json().get("errors", []):
        code = error["extensions"]["code"]
        assert code != "INTERNAL" and ErrorCode(code) in CODES
        assert set(error["extensions"]) >= {"code", "path", "near", "issues"}
