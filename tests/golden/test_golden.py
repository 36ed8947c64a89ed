"""Every golden question on every engine: the product's answer against hand-written SQL over the same data.

The rows are computed by the hand-written SQL during the test, never by the product. `GOLDEN_DATA=.demo/data` asks the
whole data instead of the small subset; tests marked `full` compare with published rows and need it.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.golden.cases import Case, load_cases, sql_for
from tests.golden.conftest import AnswerFunction
from tests.oracle.answers import (
    answer_order,
    as_cell,
    assert_rows,
    expected_columns,
    page,
    same,
    totals_question,
)
from tests.oracle.data import is_whole
from tests.oracle.databases import Oracle

CASES = load_cases()
PUBLISHED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "expected.json").read_text("utf-8"))

# Questions whose answer is meant to be empty; every other oracle must find rows, or the question proves nothing.
EMPTY = frozenset({"in_nothing_is_nothing", "totals_of_nothing", "page_behind_the_end"})


@pytest.fixture(params=CASES, ids=[f"{case.file}-{case.id}" for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=PUBLISHED, ids=[entry["id"] for entry in PUBLISHED])
def published(request: pytest.FixtureRequest) -> dict[str, Any]:
    return request.param  # type: ignore[no-any-return]


async def test_rows(case: Case, engine: str, oracle: Oracle, answers: AnswerFunction) -> None:
    answer = await answers(engine, case)
    columns = expected_columns(case.ask)
    rows, truncated = page(case.ask, answer_order(case.ask, oracle.rows(case.sql_for(engine))))
    assert [(c["name"], c["type"]) for c in answer["columns"]] == columns
    assert_rows(answer["rows"], rows, columns)
    assert answer["meta"]["truncated"] is truncated


@pytest.mark.parametrize("case", [c for c in CASES if c.totals], ids=lambda c: f"{c.file}-{c.id}")
async def test_totals(case: Case, engine: str, oracle: Oracle, answers: AnswerFunction) -> None:
    answer = await answers(engine, case)
    totals = answer["totals"]
    assert [sorted(t["by"]) for t in totals] == [sorted(kept) for kept in case.ask["totals"]]
    for total, kept, sql in zip(totals, case.ask["totals"], case.totals, strict=True):
        question = totals_question(case.ask, kept)
        rows = answer_order(question, oracle.rows(sql_for(sql, engine)))
        assert_rows(total["rows"], rows, expected_columns(question))


async def test_the_two_engines_agree(case: Case, answers: AnswerFunction) -> None:
    """Rule 28: equal rows in equal order, floats at 1e-12 relative."""
    on_duckdb, on_postgres = await answers("duckdb", case), await answers("postgres", case)
    assert [c["name"] for c in on_postgres["columns"]] == [c["name"] for c in on_duckdb["columns"]]
    assert equal(on_postgres["rows"], on_duckdb["rows"])
    assert equal([t["rows"] for t in on_postgres["totals"]], [t["rows"] for t in on_duckdb["totals"]])


def equal(left: Any, right: Any) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-15)
    return type(left) is type(right) and bool(left == right)


def test_the_two_oracles_agree(case: Case, duckdb_oracle: Oracle, postgres_oracle: Oracle) -> None:
    """The hand-written SQL says the same on both engines, has the right columns and finds something."""
    texts = [(case.sql, case.ask)]
    texts += [
        (sql, totals_question(case.ask, kept))
        for sql, kept in zip(case.totals, case.ask.get("totals", []), strict=True)
    ]
    for sql, question in texts:
        columns = expected_columns(question)
        on_duckdb = answer_order(question, duckdb_oracle.rows(sql_for(sql, "duckdb")))
        on_postgres = answer_order(question, postgres_oracle.rows(sql_for(sql, "postgres")))
        as_json = [[as_cell(v, kind) for v, (_, kind) in zip(r, columns, strict=True)] for r in on_postgres]
        assert_rows(as_json, on_duckdb, columns)
    if case.id not in EMPTY:
        first = duckdb_oracle.rows(case.sql_for("duckdb"))
        assert page(case.ask, first)[0], "the oracle finds no rows, so the question proves nothing"


@pytest.mark.full
async def test_published_rows(
    published: dict[str, Any], engine: str, golden_data: Path, answers: AnswerFunction
) -> None:
    """The twelve questions on the whole data give the published rows, by position and at 1e-9 relative."""
    if not is_whole(golden_data):
        pytest.skip("needs the whole demo data: GOLDEN_DATA=.demo/data")
    case = next(case for case in CASES if case.id == published["id"])
    answer = await answers(engine, case)
    assert_published(answer["rows"], published["rows"])


@pytest.mark.full
def test_oracle_gives_the_published_rows(published: dict[str, Any], golden_data: Path, duckdb_oracle: Oracle) -> None:
    """The hand-written SQL itself stands against rows that somebody else computed."""
    if not is_whole(golden_data):
        pytest.skip("needs the whole demo data: GOLDEN_DATA=.demo/data")
    case = next(case for case in CASES if case.id == published["id"])
    rows, _ = page(case.ask, answer_order(case.ask, duckdb_oracle.rows(case.sql_for("duckdb"))))
    kinds = [kind for _, kind in expected_columns(case.ask)]
    assert_published([[as_cell(v, k) for v, k in zip(row, kinds, strict=True)] for row in rows], published["rows"])


def assert_published(rows: list[Any], expected: list[Any]) -> None:
    assert len(rows) == len(expected)
    for row, truth in zip(rows, expected, strict=True):
        assert len(row) == len(truth)
        for cell, value in zip(row, truth, strict=True):
            if isinstance(value, float):
                assert math.isclose(float(cell), value, rel_tol=1e-9), f"{row} is not {truth}"
            else:
                assert cell == value, f"{row} is not {truth}"


def test_the_comparison_can_fail() -> None:
    """What `same` must tell apart: types of JSON, scale, null and small differences."""
    assert same("12.50", 12.5, "DECIMAL") and same(3, 3, "INTEGER") and same(None, None, "TEXT")
    assert not same(12.5, 12.5, "DECIMAL") and not same("12.5", 12.5, "DECIMAL")
    assert not same("3", 3, "INTEGER") and not same(True, 1, "INTEGER") and not same(3, 3, "BIGINT")
    assert not same(None, 0, "INTEGER") and not same(0, None, "INTEGER")
    assert not same(1.00000001, 1.0, "FLOAT") and not same("1.0", 1.0, "FLOAT")
    assert equal([[1.0, "a"]], [[1.0 + 1e-14, "a"]])
    assert not equal([[1.0]], [[1.0 + 1e-11]]) and not equal([[1]], [[1], [2]]) and not equal([["1"]], [[1]])
