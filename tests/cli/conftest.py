"""The command line in this process, with nothing of the caller's environment."""

import logging
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import structlog
from click.testing import Result
from typer.testing import CliRunner

from semantic_layer.cli.program import program
from semantic_layer.store.embedded import EmbeddedPostgres
from tests.house.tree import ROOT

NUMBERS = count(1)
Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def nothing_of_the_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No setting, an empty working folder, and a log that is put back."""
    for name in [name for name in os.environ if name.upper().startswith("SEMANTIC_LAYER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SEMANTIC_LAYER_CONNECTIONS__RETAIL", f"duckdb://{ROOT / '.demo/subset'}")
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def run() -> Run:
    """Runs one command; `result.stdout`, `result.stderr` and `result.exit_code` are what a shell sees."""

    def run_command(*arguments: object, **options: object) -> Result:
        return CliRunner().invoke(program, [str(argument) for argument in arguments], **options)

    return run_command


@pytest.fixture
def registry_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    name = f"cli_{next(NUMBERS)}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)
