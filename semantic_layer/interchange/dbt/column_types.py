"""Types of columns: as the source tells them, else as formulas and filters of the manifest take them."""

from collections.abc import Iterator, Mapping

from semantic_layer.definitions.expression import Call, Case, Cast, Expr, Literal, Name, children
from semantic_layer.definitions.types import BOOLEAN, FLOAT, INTEGER, TEXT, ColumnType

_CONDITIONS = frozenset({
    "and", "or", "not", "eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "between", "like", "is_null",
    "is_not_null", "is_distinct_from", "is_not_distinct_from", "contains", "starts_with", "ends_with",
})  # fmt: skip
_COMPARISONS = frozenset({"eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "between"})
_TEXTS = frozenset({"lower", "upper", "trim", "substring", "concat", "replace", "like"})
_ARITHMETIC = frozenset({"add", "subtract", "multiply", "modulo", "negate", "abs", "round"})
_SAME_AS_FIRST = frozenset({"coalesce", "nullif", "greatest", "least"})


def type_of(tree: Expr, columns: Mapping[str, ColumnType]) -> ColumnType | None:
    """The type of a formula over columns, None where it cannot be told."""
    match tree:
        case Name(path):
            return columns.get(path[0])
        case Literal(bool()):
            return BOOLEAN
        case Literal(int()):
            return INTEGER
        case Literal(str()):
            return TEXT
        case Cast(_, wanted):
            return wanted
        case Case(branches, otherwise):
            return _first(columns, [then for _, then in branches], *([] if otherwise is None else [otherwise]))
        case Call(function, _) if function in _CONDITIONS:
            return BOOLEAN
        case Call(function, _) if function in _TEXTS:
            return TEXT
        case Call("date_trunc", (_, operand)):
            return type_of(operand, columns)
        case Call(("date_part" | "date_diff" | "length"), _):
            return INTEGER
        case Call(("divide" | "sqrt" | "ln" | "exp" | "power"), _):
            return FLOAT
        case Call(function, arguments) if function in _SAME_AS_FIRST or function in _ARITHMETIC:
            return _first(columns, list(arguments))
        case _:
            return None


def _first(columns: Mapping[str, ColumnType], trees: list[Expr], *more: Expr) -> ColumnType | None:
    found = (type_of(tree, columns) for tree in (*trees, *more))
    return next((one for one in found if one is not None), None)


def conditions_in(tree: Expr, *, is_condition: bool = False) -> Iterator[tuple[str, ColumnType]]:
    """What the places in which names stand say of their types: a condition is a boolean, `x > 2` compares numbers."""
    match tree:
        case Name(path) if is_condition:
            yield path[-1], BOOLEAN
        case Call(("and" | "or" | "not"), arguments):
            for argument in arguments:
                yield from conditions_in(argument, is_condition=True)
        case Call(function, arguments) if function in _COMPARISONS:
            wanted = next((kind for one in arguments if (kind := _literal(one)) is not None), None)
            for argument in arguments:
                if isinstance(argument, Name) and wanted is not None:
                    yield argument.path[-1], wanted
                else:
                    yield from conditions_in(argument)
        case Case(branches, otherwise):
            for when, then in branches:
                yield from conditions_in(when, is_condition=True)
                yield from conditions_in(then)
            if otherwise is not None:
                yield from conditions_in(otherwise)
        case _:
            for child in children(tree):
                yield from conditions_in(child)


def _literal(tree: Expr) -> ColumnType | None:
    match tree:
        case Literal(bool()):
            return BOOLEAN
        case Literal(int()):
            return INTEGER
        case Literal(str()):
            return TEXT
        case _:
            return None
