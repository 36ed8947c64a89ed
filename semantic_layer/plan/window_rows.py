"""Rows in windows of time: which window holds a row, and that a key keeps its value from its first row on (rule 15)."""

from semantic_layer.definitions.expression import Aggregate, Call, Expr, Literal
from semantic_layer.definitions.types import TIMESTAMP
from semantic_layer.plan.calendar_joins import CalendarJoins
from semantic_layer.plan.calendar_periods import calendar_joins
from semantic_layer.plan.combine import only_value
from semantic_layer.plan.context import Context, Frame
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import Block, Field, Joined, JoinHow, Null, Output, Step, UnitedRows
from semantic_layer.plan.time_keys import TimeKeys


def in_window(periods: Step, moment: Expr, frame: Frame) -> tuple[Expr, ...]:
    """That a window of the step `periods` holds a moment."""
    before_end = Call("lt", (moment, periods.field("window_end")))
    if not frame.has_start:
        return (before_end,)
    return (Call("gte", (moment, periods.field("window_start"))), before_end)


def window_keys(
    keys: TimeKeys, frame: Frame, rows: Step, context: Context, draft: Draft, calendars: CalendarJoins
) -> tuple[Output, ...]:
    """The keys of the context: those of time from the window's period, the others from the rows."""
    exprs: dict[str, Expr] = {key.name: rows.field(draft.key_name(key)) for key in keys.others}
    if frame.stepped:
        periods = draft.steps[frame.periods]
        exprs |= {key.name: periods.field(draft.key_name(key)) for key in keys.derived}
    elif keys.finest is not None:
        label = draft.steps[frame.periods].field("period")
        exprs |= keys.from_label(label, context.catalog.settings.week_start, calendars)
    return tuple(Output(draft.key_name(key), exprs[key.name], key.type) for key in context.keys)


def first_rows(rows: Step, moment: str, keys: TimeKeys, draft: Draft, hint: str) -> Step:
    """The first moment of each combination of keys that come from the rows, in `first_time`."""
    others = tuple(rows.field(draft.key_name(key)) for key in keys.others)
    first = Output("first_time", Aggregate("min", (rows.field(moment),)), TIMESTAMP)
    columns = tuple(Output(one.name, one, one.type) for one in others)
    block = Block(rows.rows(), (*columns, first), grouped=len(columns))
    return draft.add(Step(draft.name(f"{hint}_first_rows"), block))


def from_first_row(
    windows: Block, firsts: Step, value: Output, counts: bool, keys: TimeKeys, context: Context, draft: Draft
) -> Block:
    """`windows` with a value in every period from a key's first row on: 0 for counts over no rows, else null."""
    frame = context.frame
    assert frame is not None
    periods = draft.steps[frame.periods]
    begun = Call("lt", (firsts.field("first_time"), periods.field("window_end")))
    empty: Expr = Literal(0) if counts else Null(value.type)
    calendars = calendar_joins(context, draft)
    exprs = window_keys(keys, frame, firsts, context, draft, calendars)
    joins = (Joined(JoinHow.INNER, firsts.rows(), (begun,)), *calendars.joins)
    scaffold = Block(periods.rows(), (*exprs, Output(value.name, empty, value.type)), joins)
    alias = "parts"
    outputs = tuple(Output(one.name, Field(alias, one.name, one.type), one.type) for one in exprs)
    picked = Output(value.name, only_value(Field(alias, value.name, value.type)), value.type)
    return Block(UnitedRows((windows, scaffold), alias), (*outputs, picked), grouped=len(outputs))
