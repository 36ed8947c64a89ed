"""Conditions put on the rows of a dataset, so that a to-many join never multiplies them (semantics rule 6).

A condition that speaks of one to-many path alone is applied to the path's members: the row stays if one member
passes. Any other condition over a to-many path is applied to rows joined with their members, and rows that this
repeats are told apart by number and counted once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from semantic_layer.definitions.expression import Call, Case, Cast, Exists, Expr, Literal, Name, walk
from semantic_layer.definitions.reach import FoundDimension, Hop, find_dimension
from semantic_layer.plan.nodes import HasRow
from semantic_layer.plan.row_scope import Path, RowScope
from semantic_layer.query.measure import Asked, EntityCondition, Value


@dataclass(frozen=True, slots=True)
class FilteredRows:
    """The conditions to apply in the block, and whether rows may now come more than once."""

    where: tuple[Expr, ...]
    repeated: bool


def filter_rows(scope: RowScope, conditions: tuple[Expr, ...], grouped: frozenset[Path]) -> FilteredRows:
    """Puts conditions on the scope's rows; `grouped` are the to-many paths that keys of the block go across."""
    where: list[Expr] = []
    only_filtered: dict[Path, None] = {}  # in order: the same question has the same text
    repeated = False
    for condition in conditions:
        paths = set(_to_many_paths(scope, condition))
        path = next(iter(paths)) if len(paths) == 1 and _speaks_only_of_paths(scope, condition) else None
        if path is not None and _without_member(condition) is not True:
            place = len(path) - 1
            to_many = scope.path_across(_hops(scope, condition), place)
            to_many.where.append(scope.across_condition(to_many, condition, place))
            if path in grouped:
                to_many.required = True
            else:
                only_filtered[path] = None
            continue
        before = {name: set(path.dimensions) for name, path in scope.to_many.items()}
        where.append(scope.condition(condition))
        repeated = repeated or any(set(p.dimensions) - before.get(n, set()) for n, p in scope.to_many.items())
    for path in only_filtered:
        to_many = scope.to_many[path]
        if to_many.dimensions:  # joined anyway by another condition
            to_many.required = True
        else:
            where.append(_has_member(scope, path))
    return FilteredRows(tuple(where), repeated)


def _has_member(scope: RowScope, path: Path) -> HasRow:
    return scope.has_member(scope.to_many.pop(path))


def to_many_path(scope: RowScope, words: str) -> Path | None:
    """The to-many path that a name goes across, None when it is reached by to-one joins alone."""
    found = find_dimension(scope.catalog, scope.dataset.name, words)
    if not isinstance(found, FoundDimension) or found.to_many_at is None:
        return None
    return tuple(hop.join.name for hop in found.hops[: found.to_many_at + 1])


def _words(node: Expr) -> str | None:
    return node.dimension if isinstance(node, Asked) else str(node) if isinstance(node, Name) else None


def _to_many_paths(scope: RowScope, condition: Expr) -> Iterator[Path]:
    for node in walk(condition):
        words = _words(node)
        path = None if words is None else to_many_path(scope, words)
        if path is not None:
            yield path


def _speaks_only_of_paths(scope: RowScope, condition: Expr) -> bool:
    for node in walk(condition):
        words = _words(node)
        if isinstance(node, Exists | EntityCondition) or (words is not None and to_many_path(scope, words) is None):
            return False
    return True


def _hops(scope: RowScope, condition: Expr) -> tuple[Hop, ...]:
    for node in walk(condition):
        words = _words(node)
        if words is not None:
            return scope.find(words).hops
    raise AssertionError("a condition without names has no path")


def _without_member(condition: Expr) -> bool | None:
    """What the condition says of a row that has no member, every name being null (three-valued)."""
    match condition:
        case Literal(bool() as value):
            return value
        case Call("and", arguments):
            values = [_without_member(argument) for argument in arguments]
            return False if False in values else None if None in values else True
        case Call("or", arguments):
            values = [_without_member(argument) for argument in arguments]
            return True if True in values else None if None in values else False
        case Call("not", (argument,)):
            inner = _without_member(argument)
            return None if inner is None else not inner
        case Call("is_null", _):
            return True
        case Call("is_not_null", _):
            return False
        case Call("is_distinct_from", (_, Value() | Literal())):
            return True
        case Call("coalesce" | "is_distinct_from" | "is_not_distinct_from", _) | Case() | Cast():
            return True  # may hold: taken the general way
        case Call(_, arguments) if any(isinstance(argument, Case) for argument in arguments):
            return True
        case _:
            return True if _may_hide_null(condition) else None


def _may_hide_null(condition: Expr) -> bool:
    return any(isinstance(n, Case) or (isinstance(n, Call) and n.function == "coalesce") for n in walk(condition))
