"""docs/migrate-from-dbt.md as it stands: its commands run, and what it shows is what they write."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

PAGE = (ROOT / "docs/migrate-from-dbt.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which somebody ran the commands of the page."""
    folder = tmp_path_factory.mktemp("migrated")
    (commands,) = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (folder / "tests").symlink_to(ROOT / "tests")
    programs = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEMANTIC_LAYER_")}
    environment |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "no mistakes" in ran.stdout
    return folder / "definitions"


def test_what_the_page_shows_is_written(written: Path) -> None:
    excerpts = re.findall(r"^```yaml excerpt=(\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(excerpts) == 3
    for file, text in excerpts:
        assert text in (written / file).read_text(encoding="utf-8")
