"""The tools are the ones of the locks, and the locks hold no address."""

import json
import re

from tests.node.tools import HERE, PLACE, NodeTools


def test_the_tools_are_those_of_the_lock(node_tools: NodeTools) -> None:
    wanted = json.loads((HERE / "package.json").read_text())["devDependencies"]
    for name, version in wanted.items():
        found = json.loads((node_tools.packages / "node_modules" / name / "package.json").read_text())
        assert found["version"] == version
    assert node_tools.run("tsc", "--version").stdout.strip() == f"Version {wanted['typescript']}"
    assert PLACE in node_tools.packages.parents  # below the project, not in anybody's home


def test_the_locks_hold_no_address() -> None:
    """Names, versions and hashes only: who installs chooses where from."""
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert all("resolved" not in entry for entry in packages.values())
    assert all("integrity" in entry for name, entry in packages.items() if name)
    assert re.search(r"//|@ ", (HERE / "node.lock").read_text()) is None
