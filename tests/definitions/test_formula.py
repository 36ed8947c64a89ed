"""Formulas: what is read, what is refused and where, and that reading and writing are inverse."""

import sys
import threading
from decimal import Decimal

import pytest
from hypothesis import given, settings

from semantic_layer.definitions.expression import AGGREGATES, FUNCTIONS, Call, Expr, Literal, Name
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.formula_tokens import FormulaError
from semantic_layer.definitions.problem import ProblemCode
from tests.definitions.formulas import expressions

# As a person may write it -> the one way it is written back.
SPELLINGS = [
    ("SUM( sales_value )", "sum(sales_value)"),
    ("a+b*c-(d-e)", "a + b * c - (d - e)"),
    ("(a / (b * c)) / d", "a / (b * c) / d"),
    ("a and (b or c) and not (d = 1)", "a and (b or c) and not d = 1"),
    ("((a and b) and c)", "a and b and c"),
    ("a != 1", "a <> 1"),
    ("not a is null", "not a is null"),
    ("extract(isodow from t) in (6,7)", "isodow(t) in (6, 7)"),
    ("date_part('hour', t)", "hour(t)"),
    ("dayofyear(t)", "doy(t)"),
    ("t - INTERVAL '1 day'", "t - interval 1 day"),
    ("case size when 'a' then 1 else 2 end", "case when size = 'a' then 1 else 2 end"),
    ("x::decimal( 12 , 2 )", "cast(x as decimal(12,2))"),
    ("-5 - -x", "-5 - -x"),
    ("-(a + b)", "-(a + b)"),
    ("a || b || c", "a || b || c"),
    ("percentile(x, .90)", "percentile(x, 0.9)"),
    ("count(distinct a, b)", "count(distinct a, b)"),
    ("exists(promotions, kind = 'it''s')", "exists(promotions, kind = 'it''s')"),
    ('"net sales" + "select"', '"net sales" + "select"'),
    ("1.50 * 2", "1.50 * 2"),
    ("date '2017-01-31' <= timestamp '2017-01-31 23:59:59'", "date '2017-01-31' <= timestamp '2017-01-31 23:59:59'"),
]


@pytest.mark.parametrize(("written", "canonical"), SPELLINGS)
def test_one_way_to_write_it(written: str, canonical: str) -> None:
    assert formula_text(parse_formula(written)) == canonical
    assert parse_formula(canonical) == parse_formula(written)


@settings(max_examples=150, deadline=None)
@given(expressions)
def test_what_is_written_is_read_as_the_same_tree(tree: Expr) -> None:
    assert parse_formula(formula_text(tree)) == tree


REFUSED = [
    ("a b", ProblemCode.SYNTAX, 2),
    ("sum(a", ProblemCode.SYNTAX, 5),
    ("a = = b", ProblemCode.SYNTAX, 4),
    ("a = 'x", ProblemCode.SYNTAX, 4),
    ("1e5", ProblemCode.SYNTAX, 0),
    ("1_000", ProblemCode.SYNTAX, 0),
    ("a in ()", ProblemCode.SYNTAX, 2),
    ("count()", ProblemCode.SYNTAX, 0),
    ("round(a, 1, 2)", ProblemCode.SYNTAX, 0),
    ("date '2017-02-30'", ProblemCode.SYNTAX, 5),
    ("x + interval 7 fortnights", ProblemCode.SYNTAX, 13),
    ("a and", ProblemCode.SYNTAX, 5),
    ("", ProblemCode.SYNTAX, 0),
    ("a; b", ProblemCode.NOT_ALLOWED, 1),
    ("a -- b", ProblemCode.NOT_ALLOWED, 2),
    ("a /* b */", ProblemCode.NOT_ALLOWED, 2),
    ("select 1", ProblemCode.NOT_ALLOWED, 0),
    ("a in (select b from c)", ProblemCode.NOT_ALLOWED, 6),
    ("exists(select 1)", ProblemCode.NOT_ALLOWED, 7),
    ("sum(a) over (partition by b)", ProblemCode.NOT_ALLOWED, 7),
    ("sum(a) filter (where b)", ProblemCode.NOT_ALLOWED, 7),
    ("read_parquet('x')", ProblemCode.NOT_ALLOWED, 0),
    ("a.b(c)", ProblemCode.NOT_ALLOWED, 0),
    ("getenv('HOME')", ProblemCode.NOT_ALLOWED, 0),
    ("at_zone(a, b, c)", ProblemCode.NOT_ALLOWED, 0),
    ("percentile(a, 2)", ProblemCode.BAD_VALUE, 0),
    ("date_trunc('fortnight', a)", ProblemCode.BAD_VALUE, 0),
    ("(" * 3000 + "a" + ")" * 3000, ProblemCode.TOO_LARGE, 30),
    ("+".join("a" * 500), ProblemCode.TOO_LARGE, 0),
    ("a" + "::text" * 500, ProblemCode.TOO_LARGE, 0),
    ("not " * 500 + "a", ProblemCode.TOO_LARGE, 120),
    ("- " * 500 + "a", ProblemCode.TOO_LARGE, 60),
    ("case " * 500, ProblemCode.TOO_LARGE, 150),
    ("a" * 10_001, ProblemCode.TOO_LARGE, 0),
]


@pytest.mark.parametrize(("text", "code", "offset"), REFUSED, ids=lambda value: str(value)[:30])
def test_what_is_not_in_the_language_is_refused_where_it_stands(text: str, code: ProblemCode, offset: int) -> None:
    with pytest.raises(FormulaError) as caught:
        parse_formula(text)
    assert (caught.value.code, caught.value.offset) == (code, offset)


def test_many_conditions_are_no_depth() -> None:
    tree = parse_formula(" or ".join(["a = 1"] * 500))
    assert isinstance(tree, Call) and len(tree.arguments) == 500


def test_the_deepest_formula_that_is_allowed_fits_a_small_stack() -> None:
    """Reading and writing stay far from the recursion limit, also when they are called from deep inside a server."""
    deepest = "abs(" * 28 + "+".join("a" * 60) + ")" * 28
    results: list[Expr | RecursionError] = []

    def read() -> None:
        try:
            tree = parse_formula(deepest)
            formula_text(tree)
            results.append(tree)
        except RecursionError as error:
            results.append(error)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(700)
    try:
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
    assert not isinstance(results[0], RecursionError)


def test_numbers_are_exact_and_keep_their_scale() -> None:
    assert parse_formula("9007199254740993") == Literal(9007199254740993)
    tree = parse_formula("0.10")
    assert isinstance(tree, Literal) and str(tree.value) == "0.10"
    assert parse_formula("-0.5") == Literal(Decimal("-0.5"))


def test_every_function_of_the_language_can_be_written() -> None:
    """Each function and aggregate has a spelling that reads back to it (at_zone is only made by the plan)."""
    for name, (least, _) in {**FUNCTIONS, **AGGREGATES}.items():
        if name in ("at_zone", "date_part", "date_trunc", "date_diff", "date_add"):
            continue
        if name in AGGREGATES:
            continue
        arguments = tuple(
            Name((letter,)) for letter in "abc"[: max(least, 2 if name in ("in", "not_in", "coalesce") else 1)]
        )
        tree = Call(name, arguments)
        assert parse_formula(formula_text(tree)) == tree
