"""Random expressions with their value computed in Python: three-valued logic, real division, exact whole numbers."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from semantic_layer.definitions.expression import Call, Case, Expr, Literal
from semantic_layer.definitions.types import BOOLEAN, INTEGER, TEXT
from semantic_layer.plan.nodes import Null
from semantic_layer.query.measure import Value


@dataclass(frozen=True)
class Known:
    """An expression and what it must come to."""

    expr: Expr
    value: Any


def _leaf(value: Any, type_: Any) -> st.SearchStrategy[Known]:
    """The same value as a bound one, as a constant of a definition, or as a typed null."""
    if value is None:
        return st.just(Known(Null(type_), None))
    return st.sampled_from([Known(Value(value, type_), value), Known(Literal(value), value)])


numbers = st.one_of(st.none(), st.integers(-9, 9)).flatmap(lambda one: _leaf(one, INTEGER))
truths = st.one_of(st.none(), st.booleans()).flatmap(lambda one: _leaf(one, BOOLEAN))
words = st.one_of(st.none(), st.text("ab'\\%_\" $", max_size=3)).flatmap(lambda one: _leaf(one, TEXT))


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """Null if any argument is."""
    return lambda *values: None if None in values else function(*values)


def _and(*values: bool | None) -> bool | None:
    return False if False in values else None if None in values else True


def _or(*values: bool | None) -> bool | None:
    return True if True in values else None if None in values else False


def _in(operand: Any, *members: Any) -> bool | None:
    return _or(*(_strict(lambda left, right: left == right)(operand, member) for member in members))


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": _strict(lambda left, right: left + right),
    "subtract": _strict(lambda left, right: left - right),
    "multiply": _strict(lambda left, right: left * right),
    "divide": _strict(lambda left, right: left / right if right else None),
    "modulo": _strict(lambda left, right: math.fmod(left, right) if right else None),  # the sign of the left side
}
ORDERINGS: dict[str, Callable[..., Any]] = {
    "eq": _strict(lambda left, right: left == right),
    "ne": _strict(lambda left, right: left != right),
    "lt": _strict(lambda left, right: left < right),
    "lte": _strict(lambda left, right: left <= right),
    "gt": _strict(lambda left, right: left > right),
    "gte": _strict(lambda left, right: left >= right),
    "is_distinct_from": lambda left, right: left != right,
    "is_not_distinct_from": lambda left, right: left == right,
}
PATTERNS: dict[str, Callable[..., Any]] = {
    "contains": _strict(lambda text, part: part in text),
    "starts_with": _strict(str.startswith),
    "ends_with": _strict(str.endswith),
}


def _call(function: str, compute: Callable[..., Any], *operands: Known) -> Known:
    return Known(Call(function, tuple(one.expr for one in operands)), compute(*(one.value for one in operands)))


def _of(table: dict[str, Callable[..., Any]], *operands: st.SearchStrategy[Known]) -> st.SearchStrategy[Known]:
    return st.builds(lambda name, *known: _call(name, table[name], *known), st.sampled_from(sorted(table)), *operands)


def _case(when: Known, then: Known, otherwise: Known) -> Known:
    return Known(Case(((when.expr, then.expr),), otherwise.expr), then.value if when.value else otherwise.value)


def _wider(inner: st.SearchStrategy[tuple[Known, Known, Known]]) -> st.SearchStrategy[tuple[Known, Known, Known]]:
    """Numbers, truth values and texts one level deeper."""
    number, truth, word = (inner.map(lambda three, place=place: three[place]) for place in range(3))
    many = st.lists(number, min_size=1, max_size=3)
    deeper_numbers = st.one_of(
        _of(ARITHMETIC, number, number),
        st.builds(lambda one: _call("negate", _strict(lambda value: -value), one), number),
        st.builds(_case, truth, number, number),
        st.builds(lambda one, two: _call("coalesce", lambda a, b: b if a is None else a, one, two), number, number),
    )
    deeper_truths = st.one_of(
        _of(ORDERINGS, number, number),
        _of({name: ORDERINGS[name] for name in ("eq", "is_distinct_from")}, truth, truth),
        _of(ORDERINGS, word, word),
        _of(PATTERNS, word, word),
        _of({"and": _and, "or": _or}, truth, truth),
        _of({"and": _and, "or": _or}, truth, truth, truth),
        st.builds(lambda one: _call("not", _not, one), truth),
        st.builds(lambda one: _call("is_null", lambda value: value is None, one), st.one_of(number, truth, word)),
        st.builds(lambda one: _call("is_not_null", lambda value: value is not None, one), st.one_of(number, truth)),
        st.builds(lambda one, members: _call("in", _in, one, *members), number, many),
        st.builds(lambda one, members: _call("not_in", lambda *v: _not(_in(*v)), one, *members), number, many),
        st.builds(
            lambda one, low, high: _call(
                "between",
                lambda value, least, most: _and(ORDERINGS["gte"](value, least), ORDERINGS["lte"](value, most)),
                one, low, high,
            ),
            number, number, number,
        ),
    )  # fmt: skip
    deeper_words = st.one_of(
        st.builds(lambda one, two: _call("concat", _strict(lambda a, b: a + b), one, two), word, word),
        st.builds(_case, truth, word, word),
    )
    return st.tuples(st.one_of(number, deeper_numbers), st.one_of(truth, deeper_truths), st.one_of(word, deeper_words))


known_expressions: st.SearchStrategy[Known] = st.recursive(
    st.tuples(numbers, truths, words), _wider, max_leaves=8
).flatmap(st.sampled_from)
