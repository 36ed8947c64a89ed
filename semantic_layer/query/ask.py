"""A question as it was asked: words and values, nothing looked up yet. docs/ask.md is its contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

JsonValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class AskShift:
    """`periods` counts back: 1 YEAR is one year ago."""

    periods: int
    unit: str


@dataclass(frozen=True, slots=True)
class AskMetric:
    name: str
    alias: str | None = None
    shift: AskShift | None = None
    version: int | None = None
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskDimension:
    dimension: str
    grain: str | None = None
    part: str | None = None
    alias: str | None = None


# --- filters; `path` leads to the node in the input, for messages ------------------------------------------------

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    nodes: tuple["Filter", ...]
    path: Path = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    nodes: tuple["Filter", ...]
    path: Path = ()


@dataclass(frozen=True, slots=True)
class NotThis:
    node: "Filter"
    path: Path = ()


@dataclass(frozen=True, slots=True)
class DimensionFilter:
    """A dimension (of a time dimension: its part, or the period of a grain) compared with values."""

    dimension: str
    op: str
    values: tuple[JsonValue, ...] = ()
    part: str | None = None
    path: Path = ()
    grain: str | None = None


@dataclass(frozen=True, slots=True)
class LastFilter:
    """The last `count` units, ending at the data's last recorded time (DATA) or the clock's (NOW)."""

    dimension: str
    count: int
    unit: str
    anchor: str = "DATA"
    path: Path = ()


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """Rows of entities (`per`) whose metric passes, over ALL_TIME or the question's RANGE (rule 20).

    `by` is how the metric's own rows reach the entity, where that is by another name than `per`.
    """

    metric: str
    per: str
    over: str
    op: str
    values: tuple[JsonValue, ...] = ()
    path: Path = ()
    by: str | None = None


@dataclass(frozen=True, slots=True)
class SegmentFilter:
    segment: str
    path: Path = ()


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """A condition on a column of the answer (`having`)."""

    key: str
    op: str
    values: tuple[JsonValue, ...] = ()
    path: Path = ()


Filter = AllOf | AnyOf | NotThis | DimensionFilter | LastFilter | MetricFilter | SegmentFilter | KeyFilter


@dataclass(frozen=True, slots=True)
class OrderKey:
    key: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the caller relies on; not met: EXPECTATION_FAILED and no rows. Fingerprints by column name."""

    revision: int | None = None
    fingerprints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AsOf:
    """The registry of an earlier revision or moment (system time); exactly one of the two."""

    revision: int | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. `limit` None is the server's default; `time_zone` None the catalog's.

    `partial`: metrics of a source that does not answer may be null, with a warning, beside those of others.
    """

    metrics: tuple[AskMetric, ...] = ()
    by: tuple[AskDimension, ...] = ()
    where: Filter | None = None
    having: Filter | None = None
    order_by: tuple[OrderKey, ...] = ()
    limit: int | None = None
    offset: int = 0
    totals: tuple[tuple[str, ...], ...] = ()
    include_empty: bool = False
    fill_time: bool = False
    time_zone: str | None = None
    language: str | None = None
    min_revision: int | None = None
    expect: Expectation | None = None
    as_of: AsOf | None = None
    strict: bool = False
    partial: bool = False
