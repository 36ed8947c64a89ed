import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from semantic_layer.store import embedded, embedded_programs
from semantic_layer.store.embedded import EmbeddedPostgres, EmbeddedPostgresError, url_of_running

SUPERVISOR = """
import sys, time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from semantic_layer.store.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
server.run_sql("CREATE TABLE kept AS SELECT 42 AS n")
print(server.process_id, flush=True)
time.sleep(600)
"""


def start_supervisor(data: Path) -> tuple[subprocess.Popen[str], int]:
    """A supervisor in a process of its own, and the process id of its server."""
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, data], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    return supervisor, int(supervisor.stdout.readline())


def kill(supervisor: subprocess.Popen[str]) -> None:
    supervisor.kill()
    supervisor.communicate()


def is_alive(pid: int) -> bool:
    """False for a zombie too: nobody may reap it in a container without an init."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ends_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def watcher_of(server: int) -> int:
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (entry / "cmdline").read_text(errors="replace").split("\0")
            if arguments[0] == "/bin/sh" and str(server) in arguments:
                return int(entry.name)
    raise AssertionError(f"nobody watches {server}")


async def one_value(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_it_keeps_its_data_and_stops_cleanly(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False)
    url = await asyncio.to_thread(server.start)
    assert await one_value(url, "SELECT current_user::text") == "semantic_layer"
    await one_value(url, "CREATE TABLE kept AS SELECT 42 AS n")
    first, folder = server.process_id, Path(url.partition("host=")[2])
    await asyncio.to_thread(server.stop)
    assert not is_alive(first)
    assert not folder.exists()
    assert not (tmp_path / "pg" / "postmaster.pid").exists()
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as again:
        assert await one_value(again.url(), "SELECT n FROM kept") == 42


async def test_nothing_listens_on_tcp_and_the_role_has_no_power(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        assert await one_value(server.url(), "SHOW listen_addresses") == ""
        powers = "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert await one_value(server.url(), powers) is False
        folder = Path(server.url().partition("host=")[2])
        assert folder.stat().st_mode & 0o077 == 0


async def test_the_server_dies_with_a_killed_supervisor(tmp_path: Path) -> None:
    supervisor, server = start_supervisor(tmp_path / "pg")
    socket_folder = Path(str(url_of_running(tmp_path / "pg")).partition("host=")[2])
    assert socket_folder.is_dir()
    kill(supervisor)
    assert ends_within(server, 10)
    deadline = time.monotonic() + 15
    while socket_folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not socket_folder.exists()
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as again:
        assert again.run_sql("SELECT n FROM kept").strip() == "42"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds the watcher in /proc")
async def test_a_server_that_outlived_its_supervisor_is_ended_first(tmp_path: Path) -> None:
    supervisor, server = start_supervisor(tmp_path / "pg")
    socket_folder = Path(str(url_of_running(tmp_path / "pg")).partition("host=")[2])
    os.kill(watcher_of(server), signal.SIGKILL)
    kill(supervisor)
    assert is_alive(server)
    assert socket_folder.is_dir()
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as again:
        assert not is_alive(server)
        assert not socket_folder.exists()
        assert again.run_sql("SELECT n FROM kept").strip() == "42"


async def test_it_recovers_when_the_server_itself_was_killed(tmp_path: Path) -> None:
    supervisor, server = start_supervisor(tmp_path / "pg")
    os.kill(server, signal.SIGKILL)
    kill(supervisor)
    assert (tmp_path / "pg" / "postmaster.pid").exists()
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as again:
        assert again.run_sql("SELECT n FROM kept").strip() == "42"


async def test_a_pid_file_that_names_another_program_does_no_harm(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False):
        lines = (tmp_path / "pg" / "postmaster.pid").read_text().splitlines()
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        lines[0] = str(bystander.pid)
        (tmp_path / "pg" / "postmaster.pid").write_text("\n".join(lines) + "\n")
        with EmbeddedPostgres(tmp_path / "pg", durable=False) as again:
            assert again.run_sql("SELECT 1").strip() == "1"
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_two_supervisors_never_share_a_folder(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as first:
        with pytest.raises(EmbeddedPostgresError, match=f"in use by process {os.getpid()}"):
            EmbeddedPostgres(tmp_path / "pg", durable=False).start()
        assert first.run_sql("SELECT 1").strip() == "1"


async def test_another_process_can_join_a_running_server(tmp_path: Path) -> None:
    assert url_of_running(tmp_path / "pg") is None
    supervisor, server = start_supervisor(tmp_path / "pg")
    url = url_of_running(tmp_path / "pg")
    assert url is not None and await one_value(url, "SELECT current_user::text") == "semantic_layer"
    kill(supervisor)
    assert ends_within(server, 10)
    assert url_of_running(tmp_path / "pg") is None


async def test_an_interrupted_first_start_is_begun_again(tmp_path: Path) -> None:
    half_made = tmp_path / "pg.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        assert server.run_sql("SELECT 1").strip() == "1"
    assert not half_made.exists()


async def test_foreign_files_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "letter.txt").write_text("mine")
    with pytest.raises(EmbeddedPostgresError, match="no PostgreSQL data"):
        EmbeddedPostgres(tmp_path / "pg").start()
    assert (tmp_path / "pg" / "letter.txt").read_text() == "mine"


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg", durable=False, settings={"max_connections": "-1"})
    with pytest.raises(EmbeddedPostgresError, match="max_connections"):
        server.start()
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as mended:
        assert mended.run_sql("SELECT 1").strip() == "1"


async def test_settings_meant_for_other_servers_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "6543", "PGDATA": "/no/such", "PGHOST": "elsewhere", "PGUSER": "other"}.items():
        monkeypatch.setenv(name, value)
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        assert await one_value(server.url(), "SELECT current_user::text") == "semantic_layer"


async def test_texts_compare_by_code_point(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        words = "SELECT string_agg(word, ' ' ORDER BY word) FROM unnest(ARRAY['b', 'B', 'ä', 'a', '中', 'é']) AS word"
        assert await one_value(server.url(), words) == "B a b ä é 中"


async def test_databases_and_roles(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        server.create_role("reader")
        server.create_role("reader")
        url = server.create_database('odd "name"')
        assert await one_value(url, "SELECT current_database()::text") == 'odd "name"'
        assert await one_value(server.url("postgres", "reader"), "SELECT current_user::text") == "reader"
        server.drop_database('odd "name"')
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await one_value(url, "SELECT 1")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down to another account")
async def test_as_root_below_a_folder_that_only_root_may_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "pg", durable=False) as server:
        assert server.run_sql("SELECT 1").strip() == "1"
        assert (closed / "pg").stat().st_uid != 0
    assert closed.stat().st_mode & 0o777 == 0o700
    assert closed.stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down to another account")
async def test_as_root_with_programs_below_a_folder_that_only_root_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout below `mktemp -d`: its environment, with the programs in it, is closed to the account."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    found = embedded_programs.find_programs()
    root = found.folder.parents[2]
    for part in (found.folder.parent, root / f"{embedded_programs.WHEEL}.libs"):
        if part.is_dir():
            shutil.copytree(part, closed / part.relative_to(root), symlinks=True)
    here = embedded_programs.Programs(closed / found.folder.relative_to(root), found.major)
    monkeypatch.setattr(embedded, "find_programs", lambda _major: here)
    with EmbeddedPostgres(closed / "pg", durable=False) as server:
        assert server.run_sql("SELECT 1").strip() == "1"
        socket_folder = Path(parse_qs(urlsplit(server.url()).query)["host"][0])
        assert list((socket_folder / "programs").glob("**/bin/postgres"))
    assert not socket_folder.exists()
