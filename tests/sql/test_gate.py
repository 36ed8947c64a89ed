"""The last look at a finished tree: whatever made it, only one SELECT over the plan's own tables comes through."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlglot import exp, parse_one

from semantic_layer.definitions.expression import AGGREGATES, Aggregate, Call, Literal
from semantic_layer.definitions.expression import FUNCTIONS as ALL_FUNCTIONS
from semantic_layer.definitions.model import Select, Table
from semantic_layer.definitions.select_functions import functions_in
from semantic_layer.definitions.types import FLOAT, TEXT, TIMESTAMP
from semantic_layer.plan.nodes import Block, DatasetRows, Field, HasRow, Joined, JoinHow, Kept, Plan, UnitedRows
from semantic_layer.sql.dialects import DIALECTS
from semantic_layer.sql.expressions import Writer
from semantic_layer.sql.gate import FUNCTIONS, NotASafeStatement, check_statement
from semantic_layer.sql.relations import Relations
from semantic_layer.sql.write import statement
from tests.plan.demo import QUESTIONS, plans

PLAN = plans(QUESTIONS["two_cuts"]).rows  # reads transactions and products in a step called sales


def check(text: str, plan: Plan = PLAN) -> None:
    check_statement(parse_one(text, read="duckdb"), plan, "duckdb")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SELECT * FROM transactions",
        "WITH sales AS (SELECT * FROM transactions JOIN products ON TRUE) SELECT * FROM sales",
        "SELECT * FROM (SELECT 1 FROM products UNION ALL SELECT 2 FROM transactions) AS parts",
        "SELECT EXISTS(SELECT 1 FROM products) FROM transactions AS t",
        "SELECT CASE WHEN TRUE THEN 1 END, COUNT(*) FILTER (WHERE TRUE) FROM transactions",
    ],
)
def test_what_the_plan_reads_may_be_read(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT * FROM demographics", "table demographics is not in the plan"),
        ("SELECT * FROM other.transactions", "table other.transactions is not in the plan"),
        ("SELECT * FROM pg_catalog.pg_authid", "table pg_catalog.pg_authid is not in the plan"),
        ('SELECT * FROM "/etc/passwd"', "table /etc/passwd is not in the plan"),
        ("SELECT * FROM 'secret.parquet'", "is not in the plan"),
        ("SELECT * FROM transactions, coupons", "table coupons is not in the plan"),
        ("SELECT (SELECT MAX(x) FROM coupons) FROM transactions", "table coupons is not in the plan"),
        ("SELECT * FROM transactions WHERE EXISTS(SELECT 1 FROM coupons)", "table coupons is not in the plan"),
        ("WITH x AS (SELECT * FROM coupons) SELECT 1 FROM transactions", "table coupons is not in the plan"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "table x is not in the plan"),
        ("SELECT nextval('x') FROM transactions", "function nextval in a statement"),
        ("SELECT PG_SLEEP(9) FROM transactions", "function pg_sleep in a statement"),
        ("SELECT pg_catalog.set_config('a', 'b', false) FROM transactions", "function set_config in a statement"),
        ("SELECT 1 FROM transactions WHERE \"lo_import\"('/etc/passwd') > 0", "function lo_import in a statement"),
        ("SELECT RANDOM() FROM transactions", "function rand in a statement"),
        ("SELECT CURRENT_DATE FROM transactions", "function current_date in a statement"),
        ("SELECT STRING_AGG(x) OVER (PARTITION BY QUERY_TO_XML('s')) FROM transactions", "function"),
        ("SELECT INITCAP(x) FROM transactions", "function initcap in a statement"),
        ("SELECT * FROM read_csv('x.csv')", "in a statement"),
        ("SELECT * FROM generate_series(1, 2)", "a table function in a statement"),
        ("SELECT * FROM read_parquet(['x'])", "in a statement"),
        ("SELECT * FROM dblink('x', 'select 1')", "in a statement"),
        ("SELECT * FROM transactions FOR UPDATE", "Lock in a statement"),
        ("SELECT * INTO copy FROM transactions", "Into in a statement"),
        ("SELECT 1 FROM transactions UNION SELECT 2 FROM transactions", "a statement is a SELECT, not Union"),
        ("INSERT INTO transactions SELECT 1", "a statement is a SELECT, not Insert"),
        ("DELETE FROM transactions", "a statement is a SELECT, not Delete"),
        ("UPDATE transactions SET a = 1", "a statement is a SELECT, not Update"),
        ("MERGE INTO products USING transactions ON TRUE WHEN MATCHED THEN DELETE", "not Merge"),
        ("CREATE TABLE x AS SELECT 1", "a statement is a SELECT, not Create"),
        ("DROP TABLE transactions", "a statement is a SELECT, not Drop"),
        ("ALTER TABLE products ADD COLUMN x INT", "a statement is a SELECT, not Alter"),
        ("TRUNCATE TABLE products", "a statement is a SELECT, not Truncate"),
        ("COPY transactions TO 'x'", "a statement is a SELECT, not Copy"),
        ("ATTACH 'x.db' AS x", "a statement is a SELECT, not Attach"),
        ("SET memory_limit = '1GB'", "a statement is a SELECT, not Set"),
        ("PRAGMA version", "a statement is a SELECT, not Pragma"),
        ("USE other", "a statement is a SELECT, not Use"),
        ("CALL pragma_version()", "a statement is a SELECT, not Command"),
    ],
)
def test_anything_else_may_not(text: str, why: str) -> None:
    with pytest.raises(NotASafeStatement) as caught:
        check(text)
    assert why in str(caught.value)


def test_a_change_hidden_in_a_with_is_found() -> None:
    """PostgreSQL runs a DELETE in a WITH of a SELECT."""
    inner = parse_one("DELETE FROM transactions RETURNING *", read="postgres")
    tree = parse_one("WITH sales AS (SELECT 1) SELECT * FROM sales")
    tree.find(exp.CTE).set("this", inner)  # type: ignore[union-attr]
    with pytest.raises(NotASafeStatement, match="Delete in a statement"):
        check_statement(tree, PLAN, "postgres")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_tree_that_reads_what_its_plan_does_not_is_refused(question: str, dialect: str) -> None:
    """The tree of one question with the plan of another: the gate knows no table but those of the plan."""
    plan = plans(QUESTIONS[question]).rows
    tree = Relations(dialect).plan(plan)
    check_statement(tree, plan, dialect)
    nothing = replace(plan, steps=(), final=Block(None, plan.final.columns))
    with pytest.raises(NotASafeStatement):
        check_statement(tree, nothing, dialect)


def test_tables_of_every_place_in_a_plan_are_known() -> None:
    """In joins, united rows, semi-joins inside of expressions, and inside of a dataset's own SELECT."""

    def rows(relation: Table | Select, alias: str) -> DatasetRows:
        return DatasetRows(alias, relation, alias)

    there = Block(rows(Table("shop.b"), "b"), ())
    chosen = rows(Select("with x as (select * from c) select * from x join d on true"), "c")
    final = Block(
        UnitedRows((Block(rows(Table("a"), "a"), ()),), "parts"),
        (),
        joins=(Joined(JoinHow.LEFT, chosen, (Call("not", (HasRow(there),)),)),),
    )
    plan = replace(PLAN, steps=(), final=final)
    for table in ("a", "shop.b", "c", "d"):
        check(f"SELECT 1 FROM {table}", plan)
    for table in ("b", "shop.a", "transactions"):
        with pytest.raises(NotASafeStatement):
            check(f"SELECT 1 FROM {table}", plan)


def test_no_statement_leaves_without_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """`statement` writes no text of a tree that does not pass."""
    foreign = parse_one("SELECT * FROM pg_shadow")
    monkeypatch.setattr(Relations, "plan", lambda self, plan: foreign)
    with pytest.raises(NotASafeStatement, match="pg_shadow"):
        statement(PLAN, "postgres")


# --- functions -------------------------------------------------------------------------------------------------------

MOMENT, WORD, NUMBER = (Field("t", name, kind) for name, kind in (("m", TIMESTAMP), ("w", TEXT), ("n", FLOAT)))
OF_TIME = {
    "date_trunc": (Literal("day"), MOMENT),
    "date_part": (Literal("year"), MOMENT),
    "date_add": (MOMENT, Literal(1), Literal("day")),
    "date_diff": (Literal("day"), MOMENT, MOMENT),
    "at_zone": (MOMENT, Literal("UTC"), Literal("Europe/Berlin")),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_whatever_a_formula_says_passes(dialect: str) -> None:
    writer = Writer(dialect, lambda block: pytest.fail("no block here"))
    for function, (least, most) in ALL_FUNCTIONS.items():
        arguments = OF_TIME.get(function, (WORD,) * (most or max(least, 2)))
        assert FUNCTIONS.issuperset(functions_in(writer.write(Call(function, arguments)).walk())), function
    for function in AGGREGATES:
        if dialect == "duckdb" or not function.startswith("approx"):
            share = Decimal("0.5") if "percentile" in function else None
            written = writer.write(Kept(Aggregate(function, (NUMBER,), share), Literal(True), FLOAT))
            assert FUNCTIONS.issuperset(functions_in(written.walk())), function


def test_a_dataset_may_call_more_than_our_statements_do() -> None:
    select = Select("select initcap(name) as name from products")
    plan = replace(PLAN, steps=(), final=Block(DatasetRows("p", select, "p"), ()))
    check("SELECT p.name FROM (SELECT INITCAP(name) AS name FROM products) AS p", plan)
    with pytest.raises(NotASafeStatement, match="function pg_sleep"):
        check("SELECT p.name FROM (SELECT PG_SLEEP(9) AS name FROM products) AS p", plan)
