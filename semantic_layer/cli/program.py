"""The command `semantic-layer`: its commands, in the order in which a person meets them."""

from collections.abc import Callable
from typing import Annotated

import typer

from semantic_layer import __version__
from semantic_layer.cli.apply_command import apply
from semantic_layer.cli.definition_commands import format, schema, validate
from semantic_layer.cli.describe_command import describe
from semantic_layer.cli.question_commands import explain, query
from semantic_layer.cli.server_commands import demo, print_schema, serve

HELP = """Governed metrics: one definition, the right number, and the rule that made it.

Start with [cyan]semantic-layer demo[/]. Exit codes of every command: 0 done, 1 refused (the reason is told), 2 usage.
"""
PANELS: dict[str, dict[str, Callable[..., None]]] = {
    "Serve": {"demo": demo, "serve": serve},
    "Ask": {"query": query, "explain": explain, "describe": describe},
    "Define": {"validate": validate, "format": format, "apply": apply},
    "Contracts": {"print-schema": print_schema, "schema": schema},
}

program = typer.Typer(
    name="semantic-layer",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # a local may hold a secret
    context_settings={"help_option_names": ["-h", "--help"]},
)
for panel, commands in PANELS.items():
    for name, command in commands.items():
        program.command(name, rich_help_panel=panel)(command)


def _version(asked: bool) -> None:
    if asked:
        print(f"semantic-layer {__version__}")
        raise typer.Exit


@program.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Prints the version.")
    ] = False,
) -> None:
    pass
