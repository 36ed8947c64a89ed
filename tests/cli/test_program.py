import inspect
import subprocess
import sys

import pytest

from semantic_layer import __version__
from semantic_layer.api.schema import print_schema
from semantic_layer.cli import late
from semantic_layer.cli.program import COMMANDS
from semantic_layer.definitions.model import Catalog
from tests.cli.conftest import Run
from tests.house.tree import ROOT


@pytest.mark.parametrize("command", COMMANDS)
def test_the_list_says_what_the_command_says(command: str) -> None:
    _, module, function, first_line = COMMANDS[command]
    said = inspect.getdoc(getattr(late.module(f"cli.{module}"), function))
    assert said is not None
    assert " ".join(said.split("\n\n")[0].split()).startswith(first_line.rstrip("."))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"{command} [OPTIONS]" in result.stdout
    if COMMANDS[command][0] != "Contracts":
        assert "Exit codes" in result.stdout


def test_the_program_lists_its_commands(run: Run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(command in result.stdout for command in COMMANDS)
    assert run("--version").stdout == f"semantic-layer {__version__}\n"


def test_a_misspelt_command_is_a_usage_error(run: Run) -> None:
    result = run("qurey")
    assert result.exit_code == 2
    assert "Did you mean 'query'" in result.stderr


def test_the_graphql_schema_is_printed(run: Run) -> None:
    assert run("print-schema").stdout == print_schema(Catalog())
    demo = run("print-schema", str(ROOT / "schema" / "demo")).stdout
    assert demo == (ROOT / "schema" / "schema.graphql").read_text("utf-8")


def test_a_question_to_a_server_loads_neither_database_nor_server() -> None:
    """What makes it start quickly: the modules that it does not import."""
    code = (
        "import sys; from semantic_layer.cli.program import program\n"
        "program(['query', '--url', 'http://127.0.0.1:9', '-m', 'sales'], standalone_mode=False)\n"
        "print(sorted({'sqlalchemy', 'starlette', 'duckdb', 'strawberry', 'pyarrow', 'sqlglot'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout == "[]\n", done.stderr
    assert "does not answer" in done.stderr


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m semantic_layer schema | head -n 1"
    shell = ["bash", "-o", "pipefail", "-c", command]
    done = subprocess.run(shell, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


def test_serving_beyond_this_machine_without_a_key_is_refused(run: Run) -> None:
    result = run("serve", "--host", "0.0.0.0")
    assert result.exit_code == 1
    assert "SEMANTIC_LAYER_API_KEYS__NAME" in result.stderr
