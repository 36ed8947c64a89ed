"""Values of a question against the type of what they are compared with: strict, never guessed."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from semantic_layer.definitions.types import BIGINT, INTEGER, MAX_PRECISION, ColumnType, Kind, decimal
from semantic_layer.query.ask import JsonValue
from semantic_layer.query.measure import Value

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,38}(\.\d{1,38})?", re.ASCII)
LONGEST_TEXT = 10_000


class NotThisType(ValueError):
    """The value does not fit; the text says what is expected."""


def typed_value(value: JsonValue, type_: ColumnType) -> Value:
    """`value` as a Value of a type that compares with `type_`; raises NotThisType."""
    if value is None:
        raise NotThisType("null is no value; use IS_NULL or IS_NOT_NULL")
    match type_.kind:
        case Kind.TEXT:
            return Value(_text(value), type_)
        case Kind.BOOLEAN:
            if not isinstance(value, bool):
                raise NotThisType(f"expected true or false, got {shown(value)}")
            return Value(value, type_)
        case Kind.INTEGER:
            return _integer(value)
        case Kind.BIGINT | Kind.DECIMAL:
            return _exact(value)
        case Kind.FLOAT:
            return _float(value)
        case _:
            raise NotThisType(f"a {type_} takes no such value")


def shown(value: object) -> str:
    """A value as a message shows it, short."""
    text = repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise NotThisType(f"expected text, got {shown(value)}")
    if len(value) > LONGEST_TEXT:
        raise NotThisType(f"text is longer than {LONGEST_TEXT} characters")
    if "\x00" in value:
        raise NotThisType("text holds a null character, which no database stores")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise NotThisType("text holds half of a surrogate pair, which is no Unicode text")
    return value


def _integer(value: JsonValue) -> Value:
    if isinstance(value, bool) or not isinstance(value, int):
        raise NotThisType(f"expected a whole number, got {shown(value)}")
    return whole_number(value)


def whole_number(value: int) -> Value:
    if -(2**31) <= value < 2**31:
        return Value(value, INTEGER)
    if -(2**63) <= value < 2**63:
        return Value(value, BIGINT)
    if abs(value) < 10**MAX_PRECISION:
        return Value(Decimal(value), decimal(MAX_PRECISION, 0))
    raise NotThisType(f"a number has at most {MAX_PRECISION} digits")


def _exact(value: JsonValue) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise NotThisType(f'expected a whole number, or a number as text ("12.50"), got {shown(value)}')
    if isinstance(value, int):
        return whole_number(value)
    if not _NUMBER.fullmatch(value):
        raise NotThisType(f'expected a number as text ("12.50"), got {shown(value)}')
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise NotThisType(f"expected a number, got {shown(value)}") from None
    exponent = number.as_tuple().exponent
    scale = max(0, -exponent if isinstance(exponent, int) else 0)
    if len(number.as_tuple().digits) > MAX_PRECISION or scale > MAX_PRECISION:
        raise NotThisType(f"a number has at most {MAX_PRECISION} digits")
    return Value(number, decimal(MAX_PRECISION, scale)) if scale else whole_number(int(number))


def _float(value: JsonValue) -> Value:
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise NotThisType("NaN and Infinity are no numbers")
        return Value(value, ColumnType(Kind.FLOAT))
    return _exact(value)


def moment(value: JsonValue, zone: str) -> tuple[datetime, bool]:
    """A date or timestamp as wall-clock time in `zone`, and whether it was a date (which means the whole day)."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise NotThisType(f"{value} is no day of the calendar") from None
        return datetime(day.year, day.month, day.day), True
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            raise NotThisType(f"{shown(value)} is no moment of the calendar") from None
        return (at if at.tzinfo is None else wall_time(at, zone)), False
    if value is None:
        raise NotThisType("null is no value; use IS_NULL or IS_NOT_NULL")
    raise NotThisType(f"expected a date (2017-01-31) or a timestamp (2017-01-31T13:00:00), got {shown(value)}")


def wall_time(at: datetime, zone: str) -> datetime:
    """An instant as a clock in `zone` shows it."""
    try:
        return at.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except OverflowError:
        raise NotThisType("the moment lies outside of the calendar") from None
