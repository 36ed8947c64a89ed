"""Steps of periods: what the data records, and which periods a question's time filters choose (rules 13 to 15)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from semantic_layer.definitions.expression import Aggregate, Call, Expr, Literal, rewrite, walk
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.types import DATE, TIMESTAMP, AnyGrain, CalendarGrain, ColumnType, Grain, resolution
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.calendar_joins import CalendarJoins
from semantic_layer.plan.calendar_periods import calendar_joins
from semantic_layer.plan.context import Context
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.key_values import dates_compared, period_of
from semantic_layer.plan.nodes import Block, Field, Output, PeriodStart, Series, Step, UnitedRows
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.time_keys import TimeFilter
from semantic_layer.plan.typed import cast, typed
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.calendar import midnight, start_of
from semantic_layer.query.measure import Asked, Value
from semantic_layer.query.time_range import Bounds

INSTANT = timedelta(microseconds=1)
MOST_PERIODS = 4_000_000  # of days all of the calendar, of hours four centuries


def period_type(grain: AnyGrain) -> ColumnType:
    return TIMESTAMP if grain.is_clock else DATE


def recorded(home: str, time: str, context: Context, draft: Draft) -> Step:
    """The first and the last moment that a dataset records, whatever the question's filters."""
    shared = f"recorded {context.published.revision} {home} {time}"
    if shared in draft.shared:
        return draft.shared[shared]
    scope = RowScope.of(draft, Context(context.published, ()), home)
    moment = scope.dimension(scope.find(time))
    first = Output("first_time", cast(Aggregate("min", (moment,)), TIMESTAMP), TIMESTAMP)
    last = Output("last_time", cast(Aggregate("max", (moment,)), TIMESTAMP), TIMESTAMP)
    where = scope.row_rule()
    block = Block(scope.relation, (first, last), tuple(scope.joins), where, grouped=0)
    return draft.share(shared, draft.add(Step(draft.name(f"{home}_recorded"), block)))


def recorded_by(dated: Sequence[tuple[str, str]], context: Context, draft: Draft) -> Step:
    """The first and the last moment that any of several datasets records."""
    spans = [recorded(home, time, context, draft) for home, time in dated]
    if len(spans) == 1:
        return spans[0]
    shared = f"recorded by {[span.name for span in spans]}"
    if shared in draft.shared:
        return draft.shared[shared]
    alias = "every_span"
    blocks = tuple(
        Block(one.rows(), tuple(Output(c.name, one.field(c.name), c.type) for c in one.block.columns)) for one in spans
    )
    first = Output("first_time", Aggregate("min", (Field(alias, "first_time", TIMESTAMP),)), TIMESTAMP)
    last = Output("last_time", Aggregate("max", (Field(alias, "last_time", TIMESTAMP),)), TIMESTAMP)
    block = Block(UnitedRows(blocks, alias), (first, last), grouped=0)
    return draft.share(shared, draft.add(Step(draft.name("all_recorded"), block)))


def series(
    key: BoundKey,
    home: str,
    bounds: Bounds,
    span: Step | None,
    filters: TimeFilter,
    context: Context,
    draft: Draft,
    hint: str,
) -> Step:
    """One row per period of a key of `home` that the time filters choose, in a column `period`.

    Between the bounds of the filters; where those are open, between the first and last moment of `span`. Hours that
    the clock of the zone leaves out are none. Of a calendar's grain, the periods that its rows in between are of.
    """
    grain = key.grain
    assert grain is not None
    week_start = context.catalog.settings.week_start
    custom = isinstance(grain, CalendarGrain)
    fine = resolution(grain) if plain_ranges(filters) else _finer(resolution(grain), _resolution(filters))
    _check_length(bounds, resolution(grain))
    first, last = _ends(bounds, span, fine, week_start)
    relation = None if span is None else span.rows()
    type_ = period_type(fine)
    moments = Block(relation, (Output("period", Series(first, last, fine, type_), type_),))
    name = draft.name(hint)
    zone = _changing_zone(key.dimension, home, context, draft) if fine.is_clock else None
    if plain_ranges(filters) and zone is None and not custom:
        return draft.add(Step(name, moments, ("period",)))
    every = draft.add(Step(draft.name(f"{hint}_moments"), moments, ("period",)))
    period = every.field("period")
    calendars = calendar_joins(context, draft)
    where = () if plain_ranges(filters) else about_periods(filters.time, period, context.catalog, calendars)
    if zone is not None:  # to an instant and back: an hour that is left out comes back as another
        where = (Call("eq", (Call("at_zone", (period, Literal(zone), Literal(zone))), period)), *where)
    label: Expr = period
    if isinstance(grain, CalendarGrain):
        label = calendars.period(grain, period)
        where = (*where, Call("is_not_null", (label,)))
    elif fine is not grain:
        label = PeriodStart(period, grain, week_start, period_type(grain))
    output = Output("period", label, period_type(grain))
    block = Block(every.rows(), (output,), tuple(calendars.joins), where, distinct=True)
    return draft.add(Step(name, block, ("period",)))


def _check_length(bounds: Bounds, grain: Grain) -> None:
    """A range that is closed tells beforehand how many periods would be laid out."""
    if bounds.start is None or bounds.end is None:
        return
    seconds = {Grain.SECOND: 1, Grain.MINUTE: 60, Grain.HOUR: 3600}.get(grain, 86_400)
    count = int((bounds.end - bounds.start).total_seconds()) // seconds
    if count > MOST_PERIODS:
        length = grain if grain.is_clock else Grain.DAY
        message = f"the range has {count:,} {length}s, and at most {MOST_PERIODS:,} are laid out; ask a shorter range"
        raise refuse(ErrorCode.QUERY_TOO_COMPLEX, message, path=("where",))


def _changing_zone(words: str, home: str, context: Context, draft: Draft) -> str | None:
    """The question's zone if its clock is ever changed and the dimension is known to be shown by it."""
    zone = draft.zone or context.catalog.settings.time_zone
    if ZoneInfo(zone).utcoffset(None) is not None:
        return None
    scope = RowScope.of(draft, Context(context.published, ()), home)
    found = scope.find(words)
    assert found.dimension.time is not None
    converted = any(isinstance(node, Call) and node.function == "at_zone" for node in walk(scope.dimension(found)))
    return zone if converted or found.dimension.time.stored_in is not None else None


def about_periods(
    conditions: Sequence[Expr], period: Expr, catalog: Catalog, calendars: CalendarJoins
) -> tuple[Expr, ...]:
    """Time conditions asked of a moment: the first of a period, or of an event."""

    def look_up(node: Expr) -> Expr | None:
        match node:
            case Asked():
                return period
            case Call("period_of", (Literal(grain), Asked())):
                return period_of(grain, period, catalog, calendars)
            case _:
                return None

    return tuple(typed(dates_compared(rewrite(condition, look_up))) for condition in conditions)


def _ends(bounds: Bounds, span: Step | None, grain: Grain, week_start: str) -> tuple[Expr, Expr]:
    first: Expr
    last: Expr
    if bounds.start is not None:
        first = _moment(start_of(bounds.start, grain, week_start), grain)
    else:
        assert span is not None
        first = PeriodStart(span.field("first_time"), grain, week_start, period_type(grain))
    if bounds.end is not None:
        last = _moment(start_of(max(bounds.end, datetime.min + INSTANT) - INSTANT, grain, week_start), grain)
    else:
        assert span is not None
        last = PeriodStart(span.field("last_time"), grain, week_start, period_type(grain))
    return first, last


def _moment(at: datetime, grain: Grain) -> Value:
    return Value(at, TIMESTAMP) if grain.is_clock else Value(at.date(), DATE)


def plain_ranges(filters: TimeFilter) -> bool:
    """Whether the bounds say all that the filters say."""
    return all(_is_range(condition) for condition in filters.time)


def _is_range(condition: Expr) -> bool:
    match condition:
        case Call("gte" | "lt", (Asked(), Value())):
            return True
        case Call("and", arguments):
            return all(_is_range(argument) for argument in arguments)
        case _:
            return False


def _finer(one: Grain, other: Grain) -> Grain:
    return one if one.rank < other.rank else other


def _resolution(filters: TimeFilter) -> Grain:
    """The grain at which the filters can be asked of whole periods."""
    nodes = [node for condition in filters.time for node in walk(condition)]
    moments = [node.value for node in nodes if isinstance(node, Value) and isinstance(node.value, datetime)]
    if any(at.second or at.microsecond for at in moments):
        return Grain.SECOND
    if any(at.minute for at in moments):
        return Grain.MINUTE
    clock = any(at != midnight(at) for at in moments) or Literal("hour_of_day") in nodes
    return Grain.HOUR if clock else Grain.DAY
