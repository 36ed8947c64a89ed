"""How a command ends: its exit code, and failures told as lines that a person can act on."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum

import orjson
import typer

from semantic_layer.app.stopping import Stopped
from semantic_layer.cli.words import Unreadable
from semantic_layer.definitions.problem import DefinitionErrors, Place, Problem
from semantic_layer.demo.narration import to_nowhere
from semantic_layer.errors import CannotRun, Issue, SemanticLayerError


class Exit(IntEnum):
    OK = 0
    REFUSED = 1  # mistakes in definitions, a question that was refused, a conflict, something that does not run
    USAGE = 2
    CHANGES = 3  # of `plan`: definitions change, and nobody has to approve it
    NEEDS_APPROVAL = 4  # of `plan`
    INTERRUPTED = 130


@contextmanager
def told() -> Iterator[None]:
    """Turns every expected failure into lines on standard error and an exit code; other exceptions are bugs."""
    try:
        yield
        sys.stdout.flush()
    except Unreadable as mistake:
        complain(str(mistake))
        raise typer.Exit(Exit.USAGE) from None
    except DefinitionErrors as errors:
        say_definition_errors(errors)
        raise typer.Exit(Exit.REFUSED) from None
    except SemanticLayerError as refusal:
        for issue in refusal.issues:
            complain(_issue_line(issue))
        raise typer.Exit(Exit.REFUSED) from None
    except CannotRun as reason:
        complain(str(reason))
        raise typer.Exit(Exit.REFUSED) from None
    except (Stopped, KeyboardInterrupt):
        raise typer.Exit(Exit.INTERRUPTED) from None
    except BrokenPipeError:  # whoever reads our output has seen enough
        to_nowhere(sys.stdout)
        raise typer.Exit(Exit.OK) from None


def complain(line: str) -> None:
    """On standard error, so that standard output holds results only."""
    print(line, file=sys.stderr)


def say_definition_errors(errors: DefinitionErrors) -> None:
    """`file:line:column CODE message`, one per line on standard output: an editor or CI reads it; counts beside it."""
    for problem in errors.problems:
        print(f"{problem.place} {problem.code} {problem.message}")
    files = {problem.place.file for problem in errors.problems}
    complain(f"{counted(len(errors.problems), 'mistake')} in {counted(len(files), 'file')}")


def problem_json(problem: Problem, level: str) -> Mapping[str, object]:
    """A mistake of a definition for machines."""
    return {
        "level": level,
        "code": str(problem.code),
        **place_json(problem.place),
        "message": problem.message,
        "near": list(problem.near),
    }


def place_json(place: Place) -> Mapping[str, object]:
    return {"file": place.file, "line": place.line, "column": place.column}


def print_json(value: object) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _issue_line(issue: Issue) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in issue.path).lstrip(".")
    return f"{issue.code}: {issue.message}" + (f"  (at {place})" if place else "")
