"""Semi-additive values: one state of the period over time, added over everything else (semantics rule 16).

Rows are first brought down to the steps of their time dimension, at all asked keys. Which step is taken depends on the
period, the filters and `take_each` alone, never on what else is asked; so the parts of a total add up to it.
"""

from dataclasses import dataclass, replace

from semantic_layer.definitions.expression import Aggregate, Call, Case, Expr, Literal
from semantic_layer.definitions.model import Take
from semantic_layer.definitions.types import BIGINT, FLOAT, TIMESTAMP, ColumnType, Grain
from semantic_layer.plan.calendar_periods import calendar_joins
from semantic_layer.plan.combine import Together, only_value, together
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.entity_values import ENTITY, entity_keys
from semantic_layer.plan.key_values import key_of
from semantic_layer.plan.nodes import Block, Field, Joined, JoinHow, Moved, Output, PeriodStart, Step
from semantic_layer.plan.per_entity import kept
from semantic_layer.plan.periods import period_type, recorded, series
from semantic_layer.plan.time_keys import time_filter, time_keys
from semantic_layer.plan.typed import cast, type_of, typed_aggregate
from semantic_layer.plan.window_rows import first_rows, from_first_row, in_window, window_keys
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.measure import Base, Taken, homes, walk
from semantic_layer.query.promises import is_time

_OVER_STEPS = {Take.MIN: "min", Take.MAX: "max", Take.AVERAGE: "avg"}
_RECORDED = {Take.LAST_RECORDED: "max", Take.FIRST_RECORDED: "min"}


def taken(measure: Taken, context: Context, draft: Draft, hint: str) -> Evaluated:
    step = _step_key(measure, context)
    if context.frame is not None:
        return _of_windows(measure, step, context, draft, hint)
    single = next((key for key in _periods(measure, context) if key.grain is step.grain), None)
    if single is not None:
        return _of_single_steps(measure, single, context, draft, hint)
    return _of_periods(measure, step, context, draft, hint)


def _step_key(measure: Taken, context: Context) -> BoundKey:
    """The steps of the metric's time: the finest grain that its time dimension records."""
    [(home, time)] = homes(measure)
    assert time is not None
    dimension = context.catalog.datasets[home].dimensions[time]
    assert dimension.time is not None
    grain = dimension.time.finest
    return BoundKey(f"{ENTITY}{grain}", time, period_type(grain), time, grain=grain)


def _periods(measure: Taken, context: Context) -> tuple[BoundKey, ...]:
    """The asked keys that say the period, be it a grain or a part."""
    return tuple(key for key in context.keys if is_time(context.catalog, measure, key.dimension))


@dataclass(frozen=True, slots=True)
class _States:
    """One row per asked key, `each` and step; `fields` by the key's name."""

    rows: Together
    fields: dict[str, Expr]
    value: Expr
    each: tuple[BoundKey, ...]
    step: Expr


def _states(
    measure: Taken, step: BoundKey, keys: tuple[BoundKey, ...], context: Context, draft: Draft, hint: str
) -> _States:
    [(home, _)] = homes(measure)
    each = entity_keys(measure.each, home, context)
    every = (*keys, *(key for key in each if key not in keys), step)
    inside = replace(context, keys=every, frame=None)
    value = draft.evaluate(measure.inner, inside, draft, f"{hint}_by_{step.grain}")
    rows = together(every, (value,), draft)
    fields: dict[str, Expr] = dict(zip((key.name for key in every), rows.keys, strict=True))
    return _States(rows, fields, rows.expr(value.expr), each, fields[step.name])


def _outputs(keys: tuple[BoundKey, ...], fields: dict[str, Expr], draft: Draft) -> tuple[Output, ...]:
    return tuple(Output(draft.key_name(key), fields[key.name], key.type) for key in keys)


def _of_single_steps(measure: Taken, period: BoundKey, context: Context, draft: Draft, hint: str) -> Evaluated:
    """A period of one step has one state, whichever is taken; rows without a date are in no state."""
    value = draft.evaluate(measure.inner, context, draft, f"{hint}_by_{period.grain}")
    rows = together(context.keys, (value,), draft)
    fields: dict[str, Expr] = dict(zip((key.name for key in context.keys), rows.keys, strict=True))
    state = rows.expr(value.expr) if measure.take is not Take.AVERAGE else cast(rows.expr(value.expr), FLOAT)
    dated = Call("is_not_null", (fields[period.name],))
    state = Case(((dated, state),), Literal(0) if _counts(measure) else None)
    columns = _outputs(context.keys, fields, draft)
    output = Output(draft.column_name(hint), state, FLOAT if measure.take is Take.AVERAGE else value.type)
    block = Block(rows.relation, (*columns, output), rows.joins)
    result = draft.add(Step(draft.name(hint), block, tuple(one.name for one in columns)))
    return Evaluated(result.field(output.name), output.type, (result.name,))


# --- periods -----------------------------------------------------------------------------------------------------


def _of_periods(measure: Taken, step: BoundKey, context: Context, draft: Draft, hint: str) -> Evaluated:
    states = _states(measure, step, context.keys, context, draft, hint)
    joins: tuple[Joined, ...] = states.rows.joins
    if measure.take in _OVER_STEPS:
        passes: Expr = Call("is_not_null", (states.step,))
    else:
        same = _periods(measure, context)
        if measure.take in _RECORDED:
            same = (*same, *states.each)
            chosen = _recorded(measure, step, same, states, draft, hint)
        else:
            chosen = _asked(measure, step, same, context, draft, hint)
        joins = (*joins, _beside(chosen, same, states.fields, draft))
        passes = Call("eq", (states.step, chosen.field("taken")))
    value = _value(measure, states, passes)
    output = Output(draft.column_name(hint), value, _type(measure, states))
    columns = _outputs(context.keys, states.fields, draft)
    block = Block(states.rows.relation, (*columns, output), joins, grouped=len(columns))
    result = draft.add(Step(draft.name(hint), block, tuple(one.name for one in columns)))
    return Evaluated(result.field(output.name), output.type, (result.name,))


def _recorded(
    measure: Taken, step: BoundKey, same: tuple[BoundKey, ...], states: _States, draft: Draft, hint: str
) -> Step:
    """The last (or first) step with rows of each period, apart for each of `take_each`."""
    taken = Output("taken", Aggregate(_RECORDED[measure.take], (states.step,)), step.type)
    columns = _outputs(same, states.fields, draft)
    block = Block(states.rows.relation, (*columns, taken), states.rows.joins, grouped=len(columns))
    return draft.add(Step(draft.name(f"{hint}_taken"), block, tuple(one.name for one in columns)))


def _asked(
    measure: Taken, step: BoundKey, same: tuple[BoundKey, ...], context: Context, draft: Draft, hint: str
) -> Step:
    """The last (or first) step of each period that lies in the asked range and in what the dataset records."""
    [(home, time)] = homes(measure)
    assert time is not None and isinstance(step.grain, Grain)
    week_start = context.catalog.settings.week_start
    filters = time_filter(measure, context.catalog, context.where)
    span = recorded(home, time, context, draft)
    needed = None if filters.bounds.closed else span
    spine = series(step, home, filters.bounds, needed, filters, context, draft, f"{hint}_{step.grain}s")
    moment = spine.field("period")
    begun = PeriodStart(span.field("first_time"), step.grain, week_start, step.type)
    inside = (Call("gte", (moment, begun)), Call("lte", (cast(moment, TIMESTAMP), span.field("last_time"))))
    calendars = calendar_joins(context, draft)
    columns = tuple(Output(draft.key_name(key), key_of(key, moment, week_start, calendars), key.type) for key in same)
    taken = Output("taken", Aggregate("max" if measure.take is Take.LAST else "min", (moment,)), step.type)
    joins = (Joined(JoinHow.CROSS, span.rows()), *calendars.joins)
    block = Block(spine.rows(), (*columns, taken), joins, inside, grouped=len(columns))
    return draft.add(Step(draft.name(f"{hint}_taken"), block, tuple(one.name for one in columns)))


def _beside(chosen: Step, same: tuple[BoundKey, ...], fields: dict[str, Expr], draft: Draft) -> Joined:
    """The chosen step beside each row of its period; nulls meet nulls."""
    if not same:
        return Joined(JoinHow.CROSS, chosen.rows())
    on = tuple(Call("is_not_distinct_from", (fields[key.name], chosen.field(draft.key_name(key)))) for key in same)
    return Joined(JoinHow.LEFT, chosen.rows(), on)


# --- the value ---------------------------------------------------------------------------------------------------


def _aggregate(measure: Taken) -> Aggregate:
    return next(node.value for node in walk(measure) if isinstance(node, Base))


def _counts(measure: Taken) -> bool:
    """Whether the state of a step without rows is 0."""
    return measure.take not in _OVER_STEPS and "count" in _aggregate(measure).function


def _type(measure: Taken, states: _States) -> ColumnType:
    return FLOAT if measure.take is Take.AVERAGE else type_of(states.value)


def _value(measure: Taken, states: _States, passes: Expr) -> Expr:
    """The states that pass, brought together: over steps by the take itself, else added over `take_each`."""
    if measure.take in _OVER_STEPS:
        return kept(typed_aggregate(Aggregate(_OVER_STEPS[measure.take], (states.value,))), passes)
    function = _aggregate(measure).function
    if measure.each and function not in ("min", "max"):
        total: Expr = kept(typed_aggregate(Aggregate("sum", (states.value,))), passes)
        total = cast(total, BIGINT) if _counts(measure) else total
    elif measure.each:
        total = kept(typed_aggregate(Aggregate(function, (states.value,))), passes)
    else:
        assert isinstance(states.value, Field)
        total = kept(only_value(states.value), passes)
    return Call("coalesce", (total, Literal(0))) if _counts(measure) else total


# --- windows -----------------------------------------------------------------------------------------------------


def _of_windows(measure: Taken, step: BoundKey, context: Context, draft: Draft, hint: str) -> Evaluated:
    """The state that is taken of each window, whose steps count as those of a period do."""
    frame = context.frame
    assert frame is not None
    keys = time_keys(measure, context)
    rows, states = _state_rows(measure, step, keys.others, context, draft, hint)
    periods = draft.steps[frame.periods]
    joins: tuple[Joined, ...] = (Joined(JoinHow.INNER, rows.rows(), in_window(periods, states.step, frame)),)
    if measure.take in _OVER_STEPS:
        passes: Expr = Call("is_not_null", (states.step,))
    elif measure.take in _RECORDED:
        parts = tuple(key for key in keys.others if is_time(context.catalog, measure, key.dimension))
        chosen = _recorded_in_window(measure, parts, periods, joins, states, draft, hint)
        on = tuple(
            Call("is_not_distinct_from", (_field(name, periods, rows), chosen.field(name))) for name in chosen.keys
        )
        joins = (*joins, Joined(JoinHow.LEFT, chosen.rows(), on) if on else Joined(JoinHow.CROSS, chosen.rows()))
        passes = Call("eq", (states.step, chosen.field("taken")))
    else:
        moment, beside = _end_step(measure, step, periods, context, draft)
        joins = (*joins, *beside)
        passes = Call("eq", (states.step, moment))
    value = Output(draft.column_name(hint), _value(measure, states, passes), _type(measure, states))
    calendars = calendar_joins(context, draft)
    exprs = window_keys(keys, frame, rows, context, draft, calendars)
    block = Block(periods.rows(), (*exprs, value), (*joins, *calendars.joins), grouped=len(exprs))
    if frame.from_first and exprs:
        firsts = first_rows(rows, "moment", keys, draft, hint)
        block = from_first_row(block, firsts, value, _counts(measure), keys, context, draft)
    result = draft.add(Step(draft.name(hint), block, tuple(one.name for one in exprs)))
    return Evaluated(result.field(value.name), value.type, (result.name,))


def _state_rows(
    measure: Taken, step: BoundKey, keys: tuple[BoundKey, ...], context: Context, draft: Draft, hint: str
) -> tuple[Step, _States]:
    """The states as a step with a column `moment`."""
    found = _states(measure, step, keys, context, draft, hint)
    lasting = (*keys, *(key for key in found.each if key not in keys))
    columns = _outputs(lasting, found.fields, draft)
    moment = Output("moment", cast(found.step, TIMESTAMP), TIMESTAMP)
    value = Output("state", found.value, type_of(found.value))
    calendars = calendar_joins(context, draft)
    where: tuple[Expr, ...] = ()
    if context.frame is not None and context.frame.within is not None:
        where = (Call("is_not_null", (calendars.period(context.frame.within, found.step),)),)
    joins = (*found.rows.joins, *calendars.joins)
    block = Block(found.rows.relation, (*columns, moment, value), joins, where)
    rows = draft.add(Step(draft.name(f"{hint}_states"), block, tuple(one.name for one in columns)))
    fields: dict[str, Expr] = {key.name: rows.field(draft.key_name(key)) for key in lasting}
    return rows, replace(found, fields=fields, value=rows.field("state"), step=rows.field("moment"))


def _field(name: str, periods: Step, rows: Step) -> Field:
    return periods.field(name) if name == "period" else rows.field(name)


def _recorded_in_window(
    measure: Taken,
    parts: tuple[BoundKey, ...],
    periods: Step,
    joins: tuple[Joined, ...],
    states: _States,
    draft: Draft,
    hint: str,
) -> Step:
    """The last (or first) step with rows of each window, apart for each part of time and each of `take_each`."""
    own = tuple(column for column in periods.block.columns if column.name == "period")
    labels = tuple(Output(one.name, periods.field(one.name), one.type) for one in own)
    columns = (*labels, *_outputs((*parts, *states.each), states.fields, draft))
    taken = Output("taken", Aggregate(_RECORDED[measure.take], (states.step,)), TIMESTAMP)
    block = Block(periods.rows(), (*columns, taken), joins, grouped=len(columns))
    return draft.add(Step(draft.name(f"{hint}_taken"), block, tuple(one.name for one in columns)))


def _end_step(
    measure: Taken, step: BoundKey, periods: Step, context: Context, draft: Draft
) -> tuple[Expr, tuple[Joined, ...]]:
    """The last (or first) step of a window, whether or not it has rows, and what must be joined to know it."""
    [(home, time)] = homes(measure)
    assert isinstance(step.grain, Grain) and time is not None and context.frame is not None
    joins: tuple[Joined, ...] = ()
    if measure.take is Take.LAST:
        moment: Expr = Moved(periods.field("window_end"), -1, Grain.SECOND, TIMESTAMP)
    elif context.frame.has_start:
        moment = periods.field("window_start")
    else:  # a window since the beginning begins with what the dataset records
        span = recorded(home, time, context, draft)
        moment, joins = span.field("first_time"), (Joined(JoinHow.CROSS, span.rows()),)
    return PeriodStart(moment, step.grain, context.catalog.settings.week_start, TIMESTAMP), joins
