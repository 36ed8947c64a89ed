"""The pipeline over any catalogs and the sources of the settings; it needs neither a registry nor HTTP."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from semantic_layer.api.request import Backend
from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.engines.opening import open_engine
from semantic_layer.errors import SemanticLayerError, refuse
from semantic_layer.impact.consumers import UsageHistory
from semantic_layer.serving.answers import Answers, Limits
from semantic_layer.serving.ports import Catalogs, Engine
from semantic_layer.serving.usage import UsageRecorder
from semantic_layer.settings import Settings


@asynccontextmanager
async def open_backend(
    settings: Settings,
    catalogs: Catalogs,
    usage: UsageRecorder | None = None,
    consumers: UsageHistory | None = None,
) -> AsyncIterator[Backend]:
    """Raises SOURCE_REFUSED when a connection's url has no form that is known."""
    async with AsyncExitStack() as closing:
        engines = open_engines(settings)
        for engine in engines.values():
            closing.push_async_callback(engine.close)
        limits = Limits(settings.default_limit, settings.max_limit, settings.question_seconds)
        combiner = DuckDBCombiner()
        closing.push_async_callback(combiner.close)
        yield Backend(Answers(catalogs, engines, combiner, limits), catalogs, usage, consumers)


def open_engines(settings: Settings) -> Mapping[str, Engine]:
    """By the names that definitions use. Nothing is connected yet."""
    engines = {}
    for name, url in settings.connections.items():
        try:
            engines[name] = open_engine(url.get_secret_value())
        except SemanticLayerError as error:
            raise refuse(error.code, f"SEMANTIC_LAYER_CONNECTIONS__{name}: {error}") from None
    return engines
