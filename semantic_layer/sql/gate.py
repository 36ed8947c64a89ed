"""The last look at a finished tree: one SELECT that reads only what its plan reads. It raises; there is no switch."""

from collections.abc import Iterator

from sqlglot import exp, parse_one

from semantic_layer.definitions.expression import Expr, walk
from semantic_layer.definitions.model import Select, Table
from semantic_layer.definitions.select_functions import SELECT_FUNCTIONS, functions_in
from semantic_layer.plan.nodes import Block, DatasetRows, HasRow, Plan, UnitedRows, block_expressions, inner_expressions

_FORBIDDEN = (exp.Command, exp.DML, exp.DDL, exp.Into, exp.Lock, exp.Set, exp.Use, exp.Attach, exp.Pragma)


# What our own statements call, as sqlglot calls it. A dataset's SELECT may call more.
FUNCTIONS = frozenset(
    """
    and or case if cast try_cast pg_input_is_valid exists extract collate
    coalesce nullif greatest least abs round floor ceil sqrt ln exp power
    lower upper trim length substring replace starts_with ends_with contains strpos right isfinite
    date_trunc generate_series unnest row_number rank lead
    count sum avg min max bool_and bool_or
    percentile_cont percentile_disc quantile_cont quantile_disc approx_count_distinct approx_quantile
    """.split()  # noqa: SIM905 a list of words reads better as text
)


class NotASafeStatement(Exception):
    """A statement that must not run: a fault of ours, never of the question."""


def check_statement(tree: exp.Expression, plan: Plan, dialect: str) -> None:
    """Raises NotASafeStatement unless `tree` is one SELECT over the tables of `plan` that calls known functions."""
    if not isinstance(tree, exp.Select):
        raise NotASafeStatement(f"a statement is a SELECT, not {type(tree).__name__}")
    steps = {step.name for step in plan.steps}
    allowed, selects = _tables(plan), _has_selects(plan)
    for name in functions_in(tree.walk()):
        if name not in FUNCTIONS and not (selects and name in SELECT_FUNCTIONS):
            raise NotASafeStatement(f"function {name} in a statement of {dialect}")
    for node in tree.walk():
        if isinstance(node, _FORBIDDEN) and not isinstance(node, exp.Select | exp.Subquery | exp.Union):
            raise NotASafeStatement(f"{type(node).__name__} in a statement of {dialect}")
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
            raise NotASafeStatement("a table function in a statement")
        if isinstance(node, exp.Table):
            name = ".".join(part.name for part in node.parts)
            if name not in allowed and name not in steps:
                raise NotASafeStatement(f"table {name} is not in the plan")


def _tables(plan: Plan) -> set[str]:
    """The tables that the plan's own relations name."""
    names: set[str] = set()
    for relation in _dataset_relations(plan):
        if isinstance(relation, Select):
            names.update(_tables_of_select(relation.text))
        else:
            names.add(relation.name)
    return names


def _has_selects(plan: Plan) -> bool:
    return any(isinstance(relation, Select) for relation in _dataset_relations(plan))


def _dataset_relations(plan: Plan) -> Iterator[Table | Select]:
    """The tables and SELECTs that the plan reads, inside blocks of any depth."""
    pending: list[Block] = [*(step.block for step in plan.steps), plan.final]
    while pending:
        block = pending.pop()
        for relation in (block.relation, *(joined.relation for joined in block.joins)):
            match relation:
                case DatasetRows(_, found, _):
                    yield found
                case UnitedRows(blocks):
                    pending.extend(blocks)
                case _:
                    pass
        for expr in block_expressions(block):
            pending.extend(_blocks_inside(expr))


def _blocks_inside(expr: Expr) -> list[Block]:
    found: list[Block] = []
    pending = [expr]
    while pending:
        for node in walk(pending.pop()):
            if isinstance(node, HasRow):
                found.append(node.block)
            else:
                pending.extend(inner_expressions(node))
    return found


def _tables_of_select(text: str) -> set[str]:
    tree = parse_one(text, dialect="duckdb")
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    tables = {".".join(part.name for part in node.parts) for node in tree.find_all(exp.Table)}
    return tables | ctes
