"""An aggregate of one dataset over windows of time: every row counts in each window that holds it (rule 15)."""

from dataclasses import dataclass

from semantic_layer.definitions.expression import Aggregate, Call, Expr, Literal
from semantic_layer.definitions.types import BIGINT, TIMESTAMP, ColumnType, Grain
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.aggregates import aggregate_result, filtered
from semantic_layer.plan.context import Context, Evaluated, Frame
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import Block, Field, Joined, JoinHow, Null, Output, PeriodStart, Step, UnitedRows
from semantic_layer.plan.periods import period_type
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.time_keys import TimeKeys, time_keys
from semantic_layer.plan.typed import cast, type_of, typed_aggregate
from semantic_layer.query.measure import Base

_COUNTS = ("count", "count_if")


def framed_base(measure: Base, context: Context, draft: Draft, hint: str) -> Evaluated:
    frame = context.frame
    assert frame is not None and measure.time is not None
    keys = time_keys(measure, context)
    rows = _rows(measure, keys, context, draft, hint)
    exprs = _key_outputs(keys, frame, rows.step, context, draft)
    value = Output(draft.column_name(hint), rows.outer, rows.type)
    periods = draft.steps[frame.periods]
    in_window = Joined(JoinHow.INNER, rows.step.rows(), _in_window(periods, rows.step, frame))
    block = Block(periods.rows(), (*exprs, value), (in_window,), grouped=len(exprs))
    names = tuple(one.name for one in exprs)
    if frame.from_first and exprs:
        block = _from_first_row(block, value, rows, keys, frame, context, draft, hint)
    step = draft.add(Step(draft.name(hint), block, names))
    return Evaluated(step.field(value.name), value.type, (step.name,))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows brought down as far as the aggregate allows, and the aggregate over them."""

    step: Step
    outer: Expr
    type: ColumnType
    counts: bool  # 0, not null, over no rows


def _rows(measure: Base, keys: TimeKeys, context: Context, draft: Draft, hint: str) -> _Rows:
    frame = context.frame
    assert frame is not None and measure.time is not None
    scope = RowScope.of(draft, context, measure.home)
    others = tuple(Output(draft.key_name(key), scope.key(key), key.type) for key in keys.others)
    moment = cast(scope.dimension(scope.find(measure.time)), TIMESTAMP)
    aggregate = scope.value(measure.value)
    assert isinstance(aggregate, Aggregate)
    conditions = filtered(scope, context)
    if conditions.repeated:
        message = "a window over rows chosen by `or` across a to-many join is not served; filter by `and`"
        raise refuse(ErrorCode.NOT_SUPPORTED, message, path=("where",))
    name = draft.name(f"{hint}_rows")
    type_ = aggregate_result(aggregate)
    grouped, inner, outer = _brought_down(aggregate, name)
    if grouped is not None and frame.day_aligned:
        week_start = context.catalog.settings.week_start
        moment = cast(PeriodStart(moment, Grain.DAY, week_start, period_type(Grain.DAY)), TIMESTAMP)
    columns = (Output("moment", moment, TIMESTAMP), *others, *inner)
    count = None if grouped is None else 1 + len(others) + grouped
    scope.finish()
    block = Block(scope.relation, columns, tuple(scope.joins), conditions.where, grouped=count)
    step = draft.add(Step(name, block))
    return _Rows(step, outer, type_, "count" in aggregate.function)


def _brought_down(aggregate: Aggregate, step: str) -> tuple[int | None, tuple[Output, ...], Expr]:
    """How many value columns to group by (None: rows as they are), the columns, and the aggregate over them."""
    function, arguments = aggregate.function, aggregate.arguments
    if function == "count_distinct":
        parts = tuple(Output(f"value_{n}", one, type_of(one)) for n, one in enumerate(arguments))
        fields = tuple(Field(step, part.name, part.type) for part in parts)
        return len(parts), parts, Aggregate("count_distinct", fields)
    if function in _COUNTS:
        part = Output("value", aggregate, BIGINT)
        total = cast(Aggregate("sum", (Field(step, "value", BIGINT),)), BIGINT)
        return 0, (part,), Call("coalesce", (total, Literal(0)))
    if function in ("sum", "min", "max"):
        type_ = aggregate_result(aggregate)
        field = Field(step, "value", type_)
        return 0, (Output("value", typed_aggregate(aggregate), type_),), typed_aggregate(Aggregate(function, (field,)))
    part = Output("value", arguments[0], type_of(arguments[0]))
    field = Field(step, "value", part.type)
    return None, (part,), typed_aggregate(Aggregate(function, (field,), aggregate.share))


def _key_outputs(keys: TimeKeys, frame: Frame, rows: Step, context: Context, draft: Draft) -> tuple[Output, ...]:
    exprs: dict[str, Expr] = {key.name: rows.field(draft.key_name(key)) for key in keys.others}
    if keys.finest is not None:
        label = draft.steps[frame.periods].field("period")
        exprs |= keys.from_label(label, context.catalog.settings.week_start)
    return tuple(Output(draft.key_name(key), exprs[key.name], key.type) for key in context.keys)


def _in_window(periods: Step, rows: Step, frame: Frame) -> tuple[Expr, ...]:
    moment = rows.field("moment")
    before_end = Call("lt", (moment, periods.field("window_end")))
    if not frame.has_start:
        return (before_end,)
    return (Call("gte", (moment, periods.field("window_start"))), before_end)


def _from_first_row(
    windows: Block, value: Output, rows: _Rows, keys: TimeKeys, frame: Frame, context: Context, draft: Draft, hint: str
) -> Block:
    """A value in every period from a key's first row on, also where its window is empty: 0 for counts, else null."""
    others = tuple(rows.step.field(draft.key_name(key)) for key in keys.others)
    first = Output("first_time", Aggregate("min", (rows.step.field("moment"),)), TIMESTAMP)
    columns = tuple(Output(one.name, one, one.type) for one in others)
    firsts = Step(draft.name(f"{hint}_first_rows"), Block(rows.step.rows(), (*columns, first), grouped=len(columns)))
    draft.add(firsts)
    periods = draft.steps[frame.periods]
    since = Joined(
        JoinHow.INNER, firsts.rows(), (Call("lt", (firsts.field("first_time"), periods.field("window_end"))),)
    )
    counts = isinstance(value.expr, Call) or (isinstance(value.expr, Aggregate) and "count" in value.expr.function)
    empty: Expr = Literal(0) if counts else Null(value.type)
    exprs = _key_outputs(keys, frame, firsts, context, draft)
    scaffold = Block(periods.rows(), (*exprs, Output(value.name, empty, value.type)), (since,))
    alias = "parts"
    outputs = tuple(Output(one.name, Field(alias, one.name, one.type), one.type) for one in exprs)
    picked = Output(value.name, Aggregate("max", (Field(alias, value.name, value.type),)), value.type)
    return Block(UnitedRows((windows, scaffold), alias), (*outputs, picked), grouped=len(outputs))
