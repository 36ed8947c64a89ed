"""The period of a custom calendar that holds a moment, by a join to the calendar's rows (semantics rule 11)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from semantic_layer.definitions.expression import Call, Expr
from semantic_layer.definitions.types import DATE, TIMESTAMP, CalendarGrain, Grain
from semantic_layer.plan.nodes import Field, Joined, JoinHow, PeriodStart, Step, StepRows
from semantic_layer.plan.typed import cast, type_of

DAY = "day"  # the column of a calendar's rows that says for which moment a row stands


@dataclass(slots=True)
class CalendarJoins:
    """The joins of one block to calendars: left outer, each to at most one row, so that no row is lost or doubled.

    `rows` gives the step with a calendar's rows (unique by `day`), `alias` a name for it in the block.
    """

    rows: Callable[[str], Step]
    alias: Callable[[Step], str]
    joins: list[Joined] = field(default_factory=list)
    aliases: dict[tuple[str, str], str] = field(default_factory=dict)

    def period(self, grain: CalendarGrain, moment: Expr) -> Field:
        """The label of the period that holds `moment`; null for a moment that the calendar has no row for."""
        step = self.rows(grain.calendar)
        place = (grain.calendar, repr(moment))
        if place not in self.aliases:
            self.aliases[place] = self.alias(step)
            day = step.field(DAY, self.aliases[place])
            on = Call("eq", (at_step(moment, grain.step, day), day))
            self.joins.append(Joined(JoinHow.LEFT, StepRows(step.name, self.aliases[place]), (on,)))
        return step.field(grain.name, self.aliases[place])


def at_step(moment: Expr, step: Grain, day: Field) -> Expr:
    """`moment` as the calendar says it: the first moment of its day (or hour …), of the type of the column."""
    if day.type == DATE:
        return moment if type_of(moment) == DATE else PeriodStart(moment, Grain.DAY, "monday", DATE)
    if type_of(moment) == DATE:
        return cast(moment, TIMESTAMP)
    return PeriodStart(moment, step, "monday", TIMESTAMP)
