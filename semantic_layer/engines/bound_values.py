"""A statement's values as the drivers want them: of exactly their declared type, because a driver types by them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal

from semantic_layer.definitions.types import MAX_PRECISION, Kind
from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse
from semantic_layer.sql.statement import BoundScalar, BoundValue

_EXACT = {Kind.TEXT: str, Kind.BOOLEAN: bool, Kind.INTEGER: int, Kind.BIGINT: int}


def driver_values(values: Sequence[BoundValue]) -> list[BoundScalar]:
    """The values in order. Raises NUMBER_OUT_OF_RANGE for what no engine can hold."""
    return [_driver_value(bound) for bound in values]


def _driver_value(bound: BoundValue) -> BoundScalar:
    value, kind = bound.value, bound.type.kind
    if value is None:
        return None
    wanted = _EXACT.get(kind)
    if wanted is not None and type(value) is wanted:
        return value
    if kind is Kind.DECIMAL and isinstance(value, Decimal | int) and not isinstance(value, bool):
        return _decimal(Decimal(value))
    if kind is Kind.FLOAT and isinstance(value, Decimal | int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, date):
        return _moment(value, kind)
    raise _mistyped(value, kind)


def _decimal(value: Decimal) -> Decimal:
    """DuckDB would bind a longer one as a float, without a word."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or max(len(digits), -exponent, len(digits) + exponent) > MAX_PRECISION:
        raise refuse(ErrorCode.NUMBER_OUT_OF_RANGE, f"A value of the question has more than {MAX_PRECISION} digits.")
    return value


def _moment(value: date, kind: Kind) -> date:
    if kind is Kind.DATE and not isinstance(value, datetime):
        return value
    if kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        if kind is Kind.TIMESTAMP and moment.tzinfo is None:
            return moment
        if kind is Kind.TIMESTAMPTZ:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    raise _mistyped(value, kind)


def _mistyped(value: object, kind: Kind) -> SemanticLayerError:
    return refuse(
        ErrorCode.INTERNAL, "A value does not have its declared type.", detail=f"{type(value).__name__} as {kind}"
    )
