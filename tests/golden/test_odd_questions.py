"""Odd questions through both doors on both engines: an answer or a typed refusal that names the path, never more.

What `soundness` says of odd numbers stands there; here it is what people, programs and attackers type.
"""

import json
from typing import Any

import httpx
import pytest

from tests.oracle.product import QUERY

Question = dict[str, Any]
SALES: list[Question] = [{"name": "sales"}]
BY_STORE: list[Question] = [{"dimension": "store_id"}]


def where(dimension: str, op: str, *values: Any, **more: Any) -> Question:
    return {"metrics": SALES, "where": {"dimension": dimension, "op": op, "values": list(values), **more}}


def time_range(start: Any, end: Any, **more: Any) -> Question:
    return {**where("transaction_date", "IN_RANGE", start, end), **more}


def per(metric: str, entity: str, op: str = "GT", value: Any = 0) -> Question:
    return {
        "metrics": SALES,
        "where": {"metric": metric, "per": entity, "over": "ALL_TIME", "op": op, "values": [value]},
    }


def nested(depth: int, word: str) -> Question:
    node: Any = {"dimension": "store_id", "op": "EQ", "values": [1]}
    for _ in range(depth):
        node = {word: node} if word == "not" else {word: [node]}
    return {"metrics": SALES, "where": node}


def month(grain: str = "MONTH") -> list[Question]:
    return [{"dimension": "transaction_date", "grain": grain}]


# (the question, the code of its refusal, what the message says, the path)
REFUSED: dict[str, tuple[Question, str, str, list[Any]]] = {
    "no rows at all": ({"metrics": SALES, "limit": 0}, "BAD_LIMIT", "from 1 to 2,147,483,647", ["limit"]),
    "a limit of 2^70": ({"metrics": SALES, "limit": 2**70}, "LIMIT_TOO_LARGE", "from 1 to 2,147,483,647", ["limit"]),
    "an offset of 2^63": ({"metrics": SALES, "offset": 2**63}, "BAD_LIMIT", "from 0 to 2,147,483,647", ["offset"]),
    "a limit as text": ({"metrics": SALES, "limit": "5"}, "BAD_LIMIT", "not a text", ["limit"]),
    "a limit of true": ({"metrics": SALES, "limit": True}, "BAD_LIMIT", "not true or false", ["limit"]),
    "year 0": (
        time_range("0000-01-01", "2017-01-01"),
        "BAD_VALUE",
        "transaction_date: 0000-01-01 is no day of the calendar",
        ["where", "values", 0],
    ),
    "year 10000": (
        time_range("2017-01-01", "10000-01-01"),
        "BAD_VALUE",
        "transaction_date: expected a date (2017-01-31) or a timestamp (2017-01-31T13:00:00), got '10000-01-01'",
        ["where", "values", 1],
    ),
    "no leap day": (
        where("transaction_date", "EQ", "2017-02-29"),
        "BAD_VALUE",
        "transaction_date: 2017-02-29 is no day of the calendar",
        ["where", "values", 0],
    ),
    "a leap second": (
        time_range("2016-12-31T23:59:60", "2017-03-13"),
        "BAD_VALUE",
        "transaction_date: '2016-12-31T23:59:60' is no moment of the calendar",
        ["where", "values", 0],
    ),
    "a month for a day": (time_range("2017-03", "2017-04"), "BAD_VALUE", "got '2017-03'", ["where", "values", 0]),
    "numbers for days": (time_range(20170301, 20170401), "BAD_VALUE", "got 20170301", ["where", "values", 0]),
    "all hours of the calendar": (
        {"metrics": SALES, "by": month("HOUR"), "fillTime": True, **time_range("0001-01-01", "9999-12-31")},
        "QUERY_TOO_COMPLEX",
        "the range has 87,649,392 hours, and at most 4,000,000 are laid out; ask a shorter range",
        ["where"],
    ),
    "no time at all": (
        {"metrics": SALES, "where": {"dimension": "transaction_date", "last": {"count": 0, "unit": "DAY"}}},
        "BAD_VALUE",
        "`count` must be a whole number from 1 to 100,000",
        ["where", "last", "count"],
    ),
    "more years than there are": (
        {"metrics": SALES, "where": {"dimension": "transaction_date", "last": {"count": 5000, "unit": "YEAR"}}},
        "BAD_VALUE",
        "the range begins before the calendar does",
        ["where", "last", "count"],
    ),
    "a shift into the future": (
        {"metrics": [{"name": "sales", "shift": {"periods": -1, "unit": "YEAR"}}], "by": month()},
        "BAD_VALUE",
        "`periods` must be a whole number from 1 to 100,000",
        ["metrics", 0, "shift", "periods"],
    ),
    "a shift of 10^30": (
        {"metrics": [{"name": "sales", "shift": {"periods": 10**30, "unit": "YEAR"}}], "by": month()},
        "BAD_VALUE",
        "`periods` must be a whole number from 1 to 100,000",
        ["metrics", 0, "shift", "periods"],
    ),
    "nothing joined": ({"metrics": SALES, "where": {"and": []}}, "BAD_FILTER", "at least one", ["where", "and"]),
    "an empty condition": ({"metrics": SALES, "where": {}}, "BAD_FILTER", "this one is none of them", ["where"]),
    "a list for a condition": ({"metrics": SALES, "where": []}, "BAD_QUESTION", "not a list", ["where"]),
    "sixteen levels": (nested(16, "and"), "QUERY_TOO_DEEP", "at most 15 deep", ["where", *["and", 0] * 15]),
    "forty digits": (where("basket_id", "EQ", "9" * 40), "BAD_VALUE", "expected a number as", ["where", "values", 0]),
    "half a store": (where("store_id", "GT", 1.5), "BAD_VALUE", "expected a whole number", ["where", "values", 0]),
    "no number": (where("store_id", "GT", "NaN"), "BAD_VALUE", "expected a whole number", ["where", "values", 0]),
    "an exponent": (where("basket_id", "GT", "1e5"), "BAD_VALUE", "got '1e5'", ["where", "values", 0]),
    "a text with NUL": (
        where("product.department", "EQ", "a\0b"),
        "BAD_VALUE",
        "a text must be valid Unicode without NUL",
        ["where", "values", 0],
    ),
    "null as a value": (
        where("store_id", "IN", None),
        "BAD_VALUE",
        "store_id: null is no value; use IS_NULL or IS_NOT_NULL",
        ["where", "values", 0],
    ),
    "one end of a range": (where("store_id", "IN_RANGE", 1), "BAD_VALUE", "takes two values", ["where", "values"]),
    "two values for one": (where("store_id", "EQ", 1, 2), "BAD_VALUE", "EQ takes one value", ["where", "values"]),
    "part of a number": (where("store_id", "CONTAINS", "1"), "BAD_OPERATOR", "CONTAINS does not fit", ["where"]),
    "one column twice": ({"metrics": SALES * 2}, "DUPLICATE_COLUMN", "would be named sales", ["metrics", 1]),
    "an alias with quotes": (
        {"metrics": [{"name": "sales", "alias": 'a"b'}]},
        "BAD_NAME",
        "an alias is 1 to 63 letters",
        ["metrics", 0, "alias"],
    ),
    "an alias of 64": (
        {"metrics": [{"name": "sales", "alias": "a" * 64}]},
        "BAD_NAME",
        "an alias is 1 to 63 letters",
        ["metrics", 0, "alias"],
    ),
    "a grain and a part": (
        {"metrics": SALES, "by": [{**month()[0], "part": "HOUR_OF_DAY"}]},
        "BAD_PART",
        "a column has a grain or a part, not both",
        ["by", 0, "part"],
    ),
    "the hour of a store": (
        {"metrics": SALES, "by": [{"dimension": "store_id", "part": "HOUR_OF_DAY"}]},
        "BAD_PART",
        "store_id is no time dimension, so it has no HOUR_OF_DAY",
        ["by", 0, "part"],
    ),
    "a zone that is a path": (
        {"metrics": SALES, "timeZone": "../../etc/passwd"},
        "ZONE_UNKNOWN",
        "there is no time zone ../../etc/passwd",
        ["timeZone"],
    ),
    "revision 0": ({"metrics": SALES, "asOf": {"revision": 0}}, "UNKNOWN_REVISION", "no revision 0", ["asOf"]),
    "the year 1 of the registry": (
        {"metrics": SALES, "asOf": {"recordedAt": "0001-01-01T00:00:00Z"}},
        "UNKNOWN_REVISION",
        "Nothing was published yet",
        ["asOf"],
    ),
    "totals of no dimension": (
        {"metrics": SALES, "totals": [["store_id"]]},
        "UNKNOWN_KEY",
        "totals keep dimensions of the question; there is none, so no store_id",
        ["totals", 0, 0],
    ),
    "a key with a bell": (
        {"metrics": [{"name": "a\a\x1b[31mred"}]},
        "UNKNOWN_METRIC",
        "no metric aU+0007U+001B[31mred",
        ["metrics", 0, "name"],
    ),
    "a name that reads backwards": (
        {"metrics": [{"name": "\u202eselas"}]},
        "UNKNOWN_METRIC",
        "no metric U+202Eselas",
        ["metrics", 0, "name"],
    ),
    "a path of nine": (
        {"metrics": SALES, "by": [{"dimension": "a.b.c.d.e.f.g.h.i"}]},
        "UNKNOWN_DIMENSION",
        "no dimension a.b.c.d.e.f.g.h.i",
        ["by", 0, "dimension"],
    ),
    "a dimension behind a dimension": (
        {"metrics": SALES, "by": [{"dimension": "product.department.brand"}]},
        "UNKNOWN_DIMENSION",
        "no dimension product.department.brand; did you mean product.",
        ["by", 0, "dimension"],
    ),
    "a metric filter across to many": (
        per("sales", "household_campaign.campaign_id"),
        "BAD_FILTER",
        "household_campaign.campaign_id is across a to-many join, and a filter by a metric needs one of it",
        ["where", "per"],
    ),
    "sales above a word": (
        per("sales", "household_id", "GT", "x"),
        "BAD_VALUE",
        "sales: expected a number as text",
        ["where", "values", 0],
    ),
    "a parameter below its minimum": (
        {"metrics": [{"name": "lines_from", "parameters": {"least": -1}}]},
        "BAD_VALUE",
        "parameter least: at least 0, got -1",
        ["metrics", 0, "parameters", "least"],
    ),
    "a parameter of another type": (
        {"metrics": [{"name": "lines_from", "parameters": {"least": True}}]},
        "BAD_VALUE",
        "parameter least: expected a whole number",
        ["metrics", 0, "parameters", "least"],
    ),
    "periods of nothing": (
        {"metrics": SALES, "fillTime": True},
        "FILL_NEEDS_RANGE",
        "exactly one time dimension with a grain",
        ["fillTime"],
    ),
}

# Questions that are odd and have an answer: what it is.
ANSWERED: dict[str, tuple[Question, list[list[Any]]]] = {
    "a range turned around": (time_range("2017-03-01", "2017-01-01"), [[None]]),
    "an empty range": (time_range("2017-03-01", "2017-03-01"), [[None]]),
    "an empty range by months": (time_range("2017-03-01", "2017-01-01", by=month(), fillTime=True), []),
    "after all days": (where("transaction_date", "GT", "9999-12-31"), [[None]]),
    "before all days": (where("transaction_date", "LT", "0001-01-01"), [[None]]),
    "the last day of all": ({**where("transaction_date", "EQ", "9999-12-31"), "by": month("YEAR")}, []),
    "numbers turned around": (where("store_id", "IN_RANGE", 9, 1), [[None]]),
    "beyond 64 bits": (where("basket_id", "EQ", 2**63), [[None]]),
    "both and neither": (
        {
            "metrics": [*SALES, {"name": "baskets"}],
            "where": {"and": [
                {"dimension": "store_id", "op": "EQ", "values": [367]},
                {"not": {"dimension": "store_id", "op": "EQ", "values": [367]}},
            ]},
        },
        [[None, 0]],
    ),
    "an hour that no day has": (where("transaction_date", "IN", 99, -1, part="HOUR_OF_DAY"), [[None]]),
    "a text of SQL": (where("product.department", "EQ", "'; drop table transactions; --"), [[None]]),
    "a text of placeholders": (where("product.department", "EQ", "$1 $$ %s {x} ?"), [[None]]),
    "a backslash": (where("product.department", "CONTAINS", "\\"), [[None]]),
    "signs from right to left": (where("product.department", "EQ", "部门🎉\u202e"), [[None]]),
    "a shift to the first year": (
        {
            "metrics": [{"name": "sales", "shift": {"periods": 999, "unit": "YEAR"}}],
            "by": month("YEAR"),
            **{"where": time_range("0001-01-01", "2018-01-01")["where"]},
        },
        [],
    ),
    "a window before the data": (
        {
            "metrics": [{"name": "active_households_28d"}],
            "by": month("DAY"),
            **{"where": time_range("0001-01-01", "0001-02-01")["where"]},
        },
        [],
    ),
    "a conversion of all time": (
        {
            "metrics": [{"name": "baskets_after_coupon"}],
            "where": {"dimension": "redemption_date", "op": "LT", "values": ["0001-01-01"]},
        },
        [[0]],
    ),
}  # fmt: skip

# Bodies that are no question: (the bytes, the status, the code)
BODIES = {
    "a number that JSON has not": (b'{"query": "{ __typename }", "variables": {"a": NaN}}', 400, "BAD_REQUEST"),
    "more after the end": (b'{"query": "{ __typename }"}}', 400, "BAD_REQUEST"),
    "no JSON": (b"hello", 400, "BAD_REQUEST"),
    "no Unicode": (b'{"query": "{ __typename }\xff"}', 400, "BAD_REQUEST"),
    "half a character": (b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}', 400, "BAD_REQUEST"),
    "five thousand brackets": (
        b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
        400,
        "BAD_REQUEST",
    ),
    "a list of requests": (b"[]", 400, "BAD_REQUEST"),
}

# Documents of the typed door: (the text, the code, what the message says)
DOCUMENTS = {
    "a fragment in itself": (
        "{ metrics { rows { ...A } } } fragment A on Row { ...A sales }",
        "GRAPHQL_INVALID",
        "Cannot spread fragment 'A' within itself",
    ),
    "nothing asked": ("{ metrics { meta { revision } } }", "EMPTY_QUESTION", "at least one metric or one dimension"),
    "all left out": ("{ metrics { rows { sales @skip(if: true) } } }", "EMPTY_QUESTION", "at least one metric"),
    "an empty condition": (
        "{ metrics(where: {storeId: {}}) { rows { sales } } }",
        "BAD_FILTER",
        "`storeId` says nothing here",
    ),
    "null as a value": (
        "{ metrics(where: {storeId: {eq: null}}) { rows { sales } } }",
        "BAD_VALUE",
        "null is no value",
    ),
    "no such day": (
        '{ metrics(where: {transactionDate: {eq: "2017-02-30"}}) { rows { sales } } }',
        "BAD_VALUE",
        "transaction_date: 2017-02-30 is no day of the calendar",
    ),
    "a parameter of another type": (
        '{ metrics { rows { linesFrom(least: "abc") } } }',
        "BAD_VALUE",
        "parameter least: expected a number as text",
    ),
    "a field that is near": ("{ metrics { rows { sale } } }", "GRAPHQL_INVALID", "did you mean sales"),
    "two hundred questions": (
        "{ " + " ".join(f"a{i}: metrics {{ rows {{ sales }} }}" for i in range(200)) + " }",
        "QUERY_TOO_COMPLEX",
        "the document has 200 fields at its root; 50 are allowed",
    ),
}


async def posted(client: httpx.AsyncClient, body: dict[str, Any] | bytes) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("/graphql", content=content, headers={"content-type": "application/json"})


def issues(reply: httpx.Response) -> list[dict[str, Any]]:
    body = reply.json()
    assert "errors" in body, body
    return [one for error in body["errors"] for one in error["extensions"]["issues"] or [error]]


@pytest.mark.parametrize("what", REFUSED)
async def test_it_is_refused(what: str, engine: str, kinds_clients: dict[str, httpx.AsyncClient]) -> None:
    question, code, said, path = REFUSED[what]
    reply = await posted(kinds_clients[engine], {"query": QUERY, "variables": {"ask": question}})
    first = issues(reply)[0]
    assert (reply.status_code, first["code"], first["path"]) == (200, code, path), first
    assert said in first["message"]


@pytest.mark.parametrize("what", ANSWERED)
async def test_it_is_answered(what: str, engine: str, kinds_clients: dict[str, httpx.AsyncClient]) -> None:
    question, rows = ANSWERED[what]
    reply = await posted(kinds_clients[engine], {"query": QUERY, "variables": {"ask": question}})
    assert "errors" not in reply.json(), reply.json()
    assert reply.json()["data"]["query"]["rows"] == rows


@pytest.mark.parametrize("what", BODIES)
async def test_a_body_that_is_no_question(what: str, kinds_clients: dict[str, httpx.AsyncClient]) -> None:
    body, status, code = BODIES[what]
    reply = await posted(kinds_clients["duckdb"], body)
    assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (status, code)


@pytest.mark.parametrize("what", DOCUMENTS)
async def test_a_document_that_is_refused(what: str, kinds_clients: dict[str, httpx.AsyncClient]) -> None:
    text, code, said = DOCUMENTS[what]
    reply = await posted(kinds_clients["duckdb"], {"query": text})
    error = reply.json()["errors"][0]
    assert (reply.status_code, error["extensions"]["code"]) == (200, code)
    assert said in error["message"]
