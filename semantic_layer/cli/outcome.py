"""How a command ends: its exit code, and failures told as lines that a person can act on."""

import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, TypeVar

import typer
from rich.console import Console

from semantic_layer.app.listening import PortBusy
from semantic_layer.app.log_lines import start_log
from semantic_layer.app.stopping import Stopped, run_until_stopped, stop_requests
from semantic_layer.cli.door import Unreachable
from semantic_layer.cli.words import Unreadable
from semantic_layer.definitions.problem import DefinitionErrors
from semantic_layer.errors import Issue, SemanticLayerError
from semantic_layer.settings import Settings, SettingsMistake, load_settings
from semantic_layer.store.embedded_programs import EmbeddedPostgresError
from semantic_layer.web.serving_address import UnsafeAddress

T = TypeVar("T")

STDERR = Console(stderr=True, highlight=False, soft_wrap=True)


class Exit(IntEnum):
    OK = 0
    REFUSED = 1  # mistakes in definitions, a question that was refused, a conflict, something that does not run
    USAGE = 2
    INTERRUPTED = 130


@contextmanager
def told() -> Iterator[None]:
    """Turns every expected failure into lines on standard error and an exit code; other exceptions are bugs."""
    try:
        yield
    except Unreadable as mistake:
        STDERR.print(str(mistake), markup=False)
        raise typer.Exit(Exit.USAGE) from None
    except DefinitionErrors as errors:
        say_definition_errors(errors)
        raise typer.Exit(Exit.REFUSED) from None
    except SemanticLayerError as refusal:
        for issue in refusal.issues:
            STDERR.print(_issue_line(issue), markup=False)
        raise typer.Exit(Exit.REFUSED) from None
    except (SettingsMistake, UnsafeAddress, PortBusy, EmbeddedPostgresError, Unreachable) as reason:
        STDERR.print(str(reason), markup=False)
        raise typer.Exit(Exit.REFUSED) from None
    except Stopped:
        raise typer.Exit(Exit.INTERRUPTED) from None
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        raise typer.Exit(Exit.OK) from None


def say_definition_errors(errors: DefinitionErrors) -> None:
    """`file:line:column CODE message`, one per line on standard output: an editor or CI reads it; counts beside it."""
    for problem in errors.problems:
        print(f"{problem.place} {problem.code} {problem.message}")
    files = {problem.place.file for problem in errors.problems}
    STDERR.print(f"{counted(len(errors.problems), 'mistake')} in {counted(len(files), 'file')}", markup=False)


def run_once(work: Coroutine[Any, Any, T]) -> T:
    """Runs a short piece of work; Ctrl-C cancels it, in the source too."""
    with stop_requests() as stop:
        return run_until_stopped(stop, work)


def settings_of_command() -> Settings:
    """The environment's settings, and a log that says nothing below an error unless a level was asked for."""
    settings = load_settings()
    quiet = settings if "log_level" in settings.model_fields_set else settings.model_copy(update={"log_level": "error"})
    start_log(quiet)
    return settings


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _issue_line(issue: Issue) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in issue.path).lstrip(".")
    return f"{issue.code}: {issue.message}" + (f"  (at {place})" if place else "")
