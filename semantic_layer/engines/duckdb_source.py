"""The engine over DuckDB: files in a folder, or a database file, read-only and sandboxed.

One database for all runs, a cursor per run, as many runs at once as there are cores. The answer of DuckDB is
Arrow from the start; `exact_columns` makes its types those that the statement declares.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb
import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from semantic_layer.definitions.model import Select, Table
from semantic_layer.definitions.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    MAX_PRECISION,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    ColumnType,
    decimal,
)
from semantic_layer.engines.bound_values import driver_values
from semantic_layer.engines.duckdb_errors import as_refusal, is_broken
from semantic_layer.engines.duckdb_gate import ReadGate
from semantic_layer.engines.duckdb_place import DatabaseFile, FileMark, Folder, Limits, Opened, Place
from semantic_layer.engines.exact_columns import exact
from semantic_layer.engines.refusals import late, refused, unavailable
from semantic_layer.engines.worker import Job, Stopped, Workers, cores
from semantic_layer.serving.ports import ForeignKey, RelationColumns, SourceTable
from semantic_layer.sql.statement import Statement

# DuckDB prefers `sql(text).to_arrow_table()`, which plans a text twice: 1 ms more for the usual statement, where
# this copies once more: 4 ms more for the rarest answer of 100,000 rows.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result", category=UserWarning)

_LOOK_SECONDS = 30.0  # for what only looks at columns and files
_TRIES = 2  # data that changed while it was read is read once more

# Not enum, which sorts by the order of its members, nor JSON, whose `contains` is another: a SELECT casts them.
_TYPES: dict[str, ColumnType] = {
    "boolean": BOOLEAN,
    "tinyint": INTEGER,
    "smallint": INTEGER,
    "integer": INTEGER,
    "utinyint": INTEGER,
    "usmallint": INTEGER,
    "uinteger": BIGINT,
    "bigint": BIGINT,
    "ubigint": decimal(MAX_PRECISION, 0),
    "hugeint": decimal(MAX_PRECISION, 0),
    "float": FLOAT,
    "double": FLOAT,
    "varchar": TEXT,
    "uuid": TEXT,
    "date": DATE,
    "timestamp": TIMESTAMP,
    "timestamp_s": TIMESTAMP,
    "timestamp_ms": TIMESTAMP,
    "timestamp_ns": TIMESTAMP,
    "timestamp with time zone": TIMESTAMPTZ,
}

_CONSTRAINTS = """
    SELECT constraint_type, constraint_column_names, referenced_table, referenced_column_names
    FROM duckdb_constraints()
    WHERE database_name = current_database() AND lower(schema_name) = lower($1) AND lower(table_name) = lower($2)
"""

# A name that is no table is looked for as a file, which the sandbox forbids.
_NO_TABLE = (duckdb.CatalogException, duckdb.PermissionException, duckdb.IOException)

Found = TypeVar("Found")
DuckDBJob = Job[duckdb.DuckDBPyConnection]


class DuckDBSource:
    """The port `serving.ports.Engine`. Opens nothing before the first run, so missing data stops no start."""

    def __init__(self, data: Path, *, limits: Limits | None = None, is_database: bool) -> None:
        limits = limits or Limits()
        self._place: Place = DatabaseFile(data, limits) if is_database else Folder(data, limits)
        self._gate = ReadGate()
        self._idle: tuple[duckdb.DuckDBPyConnection | None, list[duckdb.DuckDBPyConnection]] = (None, [])
        self._workers: Workers[duckdb.DuckDBPyConnection] = Workers("duckdb", limits.threads or cores())

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @property
    def dialect(self) -> str:
        return "duckdb"

    async def run(self, statements: Sequence[Statement], *, timeout: float) -> list[pa.Table]:
        """Rows of all statements from one state of the data; see serving.ports.Engine.run."""
        if not statements:
            return []
        source = statements[0].source
        try:
            return await self._workers.run(lambda job: self._read(job, statements), timeout)
        except TimeoutError:
            raise late(source, timeout) from None
        except Stopped:
            raise unavailable(source, "the engine was closed") from None

    async def describe(self, relation: Table | Select) -> RelationColumns:
        return await self._look(lambda job: self._describe(job, relation))

    async def impossible(self, relation: Table | Select, columns: Mapping[str, ColumnType]) -> frozenset[str]:
        return await self._look(lambda job: self._impossible(job, relation, columns))

    async def tables(self) -> tuple[SourceTable, ...]:
        return await self._look(self._tables)

    async def file_token(self, relation: Table | Select) -> str | None:
        """`name@size@modified@changed` of each file that the relation reads.

        Asked with every question, so as long as nothing changed it costs a few looks at the disk and no thread.
        """
        marks = self._unchanged(relation)
        if marks is not None:
            return _token(marks)
        return await self._look(lambda job: self._token(job, relation))

    def still_has(self, relation: Table | Select, token: str | None) -> bool:
        marks = self._unchanged(relation)
        return marks is not None and _token(marks) == token

    def _unchanged(self, relation: Table | Select) -> tuple[FileMark, ...] | None:
        """The relation's files if they are known and as they were; looks at these alone."""
        if isinstance(relation, Table):
            tables: frozenset[str] | None = frozenset({relation.name})
        else:
            tables = self._gate.known(relation.text)
        with suppress(OSError):
            return self._place.unchanged(tables or ())
        return None

    async def close(self) -> None:
        await self._workers.close()
        opened = self._place.forget()
        for cursor in self._idle[1]:
            cursor.close()
        if opened is not None:
            opened.close()

    async def _look(self, work: Callable[[DuckDBJob], Found]) -> Found:
        try:
            return await self._workers.run(work, _LOOK_SECONDS)
        except TimeoutError:
            raise late(None, _LOOK_SECONDS) from None
        except Stopped:
            raise unavailable(None, "the engine was closed") from None

    # --- in a thread --------------------------------------------------------------------------------------------

    def _read(self, job: DuckDBJob, statements: Sequence[Statement]) -> list[pa.Table]:
        source = statements[0].source
        for _ in range(_TRIES):
            job.go_on()
            with self._cursor(job, source) as (cursor, opened):
                used = self._tables_read(cursor, statements)
                if len(statements) > 1:
                    cursor.execute("BEGIN TRANSACTION READ ONLY")
                tables = [_rows(job, cursor, statement) for statement in statements]
                if len(statements) > 1:
                    cursor.execute("COMMIT")
            if all(mark.is_current() for mark in opened.marks.of(used)):
                return tables
        raise unavailable(source, "the files change while they are read")

    def _tables_read(self, cursor: duckdb.DuckDBPyConnection, statements: Sequence[Statement]) -> set[str]:
        read = (self._gate.tables_read(cursor, one.text, one.source) for one in statements)
        return {table for tables in read for table in tables}

    def _describe(self, job: DuckDBJob, relation: Table | Select) -> RelationColumns:
        with self._cursor(job, None) as (cursor, _):
            text = self._text(relation)
            self._gate.tables_read(cursor, text, None)
            try:
                bound = cursor.sql(text)
            except _NO_TABLE as error:
                if isinstance(relation, Select):
                    raise
                raise refused(None, f"it has no table {relation.name}", str(error)) from error
            found = list(zip(bound.columns, bound.types, map(_column_type, bound.types), strict=True))
            types = {name: column for name, _, column in found if column is not None}
            others = {name: str(type_) for name, type_, column in found if column is None}
            unique, foreign = _constraints(cursor, relation.name) if isinstance(relation, Table) else ((), ())
            return RelationColumns(types, unique, others, foreign)

    def _tables(self, job: DuckDBJob) -> tuple[SourceTable, ...]:
        with self._cursor(job, None) as (cursor, opened):
            return self._place.tables(cursor, opened)

    def _impossible(
        self, job: DuckDBJob, relation: Table | Select, columns: Mapping[str, ColumnType]
    ) -> frozenset[str]:
        with self._cursor(job, None) as (cursor, _):
            found = (f"bool_or({_is_impossible(name, kind)})" for name, kind in columns.items())
            text = f"SELECT {', '.join(found)} FROM ({self._text(relation)}) AS rows_of_it"
            self._gate.tables_read(cursor, text, None)
            row = cursor.execute(text).fetchone()
            assert row is not None
            return frozenset(name for name, any_ in zip(columns, row, strict=True) if any_)

    def _token(self, job: DuckDBJob, relation: Table | Select) -> str | None:
        with self._cursor(job, None) as (cursor, opened):
            if isinstance(relation, Table):
                tables = frozenset({relation.name})
            else:
                tables = self._gate.tables_read(cursor, relation.text, None)
            return _token(opened.marks.of(tables))

    def _text(self, relation: Table | Select) -> str:
        if isinstance(relation, Select):
            return relation.text
        return f"SELECT * FROM {self._place.table(relation.name)}"

    @contextmanager
    def _cursor(self, job: DuckDBJob, source: str | None) -> Iterator[tuple[duckdb.DuckDBPyConnection, Opened]]:
        """A cursor on the data of now; what DuckDB raises becomes a refusal.

        A cursor is kept for the next run, because its first query costs twice as much; not after a failure.
        """
        opened: Opened | None = None
        try:
            opened = self._place.open()
            idle = self._idle_cursors(opened.connection)
            cursor = _taken(idle) or opened.cursor()
            try:
                job.uses(cursor)
                yield cursor, opened
            except BaseException:
                job.released()
                cursor.close()
                raise
            job.released()
            if job.stopped:  # an interrupt may have come late, and would hit the next run
                cursor.close()
            else:
                idle.append(cursor)
        except duckdb.Error as error:
            if job.stopped:
                raise Stopped from error
            if is_broken(error):
                self._place.forget()
            unreadable = opened.unreadable if opened else {}
            raise as_refusal(error, source, "; ".join(f"{k}: {v}" for k, v in unreadable.items())) from error
        except OSError as error:
            raise unavailable(source, str(error)) from error

    def _idle_cursors(self, connection: duckdb.DuckDBPyConnection) -> list[duckdb.DuckDBPyConnection]:
        """Those of this connection; those of the one before go with the last run that uses them."""
        owner, idle = self._idle
        if owner is not connection:
            idle = []
            self._idle = (connection, idle)
        return idle


def _taken(idle: list[duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection | None:
    try:
        return idle.pop()
    except IndexError:
        return None


def _rows(job: DuckDBJob, cursor: duckdb.DuckDBPyConnection, statement: Statement) -> pa.Table:
    job.go_on()
    found = cursor.execute(statement.text, driver_values(statement.values)).to_arrow_table()
    return exact(cast(pa.Table, found), statement.columns, statement.source)


def _token(marks: Iterable[FileMark]) -> str | None:
    return ",".join(str(mark) for mark in marks) or None


def _is_impossible(name: str, kind: ColumnType) -> str:
    """Days are compared, because nanoseconds are compared with no year that they do not reach."""
    column = '"' + name.replace('"', '""') + '"'
    if kind.is_time:
        return f"CAST({column} AS DATE) NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
    return f"NOT isfinite({column})"


def _column_type(found: DuckDBPyType) -> ColumnType | None:
    if found.id == "decimal":
        sizes: dict[str, Any] = dict(found.children)
        return decimal(sizes["precision"], sizes["scale"])
    return None if str(found) == "JSON" else _TYPES.get(found.id)


def _constraints(
    cursor: duckdb.DuckDBPyConnection, table: str
) -> tuple[tuple[tuple[str, ...], ...], tuple[ForeignKey, ...]]:
    """Column sets of primary keys, and of unique constraints whose columns are all NOT NULL; then foreign keys."""
    schema, _, name = table.rpartition(".")
    constraints = cursor.execute(_CONSTRAINTS, [schema or "main", name]).fetchall()
    never_null = {names[0] for kind, names, *_ in constraints if kind == "NOT NULL"}
    unique = tuple(
        tuple(names)
        for kind, names, *_ in constraints
        if kind == "PRIMARY KEY" or (kind == "UNIQUE" and never_null.issuperset(names))
    )
    foreign = tuple(
        ForeignKey(tuple(names), f"{schema}.{other}" if schema else other, tuple(theirs))
        for kind, names, other, theirs in constraints
        if kind == "FOREIGN KEY"
    )
    return unique, foreign
