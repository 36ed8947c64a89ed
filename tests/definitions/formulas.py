"""Formulas by the thousand: trees that the grammar can write, for the properties of reading and writing."""

from decimal import Decimal

from hypothesis import strategies as st

from semantic_layer.definitions.expression import Aggregate, Call, Case, Cast, Exists, Expr, Literal, Name, Parameter
from semantic_layer.definitions.formula_words import DATE_PARTS
from semantic_layer.definitions.types import BIGINT, TEXT, Grain, decimal

WORDS = st.sampled_from(["sales", "a", "Order", "select", "date", "count", "net sales", 'say "x"', "销售额", "not"])
BINARY = ["add", "subtract", "multiply", "divide", "modulo", "eq", "ne", "lt", "lte", "gt", "gte", "like", "nullif"]
BINARY += ["is_distinct_from", "is_not_distinct_from", "concat"]
names = st.lists(WORDS, min_size=1, max_size=3).map(lambda path: Name(tuple(path)))
literals = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.decimals(0, 1000, places=2),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8),
    st.dates(),
    st.datetimes().filter(lambda moment: moment.microsecond == 0),
).map(Literal)
parameters = st.sampled_from(["at_least", "x1"]).map(Parameter)


def _larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    two = st.tuples(inner, inner)
    some = st.lists(inner, min_size=1, max_size=3).map(tuple)
    binary = st.sampled_from(BINARY)
    return st.one_of(
        st.builds(Call, binary, two),
        st.builds(Call, st.sampled_from(["in", "not_in"]), st.tuples(inner, some).map(lambda t: (t[0], *t[1]))),
        st.builds(Call, st.just("between"), st.tuples(inner, inner, inner)),
        st.builds(
            Call, st.sampled_from(["not", "is_null", "is_not_null", "lower", "abs", "round"]), inner.map(lambda e: (e,))
        ),
        st.builds(Call, st.just("coalesce"), some),
        st.builds(
            lambda part, operand: Call("date_part", (Literal(part), operand)),
            st.sampled_from(sorted(DATE_PARTS.values())),
            inner,
        ),
        st.builds(
            lambda unit, operand: Call("date_trunc", (Literal(unit.value), operand)), st.sampled_from(Grain), inner
        ),
        st.builds(
            lambda operand, count, unit: Call("date_add", (operand, Literal(count), Literal(unit.value))),
            inner,
            st.integers(1, 99) | st.integers(-99, -1),
            st.sampled_from(Grain),
        ),
        names.map(lambda name: Call("negate", (name,))),
        st.builds(Case, st.lists(two, min_size=1, max_size=2).map(tuple), st.none() | inner),
        st.builds(Cast, inner, st.sampled_from([TEXT, BIGINT, decimal(12, 2)])),
        st.builds(Aggregate, st.sampled_from(["sum", "avg", "median", "count"]), inner.map(lambda e: (e,))),
        st.builds(Aggregate, st.just("count_distinct"), some),
        st.builds(
            Aggregate, st.just("percentile"), inner.map(lambda e: (e,)), st.sampled_from([Decimal("0.9"), Decimal("1")])
        ),
        st.builds(Exists, WORDS, st.none() | inner),
    )


expressions: st.SearchStrategy[Expr] = st.recursive(
    st.one_of(names, literals, parameters, st.just(Aggregate("count"))), _larger, max_leaves=12
)
