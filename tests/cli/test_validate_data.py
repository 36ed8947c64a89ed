"""`validate --data` as a shell sees it: report, exit code, JSON."""

import asyncio
import json
from pathlib import Path

import pytest

from semantic_layer.store.registry_database import RegistryDatabase
from tests.cli.conftest import Run
from tests.house.tree import ROOT
from tests.survey.shops import as_files

DEMO = ROOT / "schema/demo"
SHOP = """\
language: 1
catalog: {languages: [en]}
sources: {lake: {connection: LAKE}}
datasets:
  orders:
    source: lake
    table: orders
    key: order_id
    columns: {amount: float}
    joins:
      product: {kind: many_to_one, match: product_id}
  product: {source: lake, table: products, key: product_id}
metrics:
  sales: {is: sum(amount), from: orders, unit: EUR}
"""
ORDERS = "SELECT * FROM (VALUES (1, 10, 1.5::DOUBLE), (2, 11, 2.5)) AS t(order_id, product_id, amount)"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Definitions of a shop whose products repeat a key."""
    products = "SELECT * FROM (VALUES (10), (10)) AS t(product_id)"
    url = as_files(tmp_path / "data", {"orders": ORDERS, "products": products})
    monkeypatch.setenv("SEMANTIC_LAYER_CONNECTIONS__LAKE", url)
    (tmp_path / "shop.yaml").write_text(SHOP, encoding="utf-8")
    return tmp_path / "shop.yaml"


def test_the_demo_has_warnings_and_no_error(run: Run) -> None:
    result = run("validate", DEMO, "--data")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert any(line.split() == ["product", "14,019", "product_id", "unique"] for line in lines)
    assert (
        f"{DEMO}/transactions.yaml:56:7 ORPHANS warning: 196 rows of 38,953 (0.50 %) of transactions have"
        in result.stdout
    )
    assert "72 of 22,193 values of product_id, store_id, week stand in several rows of promotions" in result.stdout
    assert lines[-1].startswith("9 files and their data: 0 errors, 4 warnings (")
    assert result.stderr.splitlines()[-1].startswith("18 of 18 checked: ")


def test_a_join_that_finds_several_rows_fails(run: Run, shop: Path) -> None:
    result = run("validate", shop, "--data")
    assert result.exit_code == 1
    codes = [line.split(" ")[1:3] for line in result.stdout.splitlines() if line.startswith(str(shop))]
    assert codes == [
        ["JOIN_NOT_UNIQUE", "error:"],
        ["KEY_NOT_UNIQUE", "error:"],
        ["ORPHANS", "warning:"],
        ["FLOAT_MONEY", "warning:"],
    ]


def test_the_report_for_machines(run: Run, shop: Path) -> None:
    result = run("validate", shop, "--data", "--format", "json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["errors"], report["warnings"]) == (2, 2)
    assert report["datasets"][1]["key"]["repeatedValues"] == 1
    [join] = report["joins"]
    assert (join["match"], join["rowsWithoutPartner"], join["rowsAddedByPlainJoin"]) == (
        {"product_id": "product_id"},
        1,
        1,
    )
    first = report["findings"][0]
    assert (first["code"], first["line"], first["examples"]) == (
        "JOIN_NOT_UNIQUE", 11, [{"values": ["10"], "rows": 2}],
    )  # fmt: skip


def test_without_data_only_the_files_are_looked_at(run: Run, shop: Path) -> None:
    result = run("validate", shop)
    assert result.exit_code == 0
    warning, counted = result.stdout.splitlines()
    assert warning.startswith(f"{shop}:14:15 FLOAT_MONEY warning: sales adds up EUR in binary floats")
    assert counted.startswith("1 file, no mistakes: 1 metric, 2 datasets")
    assert json.loads(run("validate", shop, "--format", "json").stdout)["problems"][0]["level"] == "warning"


def test_mistakes_of_the_files_come_first(run: Run, shop: Path) -> None:
    shop.write_text(SHOP.replace("sum(amount)", "sum(amount"), encoding="utf-8")
    told = run("validate", shop, "--data")
    assert (told.exit_code, told.stdout.split(" ")[1]) == (1, "SYNTAX")
    machines = run("validate", shop, "--data", "-f", "json")
    assert machines.exit_code == 1
    [problem] = json.loads(machines.stdout)["problems"]
    assert (problem["level"], problem["code"], problem["line"]) == ("error", "SYNTAX", 14)


def test_a_connection_that_the_settings_lack_is_a_finding(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEMANTIC_LAYER_CONNECTIONS__LAKE")
    result = run("validate", shop, "--data")
    assert result.exit_code == 1
    assert "SOURCE_UNAVAILABLE error: lake could not be checked: no connection LAKE is configured" in result.stdout


def test_publishing_looks_at_the_data_first(run: Run, shop: Path, registry_url: str) -> None:
    """Semantics rule 3: a join to one row whose key repeats is no rule to publish, unless somebody says why."""
    refused = run("apply", shop, "--registry", registry_url, "--data")
    assert refused.exit_code == 1
    assert [line.split(" ")[1:3] for line in refused.stdout.splitlines()] == [
        ["JOIN_NOT_UNIQUE", "error:"],
        ["KEY_NOT_UNIQUE", "error:"],
    ]
    said = "2 errors in the data (JOIN_NOT_UNIQUE orders.product, KEY_NOT_UNIQUE product)"
    assert refused.stderr.splitlines()[-1].startswith(f"{said}; nothing is published. --despite REASON")
    assert "would be revision 1" in run("apply", shop, "--registry", registry_url, "--dry-run").stdout
    despite = run("apply", shop, "--registry", registry_url, "--data", "--despite", "cleaned tonight", "-m", "Shop")
    assert despite.exit_code == 0
    assert "revision 1, recorded" in despite.stdout
    assert message_of(registry_url, 1) == f"Shop (despite {said}: cleaned tonight)"


def test_publishing_over_good_data_records_that_it_was_looked_at(run: Run, shop: Path, registry_url: str) -> None:
    as_files(shop.parent / "data", {"products": "SELECT * FROM (VALUES (10), (11)) AS t(product_id)"})
    assert run("apply", shop, "--registry", registry_url, "--data").exit_code == 0
    assert message_of(registry_url, 1) == "(data checked: no errors)"


def message_of(url: str, revision: int) -> str:
    async def read() -> str:
        database = RegistryDatabase(url)
        try:
            return (await database.revisions.revision(revision)).message
        finally:
            await database.close()

    return asyncio.run(read())
