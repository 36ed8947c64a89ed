"""The catalogs in service: the current one in memory, earlier ones on demand, the next one made beside it.

One reference is swapped, so a question keeps the catalog it began with. Without the registry the last catalog goes
on serving. What goes into service together with a catalog (the GraphQL schema) is made beside it too, by a function
that is given from above: if it cannot be made, neither is served.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from cachetools import LRUCache

from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse
from semantic_layer.registry.held import Difference, Held, fetch_difference, rebuilt
from semantic_layer.registry.revision_log import RevisionLog

HISTORY_DEFINITIONS = 100_000  # how many definitions the kept earlier catalogs may have together
KNOWN_MOMENTS = 1_000
RETRY_FAILED_AFTER = 30.0  # seconds until a revision that failed to build is tried again
LOOK_AGAIN_AFTER = 0.5  # seconds between two looks into the registry while somebody waits for a revision

T = TypeVar("T")

# What is made of a catalog before it is served, in the thread that builds it; the result puts it in service.
Prepare = Callable[[PublishedCatalog], Callable[[], None]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RegistryStatus:
    """For /readyz. `newest` is the newest revision known of; `error` says why it is not the one served."""

    serving: int | None
    newest: int | None
    reachable: bool
    error: str | None


class CatalogService:
    """Implements serving's `Catalogs` over a RevisionLog. To be used from one event loop.

    Somebody calls `refresh` at each notification and now and then anyway (store's listener does).
    """

    def __init__(
        self,
        revisions: RevisionLog,
        prepare: Prepare | None = None,
        *,
        history_definitions: int = HISTORY_DEFINITIONS,
    ) -> None:
        self._revisions = revisions
        self._prepare = prepare
        self._held: Held | None = None
        self._status = RegistryStatus(None, None, True, None)
        self._served = asyncio.Event()  # set, and replaced, with each swap
        self._history: LRUCache[int, PublishedCatalog] = LRUCache(history_definitions, getsizeof=_size)
        self._moments: LRUCache[datetime, int] = LRUCache(KNOWN_MOMENTS)
        self._running: dict[int | None, asyncio.Task[Any]] = {}  # None: the refresh; a number: that revision
        self._failed: tuple[int, float] | None = None

    @property
    def current(self) -> PublishedCatalog:
        if self._held is None:
            raise refuse(ErrorCode.NOT_READY, "Nothing is published yet.")
        return self._held.published

    @property
    def held(self) -> Held | None:
        """The current catalog with its contents, for a publisher in this process."""
        return self._held

    @property
    def status(self) -> RegistryStatus:
        return self._status

    async def refresh(self) -> None:
        """Serves the newest revision. Never raises: what goes wrong stands in `status` and the log.

        A run that began before this call may have looked too early, so it does not count.
        """
        earlier = self._running.get(None)
        if earlier is not None:
            await asyncio.shield(earlier)
        await self._once(None, self._refresh)

    async def at_revision(self, revision: int) -> PublishedCatalog:
        """A memory read for the current and the lately asked ones. Raises UNKNOWN_REVISION, REGISTRY_UNAVAILABLE."""
        if revision > self.current.revision:
            await self.refresh()
        current = self.current
        if revision == current.revision:
            return current
        if not 1 <= revision <= max(current.revision, self._status.newest or 0):
            raise refuse(
                ErrorCode.UNKNOWN_REVISION,
                f"There is no revision {revision}; the registry has 1 to {current.revision}.",
            )
        if revision > current.revision:
            raise refuse(ErrorCode.REVISION_NOT_LOADED, f"Revision {revision} is not served here yet.")
        kept = self._history.get(revision)
        if kept is not None:
            return kept
        return await self._once(revision, lambda: self._load_earlier(revision))

    async def recorded_at(self, moment: datetime) -> PublishedCatalog:
        """A moment without zone is UTC. Raises UNKNOWN_REVISION before the first revision and in the future."""
        try:
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:  # at either end of the calendar
            raise refuse(ErrorCode.UNKNOWN_REVISION, f"No revision was in force at {moment}.") from None
        revision = self._moments.get(moment)
        if revision is None:
            revision = await self._revisions.revision_at(moment)
            if revision is None:
                raise refuse(ErrorCode.UNKNOWN_REVISION, f"Nothing was published yet at {moment.isoformat()}.")
            self._moments[moment] = revision
        return await self.at_revision(revision)

    async def wait_for(self, revision: int, timeout: float) -> PublishedCatalog:
        """The current catalog once it is at `revision` or later; raises REVISION_NOT_LOADED after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while self._held is None or self._held.published.revision < revision:
                    served = self._served
                    await self.refresh()
                    if self._served is served:
                        await _set_within(served, LOOK_AGAIN_AFTER)
        except TimeoutError:
            serving = "nothing" if self._held is None else f"revision {self._held.published.revision}"
            raise refuse(
                ErrorCode.REVISION_NOT_LOADED, f"Revision {revision} is not served here yet; {serving} is."
            ) from None
        return self._held.published

    async def _refresh(self) -> None:
        newest = None
        try:
            newest = await self._revisions.newest()
            if not self._is_due(newest):
                self._note(newest, True, self._status.error if self._failed else None)
                return
            record = await self._revisions.revision(newest)
            if record is None:
                raise LookupError(f"revision {newest} has no record")
            difference = await fetch_difference(self._revisions, self._held, record)
            held, put_in_service = await asyncio.to_thread(self._next, difference)
        except SemanticLayerError as error:
            if error.code is ErrorCode.REGISTRY_UNAVAILABLE:
                log.warning("registry unavailable", detail=error.detail)
                self._note(self._status.newest, False, str(error))
            else:
                self._build_failed(newest, error)
        except Exception as error:
            self._build_failed(newest, error)
        else:
            self._swap(held, put_in_service)

    def _next(self, difference: Difference) -> tuple[Held, Callable[[], None] | None]:
        held = rebuilt(self._held, difference)
        return held, None if self._prepare is None else self._prepare(held.published)

    def _is_due(self, newest: int) -> bool:
        if newest <= (0 if self._held is None else self._held.published.revision):
            self._failed = None
            return False
        if self._failed is None or self._failed[0] != newest:
            return True
        return asyncio.get_running_loop().time() >= self._failed[1] + RETRY_FAILED_AFTER

    def _swap(self, held: Held, put_in_service: Callable[[], None] | None) -> None:
        self._held = held
        if put_in_service is not None:
            put_in_service()
        self._failed = None
        self._note(held.published.revision, True, None)
        served, self._served = self._served, asyncio.Event()
        served.set()
        log.info("catalog served", revision=held.published.revision, metrics=len(held.published.catalog.metrics))

    def _build_failed(self, newest: int | None, error: Exception) -> None:
        if isinstance(error, SemanticLayerError):  # it says what it could not read
            log.error("catalog not built", revision=newest, error=str(error))
        else:
            log.error("catalog not built", revision=newest, exc_info=error)
        if newest is not None:
            self._failed = (newest, asyncio.get_running_loop().time())
        self._note(newest, True, f"Revision {newest} cannot be served by this release; the log says why.")

    def _note(self, newest: int | None, reachable: bool, error: str | None) -> None:
        serving = None if self._held is None else self._held.published.revision
        self._status = RegistryStatus(serving, newest, reachable, error)

    async def _load_earlier(self, revision: int) -> PublishedCatalog:
        held = self._held
        record = await self._revisions.revision(revision)
        if record is None:
            raise refuse(ErrorCode.UNKNOWN_REVISION, f"There is no revision {revision}.")
        difference = await fetch_difference(self._revisions, held, record)
        try:
            published = (await asyncio.to_thread(rebuilt, held, difference)).published
        except SemanticLayerError as error:
            message = f"Revision {revision} has definitions that this release cannot serve."
            raise refuse(ErrorCode.NOT_SUPPORTED, message, detail=str(error)) from error
        if _size(published) <= self._history.maxsize:
            self._history[revision] = published
        return published

    async def _once(self, what: int | None, run: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Who asks for the same thing waits for one run; who gives up does not stop it for the others."""
        task = self._running.get(what)
        if task is None:
            task = asyncio.create_task(run())
            self._running[what] = task
            task.add_done_callback(lambda _: self._running.pop(what, None))
        return await asyncio.shield(task)


def _size(published: PublishedCatalog) -> int:
    return 1 + len(published.catalog.metrics) + len(published.catalog.datasets)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
