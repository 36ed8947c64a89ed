"""Where a command finds its catalog: a running server, the registry, or definitions in files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from semantic_layer.cli import late
from semantic_layer.cli.words import Unreadable
from semantic_layer.demo.graphql_client import Unreachable, post_graphql
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError

PLACE = "Where to ask"
SECONDS = 120.0  # a server's own deadline comes first, and tells more
# In a checkout the demo's definitions are the top-level folder, in a wheel they lie beside the demo's code.
DEMO_PLACES = (Path(__file__).parents[2] / "schema/demo", Path(__file__).parents[1] / "demo/definitions")
DEMO_DEFINITIONS = next((place for place in DEMO_PLACES if place.is_dir()), DEMO_PLACES[0])

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
    """At most one of the three; none is the registry of the settings.

    `or_demo`: where there is no registry either, the demo's definitions, if this is a checkout.
    """

    url: str | None = None
    key: str | None = None
    registry: str | None = None
    definitions: tuple[Path, ...] = ()
    or_demo: bool = False


def place_of(url: str | None, key: str | None, registry: str | None, definitions: list[Path] | None) -> Place:
    """Raises Unreadable when more than one is named. A flag is stronger than SEMANTIC_LAYER_URL."""
    if registry is not None and definitions:
        raise Unreadable("--registry and --definitions exclude one another")
    if registry is not None or definitions:
        return Place(registry=registry, definitions=tuple(definitions or ()))
    return Place(url, key)


def send(place: Place, document: str, variables: Mapping[str, object]) -> Mapping[str, Any]:
    """A GraphQL request to a running server, or to the same pipeline in this process; gives the reply's data.

    Raises SemanticLayerError with all issues that came back, or Unreachable.
    """
    if place.url is not None:
        reply = post_graphql(place.url, document, variables, key=place.key, seconds=SECONDS)
    else:
        reply = late.module("cli.pipeline").reply(place, document, variables)
    if reply.get("errors"):
        raise SemanticLayerError(_issues(reply["errors"]))
    data = reply.get("data")
    if not isinstance(data, dict):
        raise Unreachable(f"{place.url} is no GraphQL address: what came back has no data.")
    return data


def _issues(errors: list[dict[str, Any]]) -> list[Issue]:
    """Every issue of every error; one with a code that this release does not know keeps it in its words."""
    issues = []
    for error in errors:
        bare = [{"code": "", "message": error.get("message", "")}]
        for one in error.get("extensions", {}).get("issues") or bare:
            known = one["code"] in ErrorCode.__members__
            code = ErrorCode[one["code"]] if known else ErrorCode.INTERNAL
            message = one["message"] if known or not one["code"] else f"{one['code']}: {one['message']}"
            issues.append(Issue(code, message, tuple(one.get("path", ())), tuple(one.get("near", ()))))
    return issues
