"""gzip for who accepts it, whole or not at all."""

import gzip
from dataclasses import replace

import httpx
import pyarrow as pa
import pytest

from semantic_layer.serving.answer import AnswerColumn, OutputType
from semantic_layer.web.compression import SMALLEST
from tests.api.given import ANSWER
from tests.api.test_query_door import SALES, SHORT
from tests.web.conftest import Site

ASK = {"query": SHORT, "variables": {"ask": SALES}}


def answer_of(rows: int, site: Site) -> None:
    columns = (AnswerColumn("n", "N", OutputType.INTEGER),)
    site.door.answers.result = replace(ANSWER, columns=columns, rows=pa.table({"n": list(range(rows))}), totals=())


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, *", False),
        ("identity", False),
        ("", False),
        ("x-gzip", False),
        ("gzip;q=x", False),
    ],
)
@pytest.mark.parametrize("rows", [1_000, 60_000])  # the larger one is compressed in a thread
async def test_who_gets_it(site: Site, client: httpx.AsyncClient, accepted: str, compressed: bool, rows: int) -> None:
    answer_of(rows, site)
    async with client.stream("POST", "/graphql", json=ASK, headers={"accept-encoding": accepted}) as response:
        raw = b"".join([chunk async for chunk in response.aiter_raw()])
    assert (response.headers.get("content-encoding") == "gzip") is compressed
    assert int(response.headers["content-length"]) == len(raw)
    assert "Accept-Encoding" in response.headers["vary"]
    plain = gzip.decompress(raw) if compressed else raw
    assert plain.startswith(b'{"data":') and (len(raw) < len(plain) / 2) is compressed


async def test_small_replies_stay_as_they_are(site: Site, client: httpx.AsyncClient) -> None:
    answer_of(1, site)
    response = await client.post("/graphql", json=ASK, headers={"accept-encoding": "gzip"})
    assert len(response.content) < SMALLEST and "content-encoding" not in response.headers


async def test_a_tag_holds_for_both_forms(site: Site, client: httpx.AsyncClient) -> None:
    answer_of(1_000, site)
    tags = {
        (await client.post("/graphql", json=ASK, headers={"accept-encoding": accepted})).headers["etag"]
        for accepted in ("gzip", "identity")
    }
    assert len(tags) == 1


async def test_pages_and_the_schema_are_compressed_too(client: httpx.AsyncClient) -> None:
    for path in ("/schema.graphql", "/graphql/assets/graphiql.min.js"):
        response = await client.get(path, headers={"accept-encoding": "gzip"})
        assert response.headers["content-encoding"] == "gzip" and len(response.content) > SMALLEST
