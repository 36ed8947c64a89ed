import asyncio
import socket
from typing import Any

import httpx
import pytest

from semantic_layer.app.listening import serve
from semantic_layer.app.port import PortBusy, claim_port
from semantic_layer.app.stopping import StopRequests

PATIENCE = 30  # seconds: what would go wrong takes ten minutes


class SlowAnswer:
    """An ASGI application whose answer takes `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked = asyncio.Event()
        self.cancelled = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.set()
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})


def free_port() -> int:
    with socket.socket() as looking:
        looking.bind(("127.0.0.1", 0))
        return int(looking.getsockname()[1])


def test_a_busy_port_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortBusy, match=str(port)):
            claim_port("127.0.0.1", port)


def test_a_claimed_port_is_nobody_elses_and_answers_nobody_yet() -> None:
    port = free_port()
    with claim_port("127.0.0.1", port), socket.socket() as caller, socket.socket() as other:
        assert caller.connect_ex(("127.0.0.1", port)) != 0
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))


async def stopped_while_asked(app: SlowAnswer, drain_seconds: int, requests: int) -> str:
    """Asks, has the server stopped meanwhile, and gives what the caller got."""
    stop = StopRequests()
    port = free_port()
    serving = asyncio.create_task(serve(app, claim_port("127.0.0.1", port), stop, drain_seconds=drain_seconds))
    async with httpx.AsyncClient() as client:
        asking = asyncio.create_task(_asked(client, port))
        async with asyncio.timeout(10):
            await app.asked.wait()
        for _ in range(requests):
            stop.heard(2, None)
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait((serving,))
        if not serving.cancelled():
            serving.result()
        return await asking


async def _asked(client: httpx.AsyncClient, port: int) -> str:
    while True:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/")).text
        except httpx.ConnectError:
            await asyncio.sleep(0.01)
        except httpx.HTTPError as error:
            return type(error).__name__


async def test_answers_in_flight_are_finished() -> None:
    assert await stopped_while_asked(SlowAnswer(0.5), drain_seconds=600, requests=1) == "done"


async def test_what_takes_longer_than_the_drain_is_cancelled() -> None:
    app = SlowAnswer(600)
    await stopped_while_asked(app, drain_seconds=1, requests=1)
    assert app.cancelled


async def test_a_second_request_hurries() -> None:
    assert await stopped_while_asked(SlowAnswer(600), drain_seconds=600, requests=2) != "done"


async def test_a_greeting_that_fails_stops_the_server_and_is_raised() -> None:
    async def greet() -> None:
        raise ValueError("no first answer")

    port = free_port()
    with pytest.raises(ValueError, match="no first answer"):
        await serve(SlowAnswer(0), claim_port("127.0.0.1", port), StopRequests(), drain_seconds=1, greet=greet)
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", port)) != 0
