"""What is committed of the dashboard is, byte for byte, what the tools make of its sources."""

import json
from pathlib import Path

import pytest

from tests.demo.process import Demo
from tests.examples.build_dashboard import DASHBOARD, GENERATED, compile_, generate, made, sources
from tests.house.tree import ROOT
from tests.node.tools import NodeTools


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, node_tools: NodeTools) -> Path:
    copy = sources(tmp_path_factory.mktemp("dashboard"), node_tools)
    generate(copy, node_tools)
    compile_(copy, node_tools)
    return copy


def test_the_types_are_what_codegen_prints_of_the_schema(built: Path) -> None:
    """If this or the next fails: .venv/bin/python -m tests.examples.build_dashboard"""
    assert (built / GENERATED).read_bytes() == (DASHBOARD / GENERATED).read_bytes()


def test_a_running_server_gives_the_same_types(
    built: Path, node_tools: NodeTools, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEMA", f"{demo.url}/graphql")
    generate(built, node_tools)
    assert (built / GENERATED).read_bytes() == (DASHBOARD / GENERATED).read_bytes()


def test_the_page_is_what_the_compiler_makes(built: Path) -> None:
    assert made(built) == made(DASHBOARD)


def test_a_field_that_the_schema_does_not_have_does_not_compile(built: Path, node_tools: NodeTools) -> None:
    """What the types are for: such a mistake is told before anything runs."""
    tiles = built / "src/tiles.ts"
    right = tiles.read_text("utf-8")
    tiles.write_text(right.replace("totals.sales", "totals.revenue"), "utf-8")
    done = node_tools.run("tsc", "--project", ".", "--noEmit", cwd=built)
    tiles.write_text(right, "utf-8")
    assert done.returncode != 0 and "'revenue' does not exist" in done.stdout


def test_its_packages_are_those_of_the_lock() -> None:
    own = json.loads((DASHBOARD / "package.json").read_text("utf-8"))["devDependencies"]
    locked = json.loads((ROOT / "tests/node/package.json").read_text("utf-8"))["devDependencies"]
    assert own.items() <= locked.items()
