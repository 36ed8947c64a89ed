"""The pipeline in this process over the registry; apart, because importing all that it needs takes seconds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from semantic_layer.api.request import Backend
from semantic_layer.app.application import Application, open_application
from semantic_layer.app.registry_place import running_registry
from semantic_layer.settings import Settings


@asynccontextmanager
async def open_registry_application(settings: Settings) -> AsyncIterator[Application]:
    """Joins the embedded registry of a server that runs here. Raises what open_application raises."""
    with running_registry(settings.registry, settings.data_dir, join=True) as url:
        async with open_application(settings, url, with_schemas=False) as application:
            yield application


@asynccontextmanager
async def open_registry_backend(settings: Settings) -> AsyncIterator[Backend]:
    """What answers questions of it."""
    async with open_registry_application(settings) as application:
        yield application.backend
