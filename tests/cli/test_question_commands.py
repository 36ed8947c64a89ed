import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pyarrow as pa
import pytest

from tests.cli.conftest import Run
from tests.house.tree import ROOT

DEMO = ROOT / "schema/demo"
NO_FUEL = "product.department != FUEL"
BY_BRAND = ("-m", "sales", "-m", "sales@1", "-b", "product.brand", "-w", NO_FUEL, "-o", "sales desc")


def test_a_table_for_people(run: Run) -> None:
    result = run("query", "-d", DEMO, *BY_BRAND, "--grand-total", "-n", 1)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["product.brand", "sales", "sales_v1"]
    assert "rule       sales, version 1, f1:" in result.stdout
    assert "rule       sales_v1 = sales, version 1, f1:" in result.stdout
    assert any(line.startswith("(all) ") for line in lines)
    assert lines[-1] == "truncated  there are more rows than the question's limit of 1"


def test_the_formats_hold_the_same_rows(run: Run) -> None:
    as_json = json.loads(run("query", "-d", DEMO, *BY_BRAND, "-f", "json").stdout)
    as_csv = run("query", "-d", DEMO, *BY_BRAND, "-f", "csv").stdout
    stream = run("query", "-d", DEMO, *BY_BRAND, "-f", "arrow").stdout_bytes
    as_arrow = pa.ipc.open_stream(io.BytesIO(stream)).read_all()
    assert [column["name"] for column in as_json["columns"]] == as_arrow.column_names
    assert as_json["rows"] and as_json["meta"]["revision"] == 1
    printed = [[None if value is None else str(value) for value in row.values()] for row in as_arrow.to_pylist()]
    assert printed == as_json["rows"]
    assert as_csv.splitlines()[1] == ",".join(as_json["rows"][0])


def test_a_question_from_a_file_or_standard_input(run: Run, tmp_path: Path) -> None:
    shown = run("query", *BY_BRAND, "--show-ask").stdout
    assert json.loads(shown)["ask"]["orderBy"] == [{"key": "sales", "descending": True}]
    (tmp_path / "question.json").write_text(shown, encoding="utf-8")
    expected = run("query", "-d", DEMO, *BY_BRAND, "-f", "csv").stdout
    assert run("query", "-d", DEMO, "--ask", tmp_path / "question.json", "-f", "csv").stdout == expected
    assert run("query", "-d", DEMO, "--ask", "-", "-f", "csv", input=shown).stdout == expected
    both = run("query", "-d", DEMO, "--ask", "-", "-m", "sales", input=shown)
    assert (both.exit_code, both.stdout) == (2, "")


def test_a_wrong_question_is_told_whole(run: Run) -> None:
    result = run("query", "-d", DEMO, "-m", "salez", "-b", "product.departmint")
    assert (result.exit_code, result.stdout) == (1, "")
    first, second = result.stderr.splitlines()
    assert first.startswith("UNKNOWN_METRIC: ") and first.endswith("(at metrics[0].name)")
    assert second.startswith("UNKNOWN_DIMENSION: ") and "product.department" in second


def test_what_cannot_be_read_is_a_usage_error(run: Run) -> None:
    result = run("query", "-d", DEMO, "-m", "sales", "-w", "product.department ~ FUEL")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "at `~`" in result.stderr
    assert run("query", "-d", DEMO, "-r", "postgresql://x", "-m", "sales").exit_code == 2
    assert run("query", "-r", "no/such/folder", "-m", "sales").exit_code == 2


def test_explain_shows_plan_and_sql_and_runs_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("explain", "-d", DEMO, "-m", "sales", "-b", "transaction_date:month")
    assert result.exit_code == 0, result.output
    assert "rows of dataset transactions" in result.stdout
    assert "SELECT" in result.stdout and "DATE_TRUNC('month'" in result.stdout


def test_a_published_question_of_an_earlier_revision(run: Run, registry_url: str, tmp_path: Path) -> None:
    assert run("apply", DEMO, "--registry", registry_url).exit_code == 0
    now = run("query", "--registry", registry_url, "-m", "sales", "-f", "json")
    then = run("query", "--registry", registry_url, "-m", "sales", "--as-of", 1, "-f", "json")
    assert now.exit_code == then.exit_code == 0
    assert json.loads(now.stdout)["rows"] == json.loads(then.stdout)["rows"]
    assert "UNKNOWN_REVISION" in run("query", "--registry", registry_url, "-m", "sales", "--as-of", 9).stderr


def test_describe_says_the_rule_and_the_entry(run: Run) -> None:
    result = run("describe", "repeat_purchase_rate", "-d", DEMO)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("repeat_purchase_rate is repeat / active_households, with repeat is ")
    assert "  Also called  repurchase rate" in lines
    assert any(line.startswith("  Version      f1:") and line.endswith(", not published") for line in lines)


def test_describe_speaks_chinese(run: Run) -> None:
    lines = run("describe", "repeat_purchase_rate", "-l", "zh", "-d", DEMO).stdout.splitlines()
    assert lines[2] == "repeat_purchase_rate  复购率"
    assert any(line.startswith("  含义") for line in lines)


def test_describe_knows_the_demo_where_there_is_no_registry(run: Run) -> None:
    assert run("describe", "sales").stdout.startswith("sales is sum(sales_value) from transactions.")
    unknown = run("describe", "salez")
    assert unknown.exit_code == 1
    assert "UNKNOWN_METRIC" in unknown.stderr and "sales" in unknown.stderr


# --- a server elsewhere ------------------------------------------------------------------------------------------


class OtherServer(BaseHTTPRequestHandler):
    """Answers each POST with `reply` and keeps what it was sent."""

    reply = (200, b"{}")
    key: str | None = None

    def do_POST(self) -> None:
        type(self).key = self.headers.get("authorization")
        self.rfile.read(int(self.headers["content-length"]))
        status, body = self.reply
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other_server() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), OtherServer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_refusals_of_a_server_keep_their_code_and_place(
    run: Run, other_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues = [
        {"code": "UNAUTHENTICATED", "message": "send a key", "path": [], "near": []},
        {"code": "CODE_OF_TOMORROW", "message": "something new", "path": ["by", 0], "near": []},
    ]
    body = {"errors": [{"message": "…", "extensions": {"code": "UNAUTHENTICATED", "issues": issues}}]}
    monkeypatch.setattr(OtherServer, "reply", (401, json.dumps(body).encode()))
    monkeypatch.setenv("SEMANTIC_LAYER_KEY", "the key of a client")
    result = run("query", "--url", other_server, "-m", "sales")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "UNAUTHENTICATED: send a key",
        "INTERNAL: CODE_OF_TOMORROW: something new  (at by[0])",
    ]
    assert OtherServer.key == "Bearer the key of a client"


@pytest.mark.parametrize("reply", [(200, b"<html>hello</html>"), (502, b""), (200, b"[]"), (200, b"{}")])
def test_what_is_no_server_of_ours_is_told(
    run: Run, other_server: str, monkeypatch: pytest.MonkeyPatch, reply: tuple[int, bytes]
) -> None:
    monkeypatch.setattr(OtherServer, "reply", reply)
    result = run("query", "--url", f"{other_server}/graphql", "-m", "sales")
    assert result.exit_code == 1
    assert f"{other_server}/graphql is no GraphQL address" in result.stderr


def test_a_server_that_is_down_is_told(run: Run) -> None:
    result = run("query", "--url", "http://127.0.0.1:9", "-m", "sales")
    assert result.exit_code == 1
    assert "http://127.0.0.1:9/graphql does not answer" in result.stderr
    assert run("query", "--url", "nonsense", "-m", "sales").exit_code == 1
