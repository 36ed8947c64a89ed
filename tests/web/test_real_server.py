"""On a real uvicorn: what only a socket shows."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from tests.api.test_query_door import SALES, SHORT
from tests.web.conftest import Site

HEAD = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


async def test_a_question(served: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://{served}") as client:
        response = await client.post("/graphql", json={"query": SHORT, "variables": {"ask": SALES}})
        assert response.json()["data"]["query"]["rows"][1] == ["2017-02-01", None, "0.50", 0, None]


async def test_a_caller_that_goes_away_cancels_its_question(site: Site, served: str) -> None:
    site.door.answers.delay = 30
    host, port = served.split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps({"query": SHORT, "variables": {"ask": SALES}}).encode()
    writer.write(HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    await until(lambda: bool(site.door.answers.asked))
    writer.close()
    await until(lambda: site.door.answers.cancelled == 1)


async def test_too_long_a_body_is_refused_before_it_is_sent(served: str) -> None:
    host, port = served.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(HEAD + b"Content-Length: 999999999\r\n\r\n")
    await writer.drain()
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 413")
    writer.close()


@pytest.mark.parametrize("raw", [b"GET\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"POST /graphql HTTP/1.1\r\n\r\n"])
async def test_no_http_or_no_host(served: str, raw: bytes) -> None:
    host, port = served.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(raw)
    await writer.drain()
    line = await asyncio.wait_for(reader.readline(), 5)
    assert line.split(b" ")[1] in (b"400", b"421")
    writer.close()


async def until(happened: Callable[[], bool]) -> None:
    for _ in range(500):
        if happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen within 5 s")
