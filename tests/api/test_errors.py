"""Refusals: a stable code, path, near names, all issues; nothing that is not public; never graphql-core's guesses."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError
from tests.api.given import Door
from tests.api.test_query_door import SALES, SHORT
from tests.query.test_ask_reader import CONTRACT, JSON


async def test_a_refusal_has_all_its_issues(door: Door) -> None:
    door.answers.failure = SemanticLayerError(
        [
            Issue(ErrorCode.UNKNOWN_METRIC, "no metric salez", ("metrics", 0, "name"), ("sales",)),
            Issue(ErrorCode.BAD_GRAIN, "no grain MONHT", ("by", 0, "grain"), ("MONTH",)),
        ],
        detail="secret detail",
    )
    reply = await door.ask(SHORT, {"ask": SALES})
    assert reply == {
        "errors": [
            {
                "message": "no metric salez; no grain MONHT",
                "locations": [{"line": 1, "column": 27}],
                "path": ["query"],
                "extensions": {
                    "code": "UNKNOWN_METRIC",
                    "path": ["metrics", 0, "name"],
                    "near": ["sales"],
                    "issues": [
                        {
                            "code": "UNKNOWN_METRIC",
                            "message": "no metric salez",
                            "path": ["metrics", 0, "name"],
                            "near": ["sales"],
                        },
                        {
                            "code": "BAD_GRAIN",
                            "message": "no grain MONHT",
                            "path": ["by", 0, "grain"],
                            "near": ["MONTH"],
                        },
                    ],
                },
            }
        ],
        "data": {"query": None},
    }


async def test_what_may_be_tried_again_says_so(door: Door) -> None:
    door.answers.failure = SemanticLayerError([Issue(ErrorCode.SOURCE_UNAVAILABLE, "source retail is away")])
    (extensions,) = await door.refused(SHORT, {"ask": SALES})
    assert extensions["code"] == "SOURCE_UNAVAILABLE" and extensions["retryable"] is True


async def test_a_fault_tells_its_request_id_and_nothing_else(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    door.answers.failure = RuntimeError("password=hunter2 in SELECT * FROM users")
    reply = await door.ask(SHORT, {"ask": SALES})
    assert "hunter2" not in str(reply) and "SELECT" not in str(reply)
    (error,) = reply["errors"]
    assert error["extensions"]["code"] == "INTERNAL" and error["extensions"]["requestId"] == "request-1"
    assert "hunter2" in capsys.readouterr().out  # the log has it


@pytest.mark.parametrize(
    ("document", "code", "near"),
    [
        ("{", "GRAPHQL_SYNTAX", []),
        ("", "GRAPHQL_SYNTAX", []),
        ("{ metric(name: \"\\ud800\") { name } }", "GRAPHQL_SYNTAX", []),
        ("{ quary { rows } }", "GRAPHQL_INVALID", ["query"]),
        ("query ($ask: AskInput!) { query(ask: $ask) { rows colums } }", "GRAPHQL_INVALID", ["columns"]),
        ("{ metric { name } }", "GRAPHQL_INVALID", []),
        ("{ metric(nam: 1) { name } }", "GRAPHQL_INVALID", ["name"]),
        ("mutation { x }", "GRAPHQL_INVALID", []),
        ("subscription { x }", "GRAPHQL_INVALID", []),
        ("query A { __typename } query B { __typename }", "GRAPHQL_INVALID", []),
        ("{ ...F } fragment F on Query { ...F }", "GRAPHQL_INVALID", []),
        ("query ($ask: AskInputt) { query(ask: $ask) { rows } }", "GRAPHQL_INVALID", []),
        ("{ __type(name: 3) { name } }", "GRAPHQL_INVALID", []),
    ],
)  # fmt: skip
async def test_a_document_that_does_not_fit(door: Door, document: str, code: str, near: list[str]) -> None:
    extensions = (await door.refused(document))[0]
    assert (extensions["code"], extensions["near"][:1]) == (code, near)
    assert "Did you mean" not in str(extensions)


@pytest.mark.parametrize(
    "document",
    [
        'query ($v: String = "sales") { metric(name: $v) { name } }',
        "query ($v: DatePart = DAY_OF_WEEK) { metrics { rows { transactionDatePart(part: $v) } } }",
        "query ($v: Int = 1) { metrics { rows { sales(shift: {periods: $v, unit: YEAR}) } } }",
        'query ($v: String = "sales") { metrics(orderBy: {key: $v}) { rows { sales } } }',
        "query ($v: Boolean = true) { metrics { rows { sales @include(if: $v) } } }",
        "query ($v: Boolean = true) { metrics { rows @skip(if: $v) { sales } } }",
        "query ($v: Boolean = true) { metrics @include(if: $v) { rows { sales } } }",
    ],
)
async def test_a_variable_that_is_null_where_nothing_may_be(door: Door, document: str) -> None:
    """Such a variable may have a default, and then validation lets it stand there: only its value is wrong."""
    reply = await door.ask(document, {"v": None})
    assert not any((reply.get("data") or {}).values())
    (error,) = reply["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_INVALID"
    assert "'$v'" in error["message"] and "not to be null" in error["message"]


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        ({"metric": []}, [("BAD_QUESTION", ["metric"], ["metrics"])]),
        ({"metrics": [{"name": "sales", "versoin": 1}]}, [("BAD_QUESTION", ["metrics", 0, "versoin"], ["version"])]),
        ({"limit": "ten"}, [("BAD_LIMIT", ["limit"], [])]),
        ({"limit": 2**31}, [("LIMIT_TOO_LARGE", ["limit"], [])]),
        ({"limit": 1.5, "offset": -1}, [("BAD_LIMIT", ["limit"], []), ("BAD_LIMIT", ["offset"], [])]),
        ({"metrics": [{"name": 5}]}, [("BAD_QUESTION", ["metrics", 0, "name"], [])]),
        ({"by": [{"dimension": "d", "grain": 5}]}, [("BAD_QUESTION", ["by", 0, "grain"], [])]),
        ({"where": {"dimension": "d", "op": "EQ", "values": [{}]}}, [("BAD_VALUE", ["where", "values", 0], [])]),
        ({"where": {"and": [{"segment": "a"}, {"segmnt": "b"}]}}, [("BAD_FILTER", ["where", "and", 1], ["segment"])]),
        ({"where": {"segment": "a", "or": []}}, [("BAD_FILTER", ["where"], [])]),
        ("sales", [("BAD_QUESTION", [], [])]),
    ],
)  # fmt: skip
async def test_a_question_of_a_wrong_form(door: Door, ask: Any, expected: list[Any]) -> None:
    """Whether it stands in variables or in the document, the same reader tells the same issues."""
    told = [
        (issue["code"], issue["path"], issue["near"])
        for issue in (await door.refused(SHORT, {"ask": ask}))[0]["issues"]
    ]
    assert [(code, path, near[:1]) for code, path, near in told] == expected
    if isinstance(ask, dict):
        written = (await door.refused(f"{{ query(ask: {literal(ask)}) {{ rows }} }}"))[0]["issues"]
        assert [(issue["code"], issue["path"], issue["near"]) for issue in written] == told
    assert door.answers.asked == []


def literal(value: Any) -> str:
    """A JSON value as GraphQL writes it."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {literal(member)}" for key, member in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(literal, value)) + "]"
        case str():
            return f'"{value}"'
        case _:
            return str(value)


@pytest.mark.parametrize("variables", [{}, {"ask": None}, {"asK": SALES}])
async def test_a_missing_question(door: Door, variables: dict[str, Any]) -> None:
    (extensions,) = await door.refused(SHORT, variables)
    assert extensions["code"] == "GRAPHQL_INVALID"


async def test_a_wrong_question_and_a_wrong_field_are_told_together(door: Door) -> None:
    told = await door.refused('{ query(ask: {metrics: [{nam: "sales"}]}) { rowz } }')
    assert [extensions["code"] for extensions in told] == ["BAD_QUESTION", "GRAPHQL_INVALID"]


@settings(max_examples=150, deadline=None)
@given(
    variables=st.dictionaries(
        st.sampled_from(["ask", "x"]), JSON | st.dictionaries(st.sampled_from([*CONTRACT, "z"]), JSON)
    )
)
async def test_no_variables_make_a_fault(variables: dict[str, Any]) -> None:
    reply = await Door().ask(SHORT, variables)
    assert all(error["extensions"]["code"] != "INTERNAL" for error in reply.get("errors", []))


TOKENS = [
    *"{}()[]:$@!|", "...", "query", "fragment F on Query", "ask", "rows", "meta", "metric", "name", "AskInput",
    "null", "true", "1", "1e999", '"x"', '"', '"""', "#c\n", "\\", "\u2028", "é", " ",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=30).map(" ".join) | st.text(max_size=50))
async def test_no_document_makes_a_fault(document: str) -> None:
    reply = await Door().ask(document, {})
    assert all(error["extensions"]["code"] != "INTERNAL" for error in reply.get("errors", []))
