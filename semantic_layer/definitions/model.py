"""What can be defined, as frozen values. Nothing here reads text, looks names up, or does I/O.

Shapes only; what the shapes mean is docs/definition_language.md, what the numbers mean docs/semantics.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from semantic_layer.definitions.expression import Expr
from semantic_layer.definitions.types import AnyGrain, CalendarGrain, ColumnType, Grain

Words = Mapping[str, str]  # language code -> text


MOST_YEARS = 1000  # that one shift or window reaches: several of them stay inside of every engine's calendar
_YEARS = {
    Grain.SECOND: 1 / 31_556_952, Grain.MINUTE: 1 / 525_949.2, Grain.HOUR: 1 / 8765.82, Grain.DAY: 1 / 365.2425,
    Grain.WEEK: 7 / 365.2425, Grain.MONTH: 1 / 12, Grain.QUARTER: 1 / 4, Grain.HALF_YEAR: 1 / 2,
    Grain.YEAR: 1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Duration:
    """`28 days`, `1 month`, `1 fiscal_month`."""

    count: int
    unit: AnyGrain

    @property
    def years(self) -> float:
        """How far it reaches; periods of a calendar reach no further than its rows."""
        return 0.0 if isinstance(self.unit, CalendarGrain) else self.count * _YEARS[self.unit]

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


# --- datasets ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Table:
    """A table, view or file of the source, as the source names it (`sales.orders`, `orders.parquet`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT in the reference dialect, used as a relation."""

    text: str


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """What `type: time` adds. `stored_in` names the zone of a timestamp without zone (semantics rule 12)."""

    finest: Grain = Grain.DAY
    grain: Grain = Grain.DAY
    stored_in: str | None = None


@dataclass(frozen=True, slots=True)
class TopMembers:
    """The `top` members of another dimension of the dataset by a metric, the rest named `others` (rule 19)."""

    of: str
    top: int
    by: str
    others: str


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A metric as an attribute of the dataset's key: whole history, no filters of the question (rule 17)."""

    metric: str


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column or expression to group and filter by. Exactly one of `time` and `type` says its type.

    `rule` is an expression over raw columns, TopMembers or MetricValue. `conforms` is (dataset, dimension).
    """

    name: str
    rule: Expr | TopMembers | MetricValue
    type: ColumnType | None = None
    time: TimeColumn | None = None
    label: Words = field(default_factory=dict)
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    meaning: Words = field(default_factory=dict)
    format: str | None = None
    values: tuple[str | int, ...] | None = None
    conforms: tuple[str, str] | None = None
    sensitive: str | None = None


class JoinKind(StrEnum):
    MANY_TO_ONE = "many_to_one"
    ONE_TO_ONE = "one_to_one"
    ONE_TO_MANY = "one_to_many"
    MANY_TO_MANY = "many_to_many"

    @property
    def to_many(self) -> bool:
        return self in (JoinKind.ONE_TO_MANY, JoinKind.MANY_TO_MANY)


@dataclass(frozen=True, slots=True)
class Join:
    """An edge to dataset `to`. `match` pairs raw columns (here, there); with `through`, `there` is the bridge's.

    From a bridge on, its own join to `to` is used. `valid_at` is the time dimension that picks the valid row.
    `repeats` is the recorded override of rule 3: a row that finds several partners counts once for each.
    """

    name: str
    to: str
    kind: JoinKind
    match: tuple[tuple[str, str], ...]
    through: str | None = None
    valid_at: str | None = None
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A named filter: rows (`where`) or entities chosen by metrics (`members` + `having`, optionally all time)."""

    name: str
    where: Expr | None = None
    members: tuple[str, ...] = ()
    having: Expr | None = None
    all_time: bool = False
    label: Words = field(default_factory=dict)
    meaning: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows of one source: `key` columns are unique per row, None when it was said that there is no key."""

    name: str
    source: str
    relation: Table | Select
    key: tuple[str, ...] | None
    time: str | None = None
    columns: Mapping[str, ColumnType] = field(default_factory=dict)
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    joins: Mapping[str, Join] = field(default_factory=dict)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    hierarchies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Words = field(default_factory=dict)
    label: Words = field(default_factory=dict)
    watermark: Expr | None = None
    change_token: Expr | None = None
    time_to_live: Duration | None = None
    valid: tuple[str, str] | None = None

    def declared(self, column: str) -> ColumnType | None:
        """The declared type of a column; as in sources, one that is written in another case is found too."""
        if column in self.columns:
            return self.columns[column]
        return next((type_ for name, type_ in self.columns.items() if name.lower() == column.lower()), None)


# --- metrics -----------------------------------------------------------------------------------------------------


class Take(StrEnum):
    LAST = "last"
    FIRST = "first"
    LAST_RECORDED = "last recorded"
    FIRST_RECORDED = "first recorded"
    MIN = "min"
    MAX = "max"
    AVERAGE = "average"


@dataclass(frozen=True, slots=True)
class Trailing:
    """`over: trailing 28 days`: the period's last step and the 27 before it (rule 15).

    `steps` is the calendar at each of whose steps a window stands; None: one stands at each asked period.
    """

    length: Duration
    take: Take = Take.LAST
    steps: str | None = None


@dataclass(frozen=True, slots=True)
class ToDate:
    """`over: year to date`; `unit` None is `start to date`, since the beginning (rule 15). `steps`: as of Trailing."""

    unit: AnyGrain | None
    take: Take = Take.LAST
    steps: str | None = None


@dataclass(frozen=True, slots=True)
class Ago:
    """`ago: 1 year`: the same question asked of the period that long ago (rule 14).

    `steps` is the calendar each of whose steps reads an earlier one; None: each asked period does.
    """

    length: Duration
    steps: str | None = None


@dataclass(frozen=True, slots=True)
class AtStartOf:
    """`at_start_of: quarter`: the value in the quarter's first asked period (rule 14). `steps`: as of Ago."""

    unit: AnyGrain
    steps: str | None = None


@dataclass(frozen=True, slots=True)
class Across:
    """Per entity, then aggregated (rule 17). `dated_by` is min or max of a time dimension of the home."""

    entity: tuple[str, ...]
    having: Expr | None = None
    all_time: bool = False
    dated_by: Expr | None = None


@dataclass(frozen=True, slots=True)
class After:
    """Conversion: this metric's events after `event`'s, of the same entity, within a time (rule 18)."""

    event: str
    same: tuple[str, ...]
    within: Duration | None
    first_touch: bool


@dataclass(frozen=True, slots=True)
class AtLevel:
    """Recomputed at fewer dimensions (rule 19): `only` these of the asked, or all but `excepted`.

    The reserved name `time` stands for the asked periods. `ignoring` drops the question's filters on dimensions.
    """

    only: tuple[str, ...] | None
    excepted: tuple[str, ...] = ()
    ignoring: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RankWithin:
    """Rank among the asked members, apart within each combination of `within` (rule 19)."""

    within: tuple[str, ...]
    descending: bool = True


@dataclass(frozen=True, slots=True)
class SemiAdditive:
    """A base aggregate that does not add over time (rule 16)."""

    take: Take
    each: tuple[str, ...] = ()


Modifier = Trailing | ToDate | Ago | AtStartOf | Across | After | AtLevel | RankWithin | SemiAdditive


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence: `is` value `from` home `where` rows, at most one modifier, steps named in `with`.

    With a `home`, `value` is one Aggregate over that dataset's rows (or, with Across, over its entities). Without,
    it is arithmetic over metrics and steps (or, with Across, one Aggregate over them). `every_period` is the calendar
    whose periods all have a row (rule 13).
    """

    value: Expr
    home: str | None = None
    where: Expr | None = None
    modifier: Modifier | None = None
    steps: Mapping[str, "Rule"] = field(default_factory=dict)
    unit: str | None = None
    fill: Decimal | None = None
    time: str | None = None
    every_period: str | None = None


@dataclass(frozen=True, slots=True)
class ParameterRule:
    """A typed parameter with its default and, for numbers and times, its bounds (rule 21)."""

    name: str
    type: ColumnType
    default: str | int | Decimal | bool | date
    minimum: int | Decimal | None = None
    maximum: int | Decimal | None = None
    values: tuple[str | int, ...] | None = None


@dataclass(frozen=True, slots=True)
class About:
    """Words of the dictionary; class 0 of a change (meaning, includes and excludes of tier 1-2: class 1)."""

    label: Words = field(default_factory=dict)
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    meaning: Words = field(default_factory=dict)
    includes: Words = field(default_factory=dict)
    excludes: Words = field(default_factory=dict)
    how_to_read: Words = field(default_factory=dict)
    limits: Words = field(default_factory=dict)
    format: str | None = None
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WarningRule:
    """`warn`: a condition over `value` (the metric itself) and its steps, at a grain; told to the owner."""

    when: Expr
    steps: Mapping[str, Rule] = field(default_factory=dict)
    grain: AnyGrain | None = None


@dataclass(frozen=True, slots=True)
class Governance:
    """People and promises; class 1 of a change. Values missing here come from the domain."""

    domain: str | None = None
    owner: str | None = None
    data_owner: str | None = None
    reviewers: tuple[str, ...] = ()
    tier: int | None = None
    kind: str | None = None
    direction: str | None = None
    purpose: str | None = None
    updated: str | None = None
    freshness: Duration | None = None
    warn: WarningRule | None = None


@dataclass(frozen=True, slots=True)
class Deprecation:
    ends: date
    use: tuple[str, ...] = ()
    reason: Words = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metric:
    """A governed number. Everything in `rule` and beside it up to `parameters` can change its values (class 2)."""

    name: str
    rule: Rule
    grains: tuple[AnyGrain, ...] | None = None
    cut_only: tuple[str, ...] | None = None
    cut_except: tuple[str, ...] = ()
    fill_time: bool = False
    parameters: Mapping[str, ParameterRule] = field(default_factory=dict)
    about: About = field(default_factory=About)
    governance: Governance = field(default_factory=Governance)
    valid_from: date | None = None
    history: str | None = None
    deprecated: Deprecation | None = None


# --- the catalog -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CatalogSettings:
    time_zone: str = "UTC"
    week_start: str = "monday"
    languages: tuple[str, ...] = ("en",)
    sensitive: tuple[str, ...] = ()

    @property
    def usual_language(self) -> str:
        """The language of who asks for none: English, or the first where the catalog does not speak it."""
        return "en" if "en" in self.languages else self.languages[0]

    def language_for(self, asked: str) -> str | None:
        """The catalog's language for a code, whose case does not count: its own, else without region (RFC 4647)."""
        known = {one.lower(): one for one in self.languages}
        words = asked.lower().split("-")
        found = (known.get("-".join(words[:count])) for count in range(len(words), 0, -1))
        return next((one for one in found if one is not None), None)


@dataclass(frozen=True, slots=True)
class Domain:
    name: str
    label: Words = field(default_factory=dict)
    steward: str | None = None
    owner: str | None = None
    data_owner: str | None = None
    tier: int | None = None
    updated: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """`connection` is a name in the settings, which also say the engine: no host and no secret in definitions."""

    name: str
    connection: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """Custom grains from a dataset with one row per `step`; `grains`: grain -> the column that names its periods.

    `within`: grain -> the next larger grain of this calendar into which its periods fit. `finer`: a grain finer than a
    day -> the (dataset, column) with each of its steps.
    """

    name: str
    dataset: str
    day: str
    grains: Mapping[str, str] = field(default_factory=dict)
    finer: Mapping[Grain, tuple[str, str]] = field(default_factory=dict)
    within: Mapping[str, str] = field(default_factory=dict)
    step: Grain = Grain.DAY


@dataclass(frozen=True, slots=True)
class Catalog:
    """All definitions of one moment, checked: names resolve, no cycles, units agree. Never changed, only replaced."""

    settings: CatalogSettings = field(default_factory=CatalogSettings)
    domains: Mapping[str, Domain] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
