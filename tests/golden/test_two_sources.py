"""Golden questions whose metrics lie in two sources: the same hand-written rows, whichever engine has which part."""

import json
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from semantic_layer.access.principal import ANONYMOUS
from semantic_layer.api.json_values import json_rows
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.engines.opening import open_engine
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answer import Answer
from semantic_layer.serving.answers import Answers, Limits
from tests.golden.cases import Case, load_cases, sql_for
from tests.golden.two_sources import two_sources
from tests.oracle.answers import answer_order, assert_rows, expected_columns, page, totals_question
from tests.oracle.databases import DuckDbOracle

# What the office cannot do: its tables have no bridges, attributes or segments of the other's.
REFUSED = {
    ErrorCode.UNREACHABLE_DIMENSION,
    ErrorCode.AMBIGUOUS_PATH,
    ErrorCode.BAD_FILTER,
    ErrorCode.SOURCES_NOT_COMBINED,
    ErrorCode.SHIFT_NEEDS_RANGE,
}
FEWEST_COMBINED = 60  # of the golden questions; the others lie in one source or are refused


class Both:
    """The product over two sources."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    async def ask(self, question: dict[str, Any]) -> Answer:
        return await self._answers.answer(read_ask(question), ANONYMOUS)

    async def statements(self, question: dict[str, Any]) -> int:
        return len((await self._answers.explain(read_ask(question), ANONYMOUS)).sql)


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
async def both(request: pytest.FixtureRequest, source_urls: dict[str, str]) -> AsyncIterator[Both]:
    """`params` is the engine of RETAIL; the office has the other one."""
    other = {"duckdb": "postgres", "postgres": "duckdb"}[request.param]
    retail, office = open_engine(source_urls[request.param]), open_engine(source_urls[other])
    combiner = DuckDBCombiner()
    engines = {"RETAIL": retail, "OFFICE": office}
    yield Both(Answers(draft_catalogs(two_sources()), engines, combiner, Limits(seconds=120.0)))
    for one in (retail, office, combiner):
        await one.close()


def as_json(answer_columns: Any, rows: Any) -> list[list[Any]]:
    return [list(row) for row in json.loads(orjson.dumps(json_rows(answer_columns, rows)))]


async def test_every_golden_question_that_two_sources_can_answer(both: Both, duckdb_oracle: DuckDbOracle) -> None:
    combined = []
    for case in load_cases():
        try:
            if await both.statements(case.ask) == 1 + len(case.totals):
                continue  # one source has it all
            answer = await both.ask(case.ask)
        except SemanticLayerError as refusal:
            assert {issue.code for issue in refusal.issues} <= REFUSED, (case.id, str(refusal))
            continue
        combined.append(case.id)
        _assert_answer(case, answer, duckdb_oracle)
    assert len(combined) >= FEWEST_COMBINED


def _assert_answer(case: Case, answer: Answer, oracle: DuckDbOracle) -> None:
    columns = expected_columns(case.ask)
    rows, truncated = page(case.ask, answer_order(case.ask, oracle.rows(case.sql_for("duckdb"))))
    assert [(one.name, one.type) for one in answer.columns] == columns, case.id
    assert_rows(as_json(answer.columns, answer.rows), rows, columns)
    assert answer.meta.truncated is truncated, case.id
    for total, kept, sql in zip(answer.totals, case.ask.get("totals", []), case.totals, strict=True):
        question = totals_question(case.ask, kept)
        expected = answer_order(question, oracle.rows(sql_for(sql, "duckdb")))
        assert_rows(as_json(total.columns, total.rows), expected, expected_columns(question))


async def test_a_rank_and_a_share_over_both_sources(both: Both, duckdb_oracle: DuckDbOracle) -> None:
    """Lines per basket is made of both sources; sales without baskets and baskets without sales stay."""
    question = {
        "metrics": [{"name": "average_basket_value"}, {"name": "units"}, {"name": "sales_share"}],
        "by": [{"dimension": "product.department"}],
        "having": {"key": "units", "op": "GT", "values": [50]},
        "orderBy": [{"key": "average_basket_value", "descending": True}],
        "limit": 5,
        "totals": [[]],
    }
    answer = await both.ask(question)
    right = """
        select p.department, sum(t.sales_value)::decimal(38, 2)::double / count(distinct t.basket_id),
               sum(t.quantity), sum(t.sales_value)::decimal(38, 2)::double
                 / (select sum(sales_value)::decimal(38, 2)::double from transactions)
        from transactions t left join products p on p.product_id = t.product_id
        group by 1 having sum(t.quantity) > 50 order by 2 desc, 1 nulls last limit 5"""
    shown = as_json(answer.columns, answer.rows)
    for row, (department, value, units, share) in zip(shown, duckdb_oracle.rows(right), strict=True):
        assert row[0] == department
        assert row[1] == pytest.approx(value, rel=1e-9)
        assert row[2] == str(units)
        assert row[3] == pytest.approx(share, rel=1e-9)
    assert answer.meta.truncated is True
    assert {one.dataset for one in answer.meta.freshness} >= {"transactions", "office_transactions"}


async def test_a_shift_beside_another_source_needs_its_range(both: Both) -> None:
    shifted = {"name": "sales", "alias": "before", "shift": {"periods": 1, "unit": "MONTH"}}
    question: dict[str, Any] = {
        "metrics": [{"name": "baskets"}, shifted],
        "by": [{"dimension": "transaction_date", "grain": "MONTH"}],
    }
    with pytest.raises(SemanticLayerError) as refused:
        await both.ask(question)
    assert refused.value.code is ErrorCode.SHIFT_NEEDS_RANGE
    in_range = {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-02-01", "2017-05-01"]}
    answer = await both.ask({**question, "where": in_range})
    assert len(answer.rows) == 3
