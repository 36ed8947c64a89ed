"""Kinds of calculation that the demo has no data for: each question on every engine against hand-written SQL.

As `test_golden.py` does for the demo; the definitions and questions are in `kinds/`.
"""

import pytest

from tests.golden.cases import KINDS, Case, load_cases, sql_for
from tests.golden.test_golden import equal
from tests.oracle.answers import answer_order, as_cell, assert_rows, expected_columns, page, totals_question
from tests.oracle.databases import Oracle
from tests.oracle.product import AskFunction

CASES = load_cases(KINDS)
EMPTY = frozenset({"stock_without_rows", "counted_conditions_of_no_rows"})
each_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.file}-{case.id}" for case in CASES])


@each_case
async def test_rows_and_totals(case: Case, engine: str, oracle: Oracle, ask_kinds: AskFunction) -> None:
    answer = await ask_kinds(engine, case.ask)
    columns = expected_columns(case.ask)
    rows, truncated = page(case.ask, answer_order(case.ask, oracle.rows(case.sql_for(engine))))
    assert [(c["name"], c["type"]) for c in answer["columns"]] == columns
    assert_rows(answer["rows"], rows, columns)
    assert answer["meta"]["truncated"] is truncated
    for total, kept, sql in zip(answer["totals"], case.ask.get("totals", []), case.totals, strict=True):
        question = totals_question(case.ask, kept)
        wanted = answer_order(question, oracle.rows(sql_for(sql, engine)))
        assert_rows(total["rows"], wanted, expected_columns(question))


@each_case
async def test_the_two_engines_agree(case: Case, ask_kinds: AskFunction) -> None:
    """Rule 28: equal rows in equal order, floats at 1e-12 relative."""
    on_duckdb, on_postgres = [await ask_kinds(engine, case.ask) for engine in ("duckdb", "postgres")]
    assert equal(on_postgres["rows"], on_duckdb["rows"])
    assert equal([t["rows"] for t in on_postgres["totals"]], [t["rows"] for t in on_duckdb["totals"]])


@each_case
def test_the_two_oracles_agree(case: Case, duckdb_oracle: Oracle, postgres_oracle: Oracle) -> None:
    """The hand-written SQL says the same on both engines and finds something."""
    columns = expected_columns(case.ask)
    on_duckdb = answer_order(case.ask, duckdb_oracle.rows(case.sql_for("duckdb")))
    on_postgres = answer_order(case.ask, postgres_oracle.rows(case.sql_for("postgres")))
    as_json = [[as_cell(v, kind) for v, (_, kind) in zip(r, columns, strict=True)] for r in on_postgres]
    assert_rows(as_json, on_duckdb, columns)
    if case.id not in EMPTY:
        values = [cell for row in on_duckdb for cell in row[len(case.ask.get("by", [])) :]]
        assert any(cell is not None for cell in values), "the oracle finds no value, so the question proves nothing"
