"""`init`: first definitions of a source, written from what it declares and what its first rows hold."""

import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import typer

from semantic_layer.app.survey import open_sources
from semantic_layer.cli.outcome import counted, told
from semantic_layer.cli.pipeline import run_once, settings_of_command
from semantic_layer.cli.progress import Progress
from semantic_layer.cli.words import Unreadable
from semantic_layer.cli.written_files import write_all
from semantic_layer.definitions.problem import near_names
from semantic_layer.definitions.reader import read_texts
from semantic_layer.serving.ports import SourceTable
from semantic_layer.settings import Settings
from semantic_layer.survey.first_look import FirstDefinitions, first_definitions

Source = Annotated[
    str | None,
    typer.Option(
        "--source", "-s", show_default=False, metavar="NAME",
        help="The connection, as the settings name it: [cyan]SHOP[/] of SEMANTIC_LAYER_CONNECTIONS__SHOP. "
        "Not needed where there is one.",
    ),
]  # fmt: skip
Tables = Annotated[
    list[str] | None,
    typer.Option(
        "--table", "-t", show_default=False, metavar="NAME",
        help="Only this table, as often as you like; [cyan]*[/] stands for anything: [cyan]'sales.*'[/].",
    ),
]  # fmt: skip
Out = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the files are written.")]
Force = Annotated[bool, typer.Option("--force", help="Also over files that are there already.")]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="The deadline of each statement.")
]


def init(
    source: Source = None,
    table: Tables = None,
    out: Out = Path("definitions"),
    force: Force = False,
    timeout: Timeout = 60.0,
) -> None:
    """Writes first definitions of a database: what it declares, and guesses that are marked as guesses.

    One file per table, with its columns, key, joins, dimensions and metrics, and a file that they share. The data is
    only read: the first rows of each table, and all rows of the columns that look like keys.

    [bold]Examples[/]

    SEMANTIC_LAYER_CONNECTIONS__SHOP=duckdb:///srv/shop semantic-layer init --out definitions

    semantic-layer init --source SHOP --table orders --table 'product*' --out definitions

    [bold]Exit codes[/]: 0 written, 1 refused or not reachable: nothing was written, 2 usage.
    """
    with told():
        settings = settings_of_command(None)
        connection = _connection(settings, source)
        with Progress(sys.stderr, "done") as progress:
            found = run_once(_looked(settings, connection, table or (), timeout, progress))
        write_all(out, found.files, force=force)
        for line in _said(out, found):
            print(line)


def _connection(settings: Settings, source: str | None) -> str:
    """The connection's name as the settings have it."""
    known = list(settings.connections)
    if source is None:
        if len(known) == 1:
            return known[0]
        raise Unreadable(f"--source says which connection; the settings have {', '.join(known) or 'none'}")
    if source.upper() not in known:
        near = near_names(source, known)
        said = f"; near: {', '.join(near)}" if near else f"; the settings have {', '.join(known) or 'none'}"
        raise Unreadable(
            f"no connection is called {source}{said}. It is set by SEMANTIC_LAYER_CONNECTIONS__{source.upper()}"
        )
    return source.upper()


async def _looked(
    settings: Settings, connection: str, wanted: Sequence[str], timeout: float, progress: Progress
) -> FirstDefinitions:
    async with open_sources(settings) as sources:
        tables = chosen(await sources.engine(connection).tables(), wanted)
        return await first_definitions(sources, connection, tables, timeout, progress.told)


def chosen(tables: Sequence[SourceTable], wanted: Sequence[str]) -> list[SourceTable]:
    """The tables that some pattern names; all where there is none. Raises Unreadable for a pattern without a table."""
    if not wanted:
        return list(tables)
    found: dict[SourceTable, None] = {}
    for pattern in wanted:
        hits = [one for one in tables if any(fnmatchcase(name, pattern) for name in (one.name or one.shown, one.shown))]
        if not hits:
            near = near_names(pattern, [one.name or one.shown for one in tables])
            raise Unreadable(f"no table is called {pattern}" + (f"; near: {', '.join(near)}" if near else ""))
        found.update(dict.fromkeys(hits))
    return [one for one in tables if one in found]


def _said(folder: Path, found: FirstDefinitions) -> list[str]:
    catalog = read_texts(found.files).catalog
    guesses = sum(text.count("# guess:") for text in found.files.values())
    home = max(catalog.datasets.values(), key=lambda one: (one.time is not None, len(one.joins)))
    first = next(name for name, metric in catalog.metrics.items() if metric.rule.home == home.name)
    by_time = "" if home.time is None else " --by time:month"
    return [
        f"{counted(len(found.files), 'file')} in {folder}: {counted(len(catalog.datasets), 'dataset')}, "
        f"{counted(len(catalog.metrics), 'metric')}, guesses to confirm: {guesses:,}",
        *(f"left out: {one}" for one in found.left_out),
        "",
        "next:",
        f"  semantic-layer query --definitions {folder} --metric {first}{by_time}",
        f"  semantic-layer validate {folder} --data",
    ]
