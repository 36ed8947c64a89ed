"""The sources of the settings for commands that look at data without a question."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from semantic_layer.app.backend import open_engines
from semantic_layer.serving.sources import Sources
from semantic_layer.settings import Settings


@asynccontextmanager
async def open_sources(settings: Settings) -> AsyncIterator[Sources]:
    """Raises SOURCE_REFUSED when a connection's url has no form that is known."""
    async with AsyncExitStack() as closing:
        engines = open_engines(settings)
        for engine in engines.values():
            closing.push_async_callback(engine.close)
        yield Sources(engines)
