"""Names carry meaning, and things stand where they belong."""

import ast
import re
from pathlib import PurePosixPath

from tests.house.tree import files, modules

DRAWERS = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "base",
    "core",
    "manager",
    "managers",
    "misc",
    "shared",
    "lib",
}
TOP_FOLDERS = {"semantic_layer", "schema", "migrations", "tests", "docker", "docs", "examples"}
TOP_FILES = {
    "pyproject.toml", "README.md", "README.zh.md", "CHANGELOG.md", "Makefile", "requirements.lock",
}  # fmt: skip
DOT_ENTRIES = {".ci", ".gitignore", ".gitattributes", ".editorconfig"}


def test_no_module_is_a_drawer() -> None:
    """A module is named for the one idea inside; a drawer collects a second one unnoticed."""
    parts = {(part.removesuffix(".py").strip("_"), path) for path in files() for part in path.split("/")}
    assert {path for name, path in parts if name in DRAWERS and path.endswith(".py")} == set()


def test_module_names_are_plain_words() -> None:
    odd = [
        path for path in files()
        if path.startswith("semantic_layer/") and path.endswith(".py")
        and not re.fullmatch(r"_*[a-z][a-z_]*", PurePosixPath(path).stem)
    ]  # fmt: skip
    assert odd == []


def test_every_room_says_its_one_sentence() -> None:
    silent = [m.path for m in modules() if m.path.endswith("/__init__.py") and not ast.get_docstring(m.tree)]
    assert silent == []


def test_top_level_is_exactly_what_is_allowed() -> None:
    top = {path.split("/")[0] for path in files()}
    folders = {path.split("/")[0] for path in files() if "/" in path and not path.startswith(".")}
    plain = {path for path in files() if "/" not in path and not path.startswith(".")}
    assert folders - TOP_FOLDERS == set()
    assert plain - TOP_FILES == set()
    assert {name for name in top if name.startswith(".")} - DOT_ENTRIES == set()


def test_no_data_is_kept() -> None:
    """The demo's data comes from the package index, and what tests ask is made from it."""
    data = [path for path in files() if path.endswith((".parquet", ".duckdb", ".arrow", ".whl", ".xlsx"))]
    assert data == []
