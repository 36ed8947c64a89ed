"""`validate`, `format`, `schema`: definitions in files, before anybody publishes them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from semantic_layer.cli import late
from semantic_layer.cli.outcome import Exit, complain, counted, print_json, problem_json, say_definition_errors, told
from semantic_layer.cli.words import Unreadable
from semantic_layer.definitions.check_money import money_warnings
from semantic_layer.definitions.json_schema import definition_schema_text
from semantic_layer.definitions.layout import format_text
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.problem import DefinitionErrors, Problem
from semantic_layer.definitions.reader import definition_files, read_with_places

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH...", help="Files, or folders with all their YAML files.", show_default=False),
]
Data = Annotated[bool, typer.Option("--data", help="Also counts in the data: keys, joins, declared types.")]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="With --data: the deadline of each statement.")
]


class Report(StrEnum):
    TABLE = "table"
    JSON = "json"


ReportFormat = Annotated[Report, typer.Option("--format", "-f", help="table for people, json for machines.")]
Check = Annotated[bool, typer.Option("--check", help="Changes nothing; exit code 1 if a file is laid out differently.")]


def validate(paths: Paths, data: Data = False, timeout: Timeout = 300.0, format: ReportFormat = Report.TABLE) -> None:
    """Checks definitions, and tells every mistake at once: file:line:column CODE message.

    With --data also the data: keys, joins, declared types and closed lists, each counted in its source. The
    connections are those of the settings (SEMANTIC_LAYER_CONNECTIONS__NAME).

    [bold]Examples[/]

    semantic-layer validate schema/demo

    semantic-layer validate schema/demo --data

    semantic-layer validate schema/demo --data --format json > report.json

    [bold]Exit codes[/]: 0 no mistake (warnings may be), 1 mistakes, 2 the command itself cannot be read.
    """
    with told():
        files = existing_files(paths)
        try:
            reading = read_with_places(files)
        except DefinitionErrors as errors:
            if format is Report.JSON:
                print_json({"problems": [problem_json(one, "error") for one in errors.problems]})
                raise typer.Exit(Exit.REFUSED) from None
            raise
        if data:
            late.module("cli.data_checks").validate_data(reading, len(files), timeout, format is Report.JSON)
            return
        warnings = money_warnings(reading, {})
        if format is Report.JSON:
            print_json({"problems": [problem_json(one, "warning") for one in warnings]})
            return
        for one in warnings:
            print(f"{one.place} {one.code} warning: {one.message}")
        print(f"{counted(len(files), 'file')}, no mistakes: {contents_of(reading.catalog)}")


def format(paths: Paths, check: Check = False) -> None:
    """Lays definitions out in the one canonical form. Comments stay where they are, and no meaning changes.

    [bold]Examples[/]

    semantic-layer format schema/demo

    semantic-layer format --check schema/demo

    [bold]Exit codes[/]: 0 done, 1 a file cannot be read as YAML (or, with --check, is laid out differently), 2 usage.
    """
    with told():
        changed: list[Path] = []
        mistakes: list[Problem] = []
        for file in existing_files(paths):
            text = _text_of(file)
            try:
                laid_out = format_text(str(file), text)
            except DefinitionErrors as errors:
                mistakes += errors.problems
                continue
            if laid_out != text:
                changed.append(file)
                if not check:
                    _replace(file, laid_out)
        if mistakes:
            say_definition_errors(DefinitionErrors(mistakes))
        for file in changed:
            print(f"{'would change' if check else 'changed'} {file}")
        if mistakes or (check and changed):
            raise typer.Exit(Exit.REFUSED)
        if not changed:
            complain("nothing to change")


def schema() -> None:
    """Prints the JSON Schema of definition files, by which editors complete them (schema/definition.schema.json)."""
    print(definition_schema_text(), end="")


def existing_files(paths: list[Path]) -> list[Path]:
    """The definition files of these paths. A path that is not there, or a folder without any, is a usage error."""
    for path in paths:
        if not path.exists():
            raise Unreadable(f"{path} does not exist")
        if not definition_files([path]):
            raise Unreadable(f"{path} has no .yaml or .yml file")
    return definition_files(paths)


def contents_of(catalog: Catalog) -> str:
    dimensions = sum(len(dataset.dimensions) for dataset in catalog.datasets.values())
    joins = sum(len(dataset.joins) for dataset in catalog.datasets.values())
    return ", ".join(
        (
            counted(len(catalog.metrics), "metric"),
            counted(len(catalog.datasets), "dataset"),
            counted(dimensions, "dimension"),
            counted(joins, "join"),
        )
    )


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{file} cannot be read: {error}") from None


def _replace(file: Path, text: str) -> None:
    """Whole or not at all: an interrupted run leaves no half of a file."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.chmod(file.stat().st_mode)
    beside.replace(file)
