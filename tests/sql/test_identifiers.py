"""Names that could be taken for something else are quoted; the others stand as they are."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from semantic_layer.definitions.model import Table
from semantic_layer.definitions.types import BIGINT, INTEGER
from semantic_layer.plan.nodes import Block, DatasetRows, Field, Output, Plan, PlanColumn, Step
from semantic_layer.sql.dialects import DIALECTS
from semantic_layer.sql.identifiers import identifier, table
from semantic_layer.sql.write import statement

CONNECTION = duckdb.connect()
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=70)


def plan_over(table_name: str, column: str) -> Plan:
    """One step over a table, everything in it called by names from outside."""
    rows = DatasetRows("rows", Table(table_name), "rows")
    inner = Block(rows, (Output(column, Field("rows", column, BIGINT), BIGINT),))
    step = Step("chosen", inner, (column,))
    final = Block(step.rows(), (Output(column, step.field(column), BIGINT),))
    return Plan("SHOP", (step,), final, (PlanColumn(column, column, BIGINT, False),), (), ())


def rows_of(plan: Plan, table_name: str, column: str) -> list[tuple[int]]:
    """What DuckDB answers to the plan's statement over a table of this name, with this column."""
    quoted = [part.replace('"', '""') for part in (table_name, column)]
    CONNECTION.execute(f'CREATE OR REPLACE TEMP TABLE "{quoted[0]}" AS SELECT 7 AS "{quoted[1]}"')
    try:
        return CONNECTION.execute(statement(plan, "duckdb").text).fetchall()
    finally:
        CONNECTION.execute(f'DROP TABLE "{quoted[0]}"')


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sales", "sales"),
        ("_x1", "_x1"),
        ("order", '"order"'),
        ("user", '"user"'),
        ("end", '"end"'),
        ("Sales", '"Sales"'),
        ("1st", '"1st"'),
        ("a b", '"a b"'),
        ('say "hi"', '"say ""hi"""'),
        ("销售额", '"销售额"'),
        ("x\n", '"x\n"'),
        ("a" * 70, "a" * 70),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_quoted_where_needed(dialect: str, name: str, text: str) -> None:
    assert identifier(name).sql(dialect) == text


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("name", "alias", "text"),
    [
        ("orders", "orders", "orders"),
        ("orders", "lines", "orders AS lines"),
        ("shop.orders", "orders", "shop.orders AS orders"),
        ("db.shop.orders", "orders", "db.shop.orders AS orders"),
        ("Shop.Order", "o", '"Shop"."Order" AS o'),
        ("orders.parquet", "orders", '"orders.parquet" AS orders'),
        ("of 2017.csv", "o", '"of 2017.csv" AS o'),
    ],
)
def test_tables_as_a_source_names_them(dialect: str, name: str, alias: str, text: str) -> None:
    assert table(name, alias).sql(dialect) == text


def words_of_duckdb(where: str = "true") -> list[str]:
    found = CONNECTION.execute(f"SELECT DISTINCT keyword_name FROM duckdb_keywords() WHERE {where} ORDER BY 1")
    return [row[0] for row in found.fetchall()]


def test_every_word_of_duckdb_can_be_a_column() -> None:
    words = words_of_duckdb()
    assert len(words) > 400
    columns_of_words = ", ".join(f'7 AS "{one}"' for one in words)
    CONNECTION.execute(f"CREATE OR REPLACE TEMP TABLE words AS SELECT {columns_of_words}")
    rows = DatasetRows("words", Table("words"), "words")
    step = Step("chosen", Block(rows, tuple(Output(one, Field("words", one, BIGINT), BIGINT) for one in words)))
    final = Block(step.rows(), tuple(Output(one, step.field(one), BIGINT) for one in words))
    columns = tuple(PlanColumn(one, one, BIGINT, False) for one in words)
    text = statement(Plan("SHOP", (step,), final, columns, (), ()), "duckdb").text
    assert CONNECTION.execute(text).fetchall() == [(7,) * len(words)]


def test_every_reserved_word_can_be_a_table_and_a_step() -> None:
    for word in words_of_duckdb("keyword_category <> 'unreserved'"):
        rows = DatasetRows(word, Table(word), word)
        step = Step(f"{word}_2", Block(rows, (Output(word, Field(word, word, BIGINT), BIGINT),)), (word,))
        again = Step("x", Block(step.rows(), (Output(word, step.field(word), BIGINT),)), (word,))
        final = Block(again.rows(), (Output(word, again.field(word), BIGINT),))
        plan = Plan("SHOP", (step, again), final, (PlanColumn(word, word, BIGINT, False),), (), ())
        assert rows_of(plan, word, word) == [(7,)], word


@settings(max_examples=60)
@given(names, names)
def test_any_name_reaches_its_column(table_name: str, column: str) -> None:
    """Whatever signs are in it: quotes, dots, spaces, another case, 70 characters."""
    flat = table_name.replace(".", "_")
    assert rows_of(plan_over(flat, column), flat, column) == [(7,)]


@given(names)
def test_a_name_is_one_name_in_both_dialects(name: str) -> None:
    for dialect in DIALECTS:
        text = identifier(name).sql(dialect)
        assert text == name or (text[0] == text[-1] == '"' and text[1:-1].replace('""', "") == name.replace('"', ""))
        assert exp.maybe_parse(text, dialect=dialect, into=exp.Identifier) is not None


def test_case_is_kept_apart() -> None:
    block = Block(None, tuple(Output(name, Field("t", name, INTEGER), INTEGER) for name in ("total", "Total", "TOTAL")))
    assert [identifier(output.name).sql("postgres") for output in block.columns] == ["total", '"Total"', '"TOTAL"']
