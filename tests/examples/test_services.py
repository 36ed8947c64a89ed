"""The examples for programs, on a server as they are."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from decimal import Decimal

import pytest

from tests.demo.process import Demo
from tests.house.tree import ROOT
from tests.oracle.databases import DuckDbOracle

EXAMPLES = ROOT / "examples"
SALES_2017 = "select sum(sales_value) from cut where day >= date '2017-01-01' and day < date '2018-01-01'"


def run(*command: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Nothing of the product is importable there: the examples are for programs that have only an address."""
    return subprocess.run(
        [str(part) for part in command],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_value_comes_with_its_rule_and_can_be_pinned_to_it(demo: Demo, duckdb_oracle: DuckDbOracle) -> None:
    [(truth,)] = duckdb_oracle.rows(SALES_2017)
    script = EXAMPLES / "service/value.py"
    done = run(sys.executable, script, demo.url)
    assert done.returncode == 0, done.stderr
    value, rule = done.stdout.strip().split(" by version 1 of sales, ")
    assert Decimal(value) == truth
    assert run(sys.executable, script, demo.url, rule).stdout == done.stdout
    other = run(sys.executable, script, demo.url, "f1:another")
    assert other.returncode == 1 and other.stdout == ""
    assert other.stderr.startswith("EXPECTATION_FAILED: sales has fingerprint f1:")


def test_a_deadline_is_the_server_s_too(demo: Demo) -> None:
    """It gives up after a millisecond and says so with a code; the caller could wait much longer."""
    sales = runpy.run_path(str(EXAMPLES / "service/value.py"))["sales"]
    with pytest.raises(Exception, match="was cancelled") as caught:
        sales(demo.url, "2017-02-03", "2017-11-12", seconds=0.001)
    assert (caught.value.code, caught.value.retryable) == ("DEADLINE_EXCEEDED", True)


def test_a_refusal_without_an_answer_has_its_code_too(demo: Demo) -> None:
    done = run(sys.executable, EXAMPLES / "service/value.py", demo.url, SEMANTIC_LAYER_KEY="not-a-key")
    assert done.returncode == 1 and done.stderr.startswith("UNAUTHENTICATED: ")


def test_a_question_by_name(demo: Demo) -> None:
    done = run(sys.executable, EXAMPLES / "ask.py", demo.url)
    assert done.returncode == 0, done.stderr
    header, *rows = done.stdout.splitlines()
    assert header == "transaction_date\tsales\trepeat_purchase_rate"
    assert rows[0].startswith("2017-01-01\t")
    assert "sales: version 1, f1:" in done.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_same_from_a_shell(demo: Demo, duckdb_oracle: DuckDbOracle) -> None:
    [(truth,)] = duckdb_oracle.rows(SALES_2017)
    typed = json.loads(run("sh", EXAMPLES / "service/value.sh", demo.url).stdout)["data"]["metrics"]
    assert [Decimal(row["sales"]) for row in typed["rows"]] == [truth]
    by_name = json.loads(run("sh", EXAMPLES / "ask.sh", demo.url).stdout)["data"]["query"]
    assert by_name["meta"] == typed["meta"] == {"revision": 1}
