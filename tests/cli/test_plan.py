"""`plan`: what definitions would change, told to people, to a pull request and to a build."""

import asyncio
import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from semantic_layer.serving.usage import Usage, UsageKey
from semantic_layer.store.registry_database import RegistryDatabase
from tests.cli.conftest import Run
from tests.house.tree import ROOT

DEMO = ROOT / "schema/demo"
SALES = ("metrics_sales.yaml", "is: sum(sales_value)\n", "is: sum(sales_value - coupon_disc)\n")


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the demo's definitions to change."""
    return Path(shutil.copytree(DEMO, tmp_path / "definitions"))


@pytest.fixture
def published(run: Run, registry_url: str) -> str:
    """A registry with the demo's definitions as revision 1."""
    assert run("apply", DEMO, "--registry", registry_url, "--actor", "ada").exit_code == 0
    return registry_url


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_exit_code_says_what_a_build_has_to_know(run: Run, demo: Path, published: str) -> None:
    nothing = run("plan", demo, "--registry", published)
    assert (nothing.exit_code, nothing.stdout.splitlines()[1]) == (0, "Nothing would change.")

    change(demo, "metrics_sales.yaml", "en: [revenue, turnover]", "en: [revenue, turnover, takings]")
    words = run("plan", demo, "--registry", published)
    assert words.exit_code == 3
    assert "[0] about.synonyms.en: ['revenue', 'turnover'] -> ['revenue', 'turnover', 'takings']" in words.stdout
    assert "1 definition would change. Class 0, words: nobody has to approve it" in words.stdout

    change(demo, "metrics_sales.yaml", "en: Amount received for goods", "en: Money received for goods")
    steward = run("plan", demo, "--registry", published)
    assert steward.exit_code == 4
    assert "Class 1, compatible: a steward approves it." in steward.stdout

    change(demo, *SALES)
    owners = run("plan", demo, "--registry", published, "--no-numbers")
    assert owners.exit_code == 4
    assert "Class 2, changes numbers: the business owner and the data owner approve it." in owners.stdout

    change(demo, "metrics_sales.yaml", "is: sum(", "is: sum((")
    invalid = run("plan", demo, "--registry", published)
    assert invalid.exit_code == 1
    assert re.search(r"metrics_sales\.yaml:\d+:\d+ ", invalid.stdout)
    assert json.loads(run("plan", demo, "--registry", published, "--json").stdout)["problems"][0]["level"] == "error"

    assert run("plan", demo / "nowhere", "--registry", published).exit_code == 2
    assert run("plan", DEMO, "--registry", published, "--json", "--markdown").exit_code == 2
    later, earlier = ("--from", "2017-03-01"), ("--until", "2017-02-01")
    assert run("plan", DEMO, "--registry", published, *later, *earlier).exit_code == 2


def test_nothing_is_recorded(run: Run, demo: Path, published: str) -> None:
    change(demo, *SALES)
    run("plan", demo, "--registry", published, "--no-numbers")
    assert "revision 1, recorded" in run("apply", DEMO, "--registry", published).stdout


def test_an_empty_registry_would_get_everything(run: Run, registry_url: str) -> None:
    result = run("plan", DEMO, "--registry", registry_url)
    assert result.exit_code == 4
    assert result.stdout.startswith("Against an empty registry.\n")
    assert "added    metric sales  class 2" in result.stdout


def test_the_terminal_shows_lines_numbers_and_what_follows(run: Run, demo: Path, published: str) -> None:
    change(demo, *SALES)
    result = run(
        "plan", demo, "--registry", published, "--by", "product.department", "-m", "sales", "-m", "sales_share"
    )
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "changed  metric sales  class 2, changes numbers" in lines
    assert "[2] is: sum(sales_value) -> sum(sales_value - coupon_disc)" in lines
    assert "numbers by transaction_date:month, product.department over all history" in lines
    assert "in total 135,087.73 -> 133,999.68 USD  (-0.81 %)" in lines
    assert any(re.fullmatch(r"\d+ of \d+ cells change \(\d+\.\d\d %\)", line) for line in lines)
    assert any(re.match(r"product.department GROCERY +61,996.85 -> 61,391.30 USD  \(-0.98 %\)", line) for line in lines)
    assert any(re.match(r"sales_share +metric sales +\d+ of \d+ +\d", line) for line in lines)
    assert any(re.match(r"sales_ytd +metric sales +– ", line) for line in lines)  # it was not asked for
    assert "2 of 2 compared: sales_share" in result.stderr


def test_a_pull_request_gets_markdown(run: Run, demo: Path, published: str) -> None:
    change(demo, *SALES)
    result = run("plan", demo, "--registry", published, "--by", "product.department", "-m", "sales", "--markdown")
    lines = result.stdout.splitlines()
    assert lines[0] == "### What these definitions change"
    assert lines[2].startswith("**10 definitions would change, 10 new versions: class 2, changes numbers: ")
    differs = "[2] is: `sum(sales_value)` → `sum(sales_value - coupon_disc)`"
    assert f"| changed | metric `sales` | 2, changes numbers | {differs} |" in lines
    assert "| changed | metric `sales_ytd` | 2, changes numbers | uses metric sales |" in lines
    assert any(line.startswith("| `sales` | ") and "135,087.73 -> 133,999.68 USD" in line for line in lines)
    assert all(line.count("|") - line.count("\\|") in (0, 3, 5, 6) for line in lines)  # tables keep their columns


async def _asked(url: str) -> None:
    registry = RegistryDatabase(url)
    today = datetime.now(UTC).date()
    for metric, client in (("sales", "dashboard"), ("sales_ytd", "report"), ("units", "nobody that is met")):
        key = UsageKey(today, metric, 1, client, "ada", "store_id")
        await registry.usage.add({key: Usage([0, 0, 0, 0, 7, *[0] * 11], 1_700_000_000.0)})
    await registry.close()


def test_who_asks_what_changes_is_told(run: Run, demo: Path, published: str) -> None:
    change(demo, *SALES)
    nobody = run("plan", demo, "--registry", published, "--no-numbers")
    assert "Nobody has asked any of these metrics in 90 days, as far as is recorded." in nobody.stdout
    asyncio.run(_asked(published))
    told = run("plan", demo, "--registry", published, "--no-numbers").stdout
    rows = [line.split() for line in told.splitlines() if " ada " in line]
    assert rows == [
        ["sales", "1", "dashboard", "ada", "7", "7", "2023-11-14", "22:13", "<", "16", "ms"],
        ["sales_ytd", "1", "report", "ada", "7", "7", "2023-11-14", "22:13", "<", "16", "ms"],
    ]
    markdown = run("plan", demo, "--registry", published, "--no-numbers", "--markdown").stdout
    assert "| sales | 1 | dashboard | ada | 7 | 7 | 2023-11-14 22:13 | < 16 ms |" in markdown
    found = json.loads(run("plan", demo, "--registry", published, "--no-numbers", "--json").stdout)
    assert [(one["metric"], one["shapes"]) for one in found["consumers"]] == [
        ("sales", ["store_id"]), ("sales_ytd", ["store_id"]),
    ]  # fmt: skip


def test_use_is_shown_by_metric(run: Run, published: str) -> None:
    asyncio.run(_asked(published))
    one = run("usage", "sales", "units", "--registry", published)
    assert one.exit_code == 0
    assert [line.split()[:4] for line in one.stdout.splitlines()[2:]] == [
        ["sales", "1", "dashboard", "ada"], ["units", "1", "nobody", "that"],
    ]  # fmt: skip
    every = run("usage", "--registry", published).stdout.splitlines()
    assert len(every) == 2 + 3 + 1
    assert every[-1].startswith("no recorded use in 90 days: active_households, ")
    [shown] = json.loads(run("usage", "sales", "--registry", published, "--json").stdout)
    assert shown["usage"]["consumers"][0]["p95Milliseconds"] == 16
    unknown = run("usage", "saels", "--registry", published)
    assert (unknown.exit_code, unknown.stdout) == (1, "")


def test_machines_get_json(run: Run, demo: Path, published: str) -> None:
    change(demo, *SALES)
    result = run("plan", demo, "--registry", published, "--by", "product.brand", "-m", "sales", "--json")
    found = json.loads(result.stdout)
    assert (found["revision"], found["class"], found["needsApproval"]) == (1, 2, True)
    by_name = {one["name"]: one for one in found["changes"]}
    assert by_name["sales"]["lines"] == [
        {"path": ["is"], "class": 2, "before": "sum(sales_value)", "after": "sum(sales_value - coupon_disc)"}
    ]
    assert by_name["sales_ytd"]["because"] == ["metric sales"]
    diff = by_name["sales"]["numbers"]["diff"]
    assert diff["total"] == {"place": [], "before": "135087.73", "after": "133999.68"}
    assert (diff["complete"], diff["cut"]["grain"], diff["cut"]["dimensions"]) == (True, "MONTH", ["product.brand"])


def test_a_rule_that_gives_the_same_numbers_needs_one_steward(run: Run, demo: Path, published: str) -> None:
    change(demo, "metrics_sales.yaml", "is: sum(sales_value)\n", "is: sum(sales_value + 0)\n")
    result = run("plan", demo, "--registry", published, "-m", "sales", "--by", "product.department")
    assert "changed  metric sales  class 1, compatible" in result.stdout
    assert "nothing moves, by transaction_date:day, product.department over all history either" in result.stdout
    assert "class 1 and not 2: the rule differs" in result.stdout


def test_what_cannot_be_compared_is_told(run: Run, demo: Path, published: str) -> None:
    change(demo, *SALES)
    unreachable = run("plan", demo, "--registry", published, "-m", "sales", "--by", "product.colour")
    assert unreachable.exit_code == 4
    assert "not compared: UNKNOWN_DIMENSION: no dimension product.colour" in unreachable.stdout
    capped = run("plan", demo, "--registry", published, "-m", "sales", "--by", "product.department", "--cells", "5")
    assert "incomplete: only the first 5 cells were compared" in capped.stdout
    window = run("plan", demo, "--registry", published, "-m", "sales", "--by", "product.brand", "--from", "2017-06-01")
    assert "incomplete: only 2017-06-01 until the end was compared" in window.stdout
    assert run("plan", demo, "--registry", published, "-m", "saels").exit_code == 1
