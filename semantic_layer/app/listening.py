"""The HTTP server on a claimed port, and an end that lets answers finish."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from semantic_layer.app.stopping import LoopFactory, StopRequests

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 30

Greeting = Callable[[], Awaitable[None]]


def server_loop_factory() -> LoopFactory:
    """The fastest event loop of this installation."""
    factory: LoopFactory = uvicorn.Config("", log_config=None).get_loop_factory()
    return factory


class _Server(uvicorn.Server):
    """Signals are ours (uvicorn would raise them once more at the end, and the exit code would not be 0)."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    web: ASGIApp,
    claimed: socket.socket,
    stop: StopRequests,
    *,
    drain_seconds: int,
    greet: Greeting | None = None,
) -> None:
    """Answers until a stop is asked for, then waits `drain_seconds` for answers in flight; a second request hurries.

    `greet` runs once the server answers; when it fails, the server stops and its error is raised.
    """
    config = uvicorn.Config(
        web,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        proxy_headers=False,
        ws="none",
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=drain_seconds,
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[claimed]))
    greeting = asyncio.ensure_future(_greeted(server, greet))
    serving.add_done_callback(lambda _: greeting.cancel())
    loop = asyncio.get_running_loop()

    def asked(count: int) -> None:
        server.should_exit = True
        if count > 1:
            loop.call_soon_threadsafe(serving.cancel)

    try:
        with stop.told_to(asked):
            await asyncio.wait((serving, greeting), return_when=asyncio.FIRST_EXCEPTION)
            server.should_exit = True
            await asyncio.wait((serving,))
        for ended in (greeting, serving):
            if ended.done() and not ended.cancelled():
                ended.result()
    finally:
        greeting.cancel()
        serving.cancel()
        claimed.close()


async def _greeted(server: uvicorn.Server, greet: Greeting | None) -> None:
    while not server.started:
        await asyncio.sleep(0.005)
    if greet is not None:
        await greet()
