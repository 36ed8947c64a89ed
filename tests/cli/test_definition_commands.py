import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.house.tree import ROOT

DEMO = ROOT / "schema/demo"


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the demo's definitions to change."""
    return Path(shutil.copytree(DEMO, tmp_path / "definitions"))


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_definitions_without_mistakes_are_counted(run: Run) -> None:
    result = run("validate", DEMO)
    assert result.exit_code == 0
    assert "no mistakes: 22 metrics, 8 datasets" in result.stdout


def test_every_mistake_is_told_with_its_place(run: Run, demo: Path) -> None:
    change(demo, "metrics_sales.yaml", "is: sum(sales_value)", "is: sum(sales_value")
    change(demo, "metrics_baskets.yaml", "from: transactions", "from: transaction")
    change(demo, "products.yaml", "datasets:", "datasetz:")
    result = run("validate", demo)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) >= 2
    for line in lines:
        place, code, message = line.split(" ", 2)
        file, at_line, at_column = place.rsplit(":", 2)
        assert Path(file).is_file() and int(at_line) > 0 and int(at_column) > 0
        assert code.isupper() and message
    assert f"{len(lines)} mistakes in" in result.stderr


@pytest.mark.parametrize("command", ["validate", "format", "apply"])
def test_a_path_that_is_not_there_is_a_usage_error(run: Run, tmp_path: Path, command: str) -> None:
    result = run(command, tmp_path / "nothing")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing does not exist" in result.stderr
    (tmp_path / "empty").mkdir()
    assert "no .yaml" in run(command, tmp_path / "empty").stderr


def test_format_lays_out_once_and_checks(run: Run, demo: Path) -> None:
    canonical = (demo / "metrics_sales.yaml").read_text(encoding="utf-8")
    change(demo, "metrics_sales.yaml", "is: sum(sales_value)", "is:   SUM( sales_value )")
    checked = run("format", "--check", demo)
    assert checked.exit_code == 1
    assert checked.stdout == f"would change {demo / 'metrics_sales.yaml'}\n"
    laid_out = run("format", demo)
    assert (laid_out.exit_code, laid_out.stdout) == (0, f"changed {demo / 'metrics_sales.yaml'}\n")
    assert (demo / "metrics_sales.yaml").read_text(encoding="utf-8") == canonical
    assert run("format", "--check", demo).exit_code == 0


def test_format_leaves_a_file_that_is_no_yaml(run: Run, demo: Path) -> None:
    (demo / "broken.yaml").write_text("metrics: [", encoding="utf-8")
    result = run("format", demo)
    assert result.exit_code == 1
    assert "broken.yaml:1:" in result.stdout
    assert (demo / "broken.yaml").read_text(encoding="utf-8") == "metrics: ["


def test_the_schema_of_definition_files_is_printed(run: Run) -> None:
    result = run("schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"]
    assert result.stdout == (ROOT / "schema/definition.schema.json").read_text(encoding="utf-8")


def test_publishing(run: Run, demo: Path, registry_url: str) -> None:
    dry = run("apply", demo, "--registry", registry_url, "--dry-run")
    assert dry.exit_code == 0
    assert dry.stdout.startswith("would be revision 1; nothing is recorded\n")

    first = run("apply", demo, "--registry", registry_url, "--actor", "ada", "--expect-revision", 0)
    assert first.exit_code == 0, first.output
    assert first.stdout.startswith("revision 1, recorded ") and " UTC by ada\n" in first.stdout
    assert "added    metric sales  class" in first.stdout

    again = run("apply", demo, "--registry", registry_url)
    assert (again.exit_code, again.stdout.split(",")[0]) == (0, "nothing to publish: revision 1")

    change(demo, "metrics_sales.yaml", "is: sum(sales_value)", "is: sum(sales_value - coupon_disc)")
    conflict = run("apply", demo, "--registry", registry_url, "--expect-revision", 7)
    assert (conflict.exit_code, conflict.stdout) == (1, "")
    assert "REVISION_CONFLICT: The registry is at revision 1" in conflict.stderr
    assert "by ada" in conflict.stderr

    dry = run("apply", demo, "--registry", registry_url, "--dry-run")
    changed = run("apply", demo, "--registry", registry_url, "--actor", "bob")
    assert dry.stdout.splitlines()[1:] == changed.stdout.splitlines()[1:]
    lines = changed.stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if "metric sales  class 2, changes numbers" in line)
    assert lines[place + 1].strip() == "[2] is: sum(sales_value) -> sum(sales_value - coupon_disc)"
    assert lines[place + 2].strip().startswith("version 2, f1:")
    assert lines[place + 2].endswith("because its own rule changed")
    assert any("metric sales_ytd  class 2" in line for line in lines)
    assert any(line.endswith("because something that it uses changed") for line in lines)


def test_mistakes_are_told_and_nothing_is_published(run: Run, demo: Path, registry_url: str) -> None:
    change(demo, "metrics_sales.yaml", "from: transactions", "from: transaction")
    result = run("apply", demo, "--registry", registry_url)
    assert result.exit_code == 1
    assert "metrics_sales.yaml:" in result.stdout
    assert "would be revision 1" in run("apply", DEMO, "--registry", registry_url, "--dry-run").stdout


def test_a_registry_that_does_not_answer_is_told(run: Run, tmp_path: Path) -> None:
    result = run("apply", DEMO, "--registry", f"postgresql://u:hunter2@/x?host={tmp_path}")
    assert result.exit_code == 1
    assert "REGISTRY_UNAVAILABLE" in result.stderr
    assert "hunter2" not in result.output


def test_settings_that_do_not_exist_are_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMANTIC_LAYER_REGISTY_URL", "postgresql://u:hunter2@db/x")
    result = run("apply", DEMO)
    assert result.exit_code == 1
    assert "did you mean SEMANTIC_LAYER_REGISTRY_URL?" in result.stderr
    assert "hunter2" not in result.output
