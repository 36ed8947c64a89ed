"""The plan of docs/governance.md, as it stands there, on the whole data."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_documented_commands import FENCED, page
from tests.house.tree import ROOT


@pytest.mark.full
def test_the_plan_prints_what_is_shown(
    run: Run, registry_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMANTIC_LAYER_CONNECTIONS__RETAIL", f"duckdb://{ROOT / '.demo/data'}")
    assert run("apply", ROOT / "schema/demo", "--registry", registry_url).exit_code == 0
    shutil.copytree(ROOT / "schema/demo", "definitions")
    blocks = FENCED.findall(page("governance.md"))
    copy, edit, asked = next(text for kind, text in blocks if kind == "sh").splitlines()
    assert copy == "cp -r schema/demo definitions"
    _, old, new, _ = edit.split("'")[1].split("/")
    file = Path("definitions/metrics_sales.yaml")
    file.write_text(file.read_text().replace(old.replace("$", "\n"), new + "\n", 1))
    result = run(*asked.removeprefix("semantic-layer ").split(), "--registry", registry_url, "--seconds", 600)
    assert result.exit_code == 4
    printed = result.stdout.splitlines()
    shown = next(text for kind, text in blocks if kind == "text").splitlines()
    assert len(shown) > 10
    assert [line for line in shown if line != "…" and line not in printed] == []
