"""When a row of a slowly changing dataset holds: `[from, until)` with open ends, in the catalog's wall time (rule 3).

A fact meets the row that held at its own time; which row that is never depends on the zone that a question asks for.
"""

from dataclasses import dataclass
from datetime import date, datetime

from semantic_layer.definitions.expression import Call, Expr, Literal
from semantic_layer.definitions.types import DATE, TIMESTAMP, Grain, Kind
from semantic_layer.plan.nodes import Moved
from semantic_layer.plan.typed import cast, type_of


@dataclass(frozen=True, slots=True)
class Validity:
    """The first moment at which a row holds and the first at which it no longer does; never null, both of one type.

    An open end is the calendar's, so that a join needs plain comparisons only, which engines join by hashing.
    """

    start: Expr
    end: Expr

    def holds(self, at: Expr) -> tuple[Expr, ...]:
        """That the row holds at a moment; null, so never, for one that is not known."""
        type_ = type_of(self.start)
        moment = cast(at, TIMESTAMP) if type_ == TIMESTAMP else at
        start, end = (self.start, self.end) if type_of(moment) == type_ else self._as_timestamps()
        return Call("gte", (moment, start)), Call("lt", (moment, end))

    def _as_timestamps(self) -> tuple[Expr, Expr]:
        return cast(self.start, TIMESTAMP), cast(self.end, TIMESTAMP)


def validity(start: Expr, end: Expr, zone: str) -> Validity:
    """The range of two columns; `zone` is the catalog's, in which instants become wall time."""
    start, end = _wall_time(start, zone), _wall_time(end, zone)
    if type_of(start) == DATE and type_of(end) == DATE:
        beyond: Expr = Moved(Literal(date.max), 1, Grain.DAY, DATE)
        return Validity(Call("coalesce", (start, Literal(date.min))), Call("coalesce", (end, beyond)))
    beyond = Moved(Literal(datetime(9999, 12, 31)), 1, Grain.DAY, TIMESTAMP)
    first = Call("coalesce", (cast(start, TIMESTAMP), Literal(datetime.min)))
    return Validity(first, Call("coalesce", (cast(end, TIMESTAMP), beyond)))


def _wall_time(moment: Expr, zone: str) -> Expr:
    if type_of(moment).kind is Kind.TIMESTAMPTZ:
        return Call("at_zone", (moment, Literal(None), Literal(zone)))
    return moment
