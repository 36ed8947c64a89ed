"""Values of a question are beside the text, never in it; constants of definitions are quoted."""

import re
from dataclasses import replace

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_layer.definitions.expression import Literal
from semantic_layer.definitions.types import DATE, INTEGER, TEXT, TIMESTAMP, ColumnType, decimal
from semantic_layer.query.measure import Value
from semantic_layer.sql.dialects import DIALECTS
from semantic_layer.sql.expressions import Writer, literal
from semantic_layer.sql.statement import BoundValue
from semantic_layer.sql.write import statement
from tests.plan.demo import Question, by, compare, demo_with, metric, months, plans, world_of

PLAIN = "an ordinary value"
storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
nasty = st.sampled_from(
    [
        "'",
        '"',
        "''",
        "\\'",
        "; drop table transactions; --",
        "/* */",
        "$1",
        "%s",
        ":x",
        "?",
        "{}",
        "E'\\n'",
        "\n",
        "a" * 5000,
    ]
)


def filtered(text: str) -> Question:
    return {
        "metrics": [metric("sales"), metric("sales_ytd")],
        "by": [months(), by("product.department")],
        "where": {
            "and": [
                {"or": [compare("product.department", "EQ", text), compare("product.department", "CONTAINS", text)]},
                compare("household.income", "NOT_IN", text, "x" + text),
                compare("household_campaign.campaign_type", "STARTS_WITH", text),
                {"not": compare("product.product_type", "ENDS_WITH", text)},
            ]
        },
    }


TEXTS = {dialect: statement(plans(filtered(PLAIN)).rows, dialect).text for dialect in DIALECTS}


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=30)
@given(text=st.one_of(storable, nasty))
def test_the_text_is_the_same_whatever_the_values_are(dialect: str, text: str) -> None:
    found = statement(plans(filtered(text)).rows, dialect)
    assert found.text == TEXTS[dialect]
    assert {BoundValue(text, TEXT), BoundValue("x" + text, TEXT)} <= set(found.values)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_numbers_and_times_are_bound_too(dialect: str) -> None:
    asked: Question = {
        "metrics": [metric("sales")],
        "by": [by("transaction_date", grain="HOUR")],
        "where": {
            "and": [
                compare("transaction_date", "GTE", "2017-03-04T05:06:07"),
                compare("store_id", "EQ", 918273),
                {"metric": "sales", "per": "household_id", "over": "ALL_TIME", "op": "GT", "values": ["77.123"]},
            ]
        },
        "having": {"key": "sales", "op": "LT", "values": ["5566.25"]},
    }
    found = statement(plans(asked).rows, dialect)
    for digits in ("2017", "918273", "77.12", "5566"):
        assert digits not in found.text
    assert {str(one.type) for one in found.values} == {"timestamp", "integer", "decimal(38,2)"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_equal_values_share_a_placeholder_and_others_do_not(dialect: str) -> None:
    writer = Writer(dialect, lambda block: pytest.fail("no block here"))
    values = (Value(1, INTEGER), Value("1", TEXT), Value(1, decimal(38, 0)), Value(1, INTEGER))
    texts = [writer.write(value).sql(dialect) for value in values]
    assert [re.findall(r"\$\d", text)[0] for text in texts] == ["$1", "$2", "$3", "$1"]
    assert len(writer.values) == 3


def test_a_placeholder_says_its_type_on_postgres() -> None:
    """It would be guessed from its neighbours, and `$1 + 1` of a decimal be taken for a whole number."""
    writer = Writer("postgres", lambda block: pytest.fail("no block here"))
    assert writer.write(Value("x", TEXT)).sql("postgres") == "CAST($1 AS TEXT)"
    assert writer.write(Value(None, DATE)).sql("postgres") == "CAST($2 AS DATE)"
    assert writer.write(Value(None, TIMESTAMP)).sql("postgres") == "CAST($3 AS TIMESTAMP)"


# --- constants of definitions ----------------------------------------------------------------------------------------


@given(storable)
def test_a_constant_text_comes_back_as_it_was(text: str) -> None:
    written = literal(text).sql("duckdb")
    assert duckdb.execute(f"SELECT {written}").fetchall() == [(text,)]


@pytest.mark.parametrize("dialect", DIALECTS)
@given(text=storable)
def test_a_constant_text_ends_where_it_ends(dialect: str, text: str) -> None:
    """Standard strings: only the quote is doubled, a backslash is itself on both engines."""
    assert literal(text).sql(dialect) == "'" + text.replace("'", "''") + "'"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_name_of_all_others_is_a_constant(dialect: str) -> None:
    catalog = demo_with()
    product = catalog.datasets["product"]
    leading = product.dimensions["leading_department"]
    named = replace(leading, rule=replace(leading.rule, others="the 'others'"))  # type: ignore[type-var]
    dimensions = {**product.dimensions, "leading_department": named}
    datasets = {**catalog.datasets, "product": replace(product, dimensions=dimensions)}
    world = world_of(replace(catalog, datasets=datasets))
    found = statement(
        plans({"metrics": [metric("sales")], "by": [by("product.leading_department")]}, world).rows, dialect
    )
    assert "'the ''others'''" in found.text


@pytest.mark.parametrize(
    ("value", "type_"),
    [(0, "INTEGER"), (-5, "INTEGER"), (2**40, "BIGINT"), (True, "BOOLEAN"), (None, '"NULL"')],
)
def test_constants_have_their_type(value: object, type_: str) -> None:
    text = Writer("duckdb", lambda block: pytest.fail("no block here")).write(Literal(value)).sql("duckdb")  # type: ignore[arg-type]
    assert duckdb.execute(f"SELECT {text}, typeof({text})").fetchall() == [(value, type_)]


def test_types_are_told_with_their_scale() -> None:
    assert str(ColumnType(INTEGER.kind)) == "integer" and str(decimal(12, 2)) == "decimal(12,2)"
