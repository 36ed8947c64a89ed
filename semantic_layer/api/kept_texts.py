"""Texts that follow from a schema alone (its definition language, replies to introspection), kept while it lives."""

import asyncio
from collections.abc import Callable

from cachetools import LRUCache

MOST_BYTES = 64_000_000
OVERHEAD = 200


class KeptTexts:
    """Each is made once, in a thread, for all who wait for it; one at a time, as it may take seconds."""

    def __init__(self) -> None:
        self._kept: LRUCache[bytes, bytes] = LRUCache(MOST_BYTES, getsizeof=lambda text: len(text) + OVERHEAD)
        self._making: dict[bytes, asyncio.Task[bytes]] = {}
        self._alone = asyncio.Lock()

    async def of(self, key: bytes, make: Callable[[], bytes]) -> bytes:
        """What `make` raises reaches everybody who waits, and nothing is kept."""
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._made(key, make))
            task.add_done_callback(lambda done: self._finished(key, done))
        return await asyncio.shield(task)

    async def _made(self, key: bytes, make: Callable[[], bytes]) -> bytes:
        async with self._alone:
            text = await asyncio.to_thread(make)
        if len(text) + OVERHEAD <= MOST_BYTES:
            self._kept[key] = text
        return text

    def _finished(self, key: bytes, task: "asyncio.Task[bytes]") -> None:
        del self._making[key]
        if not task.cancelled():
            task.exception()  # seen, also when everybody who waited has gone
