"""Queries by GET: the same replies as by POST, with tags, and nothing that a foreign page could make a browser do."""

import json
from dataclasses import replace

import httpx
import pytest

from tests.api.given import ANSWER, Door
from tests.api.test_query_door import SALES, SHORT
from tests.web.conftest import KEY, Site
from tests.web.test_graphql_over_http import GRAPHQL_TYPE, code_of

ASKED = {"query": SHORT, "variables": json.dumps({"ask": SALES})}
PLAIN = {"accept": "application/json"}


async def test_get_and_post_give_the_same(client: httpx.AsyncClient) -> None:
    by_get = await client.get("/graphql", params=ASKED, headers=PLAIN)
    by_post = await client.post("/graphql", json={"query": SHORT, "variables": {"ask": SALES}}, headers=PLAIN)
    assert by_get.status_code == 200 and by_get.content == by_post.content
    assert by_get.headers["etag"] == by_post.headers["etag"]
    assert by_get.headers["cache-control"] == "private, no-cache"
    assert {"Accept", "Authorization", "X-API-Key"} <= set(by_get.headers["vary"].split(", "))


async def test_a_reply_that_the_caller_has_is_not_sent_again(site: Site, client: httpx.AsyncClient) -> None:
    tag = (await client.get("/graphql", params=ASKED)).headers["etag"]
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        again = await client.get("/graphql", params=ASKED, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-length" not in again.headers and again.headers["cache-control"] == "private, no-cache"
    other = await client.get("/graphql", params=ASKED, headers={"if-none-match": 'W/"0123"'})
    assert other.status_code == 200
    site.door.answers.result = replace(ANSWER, rows=ANSWER.rows.slice(0, 1))
    changed = await client.get("/graphql", params=ASKED, headers={"if-none-match": tag})
    assert changed.status_code == 200 and changed.headers["etag"] != tag


async def test_a_post_is_always_answered_in_full(client: httpx.AsyncClient) -> None:
    """HTTP has 304 for GET only."""
    body = {"query": SHORT, "variables": {"ask": SALES}}
    tag = (await client.post("/graphql", json=body)).headers["etag"]
    assert (await client.post("/graphql", json=body, headers={"if-none-match": tag})).status_code == 200


async def test_errors_have_no_tag(client: httpx.AsyncClient) -> None:
    for query in ("{ nope }", "{", '{ metric(name: "nope") { name } }'):
        response = await client.get("/graphql", params={"query": query})
        assert "errors" in response.json() and "etag" not in response.headers


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "BAD_REQUEST"),
        ("query=", 400, "BAD_REQUEST"),
        ("variables=%7B%7D", 400, "BAD_REQUEST"),
        ("query=%7Ba%7D&query=%7Bb%7D", 400, "BAD_REQUEST"),
        ("query=%FF", 400, "BAD_REQUEST"),
        ("query=%7B__typename%7D&variables=%7B", 400, "BAD_REQUEST"),
        ("query=%7B__typename%7D&variables=%5B%5D", 400, "BAD_REQUEST"),
        ("query=%7B__typename%7D&extensions=1", 400, "BAD_REQUEST"),
        ("query=%7B__typename%7D&variables=" + "%5B" * 900 + "%5D" * 900, 400, "QUERY_TOO_DEEP"),
        ("query=%7B__typename%7D&variables=%7B%22a%22:" + "[" * 200 + "]" * 200 + "}", 400, "QUERY_TOO_DEEP"),
        ("&".join(f"x{n}=1" for n in range(100)), 400, "BAD_REQUEST"),
        ("query=" + "x" * 64_000, 400, "BAD_REQUEST"),
        ("query=%7B__typename%7D&variables=null&extensions=null&other=1", 200, None),
        ("query=query+A%7B__typename%7Dquery+B%7Bb:__typename%7D&operationName=B", 200, None),
    ],
)
async def test_addresses_that_are_no_request(
    client: httpx.AsyncClient, query: str, status: int, code: str | None
) -> None:
    response = await client.get(f"/graphql?{query}", headers=PLAIN)
    assert response.status_code == status
    assert code is None or code_of(response) == code


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_TYPE])
@pytest.mark.parametrize(
    "params",
    [
        {"query": "mutation { a }"},
        {"query": "subscription { a }"},
        {"query": "query A { __typename } mutation B { b }", "operationName": "B"},
    ],
)
async def test_only_queries(client: httpx.AsyncClient, accept: str, params: dict[str, str]) -> None:
    response = await client.get("/graphql", params=params, headers={"accept": accept})
    assert (response.status_code, code_of(response), response.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")


async def test_a_key_is_needed_and_a_body_is_not_read(client: httpx.AsyncClient) -> None:
    wrong = await client.get("/graphql", params=ASKED, headers={"authorization": "Bearer wrong"})
    assert (wrong.status_code, code_of(wrong)) == (401, "UNAUTHENTICATED")
    with_key = await client.get("/graphql", params=ASKED, headers={"x-api-key": KEY})
    assert with_key.status_code == 200
    with_body = await client.request("GET", "/graphql", params=ASKED, content=b"{}")
    assert (with_body.status_code, code_of(with_body)) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 405),
        ({"sec-fetch-site": "same-site"}, 405),
        ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, 405),
        ({"sec-fetch-site": "cross-site", "origin": "https://app.example.evil.example"}, 405),
        ({"sec-fetch-site": "cross-site", "origin": "https://app.example"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({}, 200),
    ],
)
async def test_a_foreign_page_cannot_make_a_browser_ask(headers: dict[str, str], status: int) -> None:
    site = Site(Door(), origins=("https://app.example",))
    async with site.client() as client:
        response = await client.get("/graphql", params=ASKED, headers=headers)
    assert response.status_code == status
    assert len(site.door.answers.asked) == (status == 200)
