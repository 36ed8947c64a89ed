"""`init` as a shell sees it: the files, what is said, and what is never overwritten."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.house.tree import ROOT
from tests.survey.shops import as_files

TABLES = {
    "orders": "SELECT range AS order_id, range % 3 AS product_id, range * 1.25 AS amount FROM range(20)",
    "products": "SELECT range AS product_id, 'brand ' || range % 2 AS brand FROM range(3)",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one connection of the settings leads to a shop."""
    monkeypatch.delenv("SEMANTIC_LAYER_CONNECTIONS__RETAIL")
    monkeypatch.setenv("SEMANTIC_LAYER_CONNECTIONS__SHOP", as_files(tmp_path / "data", TABLES))


def test_from_a_folder_of_files_to_a_first_answer(run: Run, shop: None) -> None:
    written = run("init")
    assert written.exit_code == 0
    assert written.stdout.startswith("3 files in definitions: 2 datasets, 4 metrics, guesses to confirm: ")
    assert "6 of 6 done: joins of products.parquet" in written.stderr
    validated = run("validate", "definitions", "--data")
    assert (validated.exit_code, validated.stdout.splitlines()[-1].partition(" (")[0]) == (
        0, "3 files and their data: 0 errors, 0 warnings",
    )  # fmt: skip
    assert run("format", "--check", "definitions").exit_code == 0
    answered = run("query", "-d", "definitions", "-m", "total_amount", "-b", "product.brand", "-f", "csv")
    assert answered.stdout.splitlines() == [
        "product.brand,total_amount",
        "brand 0,150.00",
        "brand 1,87.50",
    ]  # 1.25 times (63 + 57), and 70


def test_the_commands_that_are_told_next_work(run: Run, shop: None) -> None:
    told = run("init", "--out", "first").stdout.splitlines()
    commands = [line.split()[1:] for line in told if line.startswith("  semantic-layer ")]
    assert [command[0] for command in commands] == ["query", "validate"]
    assert [run(*command).exit_code for command in commands] == [0, 0]


def test_files_are_never_overwritten_by_themselves(run: Run, shop: None) -> None:
    folder = Path("definitions")
    folder.mkdir()
    (folder / "orders.yaml").write_text("# mine", encoding="utf-8")
    (folder / "notes.txt").write_text("mine too", encoding="utf-8")
    refused = run("init")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "definitions/orders.yaml is there already; --force writes over it" in refused.stderr
    assert sorted(one.name for one in folder.iterdir()) == ["notes.txt", "orders.yaml"]
    assert (folder / "orders.yaml").read_text(encoding="utf-8") == "# mine"
    assert run("init", "--force").exit_code == 0
    assert (folder / "orders.yaml").read_text(encoding="utf-8").startswith("# orders.parquet: 20 rows.\n")
    assert sorted(one.name for one in folder.iterdir()) == ["catalog.yaml", "notes.txt", "orders.yaml", "products.yaml"]


def test_only_some_tables(run: Run, shop: None) -> None:
    assert run("init", "--table", "prod*", "--out", "some").exit_code == 0
    assert sorted(one.name for one in Path("some").iterdir()) == ["catalog.yaml", "products.yaml"]
    nothing = run("init", "--table", "order", "--out", "none")
    assert nothing.exit_code == 2 and "no table is called order; near: orders" in nothing.stderr
    assert not Path("none").exists()


def test_which_connection(run: Run, shop: None, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = run("init", "--source", "shopp")
    assert wrong.exit_code == 2 and "no connection is called shopp; near: SHOP" in wrong.stderr
    monkeypatch.setenv("SEMANTIC_LAYER_CONNECTIONS__RETAIL", f"duckdb://{ROOT / '.demo/subset'}")
    unclear = run("init")
    assert unclear.exit_code == 2 and "--source says which connection; the settings have" in unclear.stderr
    assert run("init", "--source", "shop").exit_code == 0


def test_a_source_that_is_not_there(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMANTIC_LAYER_CONNECTIONS__RETAIL", f"duckdb://{tmp_path / 'nowhere'}")
    gone = run("init")
    assert (gone.exit_code, gone.stdout) == (1, "")
    assert "SOURCE_UNAVAILABLE" in gone.stderr and not Path("definitions").exists()


def test_the_demo(run: Run) -> None:
    assert run("init").exit_code == 0
    counted = run("query", "-d", "definitions", "-m", "transactions_count", "-m", "total_sales_value", "-f", "csv")
    demo = run("query", "-d", ROOT / "schema/demo", "-m", "sales", "-f", "csv")
    assert counted.stdout.splitlines()[1] == f"38953,{demo.stdout.splitlines()[1]}"
