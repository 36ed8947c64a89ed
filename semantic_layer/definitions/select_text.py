"""Whether the SELECT of a dataset is one plain SELECT: it may read tables of its source and nothing else."""

from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.select_functions import SELECT_FUNCTIONS, functions_in

MAX_LENGTH = 20_000
MAX_PARENTHESES = 60

_REFUSED = (exp.Command, exp.DDL, exp.DML, exp.Into, exp.Parameter, exp.Placeholder, exp.SessionParameter)


@dataclass(frozen=True, slots=True)
class SelectMistake:
    code: ProblemCode
    message: str


def select_mistake(text: str) -> SelectMistake | None:
    """What is wrong with the text, or None. Names of tables and columns are the source's to check."""
    if len(text) > MAX_LENGTH or _nesting(text) > MAX_PARENTHESES:
        return SelectMistake(
            ProblemCode.TOO_LARGE, f"at most {MAX_LENGTH:,} characters, nested at most {MAX_PARENTHESES} deep"
        )
    try:
        statements = sqlglot.parse(text, read="duckdb")
    except (SqlglotError, RecursionError):
        return SelectMistake(ProblemCode.SYNTAX, "this is no SELECT")
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return SelectMistake(ProblemCode.NOT_ALLOWED, "exactly one SELECT is expected")
    for node in statements[0].walk():
        if isinstance(node, exp.Lock):
            return SelectMistake(ProblemCode.NOT_ALLOWED, '"FOR UPDATE" and its like are not allowed in a dataset')
        if isinstance(node, _REFUSED):
            return SelectMistake(
                ProblemCode.NOT_ALLOWED, f'"{node.sql(dialect="duckdb")[:60]}" is not allowed in a dataset'
            )
        if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
            return SelectMistake(
                ProblemCode.NOT_ALLOWED, "functions that return tables are not allowed; name a table of the source"
            )
        if isinstance(node, exp.Table) and _is_file(node):
            return SelectMistake(
                ProblemCode.NOT_ALLOWED, f'"{node.name}" is a file or address; name a table of the source'
            )
    for name in functions_in(statements[0].walk()):
        if name not in SELECT_FUNCTIONS:
            return SelectMistake(
                ProblemCode.NOT_ALLOWED, f"the function {name} is not allowed in a dataset; make a view in the source"
            )
    return None


@lru_cache(2_000)
def tables_of(text: str) -> frozenset[str]:
    """The names of the tables that a SELECT reads, and of its own steps, in small letters; none if it is no SELECT."""
    try:
        statements = sqlglot.parse(text, read="duckdb")
    except (SqlglotError, RecursionError):
        return frozenset()
    found = (node for one in statements if one is not None for node in one.find_all(exp.Table, exp.CTE))
    return frozenset((node.name if isinstance(node, exp.Table) else node.alias).lower() for node in found)


def _is_file(table: exp.Table) -> bool:
    return any(sign in table.name for sign in ("/", "\\", "*", ":", ".", "'"))


def _nesting(text: str) -> int:
    """The deepest run of open brackets; brackets in quotes count too, which only makes the limit stricter."""
    depth = deepest = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest
