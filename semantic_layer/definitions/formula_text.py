"""A tree as the one canonical text of its formula: parse_formula(formula_text(tree)) is the tree again."""

import re
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
    LiteralValue,
    Name,
    Parameter,
)
from semantic_layer.definitions.formula_words import DATE_PARTS, KEYWORDS

# How tightly an operator binds; an operand that binds less tightly than its place asks for gets parentheses.
_OR, _AND, _NOT, _COMPARE, _CONCAT, _SUM, _PRODUCT, _SIGN, _TIGHT = range(1, 10)
# operator -> (sign, its level, the level its left and its right operand need)
_BINARY = {
    "eq": ("=", _COMPARE, _CONCAT, _CONCAT), "ne": ("<>", _COMPARE, _CONCAT, _CONCAT),
    "lt": ("<", _COMPARE, _CONCAT, _CONCAT), "lte": ("<=", _COMPARE, _CONCAT, _CONCAT),
    "gt": (">", _COMPARE, _CONCAT, _CONCAT), "gte": (">=", _COMPARE, _CONCAT, _CONCAT),
    "like": ("like", _COMPARE, _CONCAT, _CONCAT),
    "is_distinct_from": ("is distinct from", _COMPARE, _CONCAT, _CONCAT),
    "is_not_distinct_from": ("is not distinct from", _COMPARE, _CONCAT, _CONCAT),
    "add": ("+", _SUM, _SUM, _PRODUCT), "subtract": ("-", _SUM, _SUM, _PRODUCT),
    "multiply": ("*", _PRODUCT, _PRODUCT, _SIGN), "divide": ("/", _PRODUCT, _PRODUCT, _SIGN),
    "modulo": ("%", _PRODUCT, _PRODUCT, _SIGN),
}  # fmt: skip
_PART_WORDS = {part: word for word, part in DATE_PARTS.items()}


def formula_text(tree: Expr) -> str:
    """The formula on one line, in DuckDB's spelling, with no more parentheses than it needs."""
    return _text(tree)[0]


def _text(node: Expr) -> tuple[str, int]:
    match node:
        case Literal(value):
            return _literal(value)
        case Name(path):
            return ".".join(_name(part) for part in path), _TIGHT
        case Parameter(name):
            return f":{name}", _TIGHT
        case Call():
            return _call(node)
        case Case(branches, otherwise):
            when = " ".join(f"when {formula_text(c)} then {formula_text(v)}" for c, v in branches)
            rest = "" if otherwise is None else f" else {formula_text(otherwise)}"
            return f"case {when}{rest} end", _TIGHT
        case Cast(operand, wanted):
            return f"cast({formula_text(operand)} as {wanted})", _TIGHT
        case Aggregate():
            return _aggregate(node), _TIGHT
        case Exists(join, where):
            condition = "" if where is None else f", {formula_text(where)}"
            return f"exists({_name(join)}{condition})", _TIGHT
        case Leaf():
            raise TypeError("a leaf of a later stage has no text in the language")


def _at(node: Expr, level: int) -> str:
    text, own = _text(node)
    return text if own >= level else f"({text})"


def _name(part: str) -> str:
    plain = re.fullmatch(r"[^\W\d]\w*", part) is not None and part.lower() not in KEYWORDS
    return part if plain else '"' + part.replace('"', '""') + '"'


def _literal(value: LiteralValue) -> tuple[str, int]:
    match value:
        case None:
            return "null", _TIGHT
        case bool():
            return str(value).lower(), _TIGHT
        case int() | Decimal() | float():
            return format(value, "f") if isinstance(value, Decimal) else str(value), _TIGHT if value >= 0 else _SIGN
        case datetime():
            return f"timestamp '{value.isoformat(sep=' ')}'", _TIGHT
        case date():
            return f"date '{value.isoformat()}'", _TIGHT
        case str():
            return "'" + value.replace("'", "''") + "'", _TIGHT


def _call(call: Call) -> tuple[str, int]:
    function, arguments = call.function, call.arguments
    if function in _BINARY:
        sign, own, left, right = _BINARY[function]
        return f"{_at(arguments[0], left)} {sign} {_at(arguments[1], right)}", own
    match function, arguments:
        case (("or" | "and"), _):
            own = _OR if function == "or" else _AND
            return f" {function} ".join(_at(argument, own + 1) for argument in arguments), own
        case "not", (operand,):
            return f"not {_at(operand, _NOT)}", _NOT
        case "negate", (operand,):
            return f"-{_at(operand, _TIGHT)}", _SIGN
        case "concat", (left_operand, right_operand):
            return f"{_at(left_operand, _CONCAT)} || {_at(right_operand, _SUM)}", _CONCAT
        case (("is_null" | "is_not_null"), (operand,)):
            return f"{_at(operand, _CONCAT)} {function.replace('_', ' ')}", _COMPARE
        case (("in" | "not_in"), (operand, *members)):
            listed = ", ".join(formula_text(member) for member in members)
            return f"{_at(operand, _CONCAT)} {function.replace('_', ' ')} ({listed})", _COMPARE
        case "between", (operand, low, high):
            return f"{_at(operand, _CONCAT)} between {_at(low, _CONCAT)} and {_at(high, _CONCAT)}", _COMPARE
        case "date_add", (operand, Literal(int() as count), Literal(str() as unit)):
            plural = "" if abs(count) == 1 else "s"
            return f"{_at(operand, _SUM)} {'-' if count < 0 else '+'} interval {abs(count)} {unit}{plural}", _SUM
        case "date_part", (Literal(str() as part), operand):
            return f"{_PART_WORDS[part]}({formula_text(operand)})", _TIGHT
        case _:
            return f"{function}({', '.join(formula_text(argument) for argument in arguments)})", _TIGHT


def _aggregate(node: Aggregate) -> str:
    inner = ", ".join(formula_text(argument) for argument in node.arguments)
    if node.function == "count_distinct":
        return f"count(distinct {inner})"
    if node.share is not None:
        return f"{node.function}({inner}, {format(node.share, 'f')})"
    return f"{node.function}({inner or '*'})"
