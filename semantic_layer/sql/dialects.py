"""What the dialects spell differently. Everything else in a statement is written once."""

from functools import lru_cache

from sqlglot import exp

from semantic_layer.definitions.types import ColumnType, Grain, Kind
from semantic_layer.errors import ErrorCode, refuse

DUCKDB = "duckdb"
POSTGRES = "postgres"
DIALECTS = (DUCKDB, POSTGRES)

_TYPES = {
    Kind.TEXT: "TEXT",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INTEGER: "INT",
    Kind.BIGINT: "BIGINT",
    Kind.FLOAT: "DOUBLE",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.TIMESTAMPTZ: "TIMESTAMPTZ",
    Kind.NULL: "TEXT",
}
# PostgreSQL has no interval of quarters, and none has one of half-years, and one way to write each is enough for all.
_INTERVALS = {Grain.QUARTER: (3, Grain.MONTH), Grain.HALF_YEAR: (6, Grain.MONTH), Grain.WEEK: (7, Grain.DAY)}


def data_type(type_: ColumnType) -> exp.DataType:
    return _built(type_).copy()


@lru_cache(maxsize=1024)
def _built(type_: ColumnType) -> exp.DataType:
    """Parsed once: building a type from text is half the time of a statement."""
    text = f"DECIMAL({type_.precision}, {type_.scale})" if type_.kind is Kind.DECIMAL else _TYPES[type_.kind]
    return exp.DataType.build(text, dialect=DUCKDB)


def cast(node: exp.Expression, type_: ColumnType) -> exp.Cast:
    return exp.Cast(this=node, to=data_type(type_))


def fits(dialect: str, text: exp.Expression, type_: ColumnType) -> exp.Expression:
    """Whether a text can be read as a type, null for null. PostgreSQL can tell since version 16."""
    if dialect == POSTGRES:
        return function("pg_input_is_valid", text, exp.Literal.string(data_type(type_).sql(dialect=POSTGRES)))
    read = exp.Is(this=exp.TryCast(this=text, to=data_type(type_)), expression=exp.Not(this=exp.null()))
    known = exp.Is(this=text.copy(), expression=exp.Not(this=exp.null()))
    return exp.Case(ifs=[exp.If(this=known, true=read)])


def interval(count: int, unit: Grain) -> exp.Interval:
    factor, unit = _INTERVALS.get(unit, (1, unit))
    return exp.Interval(this=exp.Literal.string(str(count * factor)), unit=exp.var(unit.name))


def function(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name.upper(), expressions=list(arguments))


def series(dialect: str, first: exp.Expression, last: exp.Expression, step: exp.Interval) -> exp.Expression:
    """One row per step, as a column."""
    rows = function("generate_series", first, last, step)
    return rows if dialect == POSTGRES else function("unnest", rows)


def contains(dialect: str, text: exp.Expression, part: exp.Expression) -> exp.Expression:
    if dialect == POSTGRES:
        return exp.GT(this=function("strpos", text, part), expression=exp.Literal.number(0))
    return function("contains", text, part)


def ends_with(dialect: str, text: exp.Expression, part: exp.Expression) -> exp.Expression:
    if dialect == POSTGRES:
        return exp.EQ(this=function("right", text, function("length", part)), expression=part.copy())
    return function("ends_with", text, part)


def code_point_order(dialect: str, text: exp.Expression) -> exp.Expression:
    """DuckDB compares text by code point by itself."""
    return exp.Collate(this=text, expression=exp.Identifier(this="C", quoted=True)) if dialect == POSTGRES else text


def possible(dialect: str, value: exp.Expression, type_: ColumnType) -> exp.Expression:
    """Whether a value is a finite number, or lies in the years 1 to 9999.

    DuckDB compares nanoseconds with no such year, so days are compared there.
    """
    if type_.kind is Kind.FLOAT:
        if dialect == DUCKDB:
            return function("isfinite", value)
        low, high = (cast(exp.Literal.string(word), type_) for word in ("-Infinity", "Infinity"))
        return exp.And(this=exp.GT(this=value, expression=low), expression=exp.LT(this=value.copy(), expression=high))
    day = ColumnType(Kind.DATE)
    compared = cast(value, day) if type_ != day else value
    first, last = (cast(exp.Literal.string(text), day) for text in ("0001-01-01", "9999-12-31"))
    return exp.Between(this=compared, low=first, high=last)


def null_safe_equal(dialect: str, left: exp.Expression, right: exp.Expression, type_: ColumnType) -> exp.Expression:
    """Equality where null meets null, in a form that each engine joins by hashing.

    PostgreSQL runs `IS NOT DISTINCT FROM` and `a = b OR both null` as nested loops; two equalities it can hash.
    """
    if dialect != POSTGRES:
        return exp.NullSafeEQ(this=left, expression=right)
    stand_in = _stand_in(type_)
    equal = exp.EQ(this=exp.Coalesce(this=left, expressions=[stand_in]),
                   expression=exp.Coalesce(this=right, expressions=[stand_in.copy()]))  # fmt: skip
    both = exp.EQ(this=exp.paren(exp.Is(this=left.copy(), expression=exp.null())),
                  expression=exp.paren(exp.Is(this=right.copy(), expression=exp.null())))  # fmt: skip
    return exp.And(this=equal, expression=both)


def quantile(dialect: str, continuous: bool, value: exp.Expression, share: exp.Expression) -> exp.Expression:
    if dialect == POSTGRES:
        ordered = exp.Order(expressions=[exp.Ordered(this=value, nulls_first=False)])
        name = "percentile_cont" if continuous else "percentile_disc"
        return exp.WithinGroup(this=function(name, share), expression=ordered)
    return function("quantile_cont" if continuous else "quantile_disc", value, share)


def _stand_in(type_: ColumnType) -> exp.Expression:
    if type_.is_number:
        return exp.Literal.number(0)
    if type_.kind is Kind.BOOLEAN:
        return exp.false()
    if type_.is_time:
        return cast(exp.Literal.string("0001-01-01"), type_)
    return exp.Literal.string("")


def approximate(dialect: str, name: str, argument: exp.Expression, share: exp.Expression | None) -> exp.Expression:
    if dialect == DUCKDB:
        if share is None:
            return function("approx_count_distinct", argument)
        return function("approx_quantile", argument, share)
    raise refuse(ErrorCode.NOT_SUPPORTED, f"{name} is not served on {dialect}: the engine has no such aggregate")
