"""Expressions of the plan as SQL trees. Values become placeholders; nothing of a question is ever in the text."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlglot import exp

from semantic_layer.definitions.expression import Aggregate, Call, Case, Cast, Expr, Literal
from semantic_layer.definitions.types import DATE, INTEGER, TIMESTAMP, ColumnType, Grain, Kind, Part
from semantic_layer.plan.nodes import (
    Block,
    ByCodePoint,
    Field,
    Fits,
    HasRow,
    Kept,
    Moved,
    Null,
    Ordered,
    PeriodStart,
    Possible,
    RankOver,
    RowNumber,
    Series,
)
from semantic_layer.plan.typed import type_of
from semantic_layer.query.calendar import WEEKDAYS
from semantic_layer.query.measure import Value
from semantic_layer.sql import dialects
from semantic_layer.sql.dialects import POSTGRES, cast, function, interval
from semantic_layer.sql.identifiers import column
from semantic_layer.sql.statement import BoundValue

_BINARY: dict[str, tuple[type[exp.Expression], int]] = {
    "or": (exp.Or, 1), "and": (exp.And, 2),
    "eq": (exp.EQ, 4), "ne": (exp.NEQ, 4), "lt": (exp.LT, 4), "lte": (exp.LTE, 4), "gt": (exp.GT, 4),
    "gte": (exp.GTE, 4),
    "is_distinct_from": (exp.NullSafeNEQ, 4), "is_not_distinct_from": (exp.NullSafeEQ, 4),
    "add": (exp.Add, 6), "subtract": (exp.Sub, 6), "multiply": (exp.Mul, 7), "divide": (exp.Div, 7),
    "modulo": (exp.Mod, 7),
}  # fmt: skip
_FUNCTIONS = {
    "coalesce", "nullif", "greatest", "least", "abs", "round", "floor", "ceil", "sqrt", "ln", "exp", "power", "lower",
    "upper", "trim", "length", "substring", "replace", "starts_with",
}  # fmt: skip
_EXTRACTS = {
    Part.HOUR_OF_DAY: "HOUR", Part.DAY_OF_WEEK: "ISODOW", Part.DAY_OF_MONTH: "DAY", Part.DAY_OF_YEAR: "DOY",
    Part.WEEK_OF_YEAR: "WEEK", Part.MONTH_OF_YEAR: "MONTH", Part.QUARTER_OF_YEAR: "QUARTER",
}  # fmt: skip


@dataclass(slots=True)
class Writer:
    """Writes expressions for one dialect and collects their values; `exists` writes a block inside EXISTS."""

    dialect: str
    exists: Callable[[Block], exp.Expression]
    values: dict[BoundValue, int] = field(default_factory=dict)

    def write(self, expr: Expr) -> exp.Expression:
        match expr:
            case Field(relation, name, _):
                return column(relation, name)
            case Value():
                return self._placeholder(expr)
            case Literal(value):
                return literal(value)
            case Null(type_):
                return cast(exp.null(), type_)
            case Call():
                return self._call(expr)
            case Case(branches, otherwise):
                return self._case(branches, otherwise)
            case Cast(operand, type_):
                return cast(self.write(operand), type_)
            case Aggregate():
                return self._aggregate(expr, None)
            case Kept(aggregate, where):
                return self._aggregate(aggregate, where)
            case ByCodePoint(operand, _):
                return dialects.code_point_order(self.dialect, self.write(operand))
            case Possible(operand):
                return dialects.possible(self.dialect, self.write(operand), operand.type)
            case Fits(operand, wanted):
                return dialects.fits(self.dialect, self.write(operand), wanted)
            case PeriodStart() | Moved() | Series():
                return self._time(expr)
            case RankOver():
                return self._rank(expr)
            case RowNumber(_, within, order):
                return self._row_number(within, order)
            case HasRow(block):
                return exp.Exists(this=self.exists(block))
            case _:
                raise TypeError(f"no SQL for {type(expr).__name__}")

    def _placeholder(self, value: Value) -> exp.Expression:
        """`$n`; typed for PostgreSQL, which would otherwise guess types from the neighbourhood."""
        bound = BoundValue(value.value, value.type)  # type: ignore[arg-type]
        number = self.values.setdefault(bound, len(self.values) + 1)
        node = exp.Parameter(this=exp.Literal.number(number))
        return cast(node, value.type) if self.dialect == POSTGRES else node

    # --- calls -----------------------------------------------------------------------------------------------------

    def _call(self, call: Call) -> exp.Expression:
        name, arguments = call.function, call.arguments
        if name in _BINARY:
            return self._binary(name, arguments)
        written = [self.write(argument) for argument in arguments]
        if name in _FUNCTIONS:
            return function(name, *written)
        match name:
            case "negate":
                return exp.Neg(this=_wrapped(written[0], 8))
            case "not":
                return exp.Not(this=_wrapped(written[0], 3))
            case "is_null":
                return exp.Is(this=_wrapped(written[0], 5), expression=exp.null())
            case "is_not_null":
                return _is_not_null(written[0])
            case "in" | "not_in":
                return self._in(name, written)
            case "between":
                return exp.Between(
                    this=_wrapped(written[0], 5), low=_wrapped(written[1], 5), high=_wrapped(written[2], 5)
                )
            case "like":
                return self._like(written)
            case "concat":
                return _chain(
                    exp.DPipe, [_wrapped(self._as_text(a, w), 6) for a, w in zip(arguments, written, strict=True)]
                )
            case "contains":
                return dialects.contains(self.dialect, *written)
            case "ends_with":
                return dialects.ends_with(self.dialect, *written)
            case _:
                return self._time_call(call, written)

    def _binary(self, name: str, arguments: tuple[Expr, ...]) -> exp.Expression:
        kind, strength = _BINARY[name]
        first, *others = [self.write(argument) for argument in arguments]
        node = _wrapped(first, strength if name in ("and", "or", "add", "subtract", "multiply") else strength + 1)
        if name == "divide":
            node = _wrapped(first, strength)
        for other in others:
            right = _wrapped(other, strength if name in ("and", "or") else strength + 1)
            node = kind(this=node, expression=right)
            if isinstance(node, exp.Div):
                node.set("typed", True)  # its operands were cast and its zero guarded in the plan
        return node

    def _in(self, name: str, written: list[exp.Expression]) -> exp.Expression:
        node: exp.Expression = exp.In(this=_wrapped(written[0], 5), expressions=written[1:])
        return exp.Not(this=node) if name == "not_in" else node

    def _like(self, written: list[exp.Expression]) -> exp.Expression:
        """Without an escape character on every engine: PostgreSQL would take the backslash."""
        node = exp.Like(this=_wrapped(written[0], 5), expression=written[1])
        return exp.Escape(this=node, expression=exp.Literal.string("")) if self.dialect == POSTGRES else node

    def _as_text(self, argument: Expr, written: exp.Expression) -> exp.Expression:
        type_ = type_of(argument)
        return written if type_.kind in (Kind.TEXT, Kind.NULL) else cast(written, ColumnType(Kind.TEXT))

    def _case(self, branches: tuple[tuple[Expr, Expr], ...], otherwise: Expr | None) -> exp.Expression:
        ifs = [exp.If(this=self.write(when), true=self.write(then)) for when, then in branches]
        return exp.Case(ifs=ifs, default=None if otherwise is None else self.write(otherwise))

    # --- time ------------------------------------------------------------------------------------------------------

    def _time_call(self, call: Call, written: list[exp.Expression]) -> exp.Expression:
        match call:
            case Call("date_part", (Literal(str() as part), _)):
                return cast(exp.Extract(this=exp.var(_extract(part)), expression=written[1]), INTEGER)
            case Call("date_trunc", (Literal(str() as unit), operand)):
                type_ = type_of(operand)
                return self._period_start(written[1], type_, Grain(unit), "monday", type_)
            case Call("date_add", (operand, Literal(int() as count), Literal(str() as unit))):
                return self._moved(written[0], type_of(operand), count, Grain(unit))
            case Call("date_diff", (Literal("day"), start, end)):
                return self._days_between(written, type_of(start), type_of(end))
            case Call("at_zone", (_, Literal(stored), Literal(str() as zone))):
                at = written[0] if stored is None else exp.AtTimeZone(this=written[0], zone=literal(stored))
                return exp.AtTimeZone(this=at, zone=literal(zone))
            case _:
                raise TypeError(f"no SQL for function {call.function}")

    def _days_between(self, written: list[exp.Expression], *types: ColumnType) -> exp.Expression:
        days = [node if type_ == DATE else cast(node, DATE) for node, type_ in zip(written[1:], types, strict=True)]
        return exp.paren(exp.Sub(this=_wrapped(days[1], 6), expression=_wrapped(days[0], 7)))

    def _time(self, expr: PeriodStart | Moved | Series) -> exp.Expression:
        if isinstance(expr, Series):
            first, last = (self._as_timestamp(self.write(end), type_of(end)) for end in (expr.first, expr.last))
            rows = dialects.series(self.dialect, first, last, interval(1, expr.grain))
            return cast(rows, expr.type)
        operand, type_ = self.write(expr.operand), type_of(expr.operand)
        if isinstance(expr, Moved):
            return self._moved(operand, type_, expr.count, expr.unit)
        return self._period_start(operand, type_, expr.grain, expr.week_start, expr.type)

    def _as_timestamp(self, node: exp.Expression, type_: ColumnType) -> exp.Expression:
        return node if type_ == TIMESTAMP else cast(node, TIMESTAMP)

    def _period_start(
        self, operand: exp.Expression, type_: ColumnType, grain: Grain, week_start: str, result: ColumnType
    ) -> exp.Expression:
        if grain is Grain.DAY and result == DATE:
            return operand if type_ == DATE else cast(operand, DATE)
        if self.dialect == POSTGRES:  # date_trunc of a date there is a timestamp with zone
            operand = self._as_timestamp(operand, type_)
        days = WEEKDAYS.index(week_start) if grain is Grain.WEEK else 0
        if days:
            operand = exp.Sub(this=_wrapped(operand, 6), expression=interval(days, Grain.DAY))
        unit = Grain.YEAR if grain is Grain.HALF_YEAR else grain
        node: exp.Expression = function("date_trunc", exp.Literal.string(unit.value), operand)
        if grain is Grain.HALF_YEAR:
            second = exp.GT(
                this=exp.Extract(this=exp.var("month"), expression=operand.copy()), expression=exp.Literal.number(6)
            )
            later = exp.Add(this=node, expression=interval(1, grain))
            node = exp.Case(ifs=[exp.If(this=second, true=later)], default=node.copy())
        if days:
            node = exp.Add(this=node, expression=interval(days, Grain.DAY))
        return cast(node, result) if result == DATE or type_ == DATE else node

    def _moved(self, operand: exp.Expression, type_: ColumnType, count: int, unit: Grain) -> exp.Expression:
        kind = exp.Add if count >= 0 else exp.Sub
        node = kind(this=_wrapped(operand, 6), expression=interval(abs(count), unit))
        return cast(node, DATE) if type_ == DATE else node

    # --- aggregates ------------------------------------------------------------------------------------------------

    def _aggregate(self, aggregate: Aggregate, where: Expr | None) -> exp.Expression:
        arguments = [self.write(argument) for argument in aggregate.arguments]
        kept = [] if where is None else [self.write(where)]
        name = aggregate.function
        if name == "count_distinct" and len(arguments) > 1:
            kept += [_is_not_null(one.copy()) for one in arguments]
            arguments = [exp.Tuple(expressions=arguments)]
        if name == "count_if":
            kept += arguments
            arguments = []
        node = self._plain_aggregate(name, arguments, aggregate.share)
        if not kept:
            return node
        condition = _chain(exp.And, [_wrapped(one, 2) for one in kept])
        return exp.Filter(this=node, expression=exp.Where(this=condition))

    def _plain_aggregate(self, name: str, arguments: list[exp.Expression], share: Decimal | None) -> exp.Expression:
        match name:
            case "count" | "count_if":
                return function("count", *(arguments or [exp.Star()]))
            case "count_distinct":
                return exp.Count(this=exp.Distinct(expressions=arguments))
            case "median" | "percentile" | "percentile_disc":
                quantile = literal(share if share is not None else Decimal("0.5"))
                return dialects.quantile(self.dialect, name != "percentile_disc", arguments[0], quantile)
            case "approx_count_distinct" | "approx_percentile":
                part = None if name == "approx_count_distinct" else literal(share)
                return dialects.approximate(self.dialect, name, arguments[0], part)
            case _:
                return function(name, *arguments)

    def _row_number(self, within: tuple[Expr, ...], order: tuple[Ordered, ...]) -> exp.Expression:
        if not order:
            return exp.Window(this=function("row_number"))
        ordered = [exp.Ordered(this=self.write(one.expr), desc=one.descending, nulls_first=False) for one in order]
        return exp.Window(
            this=function("row_number"),
            partition_by=[self.write(one) for one in within] or None,
            order=exp.Order(expressions=ordered),
        )

    def _rank(self, rank: RankOver) -> exp.Expression:
        value = self.write(rank.value)
        order = exp.Order(expressions=[exp.Ordered(this=value, desc=rank.descending, nulls_first=False)])
        window = exp.Window(
            this=function("rank"), partition_by=[self.write(one) for one in rank.within] or None, order=order
        )
        missing = exp.Is(this=_wrapped(value.copy(), 5), expression=exp.null())
        return exp.Case(ifs=[exp.If(this=missing, true=exp.null())], default=window)


def _is_not_null(node: exp.Expression) -> exp.Expression:
    return exp.Is(this=_wrapped(node, 5), expression=exp.Not(this=exp.null()))


def _extract(part: str) -> str:
    return _EXTRACTS[Part(part)] if part in Part._value2member_map_ else part.upper()


def literal(value: object) -> exp.Expression:
    """A constant of a definition."""
    match value:
        case None:
            return exp.null()
        case bool():
            return exp.true() if value else exp.false()
        case int() | Decimal():
            number = exp.Literal.number(str(abs(value)) if isinstance(value, int) else format(abs(value), "f"))
            return number if value >= 0 else exp.Neg(this=number)
        case float():
            return cast(exp.Literal.string(repr(value)), ColumnType(Kind.FLOAT))
        case datetime():
            return cast(exp.Literal.string(value.isoformat(sep=" ")), TIMESTAMP)
        case date():
            return cast(exp.Literal.string(value.isoformat()), DATE)
        case _:
            return exp.Literal.string(str(value))


_STRENGTH: tuple[tuple[type, int], ...] = (
    (exp.Or, 1), (exp.And, 2), (exp.Not, 3), (exp.DPipe, 6), (exp.Add, 6), (exp.Sub, 6), (exp.Mul, 7), (exp.Div, 7),
    (exp.Mod, 7), (exp.Neg, 8), (exp.Is, 4), (exp.In, 4), (exp.Between, 4), (exp.Like, 4), (exp.Escape, 4),
    (exp.AtTimeZone, 8), (exp.Collate, 8), (exp.Binary, 4),
)  # fmt: skip


def _wrapped(node: exp.Expression, needed: int) -> exp.Expression:
    """`node` in parentheses if it binds weaker than its surroundings need."""
    strength = next((strength for kind, strength in _STRENGTH if isinstance(node, kind)), 9)
    return exp.paren(node, copy=False) if strength < needed else node


def _chain(kind: type[exp.Expression], nodes: list[exp.Expression]) -> exp.Expression:
    first, *others = nodes
    for other in others:
        first = kind(this=first, expression=other)
    return first
