"""The stage after the plan: text for one source, with its values beside it, never inside it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from semantic_layer.definitions.types import ColumnType

BoundScalar = str | int | float | Decimal | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class BoundValue:
    """The value of placeholder `$n`, n being its place in Statement.values plus 1."""

    value: BoundScalar
    type: ColumnType


@dataclass(frozen=True, slots=True)
class StatementColumn:
    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT for `source`. Result columns come in this order and are of these types, on every engine."""

    source: str
    dialect: str
    text: str
    values: tuple[BoundValue, ...]
    columns: tuple[StatementColumn, ...]
