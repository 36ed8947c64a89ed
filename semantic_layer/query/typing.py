"""The result type of every expression and measure (semantics rule 8), the same on every engine.

`None` means: not known without asking the source for its column types.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from semantic_layer.definitions.expression import (
    Aggregate,
    Call,
    Case,
    Cast,
    Exists,
    Expr,
    Leaf,
    Literal,
    Name,
    Parameter,
)
from semantic_layer.definitions.model import Take
from semantic_layer.definitions.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    MAX_PRECISION,
    NULL,
    TEXT,
    TIMESTAMP,
    ColumnType,
    Kind,
    decimal,
)
from semantic_layer.query.measure import (
    Arithmetic,
    AtFewer,
    Base,
    Credited,
    EntityCondition,
    EveryPeriod,
    Filled,
    Filtered,
    Measure,
    PerEntity,
    Ranked,
    Shifted,
    Taken,
    Value,
    Windowed,
)

TypeOfName = Callable[[Name], ColumnType | None]


_BOOLEAN_CALLS = {
    "eq", "ne", "lt", "lte", "gt", "gte", "and", "or", "not", "is_null", "is_not_null", "is_distinct_from",
    "is_not_distinct_from", "in", "not_in", "between", "like", "contains", "starts_with", "ends_with",
}  # fmt: skip
_TEXT_CALLS = {"lower", "upper", "trim", "substring", "concat", "replace"}
_FLOAT_CALLS = {"divide", "sqrt", "ln", "exp", "power"}
_SAME_AS_ARGUMENTS = {"coalesce", "nullif", "greatest", "least"}


def literal_type(value: object) -> ColumnType:
    match value:
        case None:
            return NULL
        case bool():
            return BOOLEAN
        case int():
            return INTEGER if -(2**31) <= value < 2**31 else BIGINT if -(2**63) <= value < 2**63 else decimal(38, 0)
        case Decimal():
            exponent = value.as_tuple().exponent
            return decimal(MAX_PRECISION, max(0, -exponent if isinstance(exponent, int) else 0))
        case float():
            return FLOAT
        case datetime():
            return TIMESTAMP
        case date():
            return DATE
        case _:
            return TEXT


def expression_type(expr: Expr, type_of_name: TypeOfName) -> ColumnType | None:
    """The type of a scalar or aggregate expression."""
    match expr:
        case Literal(value):
            return literal_type(value)
        case Name():
            return type_of_name(expr)
        case Cast(_, type_):
            return type_
        case Case(branches, otherwise):
            results = [then for _, then in branches] + ([] if otherwise is None else [otherwise])
            return _widest([expression_type(result, type_of_name) for result in results])
        case Exists() | EntityCondition():
            return BOOLEAN
        case Aggregate():
            return aggregate_type(expr, type_of_name)
        case Call():
            return _call_type(expr, type_of_name)
        case Value(_, type_):
            return type_
        case Parameter():
            return None
        case Leaf():
            return getattr(expr, "type", None)
    raise TypeError(f"no type rule for {type(expr).__name__}")


def aggregate_type(aggregate: Aggregate, type_of_name: TypeOfName) -> ColumnType | None:
    """Rule 8: counts INTEGER, sums BIGINT / DECIMAL(38,s) / FLOAT, averages and quantiles FLOAT, min and max as is."""
    function = aggregate.function
    if function in ("count", "count_distinct", "count_if", "approx_count_distinct", "count_credits"):
        return INTEGER
    argument = expression_type(aggregate.arguments[0], type_of_name)
    if function in ("min", "max", "bool_and", "bool_or"):
        return argument
    if function == "sum":
        return sum_type(argument)
    return FLOAT


def sum_type(argument: ColumnType | None) -> ColumnType | None:
    match argument:
        case None:
            return None
        case ColumnType(Kind.INTEGER | Kind.BIGINT):
            return BIGINT
        case ColumnType(Kind.DECIMAL, _, scale):
            return decimal(MAX_PRECISION, scale or 0)
        case _:
            return FLOAT


def _call_type(call: Call, type_of_name: TypeOfName) -> ColumnType | None:
    function = call.function
    if function in _BOOLEAN_CALLS:
        return BOOLEAN
    if function in _TEXT_CALLS:
        return TEXT
    if function in _FLOAT_CALLS:
        return FLOAT
    if function in ("length", "date_part", "date_diff"):
        return INTEGER
    types = [expression_type(argument, type_of_name) for argument in call.arguments]
    if function in _SAME_AS_ARGUMENTS:
        return _widest(types)
    if function in ("add", "subtract", "multiply", "modulo"):
        return arithmetic_type(function, types[0], types[1])
    if function in ("negate", "abs"):
        return types[0]
    if function in ("floor", "ceil"):
        return types[0] if types[0] is None or types[0].kind is not Kind.DECIMAL else decimal(MAX_PRECISION, 0)
    if function == "round":
        return _rounded(call, types[0])
    if function in ("date_trunc", "date_add"):
        return types[1] if function == "date_trunc" else types[0]
    if function == "at_zone":
        return TIMESTAMP
    raise TypeError(f"no type rule for function {function}")


def _rounded(call: Call, argument: ColumnType | None) -> ColumnType | None:
    if argument is None or argument.kind is not Kind.DECIMAL:
        return argument
    places = call.arguments[1] if len(call.arguments) == 2 else Literal(0)
    if isinstance(places, Literal) and isinstance(places.value, int):
        return decimal(MAX_PRECISION, min(argument.scale or 0, max(places.value, 0)))
    return argument


def arithmetic_type(function: str, left: ColumnType | None, right: ColumnType | None) -> ColumnType | None:
    """`+ - *` of exact types stay exact, FLOAT if either side is; `*` adds scales (rule 8)."""
    if left is None or right is None:
        return None
    if left.kind is Kind.NULL or right.kind is Kind.NULL:
        return left if right.kind is Kind.NULL else right
    if not (left.is_exact and right.is_exact):
        return FLOAT
    if Kind.DECIMAL not in (left.kind, right.kind):
        return BIGINT
    left_scale, right_scale = left.scale or 0, right.scale or 0
    scale = left_scale + right_scale if function == "multiply" else max(left_scale, right_scale)
    return decimal(MAX_PRECISION, min(scale, MAX_PRECISION))


def _widest(types: list[ColumnType | None]) -> ColumnType | None:
    """The type that holds all of them: of numbers the widest, else the first that is not null."""
    known = [type_ for type_ in types if type_ is not None and type_.kind is not Kind.NULL]
    if len(known) < len([t for t in types if t is None or t.kind is not Kind.NULL]):
        return None
    if not known:
        return NULL
    if not all(type_.is_number for type_ in known):
        return known[0]
    if any(type_.kind is Kind.FLOAT for type_ in known):
        return FLOAT
    scales = [type_.scale or 0 for type_ in known if type_.kind is Kind.DECIMAL]
    if scales:
        return decimal(MAX_PRECISION, max(scales))
    return BIGINT if any(type_.kind is Kind.BIGINT for type_ in known) else known[0]


def measure_type(measure: Measure, type_in_home: Callable[[str], TypeOfName]) -> ColumnType | None:
    """The type of a measure's values; `type_in_home(dataset)` types names in the scope of that dataset."""
    match measure:
        case Base(home, value, _):
            return aggregate_type(value, type_in_home(home))
        case Arithmetic(value, inputs) | PerEntity(value, _, inputs):
            types = {name: measure_type(inner, type_in_home) for name, inner in inputs.items()}
            return expression_type(value, lambda name: types[str(name)])
        case Filled(inner, fill):
            return _widest([measure_type(inner, type_in_home), literal_type(_whole(fill))])
        case Windowed(_, window) if window.take is Take.AVERAGE:
            return FLOAT
        case Taken(_, take) if take is Take.AVERAGE:
            return FLOAT
        case Filtered() | EveryPeriod() | Taken() | Shifted() | Windowed() | AtFewer():
            return measure_type(measure.inner, type_in_home)
        case Ranked() | Credited():
            return INTEGER


def _whole(number: Decimal) -> int | Decimal:
    return int(number) if number == number.to_integral_value() else number
