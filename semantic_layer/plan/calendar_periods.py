"""The periods of a custom calendar in their order: where each begins and ends, and which is how many before which.

A period is a label of the calendar; its rows say its days. It begins with its first row and ends with its last, and
the order of periods is that of their beginnings (semantics rule 11).
"""

from semantic_layer.definitions.expression import Aggregate, Call
from semantic_layer.definitions.types import BIGINT, DATE, TIMESTAMP, CalendarGrain
from semantic_layer.plan.calendar_joins import DAY, CalendarJoins
from semantic_layer.plan.context import Context
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import Block, Moved, Ordered, Output, RowNumber, Step
from semantic_layer.plan.row_scope import calendar_rows
from semantic_layer.plan.typed import cast


def calendar_joins(context: Context, draft: Draft) -> CalendarJoins:
    """For a block over steps: the first join has the step's own name, further ones get their own."""
    used: set[str] = set()

    def alias(step: Step) -> str:
        name = step.name if step.name not in used else draft.name(step.name)
        used.add(name)
        return name

    return CalendarJoins(lambda name: calendar_rows(name, context, draft), alias)


def periods_in_order(grain: CalendarGrain, context: Context, draft: Draft) -> Step:
    """Every period: `period` (its label), `first_moment`, the exclusive `end_moment`, and `number` from 1 on."""
    shared = f"periods {context.published.revision} {grain.words}"
    if shared in draft.shared:
        return draft.shared[shared]
    rows = calendar_rows(grain.calendar, context, draft)
    label, day = rows.field(grain.name), cast(rows.field(DAY), TIMESTAMP)
    last = Moved(Aggregate("max", (day,)), 1, grain.step, TIMESTAMP)
    columns = (
        Output("period", label, DATE),
        Output("first_moment", Aggregate("min", (day,)), TIMESTAMP),
        Output("end_moment", last, TIMESTAMP),
    )
    known = (Call("is_not_null", (label,)),)
    spans = draft.add(
        Step(draft.name(f"{grain.name}_spans"), Block(rows.rows(), columns, (), known, grouped=1), ("period",))
    )
    same = tuple(Output(one.name, spans.field(one.name), one.type) for one in columns)
    number = Output("number", RowNumber(order=(Ordered(spans.field("first_moment")),)), BIGINT)
    block = Block(spans.rows(), (*same, number))
    return draft.share(shared, draft.add(Step(draft.name(f"every_{grain.name}"), block, ("period",))))
