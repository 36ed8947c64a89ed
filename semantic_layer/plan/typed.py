"""Expressions with the casts that make every engine compute the same (semantics rule 8).

Division is real and safe, exact numbers stay exact, a float on either side makes a float.
"""

from semantic_layer.definitions.expression import Aggregate, Call, Case, Cast, Expr, Literal, Name, rewrite
from semantic_layer.definitions.types import BIGINT, FLOAT, ColumnType, Kind
from semantic_layer.plan.exact_comparison import COMPARISONS, compared_exactly
from semantic_layer.plan.nodes import ByCodePoint
from semantic_layer.query.typing import expression_type

_ORDERINGS = {"lt", "lte", "gt", "gte", "between", "greatest", "least"}
_FLOAT_FUNCTIONS = {"sqrt", "ln", "exp", "power"}
_QUANTILES = {"median", "percentile", "approx_percentile"}


def type_of(expr: Expr) -> ColumnType:
    """The type of an expression whose names are all resolved; a column of unknown type counts as FLOAT."""
    return expression_type(expr, _no_names) or FLOAT


def _no_names(name: Name) -> ColumnType | None:
    raise TypeError(f"name {name} was not resolved")


def cast(expr: Expr, type_: ColumnType) -> Expr:
    """`expr` as `type_`, unless it already is."""
    if type_of(expr) == type_:
        return expr
    return Cast(expr, type_)


def typed(expr: Expr) -> Expr:
    """`expr` with casts where engines differ; its names must be resolved."""

    def change(node: Expr) -> Expr | None:
        match node:
            case Call(function, arguments, at):
                return _typed_call(Call(function, tuple(typed(argument) for argument in arguments), at))
            case Case(branches, otherwise):
                inner = tuple((typed(when), typed(then)) for when, then in branches)
                return _typed_case(Case(inner, None if otherwise is None else typed(otherwise)))
            case Aggregate():
                return typed_aggregate(node)
            case _:
                return None

    return rewrite(expr, change)


def _typed_call(call: Call) -> Expr:
    function, arguments = call.function, call.arguments
    if function == "divide":
        numerator, denominator = (cast(argument, FLOAT) for argument in arguments)
        return Call("divide", (numerator, Call("nullif", (denominator, Literal(0)))))
    if function in ("add", "subtract", "multiply") and type_of(call).kind is Kind.FLOAT:
        return Call(function, tuple(_as_float_operand(argument) for argument in arguments))
    if function == "modulo":
        return Call(function, (arguments[0], Call("nullif", (arguments[1], Literal(0)))))
    if function in _FLOAT_FUNCTIONS:
        return Call(function, tuple(cast(argument, FLOAT) for argument in arguments))
    if function in _ORDERINGS and type_of(arguments[0]).kind is Kind.TEXT:
        return Call(function, (by_code_point(arguments[0]), *arguments[1:]))
    if function in COMPARISONS:
        return compared_exactly(call, type_of(arguments[0]))
    return call


def _as_float_operand(argument: Expr) -> Expr:
    """A constant beside a float needs no cast: every engine takes it as one."""
    return argument if isinstance(argument, Literal) else cast(argument, FLOAT)


def _typed_case(case: Case) -> Case:
    """Branches of one type, so that no engine picks another."""
    result = type_of(case)
    if not result.is_number:
        return case
    branches = tuple((when, _as_number(then, result)) for when, then in case.branches)
    return Case(branches, None if case.otherwise is None else _as_number(case.otherwise, result))


def _as_number(expr: Expr, type_: ColumnType) -> Expr:
    own = type_of(expr)
    return expr if own.kind in (Kind.NULL, type_.kind) else Cast(expr, type_)


def by_code_point(expr: Expr) -> Expr:
    """Text ordered by code point; anything else as it is."""
    type_ = type_of(expr)
    return ByCodePoint(expr, type_) if type_.kind is Kind.TEXT else expr


def typed_aggregate(aggregate: Aggregate) -> Expr:
    """Averages and quantiles over floats, cast before the operation; an exact average from its exact sum."""
    arguments = tuple(typed(argument) for argument in aggregate.arguments)
    function = aggregate.function
    if function == "count_credits":
        return Call("coalesce", (cast(Aggregate("sum", arguments), BIGINT), Literal(0)))
    if function == "avg" and type_of(arguments[0]).is_exact:
        total = cast(Aggregate("sum", arguments), FLOAT)
        return Call("divide", (total, Call("nullif", (Aggregate("count", arguments), Literal(0)))))
    if function in ("avg", "percentile_disc") or function in _QUANTILES:
        arguments = tuple(cast(argument, FLOAT) for argument in arguments)
    if function in ("min", "max") and type_of(arguments[0]).kind is Kind.BOOLEAN:
        return Aggregate("bool_and" if function == "min" else "bool_or", arguments)  # PostgreSQL has no min of these
    if function in ("min", "max"):
        arguments = tuple(by_code_point(argument) for argument in arguments)
    return Aggregate(function, arguments, aggregate.share)
