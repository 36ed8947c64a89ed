"""The caller: ready bytes over kept-alive sockets, so that little of what is measured is the client's own work."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench.server_process import HOST
from tests.house.tree import ROOT

START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Used:
    """What a server process has used since its start: seconds of CPU (all threads), and its largest memory in KB."""

    cpu: float
    peak: int


class Server:
    """A server in a process of its own, and one connection to it: anew for each round, as an idle one is closed."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self._process = process
        self._port = port
        self._socket = self._connected()

    def _connected(self) -> socket.socket:
        connection = socket.create_connection((HOST, self._port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def connect_anew(self) -> None:
        self._socket.close()
        self._socket = self._connected()

    def used(self) -> Used:
        assert self._process.stdin is not None
        self._process.stdin.write("?\n")
        self._process.stdin.flush()
        return Used(**_line(self._process))

    def get(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()

    def post(self, body: object) -> bytes:
        """The bytes of a GraphQL request."""
        text = json.dumps(body).encode()
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(text)}\r\n\r\n"
        )
        return head.encode() + text

    def reply(self, request: bytes) -> bytes:
        """The body of a reply with status 200."""
        self._socket.sendall(request)
        received = self._received()
        end = received.find(b"\r\n\r\n")
        while end < 0:
            received += self._received()
            end = received.find(b"\r\n\r\n")
        head = received[:end].lower()
        assert head.startswith(b"http/1.1 200"), received
        mark = head.index(b"content-length:") + 15
        length = int(head[mark : (head.find(b"\r\n", mark) + 1 or len(head) + 1) - 1])
        chunks, missing = [received[end + 4 :]], end + 4 + length - len(received)
        while missing > 0:
            chunks.append(self._received())
            missing -= len(chunks[-1])
        return b"".join(chunks)

    def _received(self) -> bytes:
        received = self._socket.recv(1 << 20)
        assert received, "the server closed the connection"
        return received

    def close(self) -> None:
        self._socket.close()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(START_SECONDS)


def asked(server: Server, request: Callable[[int], bytes], first: int, count: int) -> tuple[float, float]:
    """One round of requests, one after the other: seconds per request by the clock, and of the server's CPU."""
    server.connect_anew()
    before = server.used().cpu
    began = time.perf_counter()
    for place in range(first, first + count):
        server.reply(request(place))
    wall = time.perf_counter() - began
    return wall / count, (server.used().cpu - before) / count


@contextmanager
def running(*arguments: str) -> Iterator[Server]:
    """A server of `server_process` with these arguments, until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server_process", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        server = Server(process, _line(process)["port"])
        try:
            yield server
        finally:
            server.close()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _line(process: "subprocess.Popen[str]") -> dict[str, int]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the server ended"
    said: dict[str, int] = json.loads(line)
    return said
