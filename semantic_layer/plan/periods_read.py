"""Which period each asked period reads: that long ago, or the first asked one of a larger period (semantics rule 14).

Standard periods are moved by calendar arithmetic. Those of a custom calendar are counted: the same place, in the
period so many before in the calendar's own order; a place that the earlier period lacks is its last.
"""

from dataclasses import dataclass

from semantic_layer.definitions.expression import Aggregate, Call, Expr, Literal
from semantic_layer.definitions.model import AtStartOf, Duration
from semantic_layer.definitions.types import BIGINT, DATE, TIMESTAMP, CalendarGrain, ColumnType, Grain
from semantic_layer.plan.calendar_joins import DAY
from semantic_layer.plan.calendar_periods import calendar_joins, periods_in_order
from semantic_layer.plan.context import Context
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import (
    Block,
    Field,
    Joined,
    JoinHow,
    Moved,
    Ordered,
    Output,
    PeriodStart,
    RowNumber,
    Step,
    StepRows,
)
from semantic_layer.plan.row_scope import calendar_rows
from semantic_layer.plan.time_keys import TimeFilter
from semantic_layer.plan.typed import cast
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.calendar import start_of
from semantic_layer.query.measure import Value


@dataclass(frozen=True, slots=True)
class Reading:
    """`source`, an expression over the step `periods`, is the period that its `period` reads."""

    periods: Step
    source: Expr


def reading(
    by: Duration | AtStartOf, periods: Step, key: BoundKey, filters: TimeFilter, context: Context, draft: Draft
) -> Reading:
    """The periods of a step, those that read one, with what they read."""
    unit, label = by.unit, periods.field("period")
    if isinstance(by, AtStartOf):
        if isinstance(key.grain, CalendarGrain):
            assert isinstance(unit, CalendarGrain)  # nothing else do a calendar's periods fit into
            return _first_of_custom(unit, key.grain, periods, filters, context, draft)
        return _first_of(unit, periods, key, filters, context, draft)
    if isinstance(unit, CalendarGrain):
        return _periods_before(by.count, unit, periods, key, context, draft)
    return Reading(periods, Moved(label, -by.count, unit, label.type))


def _with_read(periods: Step, joins: tuple[Joined, ...], read: Expr, type_: ColumnType, draft: Draft) -> Reading:
    """A step of its own with what each period reads."""
    label = periods.field("period")
    columns = (Output("period", label, label.type), Output("read", read, type_))
    step = draft.add(Step(draft.name(f"{periods.name}_read"), Block(periods.rows(), columns, joins), ("period",)))
    return Reading(step, step.field("read"))


def _inner(rows: Step, alias: str, *on: Expr) -> Joined:
    return Joined(JoinHow.INNER, StepRows(rows.name, alias), on)


# --- at the start of a larger period ------------------------------------------------------------------------------


def _first_of(
    unit: Grain | CalendarGrain, periods: Step, key: BoundKey, filters: TimeFilter, context: Context, draft: Draft
) -> Reading:
    """The first asked standard period of a larger one."""
    assert isinstance(key.grain, Grain)
    label = periods.field("period")
    week_start = context.catalog.settings.week_start
    joins: tuple[Joined, ...] = ()
    if isinstance(unit, Grain):
        first: Expr = PeriodStart(label, unit, week_start, label.type)
    else:
        calendars = calendar_joins(context, draft)
        every = periods_in_order(unit, context, draft)
        same = Call("eq", (every.field("period"), calendars.period(unit, label)))
        joins = (*calendars.joins, _inner(every, every.name, same))
        first = PeriodStart(every.field("first_moment"), key.grain, week_start, label.type)
    if filters.bounds.start is not None:
        asked = start_of(filters.bounds.start, key.grain, week_start)
        value = Value(asked, TIMESTAMP) if key.grain.is_clock else Value(asked.date(), label.type)
        first = Call("greatest", (first, value))
    return Reading(periods, first) if not joins else _with_read(periods, joins, first, label.type, draft)


def _first_of_custom(
    unit: CalendarGrain, grain: CalendarGrain, periods: Step, filters: TimeFilter, context: Context, draft: Draft
) -> Reading:
    """The first asked of the calendar's smaller periods in the larger one."""
    places = places_in(grain, unit, context, draft)
    asked: tuple[Expr, ...] = ()
    if filters.bounds.start is not None:
        asked = (Call("gt", (places.field("end_moment"), Value(filters.bounds.start, TIMESTAMP))),)
    outer = Output("outer_period", places.field("outer_period"), DATE)
    first = Output("first_place", Aggregate("min", (places.field("place"),)), BIGINT)
    block = Block(places.rows(), (outer, first), where=asked, grouped=1)
    firsts = draft.add(Step(draft.name(f"first_{grain.name}"), block, ("outer_period",)))
    own, there = "own", "first"
    joins = (
        _inner(places, own, Call("eq", (places.field("period", own), periods.field("period")))),
        _inner(firsts, firsts.name, Call("eq", (firsts.field("outer_period"), places.field("outer_period", own)))),
        _inner(
            places,
            there,
            Call("eq", (places.field("outer_period", there), firsts.field("outer_period"))),
            Call("eq", (places.field("place", there), firsts.field("first_place"))),
        ),
    )
    return _with_read(periods, joins, places.field("period", there), DATE, draft)


# --- so many periods of a calendar ago ----------------------------------------------------------------------------


def _periods_before(
    count: int, unit: CalendarGrain, periods: Step, key: BoundKey, context: Context, draft: Draft
) -> Reading:
    every = periods_in_order(unit, context, draft)
    own, before = "own_period", "period_before"
    earlier = _inner(
        every,
        before,
        Call("eq", (every.field("number", before), Call("subtract", (every.field("number", own), Literal(count))))),
    )
    label = periods.field("period")
    if key.grain == unit:
        same = _inner(every, own, Call("eq", (every.field("period", own), label)))
        return _with_read(periods, (same, earlier), every.field("period", before), DATE, draft)
    assert key.grain is not None
    places = places_in(key.grain, unit, context, draft)
    outer = Output("outer_period", places.field("outer_period"), DATE)
    most = Output("last_place", Aggregate("max", (places.field("place"),)), BIGINT)
    sizes = draft.add(
        Step(draft.name(f"{unit.name}_sizes"), Block(places.rows(), (outer, most), grouped=1), ("outer_period",))
    )
    here, there = "own_place", "place_before"
    place = Call("least", (places.field("place", here), sizes.field("last_place")))
    joins = (
        _inner(places, here, Call("eq", (places.field("period", here), label))),
        _inner(every, own, Call("eq", (every.field("period", own), places.field("outer_period", here)))),
        earlier,
        _inner(sizes, sizes.name, Call("eq", (sizes.field("outer_period"), every.field("period", before)))),
        _inner(
            places,
            there,
            Call("eq", (places.field("outer_period", there), sizes.field("outer_period"))),
            Call("eq", (places.field("place", there), place)),
        ),
    )
    return _with_read(periods, joins, cast(places.field("period", there), label.type), label.type, draft)


def places_in(grain: Grain | CalendarGrain, unit: CalendarGrain, context: Context, draft: Draft) -> Step:
    """The rows of a calendar, or its periods of a grain, each with its place in its period of `unit`, from 1 on.

    A smaller period belongs to the larger one that its first row is of.
    """
    shared = f"places {context.published.revision} {grain} {unit.words}"
    if shared in draft.shared:
        return draft.shared[shared]
    rows = calendar_rows(unit.calendar, context, draft)
    if isinstance(grain, CalendarGrain):
        spans = periods_in_order(grain, context, draft)
        calendars = calendar_joins(context, draft)
        label: Field = spans.field("period")
        outer, first, end = calendars.period(unit, spans.field("first_moment")), spans.field("first_moment"), spans
        ends: Expr = end.field("end_moment")
        relation, joins = spans.rows(), tuple(calendars.joins)
        begins: Expr = first
    else:
        label, outer, relation, joins = rows.field(DAY), rows.field(unit.name), rows.rows(), ()
        begins = cast(label, TIMESTAMP)
        ends = Moved(begins, 1, unit.step, TIMESTAMP)
    place = RowNumber(within=(outer,), order=(Ordered(begins),))
    columns = (
        Output("period", label, label.type),
        Output("outer_period", outer, DATE),
        Output("place", place, BIGINT),
        Output("end_moment", ends, TIMESTAMP),
    )
    block = Block(relation, columns, joins, (Call("is_not_null", (outer,)),))
    name = draft.name(f"{grain}_of_{unit.name}")
    return draft.share(shared, draft.add(Step(name, block, ("period",))))
