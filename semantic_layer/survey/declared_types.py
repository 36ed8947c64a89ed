"""What declared types and closed lists say of each value, as conditions that find the rows where it is not so."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from semantic_layer.definitions.expression import Call, Case, Cast, Expr, Literal, Name, rewrite
from semantic_layer.definitions.model import Dimension, MetricValue, TopMembers
from semantic_layer.definitions.shape_reader import Path
from semantic_layer.definitions.types import DATE, FLOAT, TIMESTAMP, ColumnType, Kind
from semantic_layer.errors import SemanticLayerError
from semantic_layer.plan.data_checks import RowCondition, kind_of
from semantic_layer.plan.key_values import serves_as
from semantic_layer.plan.nodes import Fits, Possible
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.typed import type_of, typed

_WHOLE = {Kind.INTEGER: (-(2**31), 2**31 - 1), Kind.BIGINT: (-(2**63), 2**63 - 1)}


class Wrong(Enum):
    DOES_NOT_FIT = auto()  # the cast fails, and with it every question that reads the value
    ROUNDED = auto()  # the cast gives another value
    IMPOSSIBLE = auto()  # NaN, an infinity or a day outside of the calendar, which is read as null
    NOT_IN_LIST = auto()
    NO_CAST = auto()  # no value of the one type is one of the other


@dataclass(frozen=True, slots=True)
class ValueCheck:
    """One thing that may be wrong with a column or dimension; `rows` None when it is wrong for every row."""

    wrong: Wrong
    path: Path  # within the dataset: ("columns", "amount")
    said: str
    rows: RowCondition | None


def column_checks(scope: RowScope) -> list[ValueCheck]:
    """Raw columns against their declared types; columns that the source has not are passed."""
    found: list[ValueCheck] = []
    for name, declared in scope.dataset.columns.items():
        try:
            raw = scope.raw(scope.dataset, scope.alias, name)
        except SemanticLayerError:
            continue
        value: Expr = raw
        path, said = ("columns", name), f"column {name}"
        if raw.type.kind is Kind.FLOAT or raw.type.is_time:
            value = Case(((Possible(raw), raw),))
            impossible = RowCondition(Call("not", (Possible(raw),)), raw)
            found.append(ValueCheck(Wrong.IMPOSSIBLE, path, said, impossible))
        found += _cast_checks(value, raw.type, declared, path, said)
    return found


def dimension_checks(scope: RowScope) -> list[ValueCheck]:
    """Own dimensions against their types and closed lists, over columns as they are declared."""
    found: list[ValueCheck] = []
    for name, dimension in scope.dataset.dimensions.items():
        if isinstance(dimension.rule, TopMembers | MetricValue):
            continue
        try:
            value = _value(scope, dimension.rule)
        except SemanticLayerError:
            continue
        path, said = ("dimensions", name), f"dimension {name}"
        checks = _cast_checks(value, type_of(value), _wanted(dimension), path, said)
        found += checks
        if dimension.values is not None and not any(check.wrong is Wrong.NO_CAST for check in checks):
            members = tuple(Literal(member) for member in dimension.values)
            found.append(
                ValueCheck(Wrong.NOT_IN_LIST, path, said, RowCondition(Call("not_in", (value, *members)), value))
            )
    return found


def _value(scope: RowScope, rule: Expr) -> Expr:
    def column(node: Expr) -> Expr | None:
        return scope.column(scope.dataset, scope.alias, str(node)) if isinstance(node, Name) else None

    return typed(rewrite(rule, column))


def _wanted(dimension: Dimension) -> ColumnType:
    if dimension.time is not None:
        return TIMESTAMP if dimension.time.finest.is_clock else DATE
    assert dimension.type is not None
    return dimension.type


def _cast_checks(value: Expr, own: ColumnType, wanted: ColumnType, path: Path, said: str) -> Iterator[ValueCheck]:
    said = f"{said}, declared {wanted}"
    if own.kind is Kind.NULL or own == wanted:
        return
    if not _has_cast(own, wanted):
        yield ValueCheck(Wrong.NO_CAST, path, f"{said}, is {own} in the source", None)
        return
    misfit = _misfit(value, own, wanted)
    if misfit is not None:
        yield ValueCheck(Wrong.DOES_NOT_FIT, path, said, RowCondition(misfit, value))
    if own.is_number and wanted.is_exact and not serves_as(own, wanted) and own.kind not in _WHOLE:
        lost = _is_rounded(value, own, wanted)
        if misfit is not None:
            lost = Case(((misfit, Literal(False)),), lost)
        yield ValueCheck(Wrong.ROUNDED, path, said, RowCondition(lost, value))


def _is_rounded(value: Expr, own: ColumnType, wanted: ColumnType) -> Expr:
    """By more than a thousandth of the last place: what sums of binary floats leave behind is meant to go."""
    difference = Call("subtract", (Cast(Cast(value, wanted), own), value))
    return Call("gt", (Call("abs", (Cast(difference, FLOAT),)), Literal(10.0 ** -((wanted.scale or 0) + 3))))


def _has_cast(own: ColumnType, wanted: ColumnType) -> bool:
    return Kind.TEXT in (own.kind, wanted.kind) or kind_of(own) == kind_of(wanted)


def _misfit(value: Expr, own: ColumnType, wanted: ColumnType) -> Expr | None:
    """True for values whose cast fails; None where none can."""
    if own.kind is Kind.TEXT:
        return None if wanted.kind is Kind.TEXT else Call("not", (Fits(value, wanted),))
    if not own.is_number or not wanted.is_exact:
        return None
    if wanted.kind in _WHOLE:
        if own.kind is Kind.INTEGER or own.kind is wanted.kind:
            return None
        first, last = _WHOLE[wanted.kind]
        if own.kind is Kind.FLOAT and wanted.kind is Kind.BIGINT:  # the last BIGINT is no float
            return Call("or", (Call("lt", (value, Literal(float(first)))), Call("gte", (value, Literal(2.0**63)))))
        return Call("or", (Call("lt", (value, Literal(first))), Call("gt", (value, Literal(last)))))
    places = (wanted.precision or 0) - (wanted.scale or 0)
    if own.kind in _WHOLE and places >= len(str(_WHOLE[own.kind][1])):
        return None
    if own.kind is Kind.DECIMAL and places >= (own.precision or 0) - (own.scale or 0):
        return None
    # Half of the last place would be rounded up to one digit more.
    largest = float(10**places) - 0.5 * 10.0 ** -(wanted.scale or 0)
    return Call("gte", (Call("abs", (Cast(value, FLOAT),)), Literal(largest)))
