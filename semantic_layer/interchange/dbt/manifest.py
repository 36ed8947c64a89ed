"""A semantic manifest (what dbt writes to target/semantic_manifest.json) as frozen values.

One value for both forms in which the format says a thing: a metric over a measure reads like one with aggregation
parameters of its own. Names are dbt's; what they become here is said by the importer. `at` is the place in the JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

JsonPath = tuple[str | int, ...]


class EntityKind(StrEnum):
    PRIMARY = "primary"
    UNIQUE = "unique"
    FOREIGN = "foreign"
    NATURAL = "natural"


class DimensionKind(StrEnum):
    CATEGORICAL = "categorical"
    TIME = "time"


class AggregationKind(StrEnum):
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM_BOOLEAN = "sum_boolean"
    AVERAGE = "average"
    MEDIAN = "median"
    PERCENTILE = "percentile"


class PeriodAggregate(StrEnum):
    FIRST = "first"
    LAST = "last"
    AVERAGE = "average"


class ConversionCalculation(StrEnum):
    CONVERSIONS = "conversions"
    CONVERSION_RATE = "conversion_rate"


class Validity(StrEnum):
    START = "start"
    END = "end"


class WindowChoice(StrEnum):
    MIN = "min"
    MAX = "max"


# --- semantic models ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Relation:
    """The table or view behind a semantic model or a time spine, as dbt names it."""

    name: str  # mf_source.fct_bookings, with a database in front where dbt knows one
    alias: str
    schema: str
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """`expression` is SQL over the relation's columns: by default the column with the entity's name."""

    name: str
    kind: EntityKind
    expression: str
    at: JsonPath
    label: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Dimension:
    """`granularity` is the finest grain of a time dimension, None of a categorical one."""

    name: str
    kind: DimensionKind
    expression: str
    at: JsonPath
    granularity: str | None = None
    is_partition: bool = False
    validity: Validity | None = None
    label: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class SemanticModel:
    """`primary_entity` names a primary entity that has no column; `time` is the usual aggregation time dimension."""

    name: str
    relation: Relation
    at: JsonPath
    entities: tuple[Entity, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    primary_entity: str | None = None
    time: str | None = None
    label: str | None = None
    description: str | None = None

    def entity(self, name: str) -> Entity | None:
        return next((one for one in self.entities if one.name == name), None)

    def dimension(self, name: str) -> Dimension | None:
        return next((one for one in self.dimensions if one.name == name), None)

    @property
    def own_entity(self) -> str | None:
        """The entity by which this model's own dimensions are named (`booking__is_instant`)."""
        primary = next((one.name for one in self.entities if one.kind is EntityKind.PRIMARY), None)
        return primary or self.primary_entity


# --- metrics -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter as it was written: SQL with Jinja (`{{ Dimension('booking__is_instant') }}`)."""

    template: str
    at: JsonPath


@dataclass(frozen=True, slots=True)
class Window:
    """`7 days`; the granularity may be a custom one."""

    count: int
    granularity: str


@dataclass(frozen=True, slots=True)
class InputMetric:
    """A metric inside another one: under another name, over fewer rows, of another period."""

    name: str
    at: JsonPath
    alias: str | None = None
    filters: tuple[Filter, ...] = ()
    offset_window: Window | None = None
    offset_to_grain: str | None = None

    @property
    def said(self) -> str:
        """The name by which the metric around it speaks of it."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class Percentile:
    share: Decimal
    is_discrete: bool = False
    is_approximate: bool = False


@dataclass(frozen=True, slots=True)
class NonAdditive:
    """Only the rows at the first or last value of `dimension` count, apart for each of the entities `groupings`."""

    dimension: str
    choice: WindowChoice
    groupings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Simple:
    """One aggregate over the rows of one semantic model, dated by `time`."""

    model: str
    aggregation: AggregationKind
    expression: str
    time: str | None
    percentile: Percentile | None = None
    non_additive: NonAdditive | None = None
    fill_nulls_with: Decimal | None = None
    join_to_timespine: bool = False
    filters: tuple[Filter, ...] = ()  # of the measure: they stay with it where another metric takes it


@dataclass(frozen=True, slots=True)
class Ratio:
    numerator: InputMetric
    denominator: InputMetric


@dataclass(frozen=True, slots=True)
class Derived:
    """SQL over the inputs, each by its alias or name."""

    expression: str
    inputs: tuple[InputMetric, ...]


@dataclass(frozen=True, slots=True)
class Cumulative:
    """`input` with a trailing window, from the start of a period, or (neither) since the beginning."""

    input: InputMetric | Simple
    window: Window | None = None
    grain_to_date: str | None = None
    period_aggregate: PeriodAggregate = PeriodAggregate.FIRST


@dataclass(frozen=True, slots=True)
class Conversion:
    """How many of `base` were followed by `conversion` of the same entity; `constants` pairs (base, conversion)."""

    base: InputMetric | Simple
    conversion: InputMetric | Simple
    entity: str
    calculation: ConversionCalculation
    window: Window | None = None
    constants: tuple[tuple[str, str], ...] = ()


MetricRule = Simple | Ratio | Derived | Cumulative | Conversion


@dataclass(frozen=True, slots=True)
class Metric:
    """`time_granularity` is the grain of a question that names none."""

    name: str
    rule: MetricRule
    at: JsonPath
    filters: tuple[Filter, ...] = ()
    time_granularity: str | None = None
    is_private: bool = False
    label: str | None = None
    description: str | None = None


# --- the rest of a project ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TimeSpine:
    """A table with a row per `granularity`; `custom` maps a custom granularity to the column with its values."""

    relation: Relation
    column: str
    granularity: str
    at: JsonPath
    custom: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A question with a name. Group-bys and orders are dbt's calls: `TimeDimension('metric_time', 'day')`."""

    name: str
    at: JsonPath
    metrics: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ()
    where: tuple[Filter, ...] = ()
    limit: int | None = None
    exports: tuple[str, ...] = ()
    label: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """Fields that a project made up itself (`config.meta`), of whatever they describe."""

    subject: str  # metric "bookings"
    at: JsonPath
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything of one semantic_manifest.json, by name and in the order of the file."""

    models: Mapping[str, SemanticModel]
    metrics: Mapping[str, Metric]
    time_spines: tuple[TimeSpine, ...] = ()
    saved_queries: Mapping[str, SavedQuery] = field(default_factory=dict)
    extras: tuple[Extra, ...] = ()
