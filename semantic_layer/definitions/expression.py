"""The expression tree: SQL-like formulas of definitions as frozen values, without SQL text.

Seven kinds of node. A tree is read once at load; every later stage works on these values, and the fingerprint is
made of them, so that an upgrade of the parsing library never changes a stored fingerprint.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from semantic_layer.definitions.types import ColumnType

LiteralValue = str | int | Decimal | float | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. Numbers with a fraction are Decimal: a formula is exact unless a column is not."""

    value: LiteralValue


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name as written: a column, dimension, join path, metric, step or segment, by where it stands."""

    path: tuple[str, ...]
    at: int = field(default=-1, compare=False)  # offset inside the formula, for messages

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`:name`, a typed parameter of the metric."""

    name: str
    at: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A scalar function or operator of FUNCTIONS, with its arguments in order.

    `in` and `not_in` take the operand first, then the members. `between` takes operand, low, high (both ends in).
    """

    function: str
    arguments: tuple["Expr", ...]
    at: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True)
class Case:
    """`case when ... then ... else ... end`; a simple case is written out into conditions at load."""

    branches: tuple[tuple["Expr", "Expr"], ...]
    otherwise: "Expr | None" = None


@dataclass(frozen=True, slots=True)
class Cast:
    operand: "Expr"
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate of AGGREGATES. `count` without arguments is `count(*)`; percentiles carry their share."""

    function: str
    arguments: tuple["Expr", ...] = ()
    share: Decimal | None = None
    at: int = field(default=-1, compare=False)


@dataclass(frozen=True, slots=True)
class Exists:
    """`exists(join[, condition])`: the row has a partner across that join (a semi-join, never a multiplication)."""

    join: str
    where: "Expr | None" = None  # names are columns and dimensions of the joined dataset
    at: int = field(default=-1, compare=False)


class Leaf:
    """A leaf that a later stage adds in the place of a name (a bound value, a column of a step ...)."""

    __slots__ = ()


Expr = Literal | Name | Parameter | Call | Case | Cast | Aggregate | Exists | Leaf

# Operators and functions a formula may use, with the number of arguments they take (None: any number from the minimum).
# date_trunc(unit, x), date_part(part, x) and date_diff(unit, from, to) take a text Literal first: a Grain;
# for date_part a Part, "year", "minute" or "second". date_add(x, count, unit) is written `x + interval 7 days`.
FUNCTIONS: dict[str, tuple[int, int | None]] = {
    "add": (2, 2), "subtract": (2, 2), "multiply": (2, 2), "divide": (2, 2), "modulo": (2, 2), "negate": (1, 1),
    "eq": (2, 2), "ne": (2, 2), "lt": (2, 2), "lte": (2, 2), "gt": (2, 2), "gte": (2, 2),
    "and": (2, None), "or": (2, None), "not": (1, 1),
    "is_null": (1, 1), "is_not_null": (1, 1), "is_distinct_from": (2, 2), "is_not_distinct_from": (2, 2),
    "in": (1, None), "not_in": (1, None), "between": (3, 3), "like": (2, 2),
    "coalesce": (1, None), "nullif": (2, 2), "greatest": (2, None), "least": (2, None),
    "abs": (1, 1), "round": (1, 2), "floor": (1, 1), "ceil": (1, 1), "sqrt": (1, 1),
    "ln": (1, 1), "exp": (1, 1), "power": (2, 2),
    "lower": (1, 1), "upper": (1, 1), "trim": (1, 1), "length": (1, 1), "substring": (2, 3), "concat": (2, None),
    "replace": (3, 3),
    "contains": (2, 2), "starts_with": (2, 2), "ends_with": (2, 2),
    "date_trunc": (2, 2), "date_part": (2, 2), "date_add": (3, 3), "date_diff": (3, 3), "at_zone": (3, 3),
}  # fmt: skip

# count_distinct counts combinations; a combination with any null is not counted, like SQL's one-column form.
AGGREGATES: dict[str, tuple[int, int | None]] = {
    "count": (0, 1), "count_distinct": (1, None), "count_if": (1, 1), "sum": (1, 1), "avg": (1, 1), "min": (1, 1),
    "max": (1, 1),
    "median": (1, 1), "percentile": (1, 1), "percentile_disc": (1, 1),
    "approx_count_distinct": (1, 1), "approx_percentile": (1, 1),
}  # fmt: skip


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct operands of a node, in order."""
    match expr:
        case Call(_, arguments) | Aggregate(_, arguments):
            return arguments
        case Case(branches, otherwise):
            flat = tuple(part for branch in branches for part in branch)
            return flat if otherwise is None else (*flat, otherwise)
        case Cast(operand, _):
            return (operand,)
        case Exists(_, where):
            return () if where is None else (where,)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """Every node of the tree, parents first."""
    pending = [expr]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))


def rewrite(expr: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """A tree with each node replaced by `change(node)` where that is not None; replaced nodes are not entered."""
    changed = change(expr)
    if changed is not None:
        return changed
    match expr:
        case Call(_, arguments) | Aggregate(_, arguments):
            return replace(expr, arguments=tuple(rewrite(a, change) for a in arguments))
        case Case(branches, otherwise):
            return Case(
                tuple((rewrite(when, change), rewrite(then, change)) for when, then in branches),
                None if otherwise is None else rewrite(otherwise, change),
            )
        case Cast(operand, type_):
            return Cast(rewrite(operand, change), type_)
        case Exists(_, where) if where is not None:
            return replace(expr, where=rewrite(where, change))
        case _:
            return expr
