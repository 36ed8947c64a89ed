"""A metric changes while the dashboard is open: the next look has the new number, and says by which rule."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.fixtures import OpenPage
from tests.demo.process import Demo, free_port
from tests.examples.dashboard import Dashboard
from tests.house.tree import ROOT
from tests.oracle.databases import DuckDbOracle

CHANGED = """
    select round(sum(sales_value - coupon_disc), 0) from cut
    where day >= date '2017-01-01' and day < date '2018-01-01'"""


@pytest.fixture
def changing(tmp_path: Path, golden_data: Path) -> Iterator[Demo]:
    """A demo of its own, whose registry a test may change."""
    running = Demo(tmp_path / "demo", free_port(), golden_data)
    yield running.until("Stop ")
    running.end()


def publish_without_coupons(tmp_path: Path) -> None:
    definitions = tmp_path / "definitions"
    shutil.copytree(ROOT / "schema/demo", definitions)
    file = definitions / "metrics_sales.yaml"
    file.write_text(
        file.read_text("utf-8").replace("is: sum(sales_value)", "is: sum(sales_value - coupon_disc)"), "utf-8"
    )
    command = [sys.executable, "-m", "semantic_layer", "apply", definitions, "--registry", tmp_path / "demo"]
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_a_new_version_shows(
    changing: Demo, open_page: OpenPage, duckdb_oracle: DuckDbOracle, tmp_path: Path
) -> None:
    page = await open_page()
    dashboard = await Dashboard.of(page, changing.url)
    [before] = re.findall(r"Sales\s+v1\s+(f1:\w+)", await dashboard.text("departments"))
    publish_without_coupons(tmp_path)
    # The server looks for new revisions by itself; a question that needs revision 2 waits for it.
    await page.evaluate(
        """async () => {
            const query = '{ metrics(minRevision: 2) { rows { sales } meta { revision } } }';
            const headers = {"Content-Type": "application/json"};
            for (let reply; reply?.data?.metrics?.meta.revision !== 2;) {
                const sent = await fetch("/graphql", {method: "POST", headers, body: JSON.stringify({query})});
                reply = await sent.json();
            }
        }"""
    )
    await page.reload()
    await dashboard.settled()
    [(truth,)] = duckdb_oracle.rows(CHANGED)
    assert await dashboard.figure("sales") == truth
    for tile in ("trend", "departments"):
        [after] = re.findall(r"Sales\s+v2\s+(f1:\w+)", await dashboard.text(tile))
        assert after != before
    assert re.search(r"Baskets\s+v1\s", await dashboard.text("baskets"))  # uses no sales: its rule is as it was
    assert page.complaints == []
