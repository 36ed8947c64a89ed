"""The real demo in a process of its own, over the small data of the tests."""

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

from tests.demo.process import Demo, free_port
from tests.house.tree import ROOT


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    """What is in the list is killed at the end, whatever happened."""
    started: list[Demo] = []
    yield started
    for demo in started:
        demo.end()


def postmaster(folder: Path) -> int:
    return int((folder / "registry/postmaster.pid").read_text().split("\n")[0])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return not status.exists() or "\nState:\tZ" not in status.read_text()


def test_a_life_of_the_demo(tmp_path: Path, port: int, demos: list[Demo]) -> None:
    """Cold start, a second one beside it, kill -9, recovery without a new revision, and an orderly end."""
    folder = tmp_path / "demo"
    first = Demo(folder, port)
    demos.append(first)
    first.until("  program")
    with pytest.raises(httpx.TransportError):  # nobody is answered before the publish
        httpx.get(f"{first.url}/graphql", timeout=5)
    first.until("Stop ")
    said = "\n".join(first.lines)
    assert "published as revision 1" in said
    assert "GROCERY" in said and f"{first.url}/graphql" in said
    answer = first.ask()
    assert answer["meta"] == {"revision": 1}
    assert "text/html" in httpx.get(f"{first.url}/graphql", headers={"accept": "text/html"}).headers["content-type"]

    code, said = Demo(folder, port + 1 if port < 65535 else port - 1).ended()
    assert code == 1
    assert f"another demo runs in {folder}: process {first.process.pid}, {first.url}" in said

    server = postmaster(folder)
    assert is_alive(server)
    first.process.kill()
    first.process.wait()

    again = Demo(folder, port)
    demos.append(again)
    again.until("Stop ")
    assert "unchanged since revision 1" in "\n".join(again.lines)
    assert not is_alive(server)
    assert again.ask() == answer
    server = postmaster(folder)
    began = time.monotonic()
    again.process.send_signal(signal.SIGINT)
    code, said = again.ended()
    assert time.monotonic() - began < 10
    assert (code, said.splitlines()[-1]) == (0, "Stopped.")
    assert not is_alive(server)
    assert not (folder / "registry/postmaster.pid").exists()
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", port)) != 0


def test_a_busy_port_is_told_before_anything_is_started(tmp_path: Path, port: int, demos: list[Demo]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        demos.append(Demo(tmp_path / "demo", port))
        code, said = demos[0].ended()
    assert code == 1
    assert f"Port {port} of 127.0.0.1 is in use" in said
    assert f"PORT={port + 1} make demo" in said
    assert not (tmp_path / "demo/registry").exists()


def test_stopping_while_it_starts_leaves_nothing(tmp_path: Path, port: int, demos: list[Demo]) -> None:
    demo = Demo(tmp_path / "demo", port)
    demos.append(demo)
    demo.until("  Loading")
    demo.process.send_signal(signal.SIGTERM)
    code, said = demo.ended()
    assert (code, said.splitlines()[-1]) == (0, "Stopped.")
    assert not (tmp_path / "demo/registry/postmaster.pid").exists()


def test_a_folder_without_the_data_is_told(tmp_path: Path, port: int) -> None:
    (tmp_path / "data").mkdir()
    command = [sys.executable, "-m", "semantic_layer", "demo", "--folder", str(tmp_path / "demo"), "--port", str(port)]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "data")], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 1
    assert "transactions.parquet" in done.stderr
