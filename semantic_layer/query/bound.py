"""The question after every name is looked up: enough for access and plan without the words of the caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from semantic_layer.definitions.expression import Expr
from semantic_layer.definitions.published import MetricVersion, PublishedCatalog
from semantic_layer.definitions.types import AnyGrain, ColumnType, Part
from semantic_layer.query.measure import Measure


@dataclass(frozen=True, slots=True)
class BoundKey:
    """A column to group by. `dimension` is found anew from each home; a time dimension has a grain or a part."""

    name: str
    dimension: str
    type: ColumnType
    label: str
    grain: AnyGrain | None = None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class BoundColumn:
    """A metric column. `published` is the catalog that its whole closure comes from: an older one if pinned."""

    name: str
    metric: str
    measure: Measure
    published: PublishedCatalog
    version: MetricVersion
    label: str
    unit: str | None
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BoundOrder:
    column: str
    descending: bool


@dataclass(frozen=True, slots=True)
class ResolvedTime:
    """A time filter as the half-open range of wall-clock time that it came to."""

    column: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """One bound question. `pinned_where` is `where` with segments and metrics as an older catalog has them.

    `where` are conditions joined by and, over Asked dimensions and Values; `having` is over Names of columns.
    `zone` is None when the question names none: then each catalog's own holds.
    `totals` hold for each set the names of the keys kept. Without columns, `members_of` is the dataset whose
    distinct members are asked.
    """

    published: PublishedCatalog
    zone: str | None
    language: str
    keys: tuple[BoundKey, ...]
    columns: tuple[BoundColumn, ...]
    where: tuple[Expr, ...]
    pinned_where: Mapping[int, tuple[Expr, ...]]
    having: Expr | None
    order: tuple[BoundOrder, ...]
    limit: int
    limit_set_by: str
    offset: int
    totals: tuple[tuple[str, ...], ...]
    include_empty: bool
    fill_time: bool
    resolved: tuple[ResolvedTime, ...]
    members_of: str | None = None

    def where_in(self, published: PublishedCatalog) -> tuple[Expr, ...]:
        """The conditions as the catalog of a column means them."""
        return self.pinned_where.get(published.revision, self.where)

    @property
    def key_names(self) -> tuple[str, ...]:
        return tuple(key.name for key in self.keys)
