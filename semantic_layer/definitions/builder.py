"""What the builders of datasets and metrics share: a list of problems, places, and small typed values."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from semantic_layer.definitions.formula_words import parse_column_type
from semantic_layer.definitions.model import Calendar, CatalogSettings, Domain, Duration, Source
from semantic_layer.definitions.problem import Problem, ProblemCode
from semantic_layer.definitions.shape_reader import Fields, Path, Places
from semantic_layer.definitions.types import MAX_PRECISION, TEXT, ColumnType, Grain, Kind

_NUMBER = re.compile(r"-?[0-9]{1,60}(\.[0-9]{1,60})?", re.ASCII)
Whole = TypeVar("Whole", int, Decimal)


def duration(text: str) -> Duration:
    count, unit = text.split()
    return Duration(int(count), Grain(unit.removesuffix("s")))


class Builder:
    """Makes values of model.py from readable fields. Problems go to one list; nothing is raised."""

    def __init__(self, problems: list[Problem], places: Places) -> None:
        self.problems = problems
        self.places = places

    def problem(self, path: Path, code: ProblemCode, message: str, *, value: bool = False) -> None:
        place = self.places.value(*path) if value else self.places.key(*path)
        self.problems.append(Problem(place, code, message))

    def type_named(self, text: str, path: Path) -> ColumnType:
        """A type whose form the grammar has let through; a decimal that cannot be is told."""
        found = parse_column_type(text)
        if found is None:
            message = f"{text} is no type: a decimal has 1 to {MAX_PRECISION} digits, and no more decimals than digits"
            self.problem(path, ProblemCode.BAD_VALUE, message, value=True)
        return found or TEXT


def settings_of(fields: Fields) -> CatalogSettings:
    return CatalogSettings(
        fields.get("time_zone", "UTC"),
        fields.get("week_start", "monday"),
        fields.get("languages", ("en",)),
        fields.get("sensitive", ()),
    )


def domain_of(name: str, fields: Fields) -> Domain:
    return Domain(name=name, **fields)


def source_of(name: str, fields: Fields) -> Source:
    return Source(name, fields.get("connection", ""))


def calendar_of(name: str, fields: Fields) -> Calendar:
    written: Fields = fields.get("grains", {})
    grains = {grain: one.get("column", "") if isinstance(one, Mapping) else one for grain, one in written.items()}
    within = {grain: one["within"] for grain, one in written.items() if isinstance(one, Mapping) and "within" in one}
    finer = {Grain(grain): tuple(place.split(".", 1)) for grain, place in fields.get("finer", {}).items()}
    step = Grain(fields.get("step", "day"))
    return Calendar(name, fields.get("from", ""), fields.get("day", ""), grains, finer, within, step)


def typed_value(value: object, wanted: ColumnType) -> str | int | Decimal | bool | date:
    """A written value as a value of `wanted`. Raises ValueError if it is none."""
    match wanted.kind, value:
        case Kind.TEXT, str():
            return value
        case Kind.BOOLEAN, bool():
            return value
        case ((Kind.INTEGER | Kind.BIGINT | Kind.DECIMAL | Kind.FLOAT), bool()):
            raise ValueError(value)
        case ((Kind.INTEGER | Kind.BIGINT), (int() | str())):
            return _within(int(value), wanted)
        case ((Kind.DECIMAL | Kind.FLOAT), (int() | Decimal() | str())):
            number = Decimal(value) if _NUMBER.fullmatch(str(value)) else None
            if number is None:
                raise ValueError(value)
            return number if wanted.kind is Kind.FLOAT else _within(number, wanted)
        case Kind.DATE, str():
            return date.fromisoformat(value)
        case _:
            raise ValueError(value)


def fits_a_decimal(number: Decimal) -> bool:
    """Whether some decimal holds the number with all its digits, before the point and after it."""
    exponent = number.as_tuple().exponent
    digits = max(0, -exponent) if isinstance(exponent, int) else MAX_PRECISION
    return max(0, number.adjusted() + 1) + digits <= MAX_PRECISION


def _within(number: Whole, wanted: ColumnType) -> Whole:
    """The number, if the type holds it as it is."""
    if wanted.kind is not Kind.DECIMAL:
        size = 31 if wanted.kind is Kind.INTEGER else 63
        fits = -(2**size) <= number < 2**size
    else:
        scaled = Decimal(number).scaleb(wanted.scale or 0)
        fits = scaled == scaled.to_integral_value() and abs(scaled) < Decimal(10) ** (wanted.precision or 0)
    if not fits:
        raise ValueError(number)
    return number
