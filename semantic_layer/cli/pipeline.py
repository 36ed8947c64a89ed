"""The pipeline in this process, as the person who runs the command: over the registry, or over definitions in files."""

import getpass
import uuid
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import orjson

from semantic_layer.access.principal import Principal
from semantic_layer.api.execution import GraphqlRequest, run
from semantic_layer.api.request import Backend, RequestContext
from semantic_layer.api.schema import build_schema
from semantic_layer.app.backend import open_backend
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.app.log_lines import start_log
from semantic_layer.app.registry_place import embedded_folder
from semantic_layer.app.stopping import run_until_stopped, stop_requests
from semantic_layer.cli import late
from semantic_layer.cli.place import DEMO_DEFINITIONS, Place
from semantic_layer.cli.words import Unreadable
from semantic_layer.definitions.reader import read_files
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answers import Explanation
from semantic_layer.settings import Settings, load_settings

T = TypeVar("T")


def reply(place: Place, document: str, variables: Mapping[str, object]) -> Mapping[str, Any]:
    """The reply to a GraphQL request, with `errors` or `data`."""

    async def replied() -> Mapping[str, Any]:
        async with _open_pipeline(place) as backend:
            schema = build_schema(backend.catalogs.current)
            who = Principal(person())
            context = RequestContext(backend, schema.published, who, uuid.uuid4().hex, client="semantic-layer")
            request = GraphqlRequest(document, variables)
            found: Mapping[str, Any] = orjson.loads((await run(schema, request, context)).body)
            return found

    return run_once(replied())


def explanation(place: Place, question: object) -> Explanation:
    """How a question in JSON form would be answered. Raises SemanticLayerError."""

    async def explained() -> Explanation:
        async with _open_pipeline(place) as backend:
            return await backend.answers.explain(read_ask(question), Principal(person()))

    return run_once(explained())


def run_once(work: Coroutine[Any, Any, T]) -> T:
    """Runs a short piece of work; Ctrl-C cancels it, in the source too."""
    with stop_requests() as stop:
        return run_until_stopped(stop, work)


def settings_of_command(registry: str | None) -> Settings:
    """The environment's settings, with the registry that a flag names: a url, or an embedded one's data folder.

    The log says nothing below an error, unless a level was asked for.
    """
    settings = load_settings()
    start_log(settings if "log_level" in settings.model_fields_set else settings.changed(log_level="error"))
    if registry is None:
        return settings
    if "://" in registry:
        return settings.changed(registry_url=registry)
    if not Path(registry).is_dir():
        raise Unreadable(f"--registry {registry} is no url, and no such folder is here")
    return settings.changed(registry_url=None, data_dir=registry)


def person() -> str:
    """Who runs the command, as the system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose account has no name
        return "unknown"


@asynccontextmanager
async def _open_pipeline(place: Place) -> AsyncIterator[Backend]:
    """Over the registry or the definitions that the place names, and the sources of the settings."""
    settings = settings_of_command(place.registry)
    definitions = place.definitions
    has_registry = settings.registry_url is not None or embedded_folder(settings.data_dir).exists()
    if place.or_demo and not definitions and not has_registry and DEMO_DEFINITIONS.is_dir():
        definitions = (DEMO_DEFINITIONS,)
    if definitions:
        async with open_backend(settings, draft_catalogs(read_files(definitions))) as backend:
            yield backend
        return
    async with late.module("cli.registry_backend").open_registry_backend(settings) as backend:
        yield backend
