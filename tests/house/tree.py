"""What the house rules look at: the files that git keeps or would keep, and the modules among them."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "semantic_layer"


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: where it is below the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """`plan` for semantic_layer/plan/build.py and semantic_layer/plan.py."""
        return self.path.split("/")[1].removesuffix(".py")


@cache
def files() -> tuple[str, ...]:
    """Paths of all files that are tracked, or new and not ignored; a deleted one is left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return tuple(sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file()))


@cache
def modules(top: str = PACKAGE) -> tuple[Module, ...]:
    paths = [path for path in files() if path.startswith(f"{top}/") and path.endswith(".py")]
    texts = [(path, (ROOT / path).read_text(encoding="utf-8")) for path in paths]
    return tuple(Module(path, text, ast.parse(text, path)) for path, text in texts)
