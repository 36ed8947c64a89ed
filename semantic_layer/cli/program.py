"""The command `semantic-layer`: its commands, in the order in which a person meets them.

A command's module is imported when the command runs; a test keeps the lines below equal to what the commands say.
"""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from semantic_layer import __version__
from semantic_layer.cli import late

HELP = """Governed metrics: one definition, the right number, and the rule that made it.

Start with [cyan]semantic-layer demo[/]. Exit codes of every command: 0 done, 1 refused (the reason is told), 2 usage.
"""
# command -> panel, module, function, its first line
COMMANDS = {
    "demo": (
        "Serve", "demo_command", "demo",
        "Serves one year of a real grocery chain on this machine, and asks it a first question.",
    ),
    "serve": (
        "Serve", "server_commands", "serve",
        "Serves the published definitions over GraphQL, until Ctrl-C or a signal.",
    ),
    "query": (
        "Ask", "question_commands", "query",
        "Asks metrics, and prints the rows and the rules that made them.",
    ),
    "explain": (
        "Ask", "question_commands", "explain",
        "Shows how a question would be answered: the plan, then the SQL of each source. Nothing is run.",
    ),
    "describe": (
        "Ask", "describe_command", "describe",
        "Says what a metric is: its rule in one sentence, then its entry in the dictionary.",
    ),
    "usage": (
        "Ask", "usage_command", "usage",
        "Shows who asks which metric: client, version, calls in 30 and 90 days, the last one, how fast.",
    ),
    "init": (
        "Define", "init_command", "init",
        "Writes first definitions of a database: what it declares, and guesses that are marked as guesses.",
    ),
    "import": (
        "Define", "import_command", "import_definitions",
        "Writes the metrics of a dbt project as definitions: the same numbers, by rules that can be read and governed.",
    ),
    "validate": (
        "Define", "definition_commands", "validate",
        "Checks definitions, and tells every mistake at once: file:line:column CODE message.",
    ),
    "format": (
        "Define", "definition_commands", "format",
        "Lays definitions out in the one canonical form. Comments stay where they are, and no meaning changes.",
    ),
    "plan": (
        "Define", "plan_command", "plan",
        "Shows what definitions would change: lines, classes, what follows, and how the numbers move. Records nothing.",
    ),
    "apply": (
        "Define", "apply_command", "apply",
        "Publishes definitions: all of them become the registry's next revision, or none.",
    ),
    "export": (
        "Define", "export_command", "export",
        "Writes the registry's definitions as files: the same revision always gives the same bytes.",
    ),
    "print-schema": (
        "Contracts", "server_commands", "print_schema",
        "Prints the GraphQL schema of definitions in files; without them, what every schema has.",
    ),
    "schema": (
        "Contracts", "definition_commands", "schema",
        "Prints the JSON Schema of definition files, by which editors complete them.",
    ),
}  # fmt: skip
CONTEXT = {"help_option_names": ["-h", "--help"]}


class _Commands(TyperGroup):
    """Knows its commands by their first lines; the one that is called is loaded."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = _loaded(args[0])
        return super().resolve_command(ctx, args)


def _loaded(name: str) -> Any:
    _, module, function, _ = COMMANDS[name]
    one = typer.Typer(rich_markup_mode="rich", add_completion=False)
    one.command(name, context_settings=CONTEXT)(getattr(late.module(f"cli.{module}"), function))
    return typer.main.get_command(one)


program = typer.Typer(
    name="semantic-layer",
    cls=_Commands,
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # a local may hold a secret
    context_settings=CONTEXT,
)


def _not_loaded() -> None:
    """Stands in the list of commands until its own module is loaded."""


for _name, (_panel, _, _, _first_line) in COMMANDS.items():
    program.command(_name, help=_first_line, rich_help_panel=_panel)(_not_loaded)


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
