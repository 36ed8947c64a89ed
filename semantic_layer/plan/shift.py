"""Shifted values: the same question asked of an earlier period, aligned by calendar on labels (semantics rule 14).

March reads February; at day grain the 29th, 30th and 31st of March read the last of February. A shift adds keys but
no periods: output periods are those of the asked range, else those with rows of the question's unshifted inputs.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from semantic_layer.definitions.expression import Call, Expr, rewrite
from semantic_layer.definitions.model import Duration
from semantic_layer.definitions.types import TIMESTAMP, CalendarGrain, Grain
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.calendar_periods import calendar_joins
from semantic_layer.plan.combine import together
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import (
    Block,
    Field,
    Joined,
    JoinHow,
    Output,
    Step,
    StepRows,
    UnitedRows,
)
from semantic_layer.plan.periods import period_type, series
from semantic_layer.plan.periods_read import reading
from semantic_layer.plan.time_keys import TimeFilter, TimeKeys, time_filter, time_keys
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.calendar import MONTHS, add, midnight
from semantic_layer.query.measure import (
    Arithmetic,
    AtFewer,
    Base,
    Credited,
    EveryPeriod,
    Filled,
    Filtered,
    Measure,
    PerEntity,
    Ranked,
    Shifted,
    Taken,
    Value,
    Windowed,
    homes,
    walk,
)
from semantic_layer.query.time_range import INSTANT, Bounds


def shifted(measure: Shifted, context: Context, draft: Draft, hint: str) -> Evaluated:
    keys = time_keys(measure, context)
    filters = time_filter(measure, context.catalog, context.where)
    if keys.finest is None:
        return _without_periods(measure, filters, context, draft, hint)
    inner_keys = (keys.finest, *keys.others)
    periods = _periods(measure, keys.finest, filters, context, draft)
    wanted = _wanted(measure, periods, keys.finest, filters, context, draft)
    unfiltered = replace(context, keys=inner_keys, where=filters.rest, wanted=wanted)
    inner = draft.evaluate(measure.inner, unfiltered, draft, f"{hint}_of_all_periods")
    return _aligned(measure, inner, inner_keys, keys, periods, filters, context, draft, hint)


def _aligned(
    measure: Shifted,
    inner: Evaluated,
    inner_keys: tuple[BoundKey, ...],
    keys: TimeKeys,
    periods: Step,
    filters: TimeFilter,
    context: Context,
    draft: Draft,
    hint: str,
) -> Evaluated:
    """Each output period beside the values of the period that it reads."""
    assert keys.finest is not None
    rows = together(inner_keys, (inner,), draft)
    by_key = dict(zip((key.name for key in inner_keys), rows.keys, strict=True))
    read = reading(measure.by, periods, keys.finest, filters, context, draft)
    label = read.periods.field("period")
    on = (Call("eq", (by_key[keys.finest.name], read.source)),)
    exprs: dict[str, Expr] = dict(by_key)
    calendars = calendar_joins(context, draft)
    exprs |= keys.from_label(label, context.catalog.settings.week_start, calendars)
    columns = tuple(Output(draft.key_name(key), exprs[key.name], key.type) for key in context.keys)
    value = Output(draft.column_name(hint), rows.expr(inner.expr), inner.type)
    joins = (*rows.joins, Joined(JoinHow.INNER, read.periods.rows(), on), *calendars.joins)
    step = Step(draft.name(hint), Block(rows.relation, (*columns, value), joins), tuple(one.name for one in columns))
    return Evaluated(draft.add(step).field(value.name), inner.type, (step.name,))


def _periods(measure: Shifted, key: BoundKey, filters: TimeFilter, context: Context, draft: Draft) -> Step:
    """The periods to give values for: those that a shift around this one reads, else the question's output periods."""
    if context.wanted is not None:
        return draft.steps[context.wanted]
    return _output_periods(measure, key, filters, context, draft)


def _wanted(
    measure: Shifted, periods: Step, key: BoundKey, filters: TimeFilter, context: Context, draft: Draft
) -> str | None:
    """The periods that this shift reads, as a step for shifts and windows inside of it; None when there are none."""
    if not any(isinstance(node, Shifted | Windowed) for node in walk(measure.inner)):
        return None
    read = reading(measure.by, periods, key, filters, context, draft)
    block = Block(read.periods.rows(), (Output("period", read.source, key.type),), distinct=True)
    return draft.add(Step(draft.name(f"{draft.key_name(key)}_read"), block, ("period",))).name


def _output_periods(measure: Shifted, key: BoundKey, filters: TimeFilter, context: Context, draft: Draft) -> Step:
    assert key.grain is not None
    name = f"{draft.key_name(key)}_periods"
    shared = f"{name} {filters.time}"
    if shared in draft.shared:
        return draft.shared[shared]
    if filters.bounds.closed:
        home = homes(measure)[0][0]
        return draft.share(shared, series(key, home, filters.bounds, None, filters, context, draft, name))
    column = draft.key_name(key)
    steps = [step for value in _unshifted_values(draft) for step in value.steps if column in draft.step_keys(step)]
    blocks = tuple(
        Block(StepRows(step, step), (Output("period", Field(step, column, key.type), key.type),), distinct=True)
        for step in dict.fromkeys(steps)
    )
    alias = "every_period"
    type_ = period_type(key.grain)
    block = blocks[0]
    if len(blocks) > 1:
        period = Output("period", Field(alias, "period", type_), type_)
        block = Block(UnitedRows(blocks, alias), (period,), distinct=True)
    return draft.share(shared, draft.add(Step(draft.name(name), block, ("period",))))


def _unshifted_values(draft: Draft) -> tuple[Evaluated, ...]:
    """The question's columns without their shifts: their rows say which periods exist."""
    return tuple(
        draft.evaluate(unshifted(column.measure), column.context, draft, column.hint) for column in draft.columns
    )


def unshifted(measure: Measure) -> Measure:
    """The measure without its shifts: what says which periods exist."""
    match measure:
        case Shifted(inner):
            return unshifted(inner)
        case Arithmetic() | PerEntity():
            return replace(measure, inputs={name: unshifted(inner) for name, inner in measure.inputs.items()})
        case Filtered() | Filled() | EveryPeriod() | Windowed() | AtFewer() | Ranked():
            return replace(measure, inner=unshifted(measure.inner))
        case Base() | Taken() | Credited():
            return measure


# --- without time among the keys ---------------------------------------------------------------------------------


def _without_periods(measure: Shifted, filters: TimeFilter, context: Context, draft: Draft, hint: str) -> Evaluated:
    """The asked range, moved as a whole."""
    if not isinstance(measure.by, Duration) or not filters.bounds.closed:
        message = "a shift without a time grain among the dimensions needs a time range with both ends"
        raise refuse(ErrorCode.SHIFT_NEEDS_RANGE, message, path=("where",))
    if isinstance(measure.by.unit, CalendarGrain):
        message = f"a range cannot be moved by {measure.by}: ask by {measure.by.unit}"
        raise refuse(ErrorCode.SHIFT_GRAIN, message, path=("by",))
    moved = tuple(_moved(condition, measure.by, filters.bounds) for condition in filters.time)
    return draft.evaluate(measure.inner, replace(context, where=(*filters.rest, *moved)), draft, hint)


def _moved(condition: Expr, by: Duration, range_: Bounds) -> Expr:
    unit = by.unit
    assert isinstance(unit, Grain)

    def value(node: Expr, move: Callable[[datetime], datetime]) -> Value:
        assert isinstance(node, Value) and isinstance(node.value, datetime)
        try:
            return Value(move(node.value), TIMESTAMP)
        except OverflowError:
            message = f"{by} before {node.value} lies outside of the calendar"
            raise refuse(ErrorCode.BAD_VALUE, message, path=("where",)) from None

    def change(node: Expr) -> Expr | None:
        match node:
            case Call("lt", (asked, Value(type=type_) as end)) if type_ == TIMESTAMP:
                return Call("lt", (asked, value(end, lambda at: moved_end(range_, at, by))))
            case Value(type=type_) if type_ == TIMESTAMP:
                return value(node, lambda at: add(at, -by.count, unit))
            case _:
                return None

    return rewrite(condition, change)


def moved_end(range_: Bounds, end: datetime, by: Duration) -> datetime:
    """The exclusive end of a range, moved: whole months as months, any other range by its days.

    The day that a range shows last reads the same day as in a question by days: a month before 30 March is the last
    of February, and a month before 28 February is 28 January. Raises OverflowError outside of the calendar.
    """
    assert range_.start is not None and isinstance(by.unit, Grain)
    if by.unit not in MONTHS or (_begins_month(range_.start) and _begins_month(end)):
        return add(end, -by.count, by.unit)
    last = max(end, datetime.min + INSTANT) - INSTANT
    read = add(last, -by.count, by.unit)
    if read.day < last.day and range_.start < midnight(last):  # the day before reads the last of that month too
        read = read.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return read + INSTANT


def _begins_month(at: datetime) -> bool:
    return at == midnight(at) and at.day == 1
