"""A curated case as one readable page: the question, its plan, its SQL in each dialect, and its rows.

Plan and SQL are the product's, made without a source. Rows are never the product's: the hand-written SQL gives them.
"""

import json
from pathlib import Path
from typing import Any

from semantic_layer.plan.printing import printed
from semantic_layer.sql.dialects import DIALECTS
from semantic_layer.sql.write import statement
from tests.golden.cases import KINDS, Case, sql_for
from tests.oracle.answers import Row, answer_order, as_cell, expected_columns, page, totals_question
from tests.oracle.databases import Oracle
from tests.plan.demo import plans, plans_of_kinds
from tests.plan.reading import every_plan

PRINTED = Path(__file__).parent / "printed"
ROWS_SHOWN = 10


def path_of(case: Case) -> Path:
    return PRINTED / f"{case.id}.md"


def sql_of(folder: Path, case: Case, dialect: str) -> str:
    """What an engine of the dialect is sent, as `meta.sql` has it."""
    found = plans_of_kinds(case.ask) if folder == KINDS else plans(case.ask)
    return ";\n\n".join(statement(plan, dialect).text for plan in every_plan(found))


def page_of(folder: Path, case: Case, oracle: Oracle) -> str:
    """The whole page of a case; `oracle` answers the hand-written SQL."""
    found = plans_of_kinds(case.ask) if folder == KINDS else plans(case.ask)
    rules = ", ".join(str(rule) for rule in case.rules)
    about = f"Shows: {', '.join(case.shows)}. Rules: {rules}." + (f" {case.note}" if case.note else "")
    parts = [f"# {case.id}\n\n{about}", _fenced("Question", "json", json.dumps(case.ask, ensure_ascii=False, indent=1))]
    parts.append(_fenced("Plan", "text", "\n\n".join(printed(plan) for plan in every_plan(found))))
    for dialect in (*DIALECTS, *case.also_in):
        parts.append(_fenced(f"SQL, {dialect}", "sql", sql_of(folder, case, dialect)))
    values = [_values(statement(plan, DIALECTS[0]).values) for plan in every_plan(found)]
    if any(values):
        parts.append(_fenced("Values", "text", "\n\n".join(values)))
    parts.append(_fenced("Rows, by the hand-written SQL", "json", _rows(case.ask, oracle.rows(case.sql_for("duckdb")))))
    for kept, sql in zip(case.ask.get("totals", ()), case.totals, strict=True):
        rows = _rows(totals_question(case.ask, kept), oracle.rows(sql_for(sql, "duckdb")))
        parts.append(_fenced(f"Totals by {', '.join(kept) or 'nothing'}, by the hand-written SQL", "json", rows))
    return "\n\n".join(parts) + "\n"


def _fenced(title: str, language: str, text: str) -> str:
    return f"## {title}\n\n```{language}\n{text}\n```"


def _values(values: Any) -> str:
    return "\n".join(f"${place} = {one.value!r}: {one.type}" for place, one in enumerate(values, 1))


def _rows(ask: dict[str, Any], found: list[Row]) -> str:
    """The first rows in the order of the answer; floats to twelve digits: the order of adding may change the last."""
    kinds = [kind for _, kind in expected_columns(ask)]
    rows, _ = page(ask, answer_order(ask, found))
    lines = [
        [_rounded(as_cell(cell, kind)) for cell, kind in zip(row, kinds, strict=True)] for row in rows[:ROWS_SHOWN]
    ]
    texts = [json.dumps(line, ensure_ascii=False) for line in lines]
    if len(rows) > ROWS_SHOWN:
        texts.append(f"… {len(rows)} rows")
    return "\n".join(texts) or "no rows"


def _rounded(cell: Any) -> Any:
    return float(f"{cell:.12g}") if isinstance(cell, float) else cell
