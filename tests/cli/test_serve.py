"""The real server in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run
from tests.house.tree import ROOT

PATIENCE = 120.0
KEY = "a-long-random-text"
DEMO = ROOT / "schema/demo"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "semantic_layer", *arguments]


@pytest.fixture
def port() -> int:
    with socket.socket() as looking:
        looking.bind(("127.0.0.1", 0))
        return int(looking.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """`serve` with a key and with a registry of its own in a folder."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SEMANTIC_LAYER_DATA_DIR": str(tmp_path / "state"),
        "SEMANTIC_LAYER_API_KEYS__DASHBOARD": KEY,
    }
    process = subprocess.Popen(
        command("serve", "--port", str(port)), env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def ready(url: str, status: int) -> dict[str, object]:
    """What /readyz says once it has this status."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            reply = httpx.get(f"{url}/readyz")
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if reply.status_code == status:
            said: dict[str, object] = reply.json()
            return said
        time.sleep(0.02)
    raise AssertionError(f"not {status} within {PATIENCE} s")


def test_a_server_takes_over_what_is_published_beside_it(
    run: Run, tmp_path: Path, port: int, server: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{port}"
    ready(url, 503)
    assert "NOT_READY" in run("query", "--url", url, "--key", KEY, "-m", "sales").stderr
    published = run("apply", DEMO, "--registry", tmp_path / "state")
    assert published.exit_code == 0, published.output
    assert ready(url, 200)["revision"] == 1
    assert "UNAUTHENTICATED" in run("query", "--url", url, "-m", "sales").stderr
    monkeypatch.setenv("SEMANTIC_LAYER_KEY", KEY)
    answer = run("query", "--url", url, "-m", "sales", "-f", "csv")
    assert answer.exit_code == 0, answer.output
    assert answer.stdout == run("query", "--definitions", DEMO, "-m", "sales", "-f", "csv").stdout
    server.send_signal(signal.SIGTERM)
    _, said = server.communicate(timeout=PATIENCE)
    assert server.returncode == 0
    assert [line for line in said.splitlines() if '"level":"error"' in line] == []
    assert KEY not in said
    assert not (tmp_path / "state/registry/postmaster.pid").exists()


def test_a_registry_that_is_down_at_the_start_ends_it_with_the_reason(tmp_path: Path, port: int) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SEMANTIC_LAYER_REGISTRY_URL": f"postgresql://u:hunter2@/x?host={tmp_path}",
    }
    done = subprocess.run(
        command("serve", "--port", str(port)),
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "REGISTRY_UNAVAILABLE: The registry does not answer." in done.stderr
    assert "hunter2" not in done.stderr and "Traceback" not in done.stderr
