"""Imports stand at the top, outside libraries in their rooms. The street is import-linter's (make lint)."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import PACKAGE, ROOT, modules

# Libraries that any room may use: they have no place of their own in the street.
EVERYWHERE = {"orjson", "structlog", "rapidfuzz"}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def outside_imports() -> Iterator[tuple[str, str]]:
    """(room, library) for each import of what is neither Python's own nor ours."""
    for module in modules():
        for node in ast.walk(module.tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for library in {name.split(".")[0] for name in names} - sys.stdlib_module_names - {PACKAGE}:
                yield module.room, library


def test_no_import_inside_a_function() -> None:
    """An import that only works late is a circle in disguise."""
    inside = [
        f"{module.path}:{node.lineno} in {function.name}"
        for module in modules()
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_every_outside_library_has_its_rooms() -> None:
    """Either any room may use it (EVERYWHERE), or a `library-…` contract in pyproject.toml says which."""
    contracts = project()["tool"]["importlinter"]["contracts"]
    owned = {name for contract in contracts for name in contract.get("forbidden_modules", [])}
    assert {(library, room) for room, library in outside_imports() if library not in owned | EVERYWHERE} == set()


def test_every_outside_library_is_a_declared_dependency() -> None:
    """What only comes along with something else can go with it too."""
    asked = [*project()["project"]["dependencies"], *project()["project"]["optional-dependencies"]["demo"]]
    declared = {canonicalize_name(Requirement(line).name) for line in asked}
    brought_by = {"pydantic": "pydantic-settings"}  # their own public re-exports
    distributions = packages_distributions()
    missing = {
        library
        for _, library in outside_imports()
        if not {canonicalize_name(name) for name in distributions.get(library, [library])} & declared
        and brought_by.get(library) not in declared
    }
    assert missing == set()


def test_the_lock_holds_every_declared_dependency() -> None:
    """`make lock` after a change in pyproject.toml; this sees when it was forgotten."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line.removesuffix("\\")) for line in lines if line[:1].isalpha()]
    locked = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins}
    extras = project()["project"]["optional-dependencies"].values()
    asked = [Requirement(line) for line in sum(extras, project()["project"]["dependencies"])]
    unmet = [str(one) for one in asked if locked.get(canonicalize_name(one.name), "0") not in one.specifier]
    assert unmet == []
