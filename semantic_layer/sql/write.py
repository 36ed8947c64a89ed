"""Plan -> Statement: the tree as text in the source's dialect, its values beside it, read again before it leaves."""

from sqlglot import exp, parse_one

from semantic_layer.definitions.model import Select
from semantic_layer.definitions.types import INTEGER
from semantic_layer.plan.nodes import Plan, UniqueCheck
from semantic_layer.sql.dialects import DUCKDB as REFERENCE
from semantic_layer.sql.gate import check_statement
from semantic_layer.sql.relations import Relations
from semantic_layer.sql.statement import Statement, StatementColumn


def statement(plan: Plan, dialect: str) -> Statement:
    """The statement of one plan. The same plan always gives the same text."""
    relations = Relations(dialect)
    tree = relations.plan(plan)
    check_statement(tree, plan, dialect)
    columns = tuple(StatementColumn(column.output, column.type) for column in plan.columns)
    return Statement(plan.source, dialect, _text(tree, dialect), tuple(relations.writer.values), columns)


def duplicates_statement(check: UniqueCheck, source: str, dialect: str) -> Statement:
    """Counts values that several rows have, for a join that relies on one (rule 3)."""
    tree = Relations(dialect).duplicates(check)
    return Statement(source, dialect, _text(tree, dialect), (), (StatementColumn("duplicates", INTEGER),))


def select_text(select: Select, dialect: str) -> str:
    """The SELECT that a dataset is made of, which definitions write in the reference dialect, in another one."""
    return parse_one(select.text, dialect=REFERENCE).sql(dialect=dialect)


def _text(tree: exp.Expression, dialect: str) -> str:
    return tree.sql(dialect=dialect, pretty=True, copy=False, max_text_width=110)
