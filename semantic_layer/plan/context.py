"""Where a measure is evaluated: at which keys, over which rows, in which window of time."""

from dataclasses import dataclass

from semantic_layer.definitions.expression import Expr
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.types import CalendarGrain, ColumnType
from semantic_layer.query.bound import BoundKey


@dataclass(frozen=True, slots=True)
class Frame:
    """Windows of time (rule 15): the step `periods` has a column `period` when the question has a time grain,
    `window_end`, and `window_start` unless the window is open. A row counts in every window that holds it.

    `day_aligned`: no window cuts a day, so that rows may be brought down to days. `from_first` asks for a value in
    every period from a key's first row on. `stepped`: the windows stand at steps of a calendar, and the step
    `periods` has the keys of time as columns, by their names. `within`: windows are of a calendar's periods, which
    hold only rows that the calendar has a period for.
    """

    periods: str
    has_start: bool
    day_aligned: bool
    from_first: bool
    stepped: bool = False
    within: CalendarGrain | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """`where` are the question's conditions, `inside` those of definitions: only the former choose periods."""

    published: PublishedCatalog
    keys: tuple[BoundKey, ...]
    where: tuple[Expr, ...] = ()
    inside: tuple[Expr, ...] = ()
    frame: Frame | None = None
    wanted: str | None = None  # inside a shift: the step of the periods that it reads, in `period`

    @property
    def catalog(self) -> Catalog:
        return self.published.catalog

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for contexts that give equal rows; conditions hold mappings, so their text stands for them."""
        keys = tuple((key.name, key.dimension, key.grain, key.part) for key in self.keys)
        return (self.published.revision, keys, repr(self.where), repr(self.inside), self.frame, self.wanted)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A value per key: an expression over fields of steps. `steps` with all keys of the context say which keys
    exist; `partial` steps have fewer keys and are joined on.
    """

    expr: Expr
    type: ColumnType
    steps: tuple[str, ...]
    partial: tuple[str, ...] = ()
