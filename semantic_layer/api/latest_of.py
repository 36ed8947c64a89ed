"""What is made from a whole catalog once (its search words, its lineage), for the catalog asked last."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from semantic_layer.definitions.model import Catalog

T = TypeVar("T")


class LatestOf(Generic[T]):
    """Makes a thing of a catalog off the event loop; who asks meanwhile waits for the same one."""

    def __init__(self, make: Callable[[Catalog], T]) -> None:
        self._make = make
        self._catalog: Catalog | None = None
        self._made: asyncio.Task[T] | None = None

    async def of(self, catalog: Catalog) -> T:
        if self._made is None or self._catalog is not catalog or _failed(self._made):
            self._catalog = catalog
            self._made = asyncio.create_task(asyncio.to_thread(self._make, catalog))
        return await asyncio.shield(self._made)


def _failed(task: "asyncio.Task[T]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
