"""`python -m tests.examples.build_dashboard` makes what is committed of the dashboard from its sources.

The types come from the schema by graphql-codegen, the page's programs from TypeScript: both of the locked versions.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.house.tree import ROOT
from tests.node.tools import NodeTools, node_tools

DASHBOARD = ROOT / "examples/dashboard"
GENERATED = Path("src/generated.ts")


def sources(folder: Path, tools: NodeTools) -> Path:
    """A copy of what people write, below `folder` as in a checkout, with the packages as `npm install` leaves them."""
    copy = folder / "examples/dashboard"
    shutil.copytree(DASHBOARD, copy, ignore=shutil.ignore_patterns("*.js", GENERATED.name, "node_modules"))
    (copy / "node_modules").symlink_to(tools.packages / "node_modules")
    (folder / "schema").symlink_to(ROOT / "schema")
    return copy


def generate(copy: Path, tools: NodeTools) -> None:
    """`npm run generate`."""
    _succeeded(tools.run("graphql-codegen", cwd=copy))


def compile_(copy: Path, tools: NodeTools) -> None:
    """`npm run build`."""
    _succeeded(tools.run("tsc", "--project", ".", cwd=copy))


def made(copy: Path) -> dict[str, str]:
    """Path -> text of all that is made."""
    paths = [copy / GENERATED, *(copy / "page").glob("*.js")]
    return {str(path.relative_to(copy)): path.read_text("utf-8") for path in paths}


def _succeeded(done: "subprocess.CompletedProcess[str]") -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def main() -> None:
    tools = node_tools()
    with tempfile.TemporaryDirectory() as folder:
        copy = sources(Path(folder), tools)
        generate(copy, tools)
        compile_(copy, tools)
        texts = made(copy)
    for path in (DASHBOARD / "page").glob("*.js"):
        path.unlink()
    for name, text in texts.items():
        (DASHBOARD / name).write_text(text, "utf-8")
        print(f"examples/dashboard/{name}: {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
