"""Column types of the language, and the rules that compute a result's type (semantics rule 8).

Types are computed here, never taken from an engine: the same question has the same column types everywhere.
"""

from dataclasses import dataclass, field
from enum import StrEnum

MAX_PRECISION = 38


class Kind(StrEnum):
    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    BIGINT = "bigint"
    DECIMAL = "decimal"
    FLOAT = "float"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column type; `precision` and `scale` are set for DECIMAL only."""

    kind: Kind
    precision: int | None = None
    scale: int | None = None

    def __str__(self) -> str:
        if self.kind is Kind.DECIMAL:
            return f"decimal({self.precision},{self.scale})"
        return self.kind.value

    @property
    def is_exact(self) -> bool:
        return self.kind in (Kind.INTEGER, Kind.BIGINT, Kind.DECIMAL)

    @property
    def is_number(self) -> bool:
        return self.is_exact or self.kind is Kind.FLOAT

    @property
    def is_time(self) -> bool:
        return self.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)


TEXT = ColumnType(Kind.TEXT)
BOOLEAN = ColumnType(Kind.BOOLEAN)
INTEGER = ColumnType(Kind.INTEGER)
BIGINT = ColumnType(Kind.BIGINT)
FLOAT = ColumnType(Kind.FLOAT)
DATE = ColumnType(Kind.DATE)
TIMESTAMP = ColumnType(Kind.TIMESTAMP)
TIMESTAMPTZ = ColumnType(Kind.TIMESTAMPTZ)
NULL = ColumnType(Kind.NULL)


def decimal(precision: int, scale: int) -> ColumnType:
    return ColumnType(Kind.DECIMAL, precision, scale)


class Grain(StrEnum):
    """Lengths of time, finest first; also the units of durations (`1 month`, `28 days`)."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"

    @property
    def rank(self) -> int:
        return _GRAIN_ORDER[self]

    @property
    def is_clock(self) -> bool:
        """Finer than a day: its periods print with a time of day."""
        return self.rank < _GRAIN_ORDER[Grain.DAY]


@dataclass(frozen=True, slots=True)
class CalendarGrain:
    """A grain of a custom calendar: its periods are the values of a column of the calendar's dataset (rule 11).

    A row of the calendar stands for one `step` (a day, or finer). `within` are the grains of the same calendar in one
    period of which each of its periods lies.
    """

    calendar: str
    name: str
    step: Grain = field(default=Grain.DAY, compare=False)  # what the calendar says, not who the grain is
    within: tuple[str, ...] = field(default=(), compare=False)

    @property
    def rank(self) -> int:
        """Coarser than all standard grains, the larger of a calendar's own last; `nests` says what fits into what."""
        return len(Grain) + 100 - len(self.within)

    @property
    def is_clock(self) -> bool:
        return False

    @property
    def words(self) -> str:
        return f"{self.calendar}.{self.name}"

    def __str__(self) -> str:
        return self.name


AnyGrain = Grain | CalendarGrain


def resolution(grain: AnyGrain) -> Grain:
    """The standard grain that says a period exactly: of a calendar's grain, what its rows stand for."""
    return grain.step if isinstance(grain, CalendarGrain) else grain


_GRAIN_ORDER = {grain: position for position, grain in enumerate(Grain)}


class Part(StrEnum):
    """Repeating parts of a date (semantics rule 11); day of week is ISO, Monday 1."""

    HOUR_OF_DAY = "hour_of_day"
    DAY_OF_WEEK = "day_of_week"
    DAY_OF_MONTH = "day_of_month"
    DAY_OF_YEAR = "day_of_year"
    WEEK_OF_YEAR = "week_of_year"
    MONTH_OF_YEAR = "month_of_year"
    QUARTER_OF_YEAR = "quarter_of_year"
