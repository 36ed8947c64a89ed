"""Calls and numbers in a formula: which functions there are, what they take, and what stands in fixed places."""

from collections.abc import Iterable
from decimal import Decimal

from semantic_layer.definitions.expression import AGGREGATES, Aggregate, Call, Expr, Literal
from semantic_layer.definitions.formula_tokens import FormulaError, Token
from semantic_layer.definitions.formula_words import CALLABLE, DATE_PARTS, PART_FUNCTIONS
from semantic_layer.definitions.problem import ProblemCode, near_names, said_near
from semantic_layer.definitions.types import MAX_PRECISION, Grain


def number_literal(token: Token) -> Literal:
    """A number as written, exact."""
    digits = token.text.replace(".", "").lstrip("0")
    if max(len(digits), len(token.text.partition(".")[2])) > MAX_PRECISION:
        raise FormulaError(ProblemCode.TOO_LARGE, f"a number has at most {MAX_PRECISION} digits", token.at)
    return Literal(int(token.text) if token.text.isdigit() else Decimal(token.text))


def percentile_call(name: str, arguments: list[Expr], token: Token) -> Expr:
    check_arity(name, (2, 2), arguments, token)
    share = arguments[1].value if isinstance(arguments[1], Literal) else None
    if isinstance(share, bool) or not isinstance(share, (int, Decimal)) or not 0 <= share <= 1:
        message = f"{name}(x, p) needs a number from 0 to 1 as its second argument"
        raise FormulaError(ProblemCode.BAD_VALUE, message, token.at)
    return Aggregate(name, (arguments[0],), Decimal(share).normalize() + 0, token.at)


def scalar_call(name: str, arguments: list[Expr], token: Token) -> Expr:
    if name not in CALLABLE:
        near = near_names(name, _all_functions())
        message = f'the function "{token.text}" is not in the language{said_near(near)}'
        raise FormulaError(ProblemCode.NOT_ALLOWED, message, token.at, near)
    check_arity(name, CALLABLE[name], arguments, token)
    if name in ("date_trunc", "date_diff"):
        arguments[0] = _one_of(name, arguments[0], {grain.value: grain.value for grain in Grain}, token)
    if name == "date_part":
        known = {**DATE_PARTS, **{value: value for value in DATE_PARTS.values()}}
        arguments[0] = _one_of(name, arguments[0], known, token)
    return Call(name, tuple(arguments), token.at)


def _one_of(name: str, argument: Expr, words: dict[str, str], token: Token) -> Expr:
    written = argument.value if isinstance(argument, Literal) else None
    if not isinstance(written, str) or written.lower() not in words:
        message = f"{name} needs one of {', '.join(words)} as its first argument, in quotes"
        raise FormulaError(ProblemCode.BAD_VALUE, message, token.at)
    return Literal(words[written.lower()])


def check_arity(name: str, arity: tuple[int, int | None], arguments: list[Expr], token: Token) -> None:
    least, most = arity
    if len(arguments) >= least and (most is None or len(arguments) <= most):
        return
    wanted = f"{least}" if most == least else f"at least {least}" if most is None else f"{least} to {most}"
    message = f"{name} takes {wanted} argument{'' if wanted == '1' else 's'}, found {len(arguments)}"
    raise FormulaError(ProblemCode.SYNTAX, message, token.at)


def _all_functions() -> Iterable[str]:
    return (*CALLABLE, *AGGREGATES, *PART_FUNCTIONS, "extract", "exists", "cast")
