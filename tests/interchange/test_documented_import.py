"""docs/migrate-from-dbt.md as it stands: its commands run, and what it shows is what they write."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from tests.cli.test_import import TABLES, project
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


def test_the_example_in_python_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as database:
        database.execute(TABLES)
    (tmp_path / "semantic_manifest.json").write_text(json.dumps(project()), encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    example = example.replace("target/", f"{tmp_path}/").replace("/srv/", f"{tmp_path}/")
    exec(compile(example, "migrate-from-dbt.md", "exec"), {})
    january = datetime(2020, 1, 1)
    rows = (("country 0", january, 4), ("country 1", january, 1))
    assert capsys.readouterr().out == f"{('listing__country', 'metric_time__month', 'booked')} {rows}\n"
