"""Per entity: a value for each entity and asked key, then one aggregate over the entities (semantics rule 17)."""

from collections.abc import Iterator
from dataclasses import replace

from semantic_layer.definitions.expression import Aggregate, Call, Expr, Name, rewrite
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.types import TIMESTAMP
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.aggregates import aggregate_result, filtered
from semantic_layer.plan.calendar_periods import calendar_joins
from semantic_layer.plan.combine import Together, together
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.entity_values import entity_keys, last_word
from semantic_layer.plan.key_values import key_of
from semantic_layer.plan.nodes import Block, Field, Joined, JoinHow, Kept, Output, Step, UnitedRows
from semantic_layer.plan.periods import about_periods
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.time_keys import TimeKeys, time_filter, time_keys
from semantic_layer.plan.typed import cast, type_of, typed, typed_aggregate
from semantic_layer.plan.window_rows import first_rows, from_first_row, in_window
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.measure import Base, Filtered, Measure, PerEntity, children


def per_entity(measure: PerEntity, context: Context, draft: Draft, hint: str) -> Evaluated:
    if measure.dated_by is not None:
        return _dated(measure, context, draft, hint)
    entity = entity_keys(measure.entity, measure.home, context)
    if measure.all_time:
        rows = _whole_history(measure, entity, context, draft, hint)
    else:
        rows = _inner(measure, entity, context, draft)
    return _outer(measure, rows, entity, context, draft, hint)


class _EntityRows:
    """One row per entity and asked key, with each input's value as a field."""

    def __init__(self, rows: Together, keys: tuple[BoundKey, ...], inputs: dict[str, Expr]) -> None:
        self.rows, self.inputs = rows, inputs
        self.fields = dict(zip((key.name for key in keys), rows.keys, strict=True))

    def value(self, expr: Expr) -> Expr:
        """An expression over the inputs' names as one over the rows."""
        return rewrite(expr, lambda node: self.inputs.get(str(node)) if isinstance(node, Name) else None)


def _all_keys(context: Context, entity: tuple[BoundKey, ...]) -> tuple[BoundKey, ...]:
    return (*context.keys, *(key for key in entity if key not in context.keys))


def _inner(measure: PerEntity, entity: tuple[BoundKey, ...], context: Context, draft: Draft) -> _EntityRows:
    keys = _all_keys(context, entity)
    frame = None if context.frame is None else replace(context.frame, from_first=False)
    inside = replace(context, keys=keys, frame=frame)
    inputs = measure.inputs or {"rows": Base(measure.home, Aggregate("count"), measure.time)}
    prefix = "_".join(key.dimension.split(".")[-1] for key in entity)
    values = {
        name: draft.evaluate(one, inside, draft, f"{last_word(name)}_per_{prefix}") for name, one in inputs.items()
    }
    rows = together(keys, values.values(), draft)
    return _EntityRows(rows, keys, {name: rows.expr(value.expr) for name, value in values.items()})


def _whole_history(
    measure: PerEntity, entity: tuple[BoundKey, ...], context: Context, draft: Draft, hint: str
) -> _EntityRows:
    """Entities present in the asked periods, with values of their whole history (`over: all time`)."""
    filters = time_filter(measure, context.catalog, context.where)
    keys = time_keys(measure, context)
    lasting = tuple(key for key in keys.others if key not in entity)
    presence = _inner(replace(measure, inputs={}), entity, context, draft)
    timeless = replace(context, keys=lasting, where=filters.rest, frame=None)
    history = _inner(measure, entity, timeless, draft)
    step = _as_step(history, measure, (*lasting, *entity), draft, hint)
    on = tuple(
        Call("is_not_distinct_from", (presence.fields[key.name], step.field(draft.key_name(key))))
        for key in (*lasting, *entity)
    )
    joins = (*presence.rows.joins, Joined(JoinHow.LEFT, step.rows(), on))
    inputs: dict[str, Expr] = {name: step.field(f"input_{n}") for n, name in enumerate(measure.inputs)}
    joined = replace(presence.rows, joins=joins)
    return _EntityRows(joined, _all_keys(context, entity), inputs)


def _as_step(rows: _EntityRows, measure: PerEntity, keys: tuple[BoundKey, ...], draft: Draft, hint: str) -> Step:
    columns = tuple(Output(draft.key_name(key), rows.fields[key.name], key.type) for key in keys)
    inputs = tuple(
        Output(f"input_{n}", rows.inputs[name], type_of(rows.inputs[name])) for n, name in enumerate(measure.inputs)
    )
    block = Block(rows.rows.relation, (*columns, *inputs), rows.rows.joins)
    return draft.add(Step(draft.name(f"{hint}_of_all_time"), block, tuple(one.name for one in columns)))


def _outer(
    measure: PerEntity, rows: _EntityRows, entity: tuple[BoundKey, ...], context: Context, draft: Draft, hint: str
) -> Evaluated:
    """The aggregate over entities. A key with rows and no entity that passes counts 0; null is no entity."""
    columns = tuple(Output(draft.key_name(key), rows.fields[key.name], key.type) for key in context.keys)
    resolved = rows.value(measure.value)
    assert isinstance(resolved, Aggregate)
    type_ = aggregate_result(resolved)
    passes: tuple[Expr, ...] = tuple(Call("is_not_null", (rows.fields[key.name],)) for key in entity)
    if measure.having is not None:
        passes = (*passes, typed(rows.value(measure.having)))
    aggregate = kept(typed_aggregate(resolved), passes[0] if len(passes) == 1 else Call("and", passes))
    value = Output(draft.column_name(hint), aggregate, type_)
    block = Block(rows.rows.relation, (*columns, value), rows.rows.joins, grouped=len(columns))
    if context.frame is not None and context.frame.from_first and columns:
        keys = time_keys(measure, context)
        firsts = _first_rows(measure, keys, context, draft, hint)
        block = from_first_row(block, firsts, value, "count" in measure.value.function, keys, context, draft)
    step = draft.add(Step(draft.name(hint), block, tuple(one.name for one in columns)))
    return Evaluated(step.field(value.name), type_, (step.name,))


def _first_rows(measure: PerEntity, keys: TimeKeys, context: Context, draft: Draft, hint: str) -> Step:
    """The first of the rows that the inputs read, for each combination of keys that come from the rows."""
    read = dict.fromkeys(_rows_read(measure))
    steps = [_first_rows_of(home, time, conditions, keys, context, draft, hint) for home, time, conditions in read]
    if len(steps) == 1:
        return steps[0]
    alias = "every_first_row"
    blocks = tuple(
        Block(one.rows(), tuple(Output(c.name, one.field(c.name), c.type) for c in one.block.columns)) for one in steps
    )
    *others, first = (Field(alias, column.name, column.type) for column in steps[0].block.columns)
    columns = tuple(Output(one.name, one, one.type) for one in others)
    earliest = Output(first.name, Aggregate("min", (first,)), TIMESTAMP)
    block = Block(UnitedRows(blocks, alias), (*columns, earliest), grouped=len(columns))
    return draft.add(Step(draft.name(f"{hint}_first_rows"), block))


def _rows_read(measure: Measure) -> Iterator[tuple[str, str, tuple[Expr, ...]]]:
    """The dataset, time dimension and conditions of all rows that say which keys a measure has."""
    match measure:
        case Base(home, _, time):
            assert time is not None
            yield home, time, ()
        case PerEntity(home=home, time=time) if not measure.inputs or measure.all_time:
            assert time is not None
            yield home, time, ()
        case Filtered(inner, where):
            yield from ((home, time, (*conditions, where)) for home, time, conditions in _rows_read(inner))
        case _:
            for inner in children(measure):
                yield from _rows_read(inner)


def _first_rows_of(
    home: str, time: str, conditions: tuple[Expr, ...], keys: TimeKeys, context: Context, draft: Draft, hint: str
) -> Step:
    inside = replace(context, keys=keys.others, inside=(*context.inside, *conditions), frame=None)
    scope = RowScope.of(draft, inside, home)
    others = tuple(Output(draft.key_name(key), scope.key(key), key.type) for key in keys.others)
    moment = cast(scope.dimension(scope.find(time)), TIMESTAMP)
    rows = filtered(scope, inside)
    scope.finish()  # rows that a filter repeats do no harm to a first moment
    first = Output("first_time", Aggregate("min", (moment,)), TIMESTAMP)
    block = Block(scope.relation, (*others, first), tuple(scope.joins), rows.where, grouped=len(others))
    return draft.add(Step(draft.name(f"{hint}_first_rows"), block))


def kept(aggregate: Expr, having: Expr) -> Expr:
    """Every aggregate inside an expression, over the rows that pass."""

    def change(node: Expr) -> Expr | None:
        return Kept(node, having, type_of(node)) if isinstance(node, Aggregate) else None

    return rewrite(aggregate, change)


# --- dated by an event -------------------------------------------------------------------------------------------


def _dated(measure: PerEntity, context: Context, draft: Draft, hint: str) -> Evaluated:
    """Each entity once, in the period of its first (or last) event of all time.

    Time filters apply to that date, all other filters to the events before it is found.
    """
    if measure.inputs:
        message = "an entity dated by an event cannot also be chosen by `having`"
        raise refuse(ErrorCode.NOT_SUPPORTED, message)
    keys = time_keys(measure, context)
    filters = time_filter(measure, context.catalog, context.where)
    entity = entity_keys(measure.entity, measure.home, context)
    dated = [key for key in context.keys if _from_event(key, measure, context)]
    lasting = tuple(key for key in context.keys if key not in dated)
    step = _events(measure, lasting, entity, replace(context, where=filters.rest, frame=None), draft, hint)
    week_start = context.catalog.settings.week_start
    own = tuple(key for key in dated if key in keys.others) if context.frame is not None else ()
    if own:  # a part beside a window is the event's own, not the window's
        step = _with_parts(step, lasting, own, context, draft, hint)
    event = step.field("event_time")
    exprs: dict[str, Expr] = {key.name: step.field(draft.key_name(key)) for key in (*lasting, *own)}
    joins: tuple[Joined, ...] = ()
    relation = step.rows()
    frame = context.frame
    calendars = calendar_joins(context, draft)
    if frame is not None:
        periods = draft.steps[frame.periods]
        joins = (Joined(JoinHow.INNER, periods.rows(), in_window(periods, event, frame)),)
        if keys.finest is not None:
            exprs |= keys.from_label(periods.field("period"), week_start, calendars)
    exprs |= {key.name: key_of(key, event, week_start, calendars) for key in dated if key.name not in exprs}
    where = about_periods(filters.time, event, context.catalog, calendars)
    if frame is not None and frame.within is not None:
        where = (*where, Call("is_not_null", (calendars.period(frame.within, event),)))
    columns = tuple(Output(draft.key_name(key), exprs[key.name], key.type) for key in context.keys)
    type_ = aggregate_result(measure.value)
    value = Output(draft.column_name(hint), measure.value, type_)
    block = Block(relation, (*columns, value), (*joins, *calendars.joins), where, grouped=len(columns))
    if frame is not None and frame.from_first and columns:
        firsts = first_rows(step, "event_time", keys, draft, hint)
        block = from_first_row(block, firsts, value, "count" in measure.value.function, keys, context, draft)
    counted = draft.add(Step(draft.name(hint), block, tuple(one.name for one in columns)))
    return Evaluated(counted.field(value.name), type_, (counted.name,))


def _with_parts(
    events: Step, lasting: tuple[BoundKey, ...], own: tuple[BoundKey, ...], context: Context, draft: Draft, hint: str
) -> Step:
    """The events with the keys that their own time gives."""
    event = events.field("event_time")
    same = tuple(Output(draft.key_name(key), events.field(draft.key_name(key)), key.type) for key in lasting)
    week_start, calendars = context.catalog.settings.week_start, calendar_joins(context, draft)
    parts = tuple(Output(draft.key_name(key), key_of(key, event, week_start, calendars), key.type) for key in own)
    columns = (*same, *parts, Output("event_time", event, event.type))
    names = tuple(one.name for one in (*same, *parts))
    return draft.add(
        Step(draft.name(f"{hint}_event_parts"), Block(events.rows(), columns, tuple(calendars.joins)), names)
    )


def _from_event(key: BoundKey, measure: PerEntity, context: Context) -> bool:
    """Whether a key is a grain or part of the time dimension by which entities are dated."""
    found = find_dimension(context.catalog, measure.home, key.dimension)
    return isinstance(found, FoundDimension) and not found.hops and found.dimension.name == measure.time


def _events(
    measure: PerEntity,
    lasting: tuple[BoundKey, ...],
    entity: tuple[BoundKey, ...],
    context: Context,
    draft: Draft,
    hint: str,
) -> Step:
    """One row per entity and lasting key, with the time of its event."""
    assert measure.dated_by is not None and measure.time is not None
    keys = (*lasting, *(key for key in entity if key not in lasting))
    scope = RowScope.of(draft, replace(context, keys=keys), measure.home)
    columns = tuple(Output(draft.key_name(key), scope.key(key), key.type) for key in keys)
    moment = scope.dimension(scope.find(measure.time))
    event = Output("event_time", Aggregate(measure.dated_by.function, (moment,)), type_of(moment))
    rows = filtered(scope, replace(context, keys=keys))
    present = tuple(Call("is_not_null", (scope.key(key),)) for key in entity)
    scope.finish()  # rows that a filter repeats do no harm: the first event of an entity stays its first
    block = Block(scope.relation, (*columns, event), tuple(scope.joins), (*rows.where, *present), grouped=len(columns))
    return draft.add(Step(draft.name(f"{hint}_events"), block, tuple(one.name for one in columns)))
