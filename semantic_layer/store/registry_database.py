"""Our own PostgreSQL behind one url, as the application opens it."""

from collections.abc import Awaitable, Callable

from semantic_layer.store.connection import open_engine
from semantic_layer.store.listener import POLL_SECONDS, RevisionListener
from semantic_layer.store.migration import migrate
from semantic_layer.store.publishing import Publisher
from semantic_layer.store.revisions import PostgresRevisions
from semantic_layer.store.usage import PostgresUsage


class RegistryDatabase:
    """Opens no connection before it is used; `migrate` first, `close` last."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self._url = url
        self._engine = open_engine(url, pool_size=pool_size)
        self.revisions = PostgresRevisions(self._engine)
        self.publisher = Publisher(self._engine, self.revisions)
        self.usage = PostgresUsage(self._engine)

    async def migrate(self) -> None:
        """Brings the tables to this release's form (idempotent). Raises REGISTRY_UNAVAILABLE."""
        await migrate(self._engine)

    def listener(
        self, refresh: Callable[[], Awaitable[None]], *, poll_seconds: float = POLL_SECONDS
    ) -> RevisionListener:
        """What keeps a CatalogService current: run it as a task beside the server."""
        return RevisionListener(self._url, refresh, poll_seconds=poll_seconds)

    async def close(self) -> None:
        await self._engine.dispose()
