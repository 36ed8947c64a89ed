"""Scalar values: three-valued logic, exact arithmetic, aggregates, and result types (semantics rules 2, 8, 10)."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any

from tests.oracle.evaluator.calendar import moment
from tests.oracle.evaluator.formulas import Node

Cell = Any
Look = Callable[[str], Cell]


@dataclass(frozen=True, slots=True)
class Type:
    """A column's type as the contract names it, and the decimals of a DECIMAL."""

    kind: str
    scale: int = 0


INTEGER, BIGINT, FLOAT, TEXT, BOOLEAN = (Type(k) for k in ("INTEGER", "BIGINT", "FLOAT", "TEXT", "BOOLEAN"))
DATE, TIMESTAMP, NULL = (Type(k) for k in ("DATE", "TIMESTAMP", "NULL"))
_WHOLE = (INTEGER, BIGINT)


# --- logic -------------------------------------------------------------------------------------------------------


def every(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return False if False in found else None if None in found else True


def some(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return True if True in found else None if None in found else False


def negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def compare(operator: str, left: Cell, right: Cell) -> bool | None:
    """`=`, `<` and so on; null beside anything is unknown. A day and a moment compare as moments."""
    if left is None or right is None:
        return None
    if isinstance(left, date) and isinstance(right, date):
        left, right = moment(left), moment(right)
    if isinstance(left, float) != isinstance(right, float):
        left, right = float(left), float(right)
    match operator:
        case "eq":
            return bool(left == right)
        case "ne":
            return bool(left != right)
        case "lt":
            return bool(left < right)
        case "lte":
            return bool(left <= right)
        case "gt":
            return bool(left > right)
        case _:
            return bool(left >= right)


# --- scalar expressions ------------------------------------------------------------------------------------------


def scalar(node: Node, look: Look, exists: Callable[[list[Node]], bool] | None = None) -> Cell:
    """The value of a formula; `look` gives the value of a name, `exists` of `exists(join, condition)`."""

    def inner(one: Node) -> Cell:
        return scalar(one, look, exists)

    match node:
        case ("value", value):
            return value
        case ("name", name):
            return look(name)
        case ("case", branches, otherwise):
            for when, then in branches:
                if inner(when) is True:
                    return inner(then)
            return inner(otherwise)
        case ("call", "exists", arguments):
            assert exists is not None
            return exists(arguments)
        case ("call", "and", arguments):
            return every(inner(one) for one in arguments)
        case ("call", "or", arguments):
            return some(inner(one) for one in arguments)
        case ("call", function, arguments):
            return _call(function, [inner(one) for one in arguments])
    raise ValueError(node)


def _call(function: str, values: list[Cell]) -> Cell:
    match function:
        case "not":
            return negated(values[0])
        case "is_null" | "is_not_null":
            return (values[0] is None) is (function == "is_null")
        case "eq" | "ne" | "lt" | "lte" | "gt" | "gte":
            return compare(function, values[0], values[1])
        case "in":
            return some(compare("eq", values[0], one) for one in values[1:])
        case "between":
            return every([compare("gte", values[0], values[1]), compare("lte", values[0], values[2])])
        case "coalesce":
            return next((one for one in values if one is not None), None)
        case "add" | "subtract" | "multiply" | "divide":
            return arithmetic(function, values[0], values[1])
        case "isodow":
            return None if values[0] is None else values[0].isoweekday()
    raise ValueError(f"no function {function}")


def arithmetic(function: str, left: Cell, right: Cell) -> Cell:
    """Exact unless a side is a float; division is real, and null for a zero denominator (rule 8)."""
    if left is None or right is None:
        return None
    if function == "divide":
        return float(left) / float(right) if float(right) != 0 else None
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    with localcontext() as exact:
        exact.prec = 90
        return left + right if function == "add" else left - right if function == "subtract" else left * right


# --- aggregates --------------------------------------------------------------------------------------------------


def aggregate(function: str, rows: Sequence[tuple[Cell, ...]], share: Cell = None) -> Cell:
    """One aggregate over rows of argument values; nulls are passed over, a pair with a null in it too."""
    if function == "count_if":
        return sum(1 for row in rows if row[0] is True)
    kept = [row for row in rows if None not in row]
    if function == "count":
        return len(kept)
    if function == "count_distinct":
        return len(set(kept))
    values = [row[0] for row in kept]
    if not values:
        return None
    match function:
        case "sum":
            return total(values)
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "avg":
            return float(total(values)) / len(values)
        case "median":
            return continuous(values, 0.5)
        case "percentile":
            return continuous(values, float(share))
        case "percentile_disc":
            return float(sorted(values)[max(0, math.ceil(Decimal(str(share)) * len(values)) - 1)])
    raise ValueError(f"no aggregate {function}")


def total(values: Sequence[Cell]) -> Cell:
    if isinstance(values[0], float):
        return math.fsum(values)
    with localcontext() as exact:
        exact.prec = 90
        return sum(values[1:], values[0])


def continuous(values: Sequence[Cell], share: float) -> float:
    """The interpolated quantile."""
    ordered = sorted(float(value) for value in values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


# --- types -------------------------------------------------------------------------------------------------------


def type_of(node: Node, look: Callable[[str], Type]) -> Type:
    """The result type of a formula, aggregates included (rule 8)."""
    match node:
        case ("value", value):
            return _literal_type(value)
        case ("name", name):
            return look(name)
        case ("case", branches, otherwise):
            return widest([type_of(then, look) for _, then in branches] + [type_of(otherwise, look)])
        case ("call", function, arguments):
            return _call_type(function, [type_of(one, look) for one in arguments if function != "exists"])
    raise ValueError(node)


def _call_type(function: str, types: list[Type]) -> Type:
    match function:
        case "count" | "count_distinct" | "count_if" | "isodow":
            return INTEGER
        case "sum":
            return BIGINT if types[0] in _WHOLE else types[0] if types[0].kind == "DECIMAL" else FLOAT
        case "min" | "max":
            return types[0]
        case "avg" | "median" | "percentile" | "percentile_disc" | "divide":
            return FLOAT
        case "add" | "subtract" | "multiply":
            if FLOAT in types:
                return FLOAT
            if types[0] in _WHOLE and types[1] in _WHOLE:
                return BIGINT
            scales = [one.scale for one in types]
            return Type("DECIMAL", sum(scales) if function == "multiply" else max(scales))
        case "coalesce":
            return widest(types)
        case _:
            return BOOLEAN


def widest(types: Sequence[Type]) -> Type:
    known = [one for one in types if one != NULL]
    if FLOAT in known:
        return FLOAT
    if any(one.kind == "DECIMAL" for one in known):
        return Type("DECIMAL", max(one.scale for one in known))
    return BIGINT if BIGINT in known else known[0]


def _literal_type(value: Cell) -> Type:
    match value:
        case None:
            return NULL
        case bool():
            return BOOLEAN
        case int():
            return INTEGER if abs(value) < 2**31 else BIGINT
        case Decimal():
            return Type("DECIMAL", -int(value.as_tuple().exponent))
        case datetime():
            return TIMESTAMP
        case date():
            return DATE
        case _:
            return TEXT
