"""Where a command finds its catalog: a running server, the registry, or definitions in files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from semantic_layer.api.request import Backend
from semantic_layer.app.application import open_application, open_backend
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.app.registry_place import registry_url
from semantic_layer.cli.door import Door, http_door, local_door
from semantic_layer.cli.outcome import settings_of_command
from semantic_layer.cli.words import Unreadable
from semantic_layer.definitions.reader import read_files
from semantic_layer.settings import Settings, load_settings

PLACE = "Where to ask"
DEMO_DEFINITIONS = Path(__file__).parents[2] / "schema/demo"  # of a checkout; an installed package has none

Url = Annotated[
    str | None,
    typer.Option(
        "--url", "-u", rich_help_panel=PLACE, envvar="SEMANTIC_LAYER_URL", show_default=False, metavar="URL",
        help="A running server, such as http://127.0.0.1:8000. Its key is read from SEMANTIC_LAYER_KEY.",
    ),
]  # fmt: skip
Key = Annotated[str | None, typer.Option("--key", envvar="SEMANTIC_LAYER_KEY", hidden=True)]
Registry = Annotated[
    str | None,
    typer.Option(
        "--registry", "-r", rich_help_panel=PLACE, show_default=False, metavar="URL|FOLDER",
        help="The registry's PostgreSQL url, or the data folder of an embedded one ([cyan].demo[/]). "
        "Default: as in the settings.",
    ),
]  # fmt: skip
Definitions = Annotated[
    list[Path] | None,
    typer.Option(
        "--definitions", "-d", rich_help_panel=PLACE, show_default=False, metavar="PATH",
        help="Definition files or folders as they stand, before anybody publishes them.",
    ),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """At most one of the three; none is the registry of the settings."""

    url: str | None = None
    key: str | None = None
    registry: str | None = None
    definitions: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if sum((self.url is not None, self.registry is not None, bool(self.definitions))) > 1:
            raise Unreadable("--url, --registry and --definitions exclude one another")


def or_the_demo(place: Place) -> Place:
    """Who names no place and has set up no registry sees the demo's definitions, if this is a checkout."""
    if place != Place() or load_settings().model_fields_set & {"registry_url", "data_dir"}:
        return place
    return Place(definitions=(DEMO_DEFINITIONS,)) if DEMO_DEFINITIONS.is_dir() else place


def with_registry(settings: Settings, registry: str | None) -> Settings:
    """The settings with the registry that a flag names: a url, or the data folder of an embedded one."""
    if registry is None:
        return settings
    if "://" in registry:
        return settings.changed(registry_url=registry)
    if not Path(registry).is_dir():
        raise Unreadable(f"--registry {registry} is no url, and no such folder is here")
    return settings.changed(registry_url=None, data_dir=registry)


@asynccontextmanager
async def open_door(place: Place) -> AsyncIterator[Door]:
    """A running server, or the pipeline in this process."""
    if place.url is not None:
        async with http_door(place.url, place.key, settings_of_command().question_seconds) as door:
            yield door
    else:
        async with open_pipeline(place) as backend:
            yield local_door(backend)


@asynccontextmanager
async def open_pipeline(place: Place) -> AsyncIterator[Backend]:
    """The pipeline in this process, over the registry or over files, and the sources of the settings."""
    settings = with_registry(settings_of_command(), place.registry)
    if place.definitions:
        async with open_backend(settings, draft_catalogs(read_files(place.definitions))) as backend:
            yield backend
        return
    with registry_url(settings, join=True) as url:
        async with open_application(settings, url) as application:
            yield application.backend
