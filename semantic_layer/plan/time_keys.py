"""Which keys follow from the time dimension of a measure, and how they read from a period's first moment."""

from dataclasses import dataclass, replace

from semantic_layer.definitions.expression import Exists, Expr, Name, rewrite, walk
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reach import TIME
from semantic_layer.definitions.types import Grain, Part
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.calendar_joins import CalendarJoins
from semantic_layer.plan.context import Context
from semantic_layer.plan.key_values import key_of
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.calendar import nests
from semantic_layer.query.measure import Asked, EntityCondition, Measure
from semantic_layer.query.promises import is_time
from semantic_layer.query.time_range import OPEN, Bounds, bounds_of

# The longest grain whose periods have one value of the part; a week lies in no single month.
_LONGEST = {
    Part.HOUR_OF_DAY: Grain.HOUR,
    Part.DAY_OF_WEEK: Grain.DAY,
    Part.DAY_OF_MONTH: Grain.DAY,
    Part.DAY_OF_YEAR: Grain.DAY,
    Part.WEEK_OF_YEAR: Grain.WEEK,
    Part.MONTH_OF_YEAR: Grain.MONTH,
    Part.QUARTER_OF_YEAR: Grain.QUARTER,
}


@dataclass(frozen=True, slots=True)
class TimeKeys:
    """The keys of a context seen from a measure: `finest` says the period, `derived` follow from its first moment,
    `others` come from the rows.
    """

    finest: BoundKey | None
    derived: tuple[BoundKey, ...]
    others: tuple[BoundKey, ...]

    def from_label(self, label: Expr, week_start: str, calendars: CalendarJoins) -> dict[str, Expr]:
        """The finest key and those that follow from it, by name, for the period that begins at `label`."""
        assert self.finest is not None
        return {self.finest.name: label} | {key.name: key_of(key, label, week_start, calendars) for key in self.derived}


def dated_by(home: str, time: str | None, context: Context) -> Context:
    """The context for rows of `home` that are dated by `time`: the reserved name `time` means that dimension."""
    if time is None or time == context.catalog.datasets[home].time:
        return context

    def own(node: Expr) -> Expr | None:
        return Asked(time) if node == Asked(TIME) else None

    keys = tuple(replace(key, dimension=time) if key.dimension == TIME else key for key in context.keys)
    where = tuple(rewrite(condition, own) for condition in context.where)
    return replace(context, keys=keys, where=where)


def time_keys(measure: Measure, context: Context) -> TimeKeys:
    dated = [key for key in context.keys if is_time(context.catalog, measure, key.dimension)]
    grained = sorted((key for key in dated if key.grain is not None), key=_rank)
    finest = grained[0] if grained else None
    if finest is None:
        return TimeKeys(None, (), context.keys)
    derived = tuple(key for key in dated if key is not finest and _follows(key, finest))
    others = tuple(key for key in context.keys if key is not finest and key not in derived)
    return TimeKeys(finest, derived, others)


def keys_of_steps(measure: Measure, context: Context) -> TimeKeys:
    """For windows at the steps of a calendar: all keys of the measure's time follow from the step."""
    dated = tuple(key for key in context.keys if is_time(context.catalog, measure, key.dimension))
    return TimeKeys(None, dated, tuple(key for key in context.keys if key not in dated))


def _rank(key: BoundKey) -> int:
    return -1 if key.grain is None else key.grain.rank


def _follows(key: BoundKey, finest: BoundKey) -> bool:
    assert finest.grain is not None
    if key.part is not None:
        return finest.grain is _LONGEST[key.part] or nests(finest.grain, _LONGEST[key.part])
    if key.grain is not None and not nests(finest.grain, key.grain):
        message = f"a metric over windows or shifts of time cannot be asked by {finest.grain} and {key.grain} together"
        raise refuse(ErrorCode.SHIFT_GRAIN, message, path=("by",))
    return True


@dataclass(frozen=True, slots=True)
class TimeFilter:
    """A question's conditions parted: those that choose periods, and the rest, which apply inside (rule 14)."""

    time: tuple[Expr, ...]
    rest: tuple[Expr, ...]
    bounds: Bounds


def time_filter(measure: Measure, catalog: Catalog, where: tuple[Expr, ...]) -> TimeFilter:
    """Raises TIME_FILTER_MIXED when a condition speaks of time and of something else in one `or` or `not`."""
    time: list[Expr] = []
    rest: list[Expr] = []
    bounds = OPEN

    def dated(asked: Asked) -> bool:
        return is_time(catalog, measure, asked.dimension)

    for condition in where:
        nodes = tuple(walk(condition))
        asked = [node for node in nodes if isinstance(node, Asked)]
        of_time = [node for node in asked if dated(node)]
        if not of_time:
            rest.append(condition)
        elif len(of_time) < len(asked) or any(isinstance(node, EntityCondition | Exists | Name) for node in nodes):
            message = "a window or shift of time needs its time filters apart: joined to others by `and` only"
            raise refuse(ErrorCode.TIME_FILTER_MIXED, message, path=("where",))
        else:
            time.append(condition)
            bounds = bounds.both(bounds_of(condition, dated))
    return TimeFilter(tuple(time), tuple(rest), bounds)
