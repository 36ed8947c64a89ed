"""The server process of an embedded PostgreSQL as seen from outside: its pid file, and how to end it."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from semantic_layer.store.embedded_programs import EmbeddedPostgresError

SOCKET_FOLDER = "sl-pg-"  # how the names of our socket folders begin


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What postmaster.pid says. It may be stale: whether that process is really the server is another question."""

    pid: int
    socket_folder: Path
    ready: bool


def read_pid_file(data_dir: Path) -> Postmaster | None:
    """None when there is none, or it is only half written."""
    try:
        lines = [line.strip() for line in (data_dir / "postmaster.pid").read_text().splitlines()]
    except OSError:
        return None
    # process, folder, start, port, socket folder, address, shared memory, status
    if len(lines) < 8 or not lines[0].isdigit():
        return None
    return Postmaster(int(lines[0]), Path(lines[4]), lines[7] == "ready")


def running_postmaster(data_dir: Path) -> Postmaster | None:
    """The server that runs over this folder and is ready, whoever started it."""
    postmaster = read_pid_file(data_dir)
    if postmaster is None or not postmaster.ready or not _is_server_of(postmaster.pid, data_dir):
        return None
    return postmaster


def end_leftover_postmaster(data_dir: Path, patience: float) -> None:
    """Ends a server that outlived a killed supervisor; clears a pid file that names somebody else's process.

    Only a process whose command line runs `postgres` over this very folder is touched.
    """
    postmaster = read_pid_file(data_dir)
    if postmaster is None:
        return
    _end_other(postmaster.pid, data_dir, patience)
    with suppress(FileNotFoundError):
        (data_dir / "postmaster.pid").unlink()
    if postmaster.socket_folder.name.startswith(SOCKET_FOLDER):
        shutil.rmtree(postmaster.socket_folder, ignore_errors=True)


def _end_other(pid: int, data_dir: Path, patience: float) -> None:
    for number, wait in ((signal.SIGINT, patience / 2), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if not _is_server_of(pid, data_dir):
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and _is_server_of(pid, data_dir):
            time.sleep(0.02)
    if _is_server_of(pid, data_dir):
        raise EmbeddedPostgresError(f"The PostgreSQL process {pid} of an earlier run does not end; stop it.")


def end_process(server: subprocess.Popen[bytes], patience: float) -> None:
    """Fast shutdown (SIGINT); immediate when that takes too long; killed when nothing else helps."""
    for number, wait in ((signal.SIGINT, patience / 2), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if server.poll() is not None:
            return
        server.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            server.wait(wait)


def _is_server_of(pid: int, data_dir: Path) -> bool:
    """Whether the process runs postgres with `-D data_dir` (a zombie or a reused process id does not)."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except FileNotFoundError:
        if Path("/proc/self").exists() or shutil.which("ps") is None:
            return False
        shown = subprocess.run(
            ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return "postgres" in shown.stdout and f"-D {data_dir} " in shown.stdout
    return "postgres" in Path(arguments[0]).name and str(data_dir) in arguments
