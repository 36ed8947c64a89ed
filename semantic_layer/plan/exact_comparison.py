"""Exact numbers compared with values that have more digits than they can have (semantics rules 9 and 28).

DuckDB casts the column to the value's scale, which not every number of the column fits. What such a value means for
numbers of fewer digits is said exactly instead: nothing equals 5.001 in cents, and below 5.001 is up to 5.00.
"""

from decimal import ROUND_FLOOR, Context, Decimal
from typing import Literal as OneOf

from semantic_layer.definitions.expression import Call, Expr, Literal
from semantic_layer.definitions.types import MAX_PRECISION, ColumnType, decimal
from semantic_layer.query.measure import Value
from semantic_layer.query.values import whole_number

COMPARISONS = ("eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "is_distinct_from")
_EXACT = Context(prec=4 * MAX_PRECISION, rounding=ROUND_FLOOR)
_Place = OneOf["equal", "between", "above all", "below all"]


def compared_exactly(call: Call, operand: ColumnType) -> Expr:
    """A comparison of an exact number of type `operand` with values, in values that have its scale."""
    if not operand.is_exact or not all(isinstance(one, Value | Literal) for one in call.arguments[1:]):
        return call
    scale = operand.scale or 0
    left, *values = call.arguments
    if not any(_is_longer(one, scale) for one in values):
        return call
    if call.function in ("in", "not_in"):
        kept = tuple(value for value, place in (_floor(one, scale) for one in values) if place == "equal")
        return Call(call.function, (left, *kept)) if kept else _always(left, call.function == "not_in")
    value, place = _floor(values[0], scale)
    return _one(call.function, left, value, place)


def _one(function: str, left: Expr, floor: Expr, place: _Place) -> Expr:
    if place == "equal":
        return Call(function, (left, floor))
    if function == "is_distinct_from":
        return Literal(True)
    if function in ("eq", "ne"):
        return _always(left, function == "ne")
    if place == "between":  # the value lies above its floor and below the next number
        return Call("lte" if function in ("lt", "lte") else "gt", (left, floor))
    return _always(left, (function in ("lt", "lte")) == (place == "above all"))


def _always(left: Expr, true: bool) -> Expr:
    """True, or false, for every number; unknown for null."""
    return Call("eq" if true else "ne", (left, left))


def _number(expr: Expr) -> Decimal | None:
    value = expr.value if isinstance(expr, Value | Literal) else None
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _is_longer(expr: Expr, scale: int) -> bool:
    """Whether a value has more decimals than the scale, or more digits before them than fit beside it."""
    number = _number(expr)
    if number is None:
        return False
    exponent = number.as_tuple().exponent
    return -int(exponent) > scale or abs(number) >= Decimal(10) ** (MAX_PRECISION - scale)


def _floor(expr: Expr, scale: int) -> tuple[Expr, _Place]:
    """The greatest number of the scale that is not above a value, and where the value lies beside it."""
    number = _number(expr)
    if number is None:
        return expr, "equal"
    if abs(number) >= Decimal(10) ** (MAX_PRECISION - scale):
        return expr, "above all" if number > 0 else "below all"
    floor = number.quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    value = Value(floor, decimal(MAX_PRECISION, scale)) if scale else whole_number(int(floor))
    return value, "equal" if floor == number else "between"
