"""`import`: definitions of another tool as ours, in files."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from semantic_layer.app.survey import open_sources
from semantic_layer.cli.definition_commands import Report, ReportFormat, contents_of
from semantic_layer.cli.outcome import Exit, complain, counted, print_json, told
from semantic_layer.cli.pipeline import run_once, settings_of_command
from semantic_layer.cli.progress import Progress
from semantic_layer.cli.words import Unreadable
from semantic_layer.definitions.model import Table
from semantic_layer.definitions.new_names import name_like
from semantic_layer.definitions.types import ColumnType
from semantic_layer.errors import CannotRun, ErrorCode, SemanticLayerError
from semantic_layer.interchange.dbt.files import HEAD, definition_files
from semantic_layer.interchange.dbt.imported import Imported, ImportIssue, table_of
from semantic_layer.interchange.dbt.importer import import_manifest
from semantic_layer.interchange.dbt.json_place import said_path
from semantic_layer.interchange.dbt.manifest import Manifest
from semantic_layer.interchange.dbt.read_manifest import read_manifest
from semantic_layer.interchange.dbt.saved_questions import FOLDER, saved_questions
from semantic_layer.settings import Settings

LARGEST = 500_000_000


class Format(StrEnum):
    DBT = "dbt"


From = Annotated[Format, typer.Argument(metavar="FORMAT", help="[cyan]dbt[/].", show_default=False)]
File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", show_default=False, help="What `dbt parse` writes: [cyan]target/semantic_manifest.json[/]."
    ),
]
Source = Annotated[
    str,
    typer.Option(
        "--source", "-s", show_default=False, metavar="NAME",
        help="The connection with the tables: [cyan]SHOP[/] of SEMANTIC_LAYER_CONNECTIONS__SHOP. It need not be set "
        "yet; where it is, the types of the columns are read from it.",
    ),
]  # fmt: skip
Out = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the files are written.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Writes nothing, and exit code 1, if anything cannot be imported.")
]
Repeats = Annotated[
    bool,
    typer.Option(
        "--repeats",
        help="Rows count once for every partner that a join finds, as in dbt; without it, several are refused.",
    ),
]
Offline = Annotated[bool, typer.Option("--offline", help="Does not look at the source, even where it is set.")]
Force = Annotated[bool, typer.Option("--force", help="Also over files that are there and say something else.")]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="The deadline of reading one table's columns.")
]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the files: new or changed, the same as before, and left from an earlier import."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    stale: tuple[str, ...]


def import_definitions(
    format: From,
    file: File,
    source: Source,
    out: Out = Path("definitions"),
    strict: Strict = False,
    repeats: Repeats = False,
    offline: Offline = False,
    force: Force = False,
    timeout: Timeout = 60.0,
    report: ReportFormat = Report.TABLE,
) -> None:
    """Writes the metrics of a dbt project as definitions: the same numbers, by rules that can be read and governed.

    One file per semantic model, with its dimensions, joins and metrics, and files for what they share. What has no
    words here is listed with its place, and stands as a comment in catalog.yaml. A second run writes the same bytes.

    [bold]Examples[/]

    semantic-layer import dbt target/semantic_manifest.json --source SHOP --out definitions

    semantic-layer import dbt target/semantic_manifest.json --source SHOP --strict

    [bold]Exit codes[/]: 0 written (issues may be listed), 1 refused, or issues with --strict: nothing was written,
    2 usage.
    """
    with told():
        manifest = read_manifest(_content(file))
        settings = settings_of_command(None)
        types = _types(settings, source, manifest, offline, timeout)
        imported = import_manifest(manifest, name_like(source, "source"), source.upper(), types, repeats=repeats)
        questions = saved_questions(manifest, imported)
        imported = replace(imported, issues=(*imported.issues, *questions.issues))
        is_refused = strict and bool(imported.issues)
        files = {**definition_files(imported), **questions.files}
        written = Written((), (), ()) if is_refused else _write(out, files, force)
        if report is Report.JSON:
            print_json(_json(imported, written))
        else:
            for line in _lines(out, imported, written, has_types=types is not None):
                print(line)
        if is_refused:
            complain(f"{counted(len(imported.issues), 'issue')}, and --strict: nothing was written")
            raise typer.Exit(Exit.REFUSED)


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise Unreadable(f"{file} has more than {LARGEST:,} bytes")
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}") from None


def _types(
    settings: Settings, source: str, manifest: Manifest, offline: bool, timeout: float
) -> Mapping[str, Mapping[str, ColumnType]] | None:
    """The columns of the project's tables; None where there is no such connection."""
    if offline or source.upper() not in settings.connections:
        return None
    with Progress(sys.stderr, "read") as progress:
        return run_once(_described(settings, source.upper(), manifest, timeout, progress))


async def _described(
    settings: Settings, connection: str, manifest: Manifest, timeout: float, progress: Progress
) -> Mapping[str, Mapping[str, ColumnType]]:
    """Tables that the source has not are left out: `validate --data` tells them."""
    relations = [one.relation for one in manifest.models.values()]
    relations += [one.relation for one in manifest.time_spines]
    tables = list(dict.fromkeys(table_of(relation) for relation in relations))
    found: dict[str, Mapping[str, ColumnType]] = {}
    async with open_sources(settings) as sources:
        engine = sources.engine(connection)
        for done, table in enumerate(tables, 1):
            try:
                found[table] = (await engine.describe(Table(table))).types
            except SemanticLayerError as refusal:
                if refusal.code is not ErrorCode.SOURCE_REFUSED:
                    raise
            progress.told(table, done, len(tables))
    return found


def _write(folder: Path, files: Mapping[str, str], force: bool) -> Written:
    """All files or none: each is written beside its place first. Files that say the same are left alone."""
    if folder.exists() and not folder.is_dir():
        raise Unreadable(f"--out {folder} is a file, and a folder was expected")
    there = {name: _text_of(folder / name) for name in files if (folder / name).exists()}
    other = [name for name, text in there.items() if text != files[name]]
    if other and not force:
        more = f" and {len(other) - 1} more" if len(other) > 1 else ""
        raise CannotRun(
            f"{folder / other[0]}{more} is there and says something else; --force writes over it, --out names another "
            "folder"
        )
    changed = [name for name in files if name not in there or name in other]
    try:
        for file in map(folder.joinpath, files):
            file.parent.mkdir(parents=True, exist_ok=True)
        for name in changed:
            _beside(folder / name).write_text(files[name], encoding="utf-8")
        for name in changed:
            _beside(folder / name).replace(folder / name)
    except OSError as error:
        raise CannotRun(f"{folder} cannot be written: {error.strerror}") from None
    mine = sorted(one for one in folder.glob("*.yaml") if (_text_of(one) or "").startswith(f"# {HEAD}"))
    stale = tuple(one.name for one in mine if one.name not in files)
    return Written(tuple(changed), tuple(name for name in files if name not in changed), stale)


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}.new")


def _text_of(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _lines(folder: Path, imported: Imported, written: Written, *, has_types: bool) -> Iterator[str]:
    if imported.issues:
        yield f"{counted(len(imported.issues), 'issue')}: what the project says and the definitions do not"
        yield from (f"  {issue}" for issue in imported.issues)
        yield ""
    files = (*written.written, *written.unchanged)
    if not files:
        return
    catalog = imported.catalog
    same = f" ({len(written.unchanged)} unchanged)" if written.unchanged else ""
    questions = [name for name in files if name.startswith(f"{FOLDER}/")]
    asked = f", {counted(len(questions), 'saved question')}" if questions else ""
    yield f"{counted(len(files), 'file')} in {folder}{same}: {contents_of(catalog)}{asked}"
    yield from (f"left from an earlier import, remove it: {folder / name}" for name in written.stale)
    if not has_types:
        yield "types of columns are taken from how the project uses them; with the connection set they are read there"
    yield ""
    yield "next:"
    yield from _next(folder, list(catalog.metrics), sorted(questions))


def _next(folder: Path, metrics: Sequence[str], questions: Sequence[str]) -> Iterator[str]:
    yield f"  semantic-layer validate {folder} --data"
    if metrics:
        yield f"  semantic-layer query --definitions {folder} --metric {metrics[0]}"
    if questions:
        yield f"  semantic-layer query --definitions {folder} --ask {folder / questions[0]}"


def _json(imported: Imported, written: Written) -> Mapping[str, object]:
    return {
        "written": list(written.written),
        "unchanged": list(written.unchanged),
        "stale": list(written.stale),
        "issues": [_issue_json(one) for one in imported.issues],
    }


def _issue_json(issue: ImportIssue) -> Mapping[str, object]:
    return {"subject": issue.subject, "at": said_path(issue.at), "why": issue.why, "whatToDo": issue.what_to_do}
