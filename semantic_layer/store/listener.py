"""Hears of new revisions: LISTEN, connected again whenever it breaks, and a look now and then as the safety net."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import structlog

from semantic_layer.store.connection import connect
from semantic_layer.store.tables import CHANNEL

POLL_SECONDS = 1.0
FIRST_RETRY = 0.1
LAST_RETRY = 5.0

log = structlog.get_logger(__name__)


class RevisionListener:
    """Calls `refresh` at once, at every notification, after every reconnection, and at least each `poll_seconds`.

    `run` ends only by being cancelled. `refresh` must not raise (CatalogService.refresh does not).
    """

    def __init__(self, url: str, refresh: Callable[[], Awaitable[None]], *, poll_seconds: float = POLL_SECONDS) -> None:
        self._url = url
        self._refresh = refresh
        self._poll_seconds = poll_seconds
        self._due = asyncio.Event()
        self.listening = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._refresh_forever())
            tasks.create_task(self._listen_forever())

    async def _refresh_forever(self) -> None:
        while True:
            self._due.clear()
            await self._refresh()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._due.wait()

    async def _listen_forever(self) -> None:
        wait = FIRST_RETRY
        while True:
            try:
                await self._listen()
                wait = FIRST_RETRY
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("not listening for revisions", error=repr(error), retry_in=wait)
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # replicas do not all come back at once
            wait = min(wait * 2, LAST_RETRY)

    async def _listen(self) -> None:
        """Until the connection is lost."""
        connection = await connect(self._url)
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda *_: self._due.set())
            self.listening = True
            self._due.set()  # a revision may have come while nobody listened
            await lost.wait()
        finally:
            self.listening = False
            connection.terminate()
