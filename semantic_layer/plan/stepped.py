"""Shifts and windows that work at each step of a calendar, not at each asked period (semantics rules 14 and 15).

A step that reads an earlier one, or a window that ends with a step, is a frame: every row counts at each step that
reads it. Periods are then made of their steps: a shift counts the rows of all of them, a window takes a step's value.
"""

from dataclasses import replace

from semantic_layer.definitions.expression import Aggregate, Call, Expr, Literal
from semantic_layer.definitions.model import AtStartOf, Duration, Take, ToDate, Trailing
from semantic_layer.definitions.types import DATE, TIMESTAMP, AnyGrain, CalendarGrain, Grain, resolution
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.aggregates import aggregate_result
from semantic_layer.plan.calendar_periods import periods_in_order
from semantic_layer.plan.calendar_steps import as_moment, calendar_steps
from semantic_layer.plan.combine import together
from semantic_layer.plan.context import Context, Evaluated, Frame
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.entity_values import ENTITY
from semantic_layer.plan.nodes import (
    Block,
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
from semantic_layer.plan.periods import period_type
from semantic_layer.plan.periods_read import places_in
from semantic_layer.plan.time_keys import TimeFilter, keys_of_steps, time_filter
from semantic_layer.plan.typed import cast, type_of, typed_aggregate
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.calendar import nests
from semantic_layer.query.measure import Base, EveryPeriod, Filtered, Measure, Shifted, Windowed

_OVER_STEPS = {Take.AVERAGE: "avg", Take.MIN: "min", Take.MAX: "max"}


# --- shifts ------------------------------------------------------------------------------------------------------


def shifted_by_step(measure: Shifted, context: Context, draft: Draft, hint: str) -> Evaluated:
    """Each step of the calendar reads an earlier one, and so do periods; it adds periods that only read."""
    dated = keys_of_steps(measure, context).derived
    if not dated:
        message = "a shift at each step of a calendar needs time among the dimensions"
        raise refuse(ErrorCode.SHIFT_NEEDS_RANGE, message, path=("by",))
    base = _rows_of(measure.inner)
    if base is not None and not _reads_itself(measure.by, dated):
        return _read_rows(measure, base, dated, context, draft, hint)
    window = _window_of(measure.inner)
    if window is not None and _rows_of(window.inner) is not None:
        return _windows(measure.inner, window, measure.by, context, draft, hint)
    return _read_values(measure, dated, context, draft, hint)


def _reads_itself(by: Duration | AtStartOf, dated: tuple[BoundKey, ...]) -> bool:
    """The value at the start of a month, asked by month alone: of the whole month, whose start is its own."""
    return isinstance(by, AtStartOf) and all(key.grain == by.unit for key in dated)


def _rows_of(measure: Measure) -> Base | None:
    """The rows that a measure aggregates, if it is one aggregate, perhaps over fewer rows."""
    while isinstance(measure, Filtered):
        measure = measure.inner
    return measure if isinstance(measure, Base) else None


def _window_of(measure: Measure) -> Windowed | None:
    while isinstance(measure, Filtered):
        measure = measure.inner
    return measure if isinstance(measure, Windowed) and measure.window.steps is not None else None


def _step_grain(base: Base, context: Context) -> Grain:
    """The steps of the rows' time: the finest grain that it records."""
    dimension = None if base.time is None else context.catalog.datasets[base.home].dimensions[base.time]
    if dimension is None or dimension.time is None:
        raise refuse(ErrorCode.WINDOW_NEEDS_TIME, "a window or shift of time needs rows that have a time dimension")
    return dimension.time.finest


def _read_rows(
    measure: Shifted, base: Base, dated: tuple[BoundKey, ...], context: Context, draft: Draft, hint: str
) -> Evaluated:
    """The rows of the read step counted at each step that reads it."""
    assert measure.steps is not None
    filters = time_filter(measure, context.catalog, context.where)
    grain = _step_grain(base, context)
    if isinstance(measure.by, Duration) and isinstance(measure.by.unit, CalendarGrain):
        return _read_custom(measure, measure.by.count, measure.by.unit, grain, dated, filters, context, draft, hint)
    steps = calendar_steps(measure.steps, grain, dated, filters.time, context, draft, hint)
    label = steps.field("period")
    start = as_moment(_read(measure.by, label, context))
    frame = _frame(
        steps, start, Moved(start, 1, grain, TIMESTAMP), _first_of(measure, dated, grain, steps, context), draft, hint
    )
    where = replace(context, where=filters.rest, frame=Frame(frame.name, True, not grain.is_clock, False, stepped=True))
    return draft.evaluate(measure.inner, where, draft, hint)


def _read_custom(
    measure: Shifted,
    count: int,
    unit: CalendarGrain,
    grain: Grain,
    dated: tuple[BoundKey, ...],
    filters: TimeFilter,
    context: Context,
    draft: Draft,
    hint: str,
) -> Evaluated:
    """So many periods of a calendar before: asked by these periods alone, each reads all of the earlier one; else a
    day reads the day at its own place there, if that has one.
    """
    assert measure.steps is not None
    every = periods_in_order(unit, context, draft)
    whole = all(key.grain == unit for key in dated)
    if whole and filters.time:
        message = f"a shift by {unit}s that is asked by them alone takes no time filter"
        raise refuse(ErrorCode.SHIFT_GRAIN, message, path=("where",))
    before = every.field("number", "before")
    if whole:
        columns = tuple(Output(draft.key_name(key), every.field("period"), key.type) for key in dated)
        start: Expr = every.field("first_moment", "before")
        end: Expr = every.field("end_moment", "before")
        own = every
        joins: tuple[Joined, ...] = ()
        number = every.field("number")
    else:
        own = calendar_steps(measure.steps, grain, dated, filters.time, context, draft, hint)
        places = places_in(Grain.DAY, unit, context, draft)
        columns = tuple(Output(one.name, own.field(one.name), one.type) for one in own.block.columns)
        day = cast(PeriodStart(own.field("period"), Grain.DAY, "monday", DATE), places.field("period").type)
        joins = (
            _beside(places, "here", Call("eq", (places.field("period", "here"), day))),
            _beside(every, "own", Call("eq", (every.field("period", "own"), places.field("outer_period", "here")))),
        )
        number = every.field("number", "own")
        start = as_moment(places.field("period", "there"))
        end = Moved(start, 1, grain, TIMESTAMP)
    joins = (*joins, _beside(every, "before", Call("eq", (before, Call("subtract", (number, Literal(count)))))))
    if not whole:
        same_period = Call("eq", (places.field("outer_period", "there"), every.field("period", "before")))
        same_place = Call("eq", (places.field("place", "there"), places.field("place", "here")))
        joins = (*joins, _beside(places, "there", same_period, same_place))
    window = (Output("window_start", start, TIMESTAMP), Output("window_end", end, TIMESTAMP))
    block = Block(own.rows(), (*columns, *window), joins)
    step = draft.add(Step(draft.name(f"{hint}_windows"), block, tuple(one.name for one in columns)))
    framed = Frame(step.name, True, not grain.is_clock, False, stepped=True)
    return draft.evaluate(measure.inner, replace(context, where=filters.rest, frame=framed), draft, hint)


def _beside(rows: Step, alias: str, *on: Expr) -> Joined:
    return Joined(JoinHow.INNER, StepRows(rows.name, alias), on)


def _read(by: Duration | AtStartOf, label: Expr, context: Context) -> Expr:
    """The step that a step reads."""
    if isinstance(by, Duration):
        return Moved(label, -by.count, _standard(by.unit), type_of(label))
    return PeriodStart(label, _standard(by.unit), context.catalog.settings.week_start, type_of(label))


def _first_of(
    measure: Shifted, dated: tuple[BoundKey, ...], grain: Grain, steps: Step, context: Context
) -> tuple[Expr, ...]:
    """For the value at the start of a larger period: of an asked period, its first step alone."""
    grains = {key.grain for key in dated if key.grain is not None}
    if isinstance(measure.by, Duration) or grain in grains or not grains:
        return ()
    if len(grains) > 1:
        named = " and ".join(sorted(str(one) for one in grains))
        message = f"the value at the start of a {measure.by.unit} cannot be asked by {named} together"
        raise refuse(ErrorCode.SHIFT_GRAIN, message, path=("by",))
    key = next(key for key in dated if key.grain is not None)
    assert key.grain is not None
    label = steps.field("period")
    first = PeriodStart(label, _standard(key.grain), context.catalog.settings.week_start, label.type)
    return (Call("eq", (label, first)),)


def _frame(steps: Step, start: Expr | None, end: Expr, where: tuple[Expr, ...], draft: Draft, hint: str) -> Step:
    """The steps with the window of each."""
    same = tuple(Output(one.name, steps.field(one.name), one.type) for one in steps.block.columns)
    window: tuple[Output, ...] = (Output("window_end", end, TIMESTAMP),)
    if start is not None:
        window = (Output("window_start", start, TIMESTAMP), *window)
    return draft.add(
        Step(draft.name(f"{hint}_windows"), Block(steps.rows(), (*same, *window), where=where), ("period",))
    )


def _read_values(measure: Shifted, dated: tuple[BoundKey, ...], context: Context, draft: Draft, hint: str) -> Evaluated:
    """What is made of other metrics is moved as a whole: each asked period of the calendar reads an earlier one."""
    assert measure.steps is not None
    filters = time_filter(measure, context.catalog, context.where)
    finest = min((key for key in dated if key.grain is not None), key=_rank, default=None)
    if finest is None or finest.grain is None:
        message = "a shift of what is made of other metrics needs a time grain among the dimensions"
        raise refuse(ErrorCode.SHIFT_NEEDS_RANGE, message, path=("by",))
    if any(key.grain is not None and not nests(finest.grain, key.grain) for key in dated):
        named = " and ".join(str(key.grain) for key in dated if key.grain is not None)
        raise refuse(ErrorCode.SHIFT_GRAIN, f"a shift of metrics cannot be asked by {named} together", path=("by",))
    others = tuple(key for key in context.keys if key not in dated)
    steps = calendar_steps(measure.steps, _standard(finest.grain), dated, filters.time, context, draft, hint)
    inside = replace(context, keys=(finest, *others), where=filters.rest)
    inner = draft.evaluate(measure.inner, inside, draft, f"{hint}_of_all_periods")
    rows = together((finest, *others), (inner,), draft)
    by_key = dict(zip((key.name for key in (finest, *others)), rows.keys, strict=True))
    on = (Call("eq", (by_key[finest.name], _read(measure.by, steps.field("period"), context))),)
    exprs = {key.name: steps.field(draft.key_name(key)) if key in dated else by_key[key.name] for key in context.keys}
    columns = tuple(Output(draft.key_name(key), exprs[key.name], key.type) for key in context.keys)
    value = Output(draft.column_name(hint), rows.expr(inner.expr), inner.type)
    joins = (*rows.joins, Joined(JoinHow.INNER, steps.rows(), on))
    step = Step(draft.name(hint), Block(rows.relation, (*columns, value), joins), tuple(one.name for one in columns))
    return Evaluated(draft.add(step).field(value.name), inner.type, (step.name,))


def _standard(grain: AnyGrain) -> Grain:
    """Steps are moved and truncated by standard grains alone."""
    if isinstance(grain, CalendarGrain):
        message = f"at each step of a calendar, periods of a calendar such as {grain} are not served; leave out `steps`"
        raise refuse(ErrorCode.NOT_SUPPORTED, message)
    return grain


def _rank(key: BoundKey) -> int:
    return -1 if key.grain is None else key.grain.rank


# --- windows -----------------------------------------------------------------------------------------------------


def windowed_by_step(measure: Windowed, context: Context, draft: Draft, hint: str) -> Evaluated:
    """A window ends with each step of the calendar; a step whose window holds no row has no value."""
    return _windows(measure, measure, None, context, draft, hint)


def _windows(
    measure: Measure,
    window: Windowed,
    moved: Duration | AtStartOf | None,
    context: Context,
    draft: Draft,
    hint: str,
) -> Evaluated:
    """`measure` is the window, perhaps over fewer rows; `moved`: each step shows the window of the one it reads."""
    rule = window.window
    base = _rows_of(window.inner)
    if base is None or rule.steps is None:
        message = "a window at each step of a calendar is over one aggregate of rows"
        raise refuse(ErrorCode.NOT_SUPPORTED, message)
    keys = keys_of_steps(window, context)
    if not keys.derived:
        return _without_time(measure, window, context, draft, hint)
    filters = time_filter(window, context.catalog, context.where)
    grain = _step_grain(base, context)
    assert base.time is not None
    step_key = BoundKey(f"{ENTITY}{grain}", base.time, period_type(grain), base.time, grain=grain)
    single = all(key.grain is grain for key in keys.derived)
    by_step = context.keys if single else (step_key, *context.keys)
    dated = keys.derived if single else (step_key, *keys.derived)
    steps = calendar_steps(rule.steps, grain, dated, filters.time, context, draft, hint)
    label: Expr = steps.field("period")
    if moved is not None:
        label = _read(moved, label, context)
    start = _window_start(rule, label, grain, context)
    frame = _frame(steps, start, Moved(as_moment(label), 1, grain, TIMESTAMP), (), draft, hint)
    framed = Frame(frame.name, start is not None, not grain.is_clock, False, stepped=True)
    inside = replace(context, keys=by_step, where=filters.rest, frame=framed)
    inner = _without_window(measure)
    value = draft.evaluate(inner, inside, draft, hint if single else f"{hint}_by_{grain}")
    return value if single else _taken(rule.take, step_key, value, context, draft, hint)


def _without_window(measure: Measure) -> Measure:
    """What a window counts, with the conditions around the window."""
    if isinstance(measure, Filtered):
        return replace(measure, inner=_without_window(measure.inner))
    assert isinstance(measure, Windowed)
    return measure.inner


def _without_time(measure: Measure, window: Windowed, context: Context, draft: Draft, hint: str) -> Evaluated:
    """Without time among the dimensions, what is counted since the beginning is all that is asked."""
    if not isinstance(window.window, ToDate) or window.window.unit is not None:
        message = "a window at each step of a calendar needs time among the dimensions"
        raise refuse(ErrorCode.WINDOW_NEEDS_TIME, message, path=("by",))
    if time_filter(window, context.catalog, context.where).time:
        message = "what is counted since the beginning needs time among the dimensions to be asked of a time range"
        raise refuse(ErrorCode.WINDOW_NEEDS_TIME, message, path=("by",))
    return draft.evaluate(_without_window(measure), context, draft, hint)


def _window_start(rule: Trailing | ToDate, label: Expr, grain: Grain, context: Context) -> Expr | None:
    """The first moment in the window that ends with a step: after the step that lies the window's length before."""
    if isinstance(rule, Trailing):
        before = Moved(as_moment(label), -rule.length.count, _standard(rule.length.unit), TIMESTAMP)
        return Moved(before, 1, grain, TIMESTAMP)
    if rule.unit is None:
        return None
    return PeriodStart(as_moment(label), _standard(rule.unit), context.catalog.settings.week_start, TIMESTAMP)


def _taken(take: Take, step_key: BoundKey, value: Evaluated, context: Context, draft: Draft, hint: str) -> Evaluated:
    """The values of a period's steps brought together: the first or last that there is, the least, most or average."""
    every = (step_key, *context.keys)
    rows = together(every, (value,), draft)
    moment, *fields = rows.keys
    columns = tuple(Output(one.name, one, one.type) for one in fields)
    names = tuple(one.name for one in columns)
    expr = rows.expr(value.expr)
    if take in _OVER_STEPS:
        aggregate = Aggregate(_OVER_STEPS[take], (expr,))
        output = Output(draft.column_name(hint), typed_aggregate(aggregate), aggregate_result(aggregate))
        block = Block(rows.relation, (*columns, output), rows.joins, grouped=len(columns))
        result = draft.add(Step(draft.name(hint), block, names))
        return Evaluated(result.field(output.name), output.type, (result.name,))
    place = RowNumber(within=tuple(fields), order=(Ordered(moment, take is Take.LAST),))
    output = Output(draft.column_name(hint), expr, value.type)
    numbered = Block(rows.relation, (*columns, output, Output("place", place, place.type)), rows.joins)
    steps = draft.add(Step(draft.name(f"{hint}_in_order"), numbered))
    first = (Call("eq", (steps.field("place"), Literal(1))),)
    same = tuple(Output(one.name, steps.field(one.name), one.type) for one in (*columns, output))
    result = draft.add(Step(draft.name(hint), Block(steps.rows(), same, where=first), names))
    return Evaluated(result.field(output.name), output.type, (result.name,))


# --- every period ------------------------------------------------------------------------------------------------


def every_period(measure: EveryPeriod, context: Context, draft: Draft, hint: str) -> Evaluated:
    """A row for each asked period of the calendar; where there is none, one under null of the other dimensions."""
    keys = keys_of_steps(measure, context)
    value = draft.evaluate(measure.inner, context, draft, hint)
    if not keys.derived:
        return value
    filters = time_filter(measure, context.catalog, context.where)
    steps = calendar_steps(measure.calendar, _finest(keys.derived), keys.derived, filters.time, context, draft, hint)
    named = tuple(draft.key_name(key) for key in keys.derived)
    periods = Block(
        steps.rows(), tuple(Output(name, steps.field(name), steps.field(name).type) for name in named), distinct=True
    )
    spine = draft.add(Step(draft.name(f"{hint}_periods"), periods, named))
    rows = together(context.keys, (value,), draft)
    found = draft.column_name(hint)
    held = Block(
        rows.relation,
        (*(Output(one.name, one, one.type) for one in rows.keys), Output(found, rows.expr(value.expr), value.type)),
        rows.joins,
    )
    inner = draft.add(Step(draft.name(f"{hint}_found"), held, tuple(one.name for one in rows.keys)))
    on = tuple(Call("eq", (spine.field(name), inner.field(name))) for name in named)
    columns = tuple(
        Output(one.name, (spine if one.name in named else inner).field(one.name), one.type) for one in rows.keys
    )
    output = Output(draft.column_name(hint), inner.field(found), value.type)
    block = Block(spine.rows(), (*columns, output), (Joined(JoinHow.LEFT, inner.rows(), on),))
    result = draft.add(Step(draft.name(hint), block, tuple(one.name for one in columns)))
    return Evaluated(result.field(output.name), output.type, (result.name,))


def _finest(keys: tuple[BoundKey, ...]) -> Grain:
    """The finest grain that tells the keys apart."""
    grains = [resolution(key.grain) for key in keys if key.grain is not None]
    if any(key.part is not None for key in keys):
        hours = any(key.part is not None and key.part.value == "hour_of_day" for key in keys)
        grains.append(Grain.HOUR if hours else Grain.DAY)
    finest = min(grains, key=lambda one: one.rank)
    weeks = Grain.WEEK in grains and len(set(grains)) > 1
    return Grain.DAY if weeks and not finest.is_clock else finest
