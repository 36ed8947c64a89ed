"""Keys as values of a row or period, and dates compared as dates."""

from datetime import datetime

from semantic_layer.definitions.expression import Call, Expr, Literal, rewrite
from semantic_layer.definitions.grains import find_grain
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.types import DATE, TIMESTAMP, CalendarGrain, ColumnType, Grain, Kind
from semantic_layer.plan.calendar_joins import CalendarJoins
from semantic_layer.plan.nodes import PeriodStart
from semantic_layer.plan.typed import cast, type_of
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.calendar import midnight
from semantic_layer.query.measure import Value


def key_of(key: BoundKey, value: Expr, week_start: str, calendars: CalendarJoins) -> Expr:
    """A key from the value of its dimension: its period, its part, or the value itself, of the key's own type.

    A calendar's period is looked up by a join, which `calendars` gets for the block.
    """
    if key.part is not None:
        return Call("date_part", (Literal(key.part.value), value))
    if isinstance(key.grain, CalendarGrain):
        return calendars.period(key.grain, value)
    if key.grain is not None:
        if key.grain is Grain.DAY and type_of(value) == DATE:
            return value
        return PeriodStart(value, key.grain, week_start, key.type)
    return value if serves_as(type_of(value), key.type) else cast(value, key.type)


def period_of(words: object, value: Expr, catalog: Catalog, calendars: CalendarJoins) -> Expr:
    """The first moment, or a calendar's label, of the period that holds a value; `words` name a grain."""
    grain = find_grain(str(words), catalog.calendars)
    assert grain is not None
    if isinstance(grain, CalendarGrain):
        return calendars.period(grain, value)
    return PeriodStart(value, grain, catalog.settings.week_start, TIMESTAMP if grain.is_clock else DATE)


def dates_compared(condition: Expr) -> Expr:
    """Midnights compared with a DATE as days, so that its index serves."""

    def change(node: Expr) -> Expr | None:
        if not isinstance(node, Call) or node.function not in _COMPARISONS or type_of(node.arguments[0]) != DATE:
            return None
        return Call(node.function, (node.arguments[0], *(_day(argument) for argument in node.arguments[1:])))

    return rewrite(condition, change)


def _day(expr: Expr) -> Expr:
    if isinstance(expr, Value) and isinstance(expr.value, datetime) and expr.value == midnight(expr.value):
        return Value(expr.value.date(), DATE)
    return expr


_COMPARISONS = {"eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in"}
_WHOLE = (Kind.INTEGER, Kind.BIGINT)


def serves_as(physical: ColumnType, declared: ColumnType) -> bool:
    """Whether values of one type can stand for the other without a cast."""
    if physical.kind in _WHOLE and declared.kind in _WHOLE:
        return True
    if physical.kind is Kind.DECIMAL and declared.kind is Kind.DECIMAL:
        return (physical.scale or 0) <= (declared.scale or 0)
    return physical.kind is declared.kind
