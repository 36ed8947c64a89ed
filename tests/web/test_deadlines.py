"""A caller says how long it waits; the answer, or a typed error, comes by then."""

import httpx
import pytest

from semantic_layer.api.schema import build_schema
from semantic_layer.app.backend import open_backend
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.definitions.reader import read_files
from tests.api.given import DEMO, Door
from tests.api.test_query_door import SALES, SHORT
from tests.app.test_application import with_data
from tests.web.conftest import Site
from tests.web.test_graphql_over_http import code_of

ASK = {"query": SHORT, "variables": {"ask": SALES}}


@pytest.mark.parametrize("given", [b"", b"0", b"-1", b"1.5", b"1e3", b"abc", b"1000000000", b" ", b"\xb2", b"\xd9\xa3"])
async def test_what_is_no_number_of_milliseconds(site: Site, client: httpx.AsyncClient, given: bytes) -> None:
    response = await client.post("/graphql", json=ASK, headers=[(b"x-timeout-ms", given)])
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
    assert "X-Timeout-Ms" in response.text and site.door.answers.asked == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_question_is_told(site: Site, client: httpx.AsyncClient, method: str) -> None:
    """What is left of it, counted from the request's arrival."""
    where = {"json": ASK} if method == "POST" else {"params": {"query": "{ metrics { rows { sales } } }"}}
    await client.request(method, "/graphql", headers={"x-timeout-ms": "60000"}, **where)  # type: ignore[arg-type]
    await client.request(method, "/graphql", **where)  # type: ignore[arg-type]
    given, nothing = site.door.answers.timeouts
    assert given is not None and 0 < given <= 60 and nothing is None


async def test_an_answer_that_would_come_too_late_is_a_typed_error() -> None:
    """On the real pipeline: the server's own limit is 30 s, the caller's a millisecond."""
    async with open_backend(with_data(), draft_catalogs(read_files([DEMO]))) as backend:
        door = Door()
        door.backend = backend
        schema = build_schema(backend.catalogs.current)
        async with Site(door, schema=lambda: schema).client() as client:
            late = await client.post("/graphql", json=ASK, headers={"x-timeout-ms": "1"})
            assert (late.status_code, code_of(late)) == (200, "DEADLINE_EXCEEDED")
            assert late.json()["errors"][0]["extensions"]["retryable"] is True
            in_time = await client.post("/graphql", json=ASK, headers={"x-timeout-ms": "999999999"})
            assert "errors" not in in_time.json()
