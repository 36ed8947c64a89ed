"""Values that formulas compare with dimensions: of the dimension's type, and of its closed list if it has one."""

from datetime import date

from semantic_layer.definitions.expression import Call, Expr, Literal, Name, walk
from semantic_layer.definitions.findings import Findings, Formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.model import Dimension
from semantic_layer.definitions.problem import ProblemCode, near_names
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.types import Kind

_EQUAL = ("eq", "ne", "in", "not_in", "is_distinct_from", "is_not_distinct_from")
_COMPARED = (*_EQUAL, "lt", "lte", "gt", "gte", "between")
_TURNED = ("eq", "ne", "lt", "lte", "gt", "gte", "is_distinct_from", "is_not_distinct_from")


def check_compared_values(findings: Findings, home: str, formula: Formula) -> None:
    """Comparisons of a dimension with constants, in a formula over rows of `home` (semantics rule 24)."""
    if home not in findings.catalog.datasets:
        return
    for node in walk(formula.tree):
        match node:
            case Call(function, (Name() as name, *values), _) if function in _COMPARED:
                _check(findings, home, name, values, formula, closed=function in _EQUAL)
            case Call(function, (Literal() as value, Name() as name), _) if function in _TURNED:
                _check(findings, home, name, [value], formula, closed=function in _EQUAL)
            case _:
                pass


def _check(findings: Findings, home: str, name: Name, values: list[Expr], formula: Formula, *, closed: bool) -> None:
    found = find_dimension(findings.catalog, home, str(name))
    if not isinstance(found, FoundDimension):
        return
    for value in values:
        if not isinstance(value, Literal) or value.value is None:
            continue
        wanted = _wanted(found.dimension, value)
        if wanted is not None:
            message = f"{name} is compared with {formula_text(value)}; expected {wanted}"
            findings.inside(formula, name.at, ProblemCode.BAD_VALUE, message)
        elif closed and found.dimension.values is not None and value.value not in found.dimension.values:
            members = [str(member) for member in found.dimension.values]
            near = near_names(str(value.value), members, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            said = f"{name} = {formula_text(value)} is not a member of {found.dimension.name} [{', '.join(members)}]"
            findings.inside(formula, name.at, ProblemCode.BAD_MEMBER, said + hint, near)


def _wanted(dimension: Dimension, value: Literal) -> str | None:
    """What the dimension's type wants in place of this value; None if it fits."""
    if dimension.time is not None:
        return None if isinstance(value.value, date) else "a day or moment, such as date '2017-01-31'"
    if dimension.type is None:
        return None
    is_truth = isinstance(value.value, bool)
    match dimension.type.kind:
        case Kind.TEXT:
            return None if isinstance(value.value, str) else "a text in quotes"
        case Kind.BOOLEAN:
            return None if is_truth else "true or false"
        case _:
            is_number = not is_truth and not isinstance(value.value, (str, date))
            return None if is_number else "a number"
