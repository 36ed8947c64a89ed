"""An aggregate of one dataset over windows of time: every row counts in each window that holds it (rule 15)."""

from dataclasses import dataclass

from semantic_layer.definitions.expression import Aggregate, Call, Expr, Literal
from semantic_layer.definitions.types import BIGINT, TIMESTAMP, ColumnType, Grain
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.aggregates import aggregate_result, filtered
from semantic_layer.plan.calendar_periods import calendar_joins
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import Block, Field, Joined, JoinHow, Output, PeriodStart, Step
from semantic_layer.plan.periods import period_type
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.time_keys import TimeKeys, keys_of_steps, time_keys
from semantic_layer.plan.typed import cast, type_of, typed_aggregate
from semantic_layer.plan.window_rows import first_rows, from_first_row, in_window, window_keys
from semantic_layer.query.measure import Base

_COUNTS = ("count", "count_if")


def framed_base(measure: Base, context: Context, draft: Draft, hint: str) -> Evaluated:
    frame = context.frame
    assert frame is not None and measure.time is not None
    keys = keys_of_steps(measure, context) if frame.stepped else time_keys(measure, context)
    rows = _rows(measure, keys, context, draft, hint)
    calendars = calendar_joins(context, draft)
    exprs = window_keys(keys, frame, rows.step, context, draft, calendars)
    value = Output(draft.column_name(hint), rows.outer, rows.type)
    periods = draft.steps[frame.periods]
    inside = Joined(JoinHow.INNER, rows.step.rows(), in_window(periods, rows.step.field("moment"), frame))
    block = Block(periods.rows(), (*exprs, value), (inside, *calendars.joins), grouped=len(exprs))
    names = tuple(one.name for one in exprs)
    if frame.from_first and exprs:
        firsts = first_rows(rows.step, "moment", keys, draft, hint)
        block = from_first_row(block, firsts, value, rows.counts, keys, context, draft)
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
        message = (
            "a window over rows chosen by what is missing across a to-many join, or by `or` across it, is not served;"
            " filter by `and` and by members that exist"
        )
        raise refuse(ErrorCode.NOT_SUPPORTED, message, path=("where",))
    where = conditions.where
    if frame.within is not None:
        where = (*where, Call("is_not_null", (scope.calendars.period(frame.within, moment),)))
    name = draft.name(f"{hint}_rows")
    type_ = aggregate_result(aggregate)
    grouped, inner, outer = _brought_down(aggregate, name)
    if grouped is not None and frame.day_aligned:
        week_start = context.catalog.settings.week_start
        moment = cast(PeriodStart(moment, Grain.DAY, week_start, period_type(Grain.DAY)), TIMESTAMP)
    columns = (Output("moment", moment, TIMESTAMP), *others, *inner)
    count = None if grouped is None else 1 + len(others) + grouped
    scope.finish()
    block = Block(scope.relation, columns, tuple(scope.joins), where, grouped=count)
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
