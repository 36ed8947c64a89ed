"""`validate`, `format`, `schema`: definitions in files, before anybody publishes them."""

from pathlib import Path
from typing import Annotated

import typer

from semantic_layer.cli.outcome import Exit, complain, counted, say_definition_errors, told
from semantic_layer.cli.words import Unreadable
from semantic_layer.definitions.json_schema import definition_schema_text
from semantic_layer.definitions.layout import format_text
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.problem import DefinitionErrors, Problem
from semantic_layer.definitions.reader import definition_files, read_files

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH...", help="Files, or folders with all their YAML files.", show_default=False),
]
Check = Annotated[bool, typer.Option("--check", help="Changes nothing; exit code 1 if a file is laid out differently.")]


def validate(paths: Paths) -> None:
    """Checks definitions, and tells every mistake at once: file:line:column CODE message.

    [bold]Example[/]

    semantic-layer validate schema/demo

    [bold]Exit codes[/]: 0 no mistake, 1 mistakes, 2 the command itself cannot be read.
    """
    with told():
        files = existing_files(paths)
        catalog = read_files(files)
        print(f"{counted(len(files), 'file')}, no mistakes: {contents_of(catalog)}")


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
