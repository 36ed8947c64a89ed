"""Settings -> a running application: registry, catalogs, sources and the pipeline, opened and closed in order."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from semantic_layer.api.request import Backend
from semantic_layer.api.schema_in_service import SchemaInService
from semantic_layer.app.backend import open_backend
from semantic_layer.app.listening import Greeting, serve
from semantic_layer.app.stopping import StopRequests
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.registry.catalogs import CatalogService
from semantic_layer.serving.usage import UsageRecorder
from semantic_layer.settings import Settings
from semantic_layer.store.registry_database import RegistryDatabase
from semantic_layer.web.application import WebContext, create_app
from semantic_layer.web.graphiql_page import FirstQuestion
from semantic_layer.web.keys import Keys
from semantic_layer.web.serving_address import answered_hosts, check_exposure
from semantic_layer.web.static_page import StaticPage

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Application:
    """Everything that answers questions from a registry, open."""

    settings: Settings
    registry: RegistryDatabase
    catalogs: CatalogService
    schemas: SchemaInService
    backend: Backend


@asynccontextmanager
async def open_application(
    settings: Settings, registry_url: str, *, with_schemas: bool = True
) -> AsyncIterator[Application]:
    """Ready to answer from the newest revision, and following the registry from then on.

    `with_schemas`: each catalog comes into service together with its GraphQL schema, which `answer_requests` needs.

    Raises REGISTRY_UNAVAILABLE when the registry is down, SOURCE_REFUSED when a connection's url has no form that is
    known. A source that is down stops nothing: its questions say so, and work when it is back.
    """
    async with AsyncExitStack() as closing:
        registry = RegistryDatabase(registry_url)
        closing.push_async_callback(registry.close)
        await registry.migrate()
        schemas = SchemaInService()
        catalogs = CatalogService(registry.revisions, schemas.prepare if with_schemas else None)
        await catalogs.refresh()
        if not catalogs.status.reachable:
            raise refuse(ErrorCode.REGISTRY_UNAVAILABLE, catalogs.status.error or "The registry does not answer.")
        usage = UsageRecorder(registry.usage)
        closing.push_async_callback(_ended, asyncio.create_task(usage.run()))
        backend = await closing.enter_async_context(open_backend(settings, catalogs, usage, registry.usage))
        listener = registry.listener(catalogs.refresh, poll_seconds=settings.poll_seconds)
        closing.push_async_callback(_ended, asyncio.create_task(listener.run()))
        yield Application(settings, registry, catalogs, schemas, backend)


def check_address(settings: Settings) -> None:
    """Raises UnsafeAddress. To be called before anything is started."""
    check_exposure(settings.host, settings.api_keys, anonymous_viewer=settings.anonymous_viewer)


async def answer_requests(
    application: Application,
    claimed: socket.socket,
    stop: StopRequests,
    *,
    first_question: FirstQuestion | None = None,
    pages: tuple[StaticPage, ...] = (),
    greet: Greeting | None = None,
) -> None:
    """Serves HTTP on the claimed port until a stop is asked for.

    `first_question` turns the GraphiQL page on, `pages` are served beside it.
    """
    settings = application.settings
    keys = {name: key.get_secret_value() for name, key in settings.api_keys.items()}
    context = WebContext(
        backend=application.backend,
        schema=application.schemas.current,
        status=lambda: application.catalogs.status,
        keys=Keys.of(keys, anonymous_viewer=settings.anonymous_viewer),
        hosts=answered_hosts(settings.host, settings.allowed_hosts),
        first_question=first_question,
        pages=pages,
        max_body_bytes=settings.max_body_bytes,
        origins=settings.cors_origins,
    )
    host, port = claimed.getsockname()[:2]
    log.info("serving", host=host, port=port, revision=application.catalogs.status.serving)
    await serve(create_app(context), claimed, stop, drain_seconds=settings.drain_seconds, greet=greet)
    log.info("stopped")


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
