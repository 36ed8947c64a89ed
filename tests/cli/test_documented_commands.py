"""The commands of the documents, run in a shell as they stand; what they show is what is printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

FENCED = re.compile(r"^```(sh|text|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^   ```yaml\n(.*?)^   ```", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def shell(text: str, folder: Path) -> str:
    """Everything that the lines print. Each must succeed."""
    programs = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEMANTIC_LAYER_")}
    environment |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which somebody followed docs/first_steps.md, and all that was printed."""
    folder = tmp_path_factory.mktemp("first_steps")
    commands = [text for kind, text in FENCED.findall(page("first_steps.md")) if kind == "sh"]
    return folder, shell("\n".join(commands), folder)


def test_the_first_steps_print_what_is_shown(followed: tuple[Path, str]) -> None:
    _, printed = followed
    shown = [
        line for kind, text in FENCED.findall(page("first_steps.md")) if kind == "text" for line in text.splitlines()
    ]
    assert len(shown) > 15
    printed_lines = [line.split() for line in printed.splitlines()]
    for line in shown:
        if line != "…":
            words = line.split()
            assert any(one[: len(words)] == words for one in printed_lines), line


def test_the_first_metrics_of_ones_own(followed: tuple[Path, str]) -> None:
    """The definitions of step 6 stand beside those that were written."""
    folder, _ = followed
    [own] = INDENTED.findall(page("first_steps.md"))
    (folder / "definitions" / "own.yaml").write_text(re.sub(r"(?m)^   ", "", own), encoding="utf-8")
    asked = (
        'export SEMANTIC_LAYER_CONNECTIONS__SHOP="duckdb://$PWD/shop"\n'
        "semantic-layer validate definitions\n"
        "semantic-layer query -d definitions -m sales -m average_order_value -f csv"
    )
    assert shell(asked, folder).splitlines()[-2:] == ["sales,average_order_value", "85.30,17.06"]


def test_first_definitions_of_the_command_line_page(followed: tuple[Path, str]) -> None:
    folder, _ = followed
    text = page("cli.md")
    section = text[text.index("## First definitions") : text.index("## Definitions against their data")]
    [commands] = [commands for kind, commands in FENCED.findall(section) if kind == "sh"]
    shell(commands.replace("--out definitions", "--out again"), folder)
    assert sorted(one.name for one in (folder / "some_of_them").iterdir()) == [
        "catalog.yaml", "orders.yaml", "products.yaml",
    ]  # fmt: skip


def test_the_check_of_the_command_line_page(tmp_path: Path) -> None:
    """On the subset instead of the whole data."""
    text = page("cli.md")
    section = text[text.index("## Definitions against their data") : text.index("## Publishing")]
    [commands] = [commands for kind, commands in FENCED.findall(section) if kind == "sh"]
    here = commands.replace("$PWD/.demo/data", str(ROOT / ".demo/subset")).replace(
        "schema/demo", str(ROOT / "schema/demo")
    )
    assert "0 errors, 4 warnings" in shell(here, tmp_path)
