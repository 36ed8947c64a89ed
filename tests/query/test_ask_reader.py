"""The JSON form of a question: what is read, and what is refused with which path."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.query.ask import (
    AllOf,
    AnyOf,
    Ask,
    AskDimension,
    AskMetric,
    AskShift,
    AsOf,
    DimensionFilter,
    Expectation,
    KeyFilter,
    LastFilter,
    MetricFilter,
    NotThis,
    OrderKey,
    SegmentFilter,
)
from semantic_layer.query.ask_reader import KEYS, read_ask
from semantic_layer.query.filters import OPERATORS

# The example of docs/ask.md.
CONTRACT: dict[str, Any] = {
    "metrics": [
        {"name": "sales"},
        {"name": "sales", "alias": "sales_ly", "shift": {"periods": 1, "unit": "YEAR"}},
        {"name": "sales", "alias": "sales_v1", "version": 1},
    ],
    "by": [
        {"dimension": "transaction_date", "grain": "MONTH"},
        {"dimension": "product.department"},
        {"dimension": "transaction_date", "part": "HOUR_OF_DAY", "alias": "hour"},
    ],
    "where": {
        "and": [
            {"dimension": "product.department", "op": "NE", "values": ["FUEL"]},
            {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-01-01", "2018-01-01"]},
            {"dimension": "transaction_date", "part": "DAY_OF_WEEK", "op": "IN", "values": [6, 7]},
            {"metric": "sales", "per": "household_id", "over": "ALL_TIME", "op": "GT", "values": [5000]},
        ]
    },
    "having": {"and": [{"key": "sales", "op": "GT", "values": [100000]}]},
    "orderBy": [{"key": "sales", "descending": True}],
    "limit": 50,
    "offset": 0,
    "totals": [["product.department"], []],
    "includeEmpty": False,
    "fillTime": False,
    "timeZone": "UTC",
    "language": "en",
    "minRevision": 3,
    "expect": {"revision": 3, "fingerprints": {"sales": "f1:abc"}},
}


def refused(data: object) -> list[tuple[str, tuple[str | int, ...]]]:
    with pytest.raises(SemanticLayerError) as caught:
        read_ask(data)
    return [(issue.code.value, issue.path) for issue in caught.value.issues]


def where(node: object) -> dict[str, object]:
    return {"metrics": [{"name": "sales"}], "where": node}


def test_the_contract_is_read_whole() -> None:
    at = ("where", "and")
    assert read_ask(CONTRACT) == Ask(
        metrics=(
            AskMetric("sales"),
            AskMetric("sales", "sales_ly", AskShift(1, "YEAR")),
            AskMetric("sales", "sales_v1", version=1),
        ),
        by=(
            AskDimension("transaction_date", grain="MONTH"),
            AskDimension("product.department"),
            AskDimension("transaction_date", part="HOUR_OF_DAY", alias="hour"),
        ),
        where=AllOf(
            (
                DimensionFilter("product.department", "NE", ("FUEL",), path=(*at, 0)),
                DimensionFilter("transaction_date", "IN_RANGE", ("2017-01-01", "2018-01-01"), path=(*at, 1)),
                DimensionFilter("transaction_date", "IN", (6, 7), "DAY_OF_WEEK", path=(*at, 2)),
                MetricFilter("sales", "household_id", "ALL_TIME", "GT", (5000,), path=(*at, 3)),
            ),
            ("where",),
        ),
        having=AllOf((KeyFilter("sales", "GT", (100000,), ("having", "and", 0)),), ("having",)),
        order_by=(OrderKey("sales", True),),
        limit=50,
        totals=(("product.department",), ()),
        time_zone="UTC",
        language="en",
        min_revision=3,
        expect=Expectation(3, {"sales": "f1:abc"}),
    )


def test_every_other_form_of_filter() -> None:
    node = {
        "or": [
            {"not": {"segment": "members"}},
            {"dimension": "d", "last": {"count": 28, "unit": "DAY", "anchor": "NOW"}},
            {"dimension": "d", "last": {"count": 1, "unit": "WEEK"}},
            {"dimension": "d", "op": "IS_NULL"},
        ]
    }
    assert read_ask(where(node)).where == AnyOf(
        (
            NotThis(SegmentFilter("members", ("where", "or", 0, "not")), ("where", "or", 0)),
            LastFilter("d", 28, "DAY", "NOW", ("where", "or", 1)),
            LastFilter("d", 1, "WEEK", "DATA", ("where", "or", 2)),
            DimensionFilter("d", "IS_NULL", path=("where", "or", 3)),
        ),
        ("where",),
    )


def test_null_is_absent() -> None:
    """Typed clients send every key; a null one says nothing."""
    node = dict.fromkeys(("and", "or", "not", "metric", "per", "over", "last", "part"), None)
    asked = read_ask({**where({**node, "segment": "s"}), "limit": None, "asOf": None, "expect": None})
    assert asked == Ask(metrics=(AskMetric("sales"),), where=SegmentFilter("s", ("where",)))


def test_words_are_kept_for_the_binder() -> None:
    asked = read_ask({"by": [{"dimension": "d", "grain": "fortnight"}], "where": {"segment": "nope"}})
    assert asked.by[0].grain == "fortnight"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([], [("BAD_QUESTION", ())]),
        ({"metric": "sales"}, [("BAD_QUESTION", ("metric",))]),
        ({"metrics": "sales"}, [("BAD_QUESTION", ("metrics",))]),
        ({"metrics": ["sales"]}, [("BAD_QUESTION", ("metrics", 0))]),
        ({"metrics": [{}]}, [("BAD_QUESTION", ("metrics", 0, "name"))]),
        ({"metrics": [{"name": 1}]}, [("BAD_QUESTION", ("metrics", 0, "name"))]),
        ({"metrics": [{"name": "a\0"}]}, [("BAD_QUESTION", ("metrics", 0, "name"))]),
        ({"metrics": [{"name": "a\ud800"}]}, [("BAD_QUESTION", ("metrics", 0, "name"))]),
        ({"metrics": [{"name": "a", "alias": "1a"}]}, [("BAD_NAME", ("metrics", 0, "alias"))]),
        ({"metrics": [{"name": "a", "alias": "a\n"}]}, [("BAD_NAME", ("metrics", 0, "alias"))]),
        ({"metrics": [{"name": "a", "alias": "x" * 64}]}, [("BAD_NAME", ("metrics", 0, "alias"))]),
        ({"metrics": [{"name": "a", "version": True}]}, [("BAD_QUESTION", ("metrics", 0, "version"))]),
        ({"metrics": [{"name": "a", "version": 0}]}, [("BAD_QUESTION", ("metrics", 0, "version"))]),
        (
            {"metrics": [{"name": "a", "shift": {"unit": "DAY"}}]},
            [("BAD_QUESTION", ("metrics", 0, "shift", "periods"))],
        ),
        (
            {"metrics": [{"name": "a", "shift": {"periods": 0, "unit": "DAY"}}]},
            [("BAD_VALUE", ("metrics", 0, "shift", "periods"))],
        ),
        (
            {"metrics": [{"name": "a", "parameters": {"p": []}}]},
            [("BAD_VALUE", ("metrics", 0, "parameters", "p"))],
        ),
        ({"metrics": [{"name": "m"}] * 201}, [("QUERY_TOO_COMPLEX", ("metrics",))]),
        ({"by": [{"dimension": "d"}] * 51}, [("QUERY_TOO_COMPLEX", ("by",))]),
        ({"limit": 0}, [("BAD_LIMIT", ("limit",))]),
        ({"limit": 2**31}, [("LIMIT_TOO_LARGE", ("limit",))]),
        ({"limit": 1.5}, [("BAD_LIMIT", ("limit",))]),
        ({"limit": "10"}, [("BAD_LIMIT", ("limit",))]),
        ({"limit": True}, [("BAD_LIMIT", ("limit",))]),
        ({"offset": -1}, [("BAD_LIMIT", ("offset",))]),
        ({"strict": 1}, [("BAD_QUESTION", ("strict",))]),
        ({"totals": ["a"]}, [("BAD_QUESTION", ("totals", 0))]),
        ({"totals": [[1, "a", ""]]}, [("BAD_QUESTION", ("totals", 0, place)) for place in (0, 2)]),
        ({"timeZone": "Europe/Berlim"}, [("ZONE_UNKNOWN", ("timeZone",))]),
        ({"timeZone": "../../etc/passwd"}, [("ZONE_UNKNOWN", ("timeZone",))]),
        ({"asOf": {}}, [("BAD_QUESTION", ("asOf",))]),
        ({"asOf": {"revision": 1, "recordedAt": "2026-11-24T08:30:00Z"}}, [("BAD_QUESTION", ("asOf",))]),
        ({"asOf": {"recordedAt": "2026-11-24T08:30:00"}}, [("BAD_VALUE", ("asOf", "recordedAt"))]),
        ({"asOf": {"recordedAt": "0001-01-01T00:00:00+14:00"}}, [("BAD_VALUE", ("asOf", "recordedAt"))]),
        ({"asOf": {"recordedAt": "yesterday"}}, [("BAD_VALUE", ("asOf", "recordedAt"))]),
        ({"expect": {"fingerprints": {"sales": 1}}}, [("BAD_QUESTION", ("expect", "fingerprints", "sales"))]),
        (where([]), [("BAD_QUESTION", ("where",))]),
        (where({}), [("BAD_FILTER", ("where",))]),
        (where({"and": [], "or": []}), [("BAD_FILTER", ("where",))]),
        (where({"or": []}), [("BAD_FILTER", ("where", "or"))]),
        (where({"and": {"segment": "s"}}), [("BAD_QUESTION", ("where", "and"))]),
        (where({"and": ["s"]}), [("BAD_QUESTION", ("where", "and", 0))]),
        (where({"segment": "s", "dimension": "d"}), [("BAD_FILTER", ("where",))]),
        (where({"segment": "s", "op": "EQ"}), [("BAD_FILTER", ("where", "op"))]),
        (where({"key": "sales", "op": "GT", "values": [1]}), [("BAD_FILTER", ("where",))]),
        (where({"dimension": "d", "values": [1]}), [("BAD_QUESTION", ("where", "op"))]),
        (where({"dimension": "d", "op": "EQ"}), [("BAD_FILTER", ("where", "values"))]),
        (where({"dimension": "d", "op": "EQ", "values": 1}), [("BAD_QUESTION", ("where", "values"))]),
        (where({"dimension": "d", "op": "IS_NULL", "values": [1]}), [("BAD_FILTER", ("where", "values"))]),
        (where({"dimension": "d", "op": "IN", "values": [[1]]}), [("BAD_VALUE", ("where", "values", 0))]),
        (
            where({"dimension": "d", "op": "IN", "values": [float("nan"), float("inf"), 10**38, "\0"]}),
            [("BAD_VALUE", ("where", "values", place)) for place in range(4)],
        ),
        (
            where({"dimension": "d", "last": {"count": 1, "unit": "DAY"}, "op": "EQ"}),
            [("BAD_FILTER", ("where", "op"))],
        ),
        (where({"dimension": "d", "last": {"unit": "DAY"}}), [("BAD_QUESTION", ("where", "last", "count"))]),
        (
            where({"dimension": "d", "last": {"count": 0, "unit": "DAY"}}),
            [("BAD_VALUE", ("where", "last", "count"))],
        ),
        (
            where({"metric": "m", "per": "e", "op": "GT", "values": [1]}),
            [("BAD_QUESTION", ("where", "over"))],
        ),
        ({"having": {"dimension": "d", "op": "IS_NULL"}}, [("BAD_FILTER", ("having",))]),
    ],
)
def test_refused(data: object, expected: list[tuple[str, tuple[str | int, ...]]]) -> None:
    assert refused(data) == expected


def test_all_problems_come_at_once_in_the_order_of_the_input() -> None:
    data = {
        "metrics": [{"nme": "sales"}],
        "where": {"and": [{"segment": "s"}, {"dimension": "d", "op": "EQ", "valus": [1]}]},
        "limit": "ten",
    }
    assert refused(data) == [
        ("BAD_QUESTION", ("metrics", 0, "nme")),
        ("BAD_QUESTION", ("metrics", 0, "name")),
        ("BAD_FILTER", ("where", "and", 1, "valus")),
        ("BAD_FILTER", ("where", "and", 1, "values")),
        ("BAD_LIMIT", ("limit",)),
    ]


@pytest.mark.parametrize(
    ("data", "near"),
    [
        ({"orderby": []}, "orderBy"),
        (where({"dimenson": "d", "op": "EQ", "values": [1]}), "dimension"),
        (where({"dimension": "d", "operator": "EQ"}), "op"),
        ({"timeZone": "europe/berlin"}, "Europe/Berlin"),
    ],
)
def test_near_names_are_told(data: object, near: str) -> None:
    with pytest.raises(SemanticLayerError) as caught:
        read_ask(data)
    assert near in caught.value.issues[0].near and near in caught.value.issues[0].message


def nested(depth: int) -> object:
    node: object = {"segment": "s"}
    for _ in range(depth - 1):
        node = {"not": node}
    return node


def test_filters_are_nested_at_most_fifteen_deep() -> None:
    assert read_ask(where(nested(15))).where is not None
    assert [code for code, _ in refused(where(nested(16)))] == ["QUERY_TOO_DEEP"]
    assert [code for code, _ in refused(where(nested(300)))] == ["QUERY_TOO_DEEP"]


def test_nodes_and_values_are_counted_over_the_whole_question() -> None:
    node = {"segment": "s"}
    assert read_ask({**where({"and": [node] * 500}), "having": {"or": [key("a")] * 498}}).having is not None
    over = {**where({"and": [node] * 500}), "having": {"or": [key("a")] * 499}}
    assert [code for code, _ in refused(over)] == ["QUERY_TOO_COMPLEX"]
    many = {"dimension": "d", "op": "IN", "values": [1] * 6_000}
    assert refused(where({"and": [many, many, many]})) == [("QUERY_TOO_COMPLEX", ("where", "and", 1, "values"))]


def key(name: str) -> dict[str, object]:
    return {"key": name, "op": "IS_NULL"}


def test_a_thousand_problems_are_told_by_the_first_hundred() -> None:
    assert len(refused({"totals": [[0] * 50] * 50})) == 100


def test_moments_are_read_in_any_zone() -> None:
    asked = read_ask({"asOf": {"recordedAt": "2026-11-24T10:30:00+02:00"}})
    assert asked.as_of == AsOf(recorded_at=datetime(2026, 11, 24, 8, 30, tzinfo=UTC))


def test_values_keep_their_json_type() -> None:
    given = [True, 1, 1.0, "1", None, 2**60]
    read = read_ask(where({"dimension": "d", "op": "IN", "values": given})).where
    assert isinstance(read, DimensionFilter)
    assert [(type(value), value) for value in read.values] == [(type(value), value) for value in given]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*CONTRACT, "name", "dimension", "op", "values", "last", "x"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from([*CONTRACT, "asOf", "y"]), JSON))
def test_any_json_is_read_or_refused(data: dict[str, object]) -> None:
    try:
        assert isinstance(read_ask(data), Ask)
    except SemanticLayerError as refusal:
        assert refusal.issues and all(isinstance(issue.code, ErrorCode) for issue in refusal.issues)


def documented() -> list[Any]:
    text = (FilePath(__file__).parents[2] / "docs" / "ask.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```json(?: ask)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [json.loads(example) for example in examples]


@pytest.mark.parametrize("example", documented(), ids=str)
def test_every_example_of_the_documents_is_read(example: dict[str, object]) -> None:
    assert isinstance(read_ask(example), Ask)


def test_the_documents_name_every_key_and_operator() -> None:
    text = (FilePath(__file__).parents[2] / "docs" / "ask.md").read_text(encoding="utf-8")
    assert {key for key in KEYS if f"`{key}`" not in text and f"### {key}" not in text} == set()
    assert {word for word in OPERATORS if word not in text} == set()
