"""What serving needs from outside: engines that run statements, and a registry that keeps catalogs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from semantic_layer.definitions.model import Select, Table
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.types import ColumnType
from semantic_layer.sql.statement import Statement


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that the source itself keeps to values of another table's columns; `table` as definitions name it."""

    columns: tuple[str, ...]
    table: str
    theirs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RelationColumns:
    """The columns of a relation as the source's own catalog names and types them.

    `unique` are the column sets that the source itself enforces to be unique and not null (primary keys first, unique
    constraints); a file has none. `others` are columns of types that the language has not, with the source's own
    name of the type.
    """

    types: Mapping[str, ColumnType]
    unique: tuple[tuple[str, ...], ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)
    foreign_keys: tuple[ForeignKey, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table, view or file of a source. `name` is how definitions name it; None where the language has no such name
    (a dot inside a PostgreSQL name). `shown` is for messages.
    """

    name: str | None
    shown: str


# Key of a result's schema metadata: a JSON list of the columns in which impossible values were made null.
NULLED = b"nulled"


class Engine(Protocol):
    """Runs statements on one source. All failures are SemanticLayerError with public text only:

    SOURCE_UNAVAILABLE (cannot be reached), SOURCE_REFUSED (a table or column is missing, no right, bad types),
    NUMBER_OUT_OF_RANGE, JOIN_NOT_UNIQUE, DEADLINE_EXCEEDED (after it, nothing goes on running in the source).
    """

    @property
    def dialect(self) -> str:
        """The dialect that statements must be written in: `duckdb` or `postgres`."""
        ...

    async def run(self, statements: Sequence[Statement], *, timeout: float) -> list[pa.Table]:
        """The statements' rows, in order, all read from one snapshot of the data.

        Arrow types per column: integer int32, bigint int64, decimal decimal128(38, scale), float float64, text
        string, boolean bool, date date32, timestamp timestamp[us]. NaN and infinities come as null.
        """
        ...

    async def describe(self, relation: Table | Select) -> RelationColumns: ...

    async def impossible(self, relation: Table | Select, columns: Mapping[str, ColumnType]) -> frozenset[str]:
        """Those of `columns` (floats and times, by their type) in which NaN, an infinity or a day outside of the
        years 1 to 9999 stands. It may read every row.
        """
        ...

    async def tables(self) -> tuple[SourceTable, ...]:
        """What can be read of the source, sorted by name: tables, views, files."""
        ...

    async def file_token(self, relation: Table | Select) -> str | None:
        """The change token that a source has by itself (files: name, size, time); None for databases."""
        ...

    def still_has(self, relation: Table | Select, token: str | None) -> bool:
        """Whether `file_token` would give this token; False also when finding out would take a while."""
        ...

    async def close(self) -> None: ...


class Combiner(Protocol):
    """Puts together what several sources gave. Reads nothing but the tables that it is handed."""

    @property
    def dialect(self) -> str: ...

    async def combine(
        self, statements: Sequence[Statement], tables: Sequence[Mapping[str, pa.Table]], *, timeout: float
    ) -> list[pa.Table]:
        """The rows of each statement over its own tables, with the Arrow types of Engine.run.

        Raises NUMBER_OUT_OF_RANGE and DEADLINE_EXCEEDED.
        """
        ...


class Catalogs(Protocol):
    """The catalogs in service. `current` is memory only; the others may read the registry once."""

    @property
    def current(self) -> PublishedCatalog:
        """The newest revision served; raises NOT_READY before the first."""
        ...

    async def at_revision(self, revision: int) -> PublishedCatalog:
        """Raises UNKNOWN_REVISION with the range that exists."""
        ...

    async def recorded_at(self, moment: datetime) -> PublishedCatalog:
        """The revision in force at a moment of system time."""
        ...

    async def wait_for(self, revision: int, timeout: float) -> PublishedCatalog:
        """The current catalog once its revision is at least `revision`; else REVISION_NOT_LOADED."""
        ...
