"""The embedded PostgreSQL: a real server as our own child, in a data folder of ours, on a unix socket only.

It lives and dies with the process that started it. Nothing listens on TCP, and the socket's folder is open to
its owner alone, so "trust" inside it gives nothing to anybody else.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import quote

from semantic_layer.store.embedded_postmaster import (
    SOCKET_FOLDER,
    end_leftover_postmaster,
    end_process,
    read_pid_file,
    running_postmaster,
)
from semantic_layer.store.embedded_programs import (
    Account,
    EmbeddedPostgresError,
    Programs,
    account_for,
    find_programs,
    let_in,
    open_to_all,
    within_reach,
)

SUPERUSER = "postgres"
OWNER = "semantic_layer"
PORT = 5432  # only names the socket
LONGEST_SOCKET = 100  # a unix socket's path: 103 bytes on macOS, 107 on Linux
SMALL_SHARED_MEMORY = 256 * 1024 * 1024

# Ends the server when the process that started it is gone in whatever way: `read` sees the pipe's end then.
# (Not PR_SET_PDEATHSIG: Linux only, and it fires when the starting *thread* ends.) A line on the pipe ends the
# watcher alone. The check of the pid file keeps a reused process id safe.
WATCH = """
read -r line && exit 0
[ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$1" ] && kill -INT "$1"
tries=100
while kill -0 "$1" 2>/dev/null && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
rm -rf "$3"
"""

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_connections": "100",
}
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}  # still safe when only processes are killed


@dataclass(slots=True)
class _Running:
    server: subprocess.Popen[bytes]
    watcher: subprocess.Popen[bytes]
    socket_folder: Path
    lock: IO[str]


class EmbeddedPostgres:
    """One PostgreSQL server over one data folder; `start` and `stop` block (0.3 s warm, 2 s at first).

    `durable=False` gives up safety at power loss, for tests. `settings` are PostgreSQL's own parameters.
    Raises EmbeddedPostgresError with a text for the command line.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        patience: float = 60.0,
    ) -> None:
        self._data = data_dir.expanduser().absolute()
        self._durable = durable
        self._settings = {**SETTINGS, **({} if durable else NOT_DURABLE), **(settings or {})}
        self._patience = patience
        self._running: _Running | None = None

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def log(self) -> Path:
        """What the server says; started anew with each start."""
        return self._data.with_name(self._data.name + ".log")

    @property
    def process_id(self) -> int:
        return self._require().server.pid

    def start(self) -> str:
        """Makes the data folder if it is new, ends what an earlier run left, starts, and gives `url()`."""
        if self._running is not None:
            return self.url()
        self._data.parent.mkdir(parents=True, exist_ok=True)
        lock = self._lock()
        socket_folder: Path | None = None
        try:
            found = find_programs(self._major_of_data())
            place = self._place()
            account = account_for(place)
            socket_folder = _make_socket_folder(account)
            programs = within_reach(found, account, socket_folder / "programs")
            account = let_in(account, place, programs)
            if place != self._data:
                self._initialise(place, programs, account)
            end_leftover_postmaster(self._data, self._patience)
            self._running = self._launch(programs, account, socket_folder, lock)
            self._ensure_owner()
        except BaseException:
            if self._running is not None:
                self.stop()
            else:
                lock.close()
                if socket_folder is not None:
                    shutil.rmtree(socket_folder, ignore_errors=True)
            raise
        return self.url()

    def stop(self) -> None:
        """A clean, fast shutdown; without effect when it does not run."""
        running, self._running = self._running, None
        if running is None:
            return
        try:
            end_process(running.server, self._patience)
            with suppress(BrokenPipeError):
                running.watcher.communicate(b"stopped\n", timeout=5)
        finally:
            shutil.rmtree(running.socket_folder, ignore_errors=True)
            running.lock.close()

    def url(self, database: str = OWNER, user: str = OWNER) -> str:
        """`postgresql://user@/database?port=5432&host=/socket/folder`, as libpq, asyncpg and SQLAlchemy read it."""
        return _url(self._require().socket_folder, database, user)

    def create_database(self, name: str, owner: str = OWNER, *, template: str = "template1") -> str:
        """A new database, empty or a copy of another one; gives its url."""
        self.run_sql(f"CREATE DATABASE {_quoted(name)} OWNER {_quoted(owner)} TEMPLATE {_quoted(template)}")
        return self.url(name, owner)

    def drop_database(self, name: str) -> None:
        """Drops it with the connections that are still open."""
        self.run_sql(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")

    def create_role(self, name: str) -> None:
        """A role that may log in and nothing else, if it is not there."""
        if not self.run_sql(f"SELECT 1 FROM pg_roles WHERE rolname = {_literal(name)}").strip():
            self.run_sql(f"CREATE ROLE {_quoted(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")

    def run_sql(self, text: str, database: str = "postgres") -> str:
        """Runs a statement as superuser through psql; gives the bare values. For setting up only."""
        running = self._require()
        programs = find_programs(self._major_of_data())
        command = [programs.path("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", SUPERUSER]
        command += ["-h", str(running.socket_folder), "-p", str(PORT), "-d", database, "-c", text]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=_environment())
        if done.returncode != 0:
            raise EmbeddedPostgresError(f"PostgreSQL refused: {done.stderr.strip()}")
        return done.stdout

    def _require(self) -> _Running:
        if self._running is None:
            raise EmbeddedPostgresError("The embedded PostgreSQL is not running.")
        return self._running

    def _major_of_data(self) -> int | None:
        with suppress(FileNotFoundError):
            return int((self._data / "PG_VERSION").read_text())
        return None

    def _lock(self) -> IO[str]:
        """Held while we run, freed by the kernel however we end: no two supervisors share a folder."""
        path = self._data.with_name(self._data.name + ".lock")
        lock = path.open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise EmbeddedPostgresError(f"{self._data} is in use by process {holder}; stop it first.") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def _place(self) -> Path:
        """The data folder, or a new one beside it: an interrupted first start leaves no half-made folder."""
        if (self._data / "PG_VERSION").exists():
            return self._data
        if self._data.exists() and any(self._data.iterdir()):
            raise EmbeddedPostgresError(f"{self._data} has files that are no PostgreSQL data; choose another.")
        fresh = self._data.with_name(self._data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        return fresh

    def _initialise(self, fresh: Path, programs: Programs, account: Account) -> None:
        command = [
            programs.path("initdb"),
            "-D",
            str(fresh),
            "-U",
            SUPERUSER,
            "--auth=trust",
            "--encoding=UTF8",
        ]
        command += ["--locale=C"]  # texts compare by code point (rule 22) on every platform
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if programs.major >= 17 else []
        command += [] if self._durable else ["--no-sync"]
        done = subprocess.run(  # type: ignore[call-overload]
            account.command(command),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **account.popen_options(),
        )
        if done.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed: {done.stderr.strip()}")
        fresh.replace(self._data)

    def _launch(self, programs: Programs, account: Account, socket_folder: Path, lock: IO[str]) -> _Running:
        settings = {
            **self._settings,
            "unix_socket_directories": str(socket_folder),
            **_shared_memory_setting(),
        }
        command = [programs.path("postgres"), "-D", str(self._data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + self._patience
        with self.log.open("wb") as log:
            while True:
                server = subprocess.Popen(  # type: ignore[call-overload]
                    account.command(command),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=_environment(),
                    start_new_session=True,  # Ctrl-C in the terminal is for the supervisor alone
                    **account.popen_options(),
                )
                watcher = subprocess.Popen(
                    ["/bin/sh", "-c", WATCH, "sh", str(server.pid), str(self._data), str(socket_folder)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    start_new_session=True,
                )
                running = _Running(server, watcher, socket_folder, lock)
                if self._becomes_ready(server, deadline):
                    return running
                end_process(server, self._patience)
                watcher.communicate(b"stopped\n")
                # Processes of a killed server may still hold its shared memory for a moment.
                if "still in use" not in self.log.read_text(errors="replace") or time.monotonic() > deadline:
                    last = self.log.read_text(errors="replace").strip().splitlines()[-5:]
                    raise EmbeddedPostgresError("PostgreSQL did not start: " + " | ".join(last))
                time.sleep(0.2)

    def _becomes_ready(self, server: subprocess.Popen[bytes], deadline: float) -> bool:
        while time.monotonic() < deadline and server.poll() is None:
            postmaster = read_pid_file(self._data)
            if postmaster is not None and postmaster.ready and postmaster.pid == server.pid:
                return True
            time.sleep(0.005)
        return False

    def _ensure_owner(self) -> None:
        """The registry's role (no superuser) and its database."""
        self.create_role(OWNER)
        if not self.run_sql(f"SELECT 1 FROM pg_database WHERE datname = {_literal(OWNER)}").strip():
            self.create_database(OWNER)


def url_of_running(data_dir: Path, database: str = OWNER, user: str = OWNER) -> str | None:
    """The url of the server that another process of ours runs over this folder; None when there is none."""
    postmaster = running_postmaster(data_dir.expanduser().absolute())
    return None if postmaster is None else _url(postmaster.socket_folder, database, user)


def _make_socket_folder(account: Account) -> Path:
    """A folder with a short path, for the account alone."""
    parents = [tempfile.gettempdir(), "/tmp"]
    if os.geteuid() == 0:  # root's own temporary folder may be closed to the account
        parents.sort(key=lambda parent: not open_to_all(Path(parent)))
    for parent in parents:
        folder = Path(tempfile.mkdtemp(prefix=SOCKET_FOLDER, dir=parent))
        if len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET:
            if os.geteuid() == 0:
                os.chown(folder, account.uid, account.gid)
            return folder
        folder.rmdir()
    raise EmbeddedPostgresError("No temporary folder has a path short enough for a socket; set TMPDIR.")


def _environment() -> dict[str, str]:
    """Ours without PGPORT, PGDATA and their like, which are meant for somebody else's server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _shared_memory_setting() -> dict[str, str]:
    """Containers often give 64 MB of /dev/shm, where a parallel hash join fails: files are used then."""
    with suppress(OSError):
        space = os.statvfs("/dev/shm")
        if space.f_blocks * space.f_frsize < SMALL_SHARED_MEMORY:
            return {"dynamic_shared_memory_type": "mmap"}
    return {}


def _url(socket_folder: Path, database: str, user: str) -> str:
    folder = quote(str(socket_folder), safe="/")
    return f"postgresql://{quote(user)}@/{quote(database)}?port={PORT}&host={folder}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
