"""Arithmetic over counts and ratios: dbt knows no units, so what adds them is said with the ratio as a bare number."""

from collections.abc import Iterable, Mapping

from semantic_layer.definitions.expression import Call, Cast, Expr, Literal, Name, rewrite
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.types import FLOAT
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.interchange.dbt.imported import Tree

_ALIKE = frozenset({
    "add", "subtract", "coalesce", "nullif", "greatest", "least", "modulo", "eq", "ne", "lt", "lte", "gt", "gte",
})  # fmt: skip


def without_units(tree: Mapping[str, Json], metrics: Iterable[str]) -> Tree:
    """The definitions with these metrics' operands as floats: a ratio is one, so no number changes."""
    found = tree.get("metrics")
    rules = dict(found) if isinstance(found, Mapping) else {}
    for name in metrics:
        rule = rules.get(name)
        if isinstance(rule, Mapping) and "from" not in rule:
            rules[name] = {**rule, "is": formula_text(_bare(parse_formula(str(rule["is"]))))}
    return {**tree, "metrics": rules}


def _bare(tree: Expr) -> Expr:
    return rewrite(tree, lambda node: _operands_bare(node) if isinstance(node, Call) else None)


def _operands_bare(call: Call) -> Expr | None:
    if call.function not in _ALIKE:
        return None
    ratios = [_is_quotient(one) for one in call.arguments]
    chosen = ratios if any(ratios) else [isinstance(one, Name) for one in call.arguments]
    operands = (
        Cast(one, FLOAT) if bare else one if isinstance(one, Literal) else _bare(one)
        for one, bare in zip(call.arguments, chosen, strict=True)
    )
    return Call(call.function, tuple(operands), call.at)


def _is_quotient(node: Expr) -> bool:
    match node:
        case Call("divide", _):
            return True
        case Call(("multiply" | "negate" | "round" | "abs"), arguments):
            return any(_is_quotient(one) for one in arguments)
        case _:
            return False
