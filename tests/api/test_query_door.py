"""`query(ask)`: the contract's document gets the contract's answer, and words reach the pipeline as they came."""

import asyncio
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError
from semantic_layer.query.ask import Ask, AskDimension, AskMetric, DimensionFilter
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answer import AnswerColumn, OutputType
from tests.api.given import ANSWER, Door
from tests.query.test_ask_reader import CONTRACT

DOCUMENT = """
query ($ask: AskInput!) { query(ask: $ask) { columns { name label type unit } rows totals { by rows }
  meta { revision semantics truncated limit { value setBy } sql warnings { code message }
    versions { column metric version fingerprint } dimensions { name fingerprint }
    freshness { dataset asOf changeToken } timeToLive resolved { column from to }
    parameters { metric name value } partialPeriods } } }
"""
SHORT = "query ($ask: AskInput!) { query(ask: $ask) { rows } }"
SALES = {"metrics": [{"name": "sales"}]}


async def test_the_contract(door: Door) -> None:
    reply = await door.ask(DOCUMENT, {"ask": CONTRACT})
    assert door.answers.asked == [read_ask(CONTRACT)]
    assert reply == {
        "data": {
            "query": {
                "columns": [
                    {"name": "month", "label": "Month", "type": "DATE", "unit": None},
                    {"name": "department", "label": "Department", "type": "TEXT", "unit": None},
                    {"name": "sales", "label": "Sales", "type": "DECIMAL", "unit": "USD"},
                    {"name": "baskets", "label": "Baskets", "type": "INTEGER", "unit": None},
                    {"name": "discount_rate", "label": "Discount rate", "type": "FLOAT", "unit": "percent"},
                ],
                "rows": [
                    ["2017-01-01", "GROCERY", "370886.93", 12721, 0.125],
                    ["2017-02-01", None, "0.50", 0, None],
                ],
                "totals": [{"by": [], "rows": [["370886.93", 12721, 0.125]]}],
                "meta": {
                    "revision": 3,
                    "semantics": 1,
                    "truncated": False,
                    "limit": {"value": 50, "setBy": "question"},
                    "sql": "SELECT 1",
                    "warnings": [{"code": "PARTIAL", "message": "a month is partial"}],
                    "versions": [{"column": "sales", "metric": "sales", "version": 1, "fingerprint": "f1:abc"}],
                    "dimensions": [{"name": "department", "fingerprint": "f1:dep"}],
                    "freshness": [{"dataset": "transactions", "asOf": "2018-01-01", "changeToken": "t1"}],
                    "timeToLive": 60,
                    "resolved": [{"column": "transaction_date", "from": "2017-01-01", "to": None}],
                    "parameters": [{"metric": "sales", "name": "floor", "value": "5"}],
                    "partialPeriods": ["2018-01-01"],
                },
            }
        }
    }


async def test_a_question_written_into_the_document_is_the_same_question(door: Door) -> None:
    """Words may stand bare or in quotes; GraphQL takes one value for a list of one."""
    await door.ask(
        '{ query(ask: {metrics: {name: "sales"}, by: [{dimension: "d", grain: MONTH}, {dimension: "e", grain: "DAY"}],'
        ' where: {dimension: "n", op: IN, values: [1, 2.5, "x", true, 12345678901234567890]}}) { rows } }'
    )
    assert door.answers.asked == [
        Ask(
            metrics=(AskMetric("sales"),),
            by=(AskDimension("d", grain="MONTH"), AskDimension("e", grain="DAY")),
            where=DimensionFilter("n", "IN", (1, 2.5, "x", True, 12345678901234567890), path=("where",)),
        )
    ]


async def test_variables_inside_a_written_question(door: Door) -> None:
    document = 'query ($name: String!, $v: [Value]) { query(ask: {metrics: [{name: $name}], where: {dimension: "d", op: IN, values: $v}}) { rows } }'  # noqa: E501
    await door.ask(document, {"name": "sales", "v": [2**53 + 1, "a"]})
    (asked,) = door.answers.asked
    assert asked.metrics == (AskMetric("sales"),)
    assert isinstance(asked.where, DimensionFilter) and asked.where.values == (2**53 + 1, "a")


@pytest.mark.parametrize("value", [2**31, 2**53 + 1, 10**37, -(2**63), 0.5, True, "1.50", None])
async def test_values_arrive_as_they_were_sent(door: Door, value: Any) -> None:
    await door.ask(SHORT, {"ask": {**SALES, "where": {"dimension": "d", "op": "EQ", "values": [value]}}})
    where = door.answers.asked[0].where
    assert isinstance(where, DimensionFilter)
    assert [(type(one), one) for one in where.values] == [(type(value), value)]


async def test_parameters_and_fingerprints_are_free_objects(door: Door) -> None:
    metric = {"name": "sales", "parameters": {"floor": 5, "currency": "USD"}}
    await door.ask(SHORT, {"ask": {"metrics": [metric], "expect": {"fingerprints": {"sales": "f1:a"}}}})
    (asked,) = door.answers.asked
    assert asked.metrics[0].parameters == {"floor": 5, "currency": "USD"}
    assert asked.expect is not None and asked.expect.fingerprints == {"sales": "f1:a"}


async def test_each_alias_is_its_own_question_and_fails_alone(door: Door) -> None:
    failure = SemanticLayerError([Issue(ErrorCode.UNKNOWN_METRIC, "no metric nope", ("metrics", 0, "name"))])

    async def answer(ask: Ask, principal: object, **_: object) -> Any:
        await asyncio.sleep(0)
        if ask.metrics[0].name == "nope":
            raise failure
        return ANSWER

    door.answers.answer = answer  # type: ignore[method-assign]
    reply = await door.ask(
        "query ($a: AskInput!, $b: AskInput!) { good: query(ask: $a) { rows } bad: query(ask: $b) { rows } }",
        {"a": SALES, "b": {"metrics": [{"name": "nope"}]}},
    )
    assert reply["data"]["bad"] is None and len(reply["data"]["good"]["rows"]) == 2
    assert [(error["path"], error["extensions"]["code"]) for error in reply["errors"]] == [(["bad"], "UNKNOWN_METRIC")]


async def test_many_rows_are_encoded_like_few(door: Door) -> None:
    """From 5,000 rows on a thread encodes them."""
    columns = (AnswerColumn("n", "N", OutputType.INTEGER),)
    door.answers.result = replace(ANSWER, columns=columns, rows=pa.table({"n": list(range(7_000))}), totals=())
    reply = await door.ask(SHORT, {"ask": SALES})
    assert reply["data"]["query"]["rows"] == [[n] for n in range(7_000)]


async def test_fragments_directives_and_several_operations(door: Door) -> None:
    document = """
    query One($ask: AskInput!, $no: Boolean = false) {
      query(ask: $ask) { ...Shown meta @include(if: $no) { sql } __typename }
    }
    query Two { __typename }
    fragment Shown on Answer { columns { called: name } }
    """
    reply = await door.ask(document, {"ask": SALES}, "One")
    assert reply["data"]["query"] == {
        "columns": [{"called": column.name} for column in ANSWER.columns],
        "__typename": "Answer",
    }
    assert await door.ask(document, {}, "Two") == {"data": {"__typename": "Query"}}
