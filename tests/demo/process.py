"""A run of the real demo in a process of its own."""

import queue
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from tests.house.tree import ROOT
from tests.oracle.data import SUBSET

PATIENCE = 120.0  # many tests may share the machine; what is measured has its own bounds
QUESTION = {"query": '{ query(ask: {metrics: [{name: "sales"}]}) { rows meta { revision } } }'}


def free_port() -> int:
    with socket.socket() as looking:
        looking.bind(("127.0.0.1", 0))
        return int(looking.getsockname()[1])


class Demo:
    """One run of `semantic-layer demo`, and the lines that it has said so far."""

    def __init__(self, folder: Path, port: int, data: Path = SUBSET) -> None:
        command = [sys.executable, "-m", "semantic_layer", "demo", "--folder", str(folder), "--port", str(port)]
        self.url = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []
        self._arriving: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            [*command, "--data", str(data)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._arriving.put(line.rstrip("\n"))
        self._arriving.put(None)

    def until(self, beginning: str) -> "Demo":
        """Waits for a line that begins so."""
        deadline = time.monotonic() + PATIENCE
        while True:
            line = self._arriving.get(timeout=max(0.0, deadline - time.monotonic()))
            assert line is not None, "\n".join(self.lines)
            self.lines.append(line)
            if line.startswith(beginning):
                return self

    def ended(self) -> tuple[int, str]:
        """The exit code and everything that was said, once it has ended."""
        code = self.process.wait(PATIENCE)
        while (line := self._arriving.get(timeout=PATIENCE)) is not None:
            self.lines.append(line)
        return code, "\n".join(self.lines)

    def end(self) -> None:
        """At once, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def ask(self) -> dict[str, object]:
        reply = httpx.post(f"{self.url}/graphql", json=QUESTION, timeout=PATIENCE).json()
        answer: dict[str, object] = reply["data"]["query"]
        return answer
