"""What the builders of datasets and metrics share: a list of problems, places, and small typed values."""

from datetime import date
from decimal import Decimal

from semantic_layer.definitions.formula_words import parse_column_type
from semantic_layer.definitions.model import Calendar, CatalogSettings, Domain, Duration, Source
from semantic_layer.definitions.problem import Problem, ProblemCode
from semantic_layer.definitions.shape_reader import Fields, Path, Places
from semantic_layer.definitions.types import TEXT, ColumnType, Grain, Kind


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
    finer = {Grain(grain): tuple(place.split(".", 1)) for grain, place in fields.get("finer", {}).items()}
    return Calendar(name, fields.get("from", ""), fields.get("day", ""), fields.get("grains", {}), finer)


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
            return int(value)
        case ((Kind.DECIMAL | Kind.FLOAT), (int() | Decimal() | str())):
            number = Decimal(value) if str(value).replace(".", "", 1).lstrip("-").isdigit() else None
            if number is None:
                raise ValueError(value)
            return number
        case Kind.DATE, str():
            return date.fromisoformat(value)
        case _:
            raise ValueError(value)


def type_named(text: str) -> ColumnType:
    """A type that the grammar has let through."""
    return parse_column_type(text) or TEXT
