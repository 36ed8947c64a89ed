"""`plan`: what definitions would change, before anybody publishes them; nothing is recorded."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from semantic_layer.access.principal import Principal
from semantic_layer.cli.change_lines import console
from semantic_layer.cli.definition_commands import Paths, existing_files
from semantic_layer.cli.outcome import Exit, print_json, problem_json, told
from semantic_layer.cli.pipeline import person, run_once, settings_of_command
from semantic_layer.cli.place import Registry
from semantic_layer.cli.plan_json import preview_json
from semantic_layer.cli.plan_markdown import markdown_lines
from semantic_layer.cli.plan_text import preview_lines
from semantic_layer.cli.progress import Progress
from semantic_layer.cli.registry_backend import open_registry_application
from semantic_layer.cli.words import Unreadable
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.problem import DefinitionErrors
from semantic_layer.definitions.reader import read_files
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.impact.comparing import Cap, NumberComparison, Wish
from semantic_layer.impact.numeric_diff import Window
from semantic_layer.impact.preview import ChangePreview, preview
from semantic_layer.query.problems import did_you_mean, near_names
from semantic_layer.settings import Settings

NUMBERS = "How the numbers are compared"
OUTPUT = "Output"

Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", "-m", rich_help_panel=NUMBERS, metavar="METRIC", show_default="all whose rule changes",
                 help="Compares the numbers of these alone."),
]  # fmt: skip
By = Annotated[
    list[str] | None,
    typer.Option("--by", "-b", rich_help_panel=NUMBERS, metavar="DIMENSION", show_default="by rule",
                 help="Cuts the comparison, again and again."),
]  # fmt: skip
Grain = Annotated[
    str | None,
    typer.Option("--grain", rich_help_panel=NUMBERS, metavar="GRAIN", show_default="month", help="day, week, month …"),
]
Since = Annotated[
    datetime | None,
    typer.Option("--from", rich_help_panel=NUMBERS, formats=["%Y-%m-%d"], show_default="all history",
                 metavar="DATE", help="The first day that is compared."),
]  # fmt: skip
Until = Annotated[
    datetime | None,
    typer.Option("--until", rich_help_panel=NUMBERS, formats=["%Y-%m-%d"], show_default="all history",
                 metavar="DATE", help="The day before which it ends."),
]  # fmt: skip
Seconds = Annotated[
    float,
    typer.Option("--seconds", min=0.1, rich_help_panel=NUMBERS, help="What all comparisons may take together."),
]
Cells = Annotated[
    int, typer.Option("--cells", min=1, rich_help_panel=NUMBERS, help="Cells of one metric at most; more are cut.")
]
NoNumbers = Annotated[
    bool, typer.Option("--no-numbers", rich_help_panel=NUMBERS, help="Asks no source: the difference of the texts.")
]
Markdown = Annotated[bool, typer.Option("--markdown", rich_help_panel=OUTPUT, help="For a pull request.")]
AsJson = Annotated[bool, typer.Option("--json", rich_help_panel=OUTPUT, help="For machines.")]


def plan(
    paths: Paths,
    registry: Registry = None,
    metric: Metrics = None,
    by: By = None,
    grain: Grain = None,
    since: Since = None,
    until: Until = None,
    seconds: Seconds = 60.0,
    cells: Cells = 100_000,
    no_numbers: NoNumbers = False,
    markdown: Markdown = False,
    as_json: AsJson = False,
) -> None:
    """Shows what definitions would change: lines, classes, what follows, and how the numbers move. Records nothing.

    The paths are the whole catalog, as for `apply`. Each metric whose rule would change is asked by the old rule and by
    the new one, cell by cell, with your rights, from the sources of the settings.

    [bold]Examples[/]

    semantic-layer plan schema/demo --registry .demo

    semantic-layer plan definitions --by product.department --from 2017-01-01 --until 2018-01-01

    semantic-layer plan definitions --markdown > comment.md

    [bold]Exit codes[/]: 0 nothing to do, 3 changes that nobody has to approve, 4 changes that need an approval;
    1 mistakes in the definitions, or no registry; 2 the command itself cannot be read.
    """
    with told():
        if markdown and as_json:
            raise Unreadable("--markdown and --json exclude one another")
        catalog = _read(paths, as_json)
        window = Window(_day(since), _day(until))
        if window.start is not None and window.end is not None and window.start >= window.end:
            raise Unreadable("--from is not before --until")
        wish = Wish(None if grain is None else grain.upper(), None if by is None else tuple(by), window)
        settings = settings_of_command(registry)
        cap = None if no_numbers else Cap(cells=cells, seconds=seconds)
        draft = " ".join(str(path) for path in paths)
        with Progress(sys.stderr, "compared") as progress:
            found = run_once(_planned(settings, catalog, draft, metric, wish, cap, progress))
        if as_json:
            print_json(preview_json(found))
        elif markdown:
            print("\n".join(markdown_lines(found)))
        else:
            out = console()
            for line in preview_lines(found):
                out.print(line)
    raise typer.Exit(exit_code(found))


def exit_code(found: ChangePreview) -> Exit:
    """What a build may decide by."""
    if not found.changes:
        return Exit.OK
    return Exit.NEEDS_APPROVAL if found.needs_approval else Exit.CHANGES


def _read(paths: list[Path], as_json: bool) -> Catalog:
    try:
        return read_files(existing_files(paths))
    except DefinitionErrors as errors:
        if not as_json:
            raise
        print_json({"problems": [problem_json(one, "error") for one in errors.problems]})
        raise typer.Exit(Exit.REFUSED) from None


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


async def _planned(
    settings: Settings,
    catalog: Catalog,
    draft: str,
    metrics: list[str] | None,
    wish: Wish,
    cap: Cap | None,
    progress: Progress,
) -> ChangePreview:
    async with open_registry_application(settings) as application:
        head = None if application.catalogs.held is None else application.catalogs.current
        found = await asyncio.to_thread(preview, head, catalog, draft, datetime.now(UTC))
        found = replace(found, consumers=await application.registry.usage.consumers(found.metrics))
        chosen = found.compared if metrics is None else _among(metrics, found, catalog)
        if cap is None or found.before is None or not chosen:
            return found
        answers = application.backend.answers
        comparison = NumberComparison(answers, Principal(person()), found.before, found.after, wish, cap)
        return found.with_numbers(await comparison.all(chosen, progress.told))


def _among(metrics: list[str], found: ChangePreview, catalog: Catalog) -> list[str]:
    """Those of the named metrics whose numbers can be compared. Raises UNKNOWN_METRIC for a name that is none."""
    for name in metrics:
        if name not in catalog.metrics:
            near = near_names(name, catalog.metrics)
            raise refuse(ErrorCode.UNKNOWN_METRIC, f"no metric {name}{did_you_mean(near)}", near=near)
    return [name for name in found.compared if name in metrics]
