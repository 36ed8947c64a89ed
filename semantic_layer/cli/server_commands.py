"""`serve` and `print-schema`: what runs, and the contract that it offers."""

from pathlib import Path
from typing import Annotated

import typer

from semantic_layer.api.schema import print_schema as schema_text
from semantic_layer.app.application import answer_requests, check_address, open_application
from semantic_layer.app.listening import server_loop_factory
from semantic_layer.app.log_lines import start_log
from semantic_layer.app.port import claim_port
from semantic_layer.app.registry_place import running_registry
from semantic_layer.app.stopping import Stopped, run_until_stopped, stop_requests
from semantic_layer.cli.definition_commands import existing_files
from semantic_layer.cli.outcome import told
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_files
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
                with (
                    claim_port(settings.host, settings.port) as claimed,
                    running_registry(settings.registry, settings.data_dir) as url,
                ):
                    run_until_stopped(stop, serving(), server_loop_factory())
            except Stopped:
                return


def print_schema(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH...]", help="Definitions.", show_default=False)
    ] = None,
) -> None:
    """Prints the GraphQL schema of definitions in files; without them, what every schema has.

    [bold]Example[/]

    semantic-layer print-schema schema/demo > schema/schema.graphql

    [bold]Exit codes[/]: 0 printed, 1 mistakes in the definitions, 2 the command itself cannot be read.
    """
    with told():
        print(schema_text(read_files(existing_files(paths)) if paths else Catalog()), end="")
