"""The registry as files: read again they are the same catalog, and the bytes depend on nothing else."""

import shutil
from pathlib import Path

import pytest

from semantic_layer.definitions.export import files_of
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_files, read_texts
from tests.cli.conftest import Run
from tests.house.tree import ROOT
from tests.serving.given import shop

DEMO = ROOT / "schema/demo"
KINDS = ROOT / "tests/golden/kinds/definitions.yaml"
RANDOM = ROOT / "tests/random/shop.yaml"


@pytest.mark.parametrize(
    "catalog",
    [read_files([DEMO]), read_files([DEMO, KINDS]), read_files([RANDOM]), shop()],
    ids=["demo", "kinds", "random", "shop"],
)
def test_what_is_written_is_the_same_catalog(catalog: Catalog) -> None:
    files = files_of(catalog)
    again = read_texts(files).catalog
    assert again == catalog
    assert files_of(again) == files


def test_the_order_in_which_definitions_were_read_is_in_no_byte() -> None:
    files = sorted(DEMO.glob("*.yaml"))
    assert list(files_of(read_files(files)).items()) == list(files_of(read_files(files[::-1])).items())


def test_from_the_registry_to_files_and_back(run: Run, registry_url: str, tmp_path: Path) -> None:
    definitions = Path(shutil.copytree(DEMO, tmp_path / "definitions"))
    empty = run("export", "--registry", registry_url, "--out", "first")
    assert (empty.exit_code, Path("first").exists()) == (1, False)
    assert "NOT_READY" in empty.stderr
    run("apply", definitions, "--registry", registry_url)
    file = definitions / "metrics_sales.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("is: sum(quantity)", "is: sum(quantity + 0)"), "utf-8")
    run("apply", definitions, "--registry", registry_url)

    second = run("export", "--registry", registry_url, "--out", "second")
    assert (second.exit_code, second.stdout) == (0, "revision 2: 11 files in second\n")
    assert run("plan", "second", "--registry", registry_url).exit_code == 0
    assert run("export", "--registry", registry_url, "--out", "first", "--revision", 1).exit_code == 0
    assert "quantity + 0" in Path("second/metrics_grocery.yaml").read_text(encoding="utf-8")
    assert "quantity + 0" not in Path("first/metrics_grocery.yaml").read_text(encoding="utf-8")
    run("apply", "first", "--registry", registry_url)
    run("export", "--registry", registry_url, "--out", "third")
    assert {one.name: one.read_bytes() for one in Path("third").iterdir()} == {
        one.name: one.read_bytes() for one in Path("first").iterdir()
    }
    assert run("format", "--check", "first").exit_code == 0


def test_nothing_is_written_over_or_beside_by_accident(run: Run, registry_url: str) -> None:
    run("apply", DEMO, "--registry", registry_url)
    again = ("export", "--registry", registry_url, "--out", "out")
    assert run(*again).exit_code == 0
    there = run(*again)
    assert (there.exit_code, "--force writes over it" in there.stderr) == (1, True)
    assert run(*again, "--force").exit_code == 0
    Path("out/mine.yaml").write_text("metrics: {}\n", encoding="utf-8")
    beside = run(*again, "--force")
    assert (beside.exit_code, "mine.yaml is no file of this export" in beside.stderr) == (1, True)
    unknown = run("export", "--registry", registry_url, "--out", "other", "--revision", 7)
    assert (unknown.exit_code, "UNKNOWN_REVISION" in unknown.stderr) == (1, True)
