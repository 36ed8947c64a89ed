"""Windows of time that end at each period: trailing, to date, since the beginning (semantics rule 15).

Rows are counted in every window that holds them, so that what does not add (distinct, medians) is recomputed over
the window. Where that gives the same, rows are first brought down to one per day or hour.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from semantic_layer.definitions.expression import Aggregate, Call, Case, Expr, Literal
from semantic_layer.definitions.expression import walk as walk_expression
from semantic_layer.definitions.model import Take, ToDate, Trailing
from semantic_layer.definitions.types import TIMESTAMP, AnyGrain, CalendarGrain, Grain, resolution
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.aggregates import aggregate_result
from semantic_layer.plan.calendar_periods import calendar_joins, periods_in_order
from semantic_layer.plan.combine import together
from semantic_layer.plan.context import Context, Evaluated, Frame
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.entity_values import ENTITY
from semantic_layer.plan.key_values import key_of
from semantic_layer.plan.nodes import (
    Block,
    Field,
    Joined,
    JoinHow,
    Moved,
    Output,
    PeriodStart,
    Step,
    StepRows,
)
from semantic_layer.plan.periods import period_type, plain_ranges, recorded_by, series
from semantic_layer.plan.time_keys import TimeFilter, TimeKeys, time_filter, time_keys
from semantic_layer.plan.typed import cast, typed_aggregate
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.calendar import midnight, start_of
from semantic_layer.query.measure import (
    Arithmetic,
    Asked,
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
    children,
    homes,
    walk,
)
from semantic_layer.query.time_range import within


def windowed(measure: Windowed, context: Context, draft: Draft, hint: str) -> Evaluated:
    inner = measure.inner
    several = len(homes(inner)) > 1 and isinstance(inner, Arithmetic | Filtered | Filled | AtFewer | Ranked)
    if several or _drops_keys(inner) or any(isinstance(node, Shifted | Windowed) for node in walk(inner)):
        return draft.evaluate(pushed_down(inner, measure.window), context, draft, hint)
    keys = time_keys(measure, context)
    filters = time_filter(measure, context.catalog, context.where)
    if _is_over_steps(measure, keys):
        return _over_steps(measure, keys, context, draft, hint)
    frame = _frame(measure, keys, filters, context, draft, hint)
    where = (*filters.rest, *_before_end(measure, filters))
    return draft.evaluate(measure.inner, replace(context, where=where, frame=frame), draft, hint)


def _drops_keys(measure: Measure) -> bool:
    """Whether a value is at fewer keys than its window: without time among them, its window is another."""
    if isinstance(measure, PerEntity):
        return False  # the level of an input is within each window
    return isinstance(measure, AtFewer) or any(_drops_keys(inner) for inner in children(measure))


def _before_end(measure: Windowed, filters: TimeFilter) -> tuple[Expr, ...]:
    """For states, whose steps an end may cut: no row from the range's end on is in any window."""
    asked = next((node for one in filters.time for node in walk_expression(one) if isinstance(node, Asked)), None)
    if asked is None or filters.bounds.end is None or not any(isinstance(node, Taken) for node in walk(measure)):
        return ()
    return (within(asked, None, filters.bounds.end),)


def pushed_down(measure: Measure, window: Trailing | ToDate) -> Measure:
    """The window put on each part: inside of shifts (the window of the earlier period), and on each fact's rows."""
    match measure:
        case Shifted():
            return replace(measure, inner=pushed_down(measure.inner, window))
        case Arithmetic():
            return replace(measure, inputs={name: pushed_down(one, window) for name, one in measure.inputs.items()})
        case Filtered() | Filled() | AtFewer() | Ranked():
            return replace(measure, inner=pushed_down(measure.inner, window))
        case Windowed():
            raise refuse(ErrorCode.NOT_SUPPORTED, "a window of time over another window of time is not served")
        case EveryPeriod():
            raise refuse(ErrorCode.NOT_SUPPORTED, "a window of time over every period of a calendar is not served")
        case PerEntity() if any(isinstance(node, Shifted | Windowed) for node in walk(measure)):
            message = "a window of time over entities that are chosen by windows or shifts of time is not served"
            raise refuse(ErrorCode.NOT_SUPPORTED, message)
        case Base() | Taken() | PerEntity() | Credited():
            return Windowed(measure, window)


# --- the windows -------------------------------------------------------------------------------------------------


_OVER_STEPS = {Take.AVERAGE: "avg", Take.MIN: "min", Take.MAX: "max"}


def _is_over_steps(measure: Windowed, keys: TimeKeys) -> bool:
    """Whether a period shows the average, least or greatest of the values at its steps (rule 15)."""
    step = step_of(measure.window)
    return measure.window.take in _OVER_STEPS and (keys.finest is None or _grain(keys.finest).rank > step.rank)


def _over_steps(measure: Windowed, keys: TimeKeys, context: Context, draft: Draft, hint: str) -> Evaluated:
    """The windows that end with each recorded step, brought together per period."""
    dated = [(home, time) for home, time in homes(measure) if time is not None]
    time = dated[0][1]
    step = step_of(measure.window)
    words = time if keys.finest is None else keys.finest.dimension
    step_key = BoundKey(f"{ENTITY}{step}", words, period_type(step), words, grain=step)
    last = replace(measure, window=replace(measure.window, take=Take.LAST))
    inner_keys = (step_key, *keys.others)
    # periods that a shift around this reads are no steps: every step that is recorded is brought together
    by_step = replace(context, keys=inner_keys, wanted=None)
    value = draft.evaluate(last, by_step, draft, f"{hint}_by_{step}")
    rows = together(inner_keys, (value,), draft)
    span = recorded_by(dated, context, draft)
    exprs: dict[str, Expr] = dict(zip((key.name for key in inner_keys), rows.keys, strict=True))
    moment = rows.keys[0]
    calendars = calendar_joins(context, draft)
    known: tuple[Expr, ...] = ()
    if keys.finest is not None:
        week_start = context.catalog.settings.week_start
        label = key_of(keys.finest, moment, week_start, calendars)
        exprs |= keys.from_label(label, week_start, calendars)
        known = (Call("is_not_null", (label,)),) if isinstance(keys.finest.grain, CalendarGrain) else ()
    columns = tuple(Output(draft.key_name(key), exprs[key.name], key.type) for key in context.keys)
    aggregate = Aggregate(_OVER_STEPS[measure.window.take], (rows.expr(value.expr),))
    type_ = aggregate_result(aggregate)
    output = Output(draft.column_name(hint), typed_aggregate(aggregate), type_)
    joins = (*rows.joins, Joined(JoinHow.CROSS, span.rows()), *calendars.joins)
    until = Call("lte", (cast(moment, TIMESTAMP), span.field("last_time")))
    block = Block(rows.relation, (*columns, output), joins, (until, *known), grouped=len(columns))
    result = draft.add(Step(draft.name(hint), block, tuple(one.name for one in columns)))
    return Evaluated(result.field(output.name), type_, (result.name,))


def step_of(window: Trailing | ToDate) -> Grain:
    """The steps that a window moves by: hours for clock units, else days."""
    unit = unit_of(window)
    return Grain.HOUR if unit is not None and resolution(unit).is_clock else Grain.DAY


def unit_of(window: Trailing | ToDate) -> AnyGrain | None:
    """None: since the beginning."""
    return window.length.unit if isinstance(window, Trailing) else window.unit


@dataclass(frozen=True, slots=True)
class _Window:
    """One kind of window: where it begins, given its exclusive end; None for since the beginning."""

    rule: Trailing | ToDate
    week_start: str

    @property
    def step(self) -> Grain:
        return step_of(self.rule)

    def after_last(self, span: Step) -> Expr:
        """The end of the last recorded step."""
        begun = PeriodStart(span.field("last_time"), self.step, self.week_start, TIMESTAMP)
        return Moved(begun, 1, self.step, TIMESTAMP)

    def start(self, end: Expr, context: Context, draft: Draft) -> "_Start | None":
        unit, last_moment = unit_of(self.rule), Moved(end, -1, Grain.SECOND, TIMESTAMP)
        if unit is None:
            return None
        if isinstance(unit, CalendarGrain):
            before = self.rule.length.count - 1 if isinstance(self.rule, Trailing) else 0
            return _start_of_custom(unit, before, last_moment, context, draft)
        if isinstance(self.rule, Trailing):
            return _Start(Moved(end, -self.rule.length.count, unit, TIMESTAMP))
        return _Start(PeriodStart(last_moment, unit, self.week_start, TIMESTAMP))


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a window begins, and what must be joined to know it."""

    moment: Expr
    joins: tuple[Joined, ...] = ()


def _start_of_custom(unit: CalendarGrain, before: int, last: Expr, context: Context, draft: Draft) -> _Start:
    """The beginning of the calendar's period that holds the window's last moment, or of one so many before it.

    Where the calendar begins later, its beginning; a last moment that is in no period has no window.
    """
    calendars = calendar_joins(context, draft)
    every = periods_in_order(unit, context, draft)
    own = "own_period" if before else every.name
    held = Call("eq", (every.field("period", own), calendars.period(unit, last)))
    joins = (*calendars.joins, Joined(JoinHow.LEFT, StepRows(every.name, own), (held,)))
    if not before:
        return _Start(every.field("first_moment", own), joins)
    number = Call("greatest", (Call("subtract", (every.field("number", own), Literal(before))), Literal(1)))
    first = Call("eq", (every.field("number", "first_period"), number))
    earlier = Joined(JoinHow.LEFT, StepRows(every.name, "first_period"), (first,))
    return _Start(every.field("first_moment", "first_period"), (*joins, earlier))


def _frame(measure: Windowed, keys: TimeKeys, filters: TimeFilter, context: Context, draft: Draft, hint: str) -> Frame:
    """The windows of the question as a step."""
    dated = [(home, time) for home, time in homes(measure) if time is not None]
    if not dated:
        raise refuse(ErrorCode.WINDOW_NEEDS_TIME, "a window of time needs rows that have a time dimension")
    window = _Window(measure.window, context.catalog.settings.week_start)
    span = recorded_by(dated, context, draft)
    if keys.finest is None:
        if not plain_ranges(filters):
            message = "without a time grain among the dimensions, a window ends with a plain time range"
            raise refuse(ErrorCode.WINDOW_NEEDS_TIME, message, path=("where",))
        step = _single_window(window, span, filters, context, draft, hint)
    else:
        step = _window_per_period(window, keys.finest, dated[0][0], span, filters, context, draft, hint)
    unaligned = filters.bounds.end is not None and filters.bounds.end != midnight(filters.bounds.end)
    clock = unaligned or window.step.is_clock or (keys.finest is not None and _grain(keys.finest).is_clock)
    has_start = any(column.name == "window_start" for column in step.block.columns)
    unit = unit_of(measure.window)
    return Frame(step.name, has_start, not clock, has_start, within=unit if isinstance(unit, CalendarGrain) else None)


def _grain(key: BoundKey) -> AnyGrain:
    assert key.grain is not None
    return key.grain


def _window_per_period(
    window: _Window,
    key: BoundKey,
    home: str,
    span: Step,
    filters: TimeFilter,
    context: Context,
    draft: Draft,
    hint: str,
) -> Step:
    grain = _grain(key)
    open_ended = not filters.bounds.closed
    if context.wanted is not None:
        periods = draft.steps[context.wanted]
    else:
        needed = span if open_ended else None
        periods = series(key, home, filters.bounds, needed, filters, context, draft, f"{hint}_periods")
    label = periods.field("period")
    period = _span_of(label, grain, context, draft)
    end, uses_span = _end_of_window(window, period, grain, span, filters)
    columns = (Output("period", label, label.type), Output("window_end", end, TIMESTAMP))
    joins = (*period.joins, Joined(JoinHow.CROSS, span.rows())) if uses_span else period.joins
    return _with_start(window, Block(periods.rows(), columns, joins), context, draft, hint)


@dataclass(frozen=True, slots=True)
class _Span:
    """The first moment of a period and the one after its last, and what must be joined to know them."""

    first: Expr
    end: Expr
    joins: tuple[Joined, ...] = ()


def _span_of(label: Field, grain: AnyGrain, context: Context, draft: Draft) -> _Span:
    if not isinstance(grain, CalendarGrain):
        first = cast(label, TIMESTAMP)
        return _Span(first, Moved(first, 1, grain, TIMESTAMP))
    every, alias = periods_in_order(grain, context, draft), "asked_period"
    on = (Call("eq", (every.field("period", alias), label)),)
    joined = Joined(JoinHow.INNER, StepRows(every.name, alias), on)
    return _Span(every.field("first_moment", alias), every.field("end_moment", alias), (joined,))


def _end_of_window(
    window: _Window, period: _Span, grain: AnyGrain, span: Step, filters: TimeFilter
) -> tuple[Expr, bool]:
    """The earliest of period end, range end and the end of the last recorded step, if that lies in the period.

    With `take: first`, the end of the period's first asked step.
    """
    if window.rule.take is Take.FIRST and grain.rank > window.step.rank:
        return _end_of_first_step(window, period, filters), False
    ends: list[Expr] = [period.end]
    range_end = filters.bounds.end
    if range_end is not None and not _ends_periods(range_end, grain, window.week_start):
        ends.append(Value(range_end, TIMESTAMP))
    coarser = grain.rank > window.step.rank
    if coarser:
        inside = Call("gte", (span.field("last_time"), period.first))
        ends.append(Case(((inside, window.after_last(span)),)))  # null, which LEAST passes over, if it is not inside
    return (ends[0] if len(ends) == 1 else Call("least", tuple(ends))), coarser


def _ends_periods(moment: datetime, grain: AnyGrain, week_start: str) -> bool:
    """Whether it is known that no period of the grain goes on over a moment."""
    return isinstance(grain, Grain) and start_of(moment, grain, week_start) == moment


def _end_of_first_step(window: _Window, period: _Span, filters: TimeFilter) -> Expr:
    first = period.first
    if filters.bounds.start is not None:
        first = Call("greatest", (first, Value(start_of(filters.bounds.start, window.step), TIMESTAMP)))
    return Moved(first, 1, window.step, TIMESTAMP)


def _single_window(window: _Window, span: Step, filters: TimeFilter, context: Context, draft: Draft, hint: str) -> Step:
    """Without time among the keys: the window that ends with the range, or with what is recorded in it.

    With `take: first`, with the first step of the range, or of what is recorded.
    """
    end = window.after_last(span)
    if window.rule.take is Take.FIRST:
        begin = filters.bounds.start
        first = span.field("first_time") if begin is None else Value(begin, TIMESTAMP)
        end = Moved(PeriodStart(first, window.step, window.week_start, TIMESTAMP), 1, window.step, TIMESTAMP)
    else:
        if filters.bounds.start is not None:  # data that ends before the range has no window in it
            inside = Call("gte", (span.field("last_time"), Value(filters.bounds.start, TIMESTAMP)))
            end = Case(((inside, end),))
        if filters.bounds.end is not None:
            end = Call("least", (Value(filters.bounds.end, TIMESTAMP), end))
    block = Block(span.rows(), (Output("window_end", end, TIMESTAMP),))
    return _with_start(window, block, context, draft, hint)


def _with_start(window: _Window, ends: Block, context: Context, draft: Draft, hint: str) -> Step:
    """The windows with their first moment beside their end, unless they begin with the data."""
    keys = ("period",) if len(ends.columns) > 1 else ()
    if unit_of(window.rule) is None:
        return draft.add(Step(draft.name(f"{hint}_windows"), ends, keys))
    step = draft.add(Step(draft.name(f"{hint}_window_ends"), ends, keys))
    start = window.start(step.field("window_end"), context, draft)
    assert start is not None
    same = tuple(Output(one.name, step.field(one.name), one.type) for one in ends.columns)
    block = Block(step.rows(), (*same, Output("window_start", start.moment, TIMESTAMP)), start.joins)
    return draft.add(Step(draft.name(f"{hint}_windows"), block, keys))
