"""Where a DuckDB source's data is, opened in a sandbox: a folder of files, or a database file.

Both look at the disk before every run, so what changed there is seen: a new, replaced or deleted file, a folder's
symbolic link that points elsewhere, a database file put in place of the old one.
"""

import os
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import duckdb

from semantic_layer.serving.ports import SourceTable

_READERS = {".parquet": "read_parquet", ".csv": "read_csv"}
_SPILL_LIMIT = "10GB"
_TABLES = """
    SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal AND database_name = current_database()
    UNION ALL
    SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal AND database_name = current_database()
    ORDER BY schema_name <> 'main', schema_name, table_name
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one source may use: DuckDB's memory ("4GB", "50%") and threads (None: one per core)."""

    memory: str = "50%"
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class FileMark:
    """A file as it was: any change of its content changes the mark.

    Also where a tool sets the time of change back (`cp -p`, `tar`, `rsync`): the time of the last change of anything
    cannot be set.
    """

    path: str
    size: int
    modified_ns: int
    inode: int
    changed_ns: int

    @classmethod
    def at(cls, path: str, found: os.stat_result) -> "FileMark":
        return cls(path, found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns)

    def is_current(self) -> bool:
        try:
            return FileMark.at(self.path, os.stat(self.path)) == self
        except FileNotFoundError:
            return False

    def __str__(self) -> str:
        return f"{os.path.basename(self.path)}@{self.size}@{self.modified_ns}@{self.changed_ns}"


class Marks(Protocol):
    def of(self, tables: Iterable[str]) -> tuple[FileMark, ...]:
        """The files behind these tables, sorted; names that are no table (of a WITH) are passed over."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """The data as it was found: a connection to make cursors of, and the files behind each table."""

    connection: duckdb.DuckDBPyConnection
    marks: Marks
    spill: tempfile.TemporaryDirectory[str]  # kept as long as a run may spill to it
    database: str | None = None  # the attached one
    unreadable: Mapping[str, str] = field(default_factory=dict)  # table -> what DuckDB said, for the log

    def cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self.connection.cursor()
        if self.database is not None:
            cursor.execute(f"USE {_quoted(self.database)}").fetchall()
        return cursor

    def close(self) -> None:
        """Only when no cursor is busy: DuckDB refuses otherwise."""
        self.connection.close()
        self.spill.cleanup()


class Place(Protocol):
    """All methods block; `open` raises OSError or duckdb.Error when the data cannot be reached."""

    def open(self) -> Opened:
        """The data as it is on the disk now."""
        ...

    def unchanged(self, tables: Iterable[str]) -> tuple[FileMark, ...] | None:
        """The files behind these tables if they are as they were when last opened; looks at these alone."""
        ...

    def table(self, name: str) -> str:
        """A table's name of a definition as quoted SQL."""
        ...

    def tables(self, cursor: duckdb.DuckDBPyConnection, opened: Opened) -> tuple[SourceTable, ...]:
        """What there is to read, by the names that definitions use."""
        ...

    def forget(self) -> Opened | None:
        """What was opened, if anything; the next `open` begins anew."""
        ...


@dataclass(frozen=True, slots=True)
class FolderMarks:
    """`tables`: a table's name in lower case -> its file. Both `orders` and `orders.parquet` name a file."""

    tables: Mapping[str, FileMark]

    def of(self, tables: Iterable[str]) -> tuple[FileMark, ...]:
        found = {self.tables[name.lower()] for name in tables if name.lower() in self.tables}
        return tuple(sorted(found, key=lambda mark: mark.path))


class Folder:
    """Each Parquet or CSV file of the folder is a table. Where `a.csv` stands beside `a.parquet`, `a` is neither."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._lock = threading.Lock()
        self._identity: tuple[int, int] | None = None  # of the folder that `_opened` may reach
        self._root = folder
        self._opened: Opened | None = None
        self._viewed: Mapping[str, FileMark] = {}

    def open(self) -> Opened:
        with self._lock:
            identity = _identity_of(self._folder)
            if self._opened is None or self._identity != identity:
                self._root = self._folder.resolve(strict=True)
                self._opened = sandbox(self._limits, folder=self._root)
                self._identity, self._viewed = identity, {}
            marks = _marks_of(self._root)
            if marks.tables != self._viewed:
                self._opened = self._refreshed(self._opened, marks)
            return self._opened

    def unchanged(self, tables: Iterable[str]) -> tuple[FileMark, ...] | None:
        opened = self._opened
        if opened is None or self._identity != _identity_of(self._folder):
            return None
        return _current(opened.marks.of(tables))

    def table(self, name: str) -> str:
        return _quoted(name)

    def tables(self, cursor: duckdb.DuckDBPyConnection, opened: Opened) -> tuple[SourceTable, ...]:
        """Each file by its name without ending, with it where that alone names one file (or has a dot inside)."""
        found = set()
        for mark in set(_marks_of(self._root).tables.values()):
            file = os.path.basename(mark.path)
            stem = os.path.splitext(file)[0]
            is_one = "." not in stem and opened.marks.of([stem]) == (mark,)
            found.add(SourceTable(stem if is_one else file, file))
        return tuple(sorted(found, key=lambda one: one.shown))

    def forget(self) -> Opened | None:
        with self._lock:
            opened, self._opened = self._opened, None
            return opened

    def _refreshed(self, opened: Opened, marks: FolderMarks) -> Opened:
        """Views hold their columns' types, so a changed file gets its view anew. A broken file harms no other."""
        connection, unreadable = opened.connection, dict(opened.unreadable)
        for table in self._viewed.keys() - marks.tables.keys():
            _drop_view(connection, table)
            unreadable.pop(table, None)
        for table, mark in marks.tables.items():
            if self._viewed.get(table) == mark:
                continue
            unreadable.pop(table, None)
            try:
                _make_view(connection, table, mark.path)
            except duckdb.Error as error:
                _drop_view(connection, table)
                unreadable[table] = str(error)
        self._viewed = marks.tables
        return replace(opened, marks=marks, unreadable=unreadable)


def _identity_of(folder: Path) -> tuple[int, int]:
    """Tells a folder from another that a symbolic link points to later."""
    found = os.stat(folder)
    return found.st_dev, found.st_ino


def _current(marks: tuple[FileMark, ...]) -> tuple[FileMark, ...] | None:
    return marks if marks and all(mark.is_current() for mark in marks) else None


def _make_view(connection: duckdb.DuckDBPyConnection, table: str, path: str) -> None:
    reader = _READERS[os.path.splitext(path)[1].lower()]
    text = f"CREATE OR REPLACE VIEW {_quoted(table)} AS SELECT * FROM {reader}({_literal(path)})"
    connection.execute(text).fetchall()


def _drop_view(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    connection.execute(f"DROP VIEW IF EXISTS {_quoted(table)}").fetchall()


def _marks_of(root: Path) -> FolderMarks:
    named: dict[str, list[FileMark]] = {}
    with os.scandir(root) as entries:
        for entry in entries:
            stem, suffix = os.path.splitext(entry.name)
            if suffix.lower() not in _READERS or not entry.is_file():
                continue
            mark = FileMark.at(entry.path, entry.stat())
            for table in (stem.lower(), entry.name.lower()):
                named.setdefault(table, []).append(mark)
    return FolderMarks({table: files[0] for table, files in named.items() if len(files) == 1})


@dataclass(frozen=True, slots=True)
class DatabaseMarks:
    """Every table is in the one file."""

    file: FileMark

    def of(self, tables: Iterable[str]) -> tuple[FileMark, ...]:
        return (self.file,)


class DatabaseFile:
    """A DuckDB database, opened read-only. Other processes that write to it keep it closed for us meanwhile."""

    def __init__(self, file: Path, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._identity: tuple[int, FileMark] | None = None

    def open(self) -> Opened:
        with self._lock:
            found = os.stat(self._file)
            identity = (found.st_ino, FileMark.at(str(self._file), found))
            if self._opened is None or self._identity != identity:
                opened = sandbox(self._limits, database=self._file.resolve(strict=True))
                self._opened, self._identity = replace(opened, marks=DatabaseMarks(identity[1])), identity
            return self._opened

    def unchanged(self, tables: Iterable[str]) -> tuple[FileMark, ...] | None:
        opened = self._opened
        return None if opened is None else _current(opened.marks.of(tables))

    def table(self, name: str) -> str:
        return ".".join(_quoted(part) for part in name.split("."))

    def tables(self, cursor: duckdb.DuckDBPyConnection, opened: Opened) -> tuple[SourceTable, ...]:
        found = []
        for schema, name in cursor.execute(_TABLES).fetchall():
            parts = [name] if schema == "main" else [schema, name]
            shown = ".".join(parts)
            found.append(SourceTable(None if any("." in part for part in parts) else shown, shown))
        return tuple(found)

    def forget(self) -> Opened | None:
        with self._lock:
            opened, self._opened = self._opened, None
            return opened


def sandbox(limits: Limits, *, folder: Path | None = None, database: Path | None = None) -> Opened:
    """A DuckDB that reaches this folder or database, if any, and nothing else: no file, network, extension, setting.

    Spilled rows go to a folder of our own, which is gone with the last run that uses it.
    """
    spill = tempfile.TemporaryDirectory(prefix="semantic-layer-spill-")
    settings = {
        "memory_limit": _literal(limits.memory),
        "temp_directory": _literal(spill.name),
        "max_temp_directory_size": _literal(_SPILL_LIMIT),
        "TimeZone": "'UTC'",
        "python_enable_replacements": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "allow_persistent_secrets": "false",
        "allow_extension_repositories": "'forbidden'",
    }
    if limits.threads is not None:
        settings["threads"] = str(limits.threads)
    if folder is not None:
        settings["allowed_directories"] = f"[{_literal(f'{folder}/')}]"
    settings["enable_external_access"] = "false"
    # Attached, not connected to: connecting gives the database of the path that is still open, were it another file.
    connection = duckdb.connect(":memory:")
    if database is not None:
        name = _quoted(database.stem)
        connection.execute(f"ATTACH {_literal(str(database))} AS {name} (READ_ONLY)").fetchall()
    for name, value in settings.items():
        connection.execute(f"SET GLOBAL {name} = {value}").fetchall()
    connection.execute("SET GLOBAL lock_configuration = true").fetchall()
    return Opened(connection, FolderMarks({}), spill, database.stem if database else None)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
