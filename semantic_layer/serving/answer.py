"""What comes back: rows, totals and where they come from (semantics rule 25)."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import pyarrow as pa

from semantic_layer.definitions.model import Select, Table


class OutputType(StrEnum):
    """Decides alone how a value reads in JSON: INTEGER and FLOAT a number, BIGINT and DECIMAL a string."""

    INTEGER = "INTEGER"
    BIGINT = "BIGINT"
    DECIMAL = "DECIMAL"
    FLOAT = "FLOAT"
    TEXT = "TEXT"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMP"


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """`scale` is the number of decimals that a DECIMAL prints with; None elsewhere."""

    name: str
    label: str
    type: OutputType
    unit: str | None = None
    scale: int | None = None
    is_metric: bool = False


@dataclass(frozen=True, slots=True)
class TotalsSet:
    """Totals over every row after `where`: kept dimensions in asked order, then all metrics."""

    by: tuple[str, ...]
    columns: tuple[AnswerColumn, ...]
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class AnswerWarning:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ColumnVersion:
    column: str
    metric: str
    version: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class DimensionFingerprint:
    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class DatasetFreshness:
    """`as_of` is the data's own mark, `change_token` changes whenever the data may have; both null if undeclared."""

    dataset: str
    as_of: str | None
    change_token: str | None


@dataclass(frozen=True, slots=True)
class ResolvedRange:
    """The dates that a time filter came to: half-open `[from, to)`, either end null when open."""

    column: str
    start: str | None
    end: str | None


@dataclass(frozen=True, slots=True)
class ParameterValue:
    metric: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Limit:
    """How many rows could come at most, and who said so: "question" or "server"."""

    value: int
    set_by: str


@dataclass(frozen=True, slots=True)
class Meta:
    revision: int
    semantics: int
    truncated: bool
    limit: Limit
    sql: str
    recorded_at: datetime
    warnings: tuple[AnswerWarning, ...] = ()
    versions: tuple[ColumnVersion, ...] = ()
    dimensions: tuple[DimensionFingerprint, ...] = ()
    freshness: tuple[DatasetFreshness, ...] = ()
    time_to_live: int | None = None  # seconds
    resolved: tuple[ResolvedRange, ...] = ()
    parameters: tuple[ParameterValue, ...] = ()
    partial_periods: tuple[str, ...] = ()
    draft: str | None = None  # what of the rules is not published; None: all of them are


@dataclass(frozen=True, slots=True)
class Grounds:
    """What an answer rests on: as long as all of it is as it was, asking again would give the same answer.

    `mark` is that of the question up to its statements, as the compiler remembers it under `known_as` (the compiled
    question itself would hold whole catalogs); `marks` are the relations that were read with their own change tokens;
    at `until` (of the monotonic clock) something is read anew.
    """

    known_as: Hashable
    mark: object
    marks: tuple[tuple[str, Table | Select, str | None], ...]
    until: float


@dataclass(frozen=True, slots=True)
class Answer:
    """`rows` has the columns' order; its Arrow types follow the output types (see serving.arrow_types).

    `grounds` None: nothing says for how long the answer is true, or it speaks of this moment.
    """

    columns: tuple[AnswerColumn, ...]
    rows: pa.Table
    totals: tuple[TotalsSet, ...]
    meta: Meta
    trace: Mapping[str, float] = field(default_factory=dict)  # stage -> milliseconds
    grounds: Grounds | None = field(default=None, compare=False, repr=False)
