"""What a value of a filter becomes for each type of dimension: strict, never guessed, with the type that compares."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_layer.definitions.expression import Call, Expr, Literal, Name
from semantic_layer.definitions.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    TEXT,
    TIMESTAMP,
    ColumnType,
    decimal,
)
from semantic_layer.query.filters import OPERATORS
from semantic_layer.query.measure import Asked, EntityCondition, Value
from semantic_layer.query.values import LONGEST_TEXT, NotThisType, moment, typed_value
from tests.query.given import bound, issues


def condition(dimension: str, op: str, *values: Any, metric: str = "postage", **more: Any) -> Expr:
    """The one condition that a filter becomes."""
    node = {"dimension": dimension, "op": op, "values": list(values), **more}
    [where] = bound({"metrics": [{"name": metric}], "where": node}).where
    return where


# --- numbers, texts, truth values ----------------------------------------------------------------------------------

GOOD: list[tuple[ColumnType, Any, Any, ColumnType]] = [
    (TEXT, "it's; 100 %", "it's; 100 %", TEXT),
    (TEXT, "", "", TEXT),
    (BOOLEAN, False, False, BOOLEAN),
    (INTEGER, 7, 7, INTEGER),
    (INTEGER, -(2**31), -(2**31), INTEGER),
    (INTEGER, 2**31, 2**31, BIGINT),  # a larger number compares, and is found nowhere
    (BIGINT, 2**53 + 1, 2**53 + 1, BIGINT),
    (BIGINT, "9007199254740993", 2**53 + 1, BIGINT),
    (BIGINT, "-5", -5, INTEGER),
    (BIGINT, "1.50", Decimal("1.50"), decimal(38, 2)),
    (BIGINT, 2**63, Decimal(2**63), decimal(38, 0)),
    (decimal(12, 2), "12.50", Decimal("12.50"), decimal(38, 2)),
    (decimal(12, 2), "+0.1", Decimal("0.1"), decimal(38, 1)),
    (decimal(12, 2), 12, 12, INTEGER),
    (decimal(12, 2), "9" * 38, Decimal("9" * 38), decimal(38, 0)),
    (FLOAT, 0.1, 0.1, FLOAT),
    (FLOAT, 3, 3, INTEGER),
    (FLOAT, "0.1", Decimal("0.1"), decimal(38, 1)),
]
BAD: list[tuple[ColumnType, Any, str]] = [
    (TEXT, 1, "expected text, got 1"),
    (TEXT, True, "expected text, got true"),
    (TEXT, "x" * (LONGEST_TEXT + 1), "text is longer than 10000 characters"),
    (TEXT, "a\x00b", "text holds a null character"),
    (TEXT, "\ud800", "text holds half of a surrogate pair"),
    (BOOLEAN, 1, "expected true or false, got 1"),
    (BOOLEAN, "true", "expected true or false, got 'true'"),
    (INTEGER, True, "expected a whole number, got true"),
    (INTEGER, "7", "expected a whole number, got '7'"),
    (INTEGER, 7.0, "expected a whole number, got 7.0"),
    (INTEGER, 10**38, "a number has at most 38 digits"),
    (BIGINT, 1.5, "expected a whole number, or a number as text"),
    (BIGINT, True, "expected a whole number, or a number as text"),
    (decimal(12, 2), 12.5, """expected a whole number, or a number as text ("12.50"), got 12.5"""),
    (decimal(12, 2), "12,50", """expected a number as text ("12.50"), got '12,50'"""),
    (decimal(12, 2), "1e3", "expected a number as text"),
    (decimal(12, 2), " 1", "expected a number as text"),
    (decimal(12, 2), "", "expected a number as text"),
    (decimal(12, 2), "1." + "0" * 38, "a number has at most 38 digits"),
    (FLOAT, float("nan"), "NaN and Infinity are no numbers"),
    (FLOAT, float("-inf"), "NaN and Infinity are no numbers"),
    (FLOAT, "NaN", "expected a number as text"),
    (FLOAT, False, "expected a whole number, or a number as text"),
]


@pytest.mark.parametrize(("type_", "given_value", "value", "as_type"), GOOD)
def test_a_value_gets_the_type_that_compares(
    type_: ColumnType, given_value: Any, value: Any, as_type: ColumnType
) -> None:
    typed = typed_value(given_value, type_)
    assert typed == Value(value, as_type) and type(typed.value) is type(value)


@pytest.mark.parametrize(("type_", "given_value", "message"), BAD)
def test_a_value_of_another_type_is_refused(type_: ColumnType, given_value: Any, message: str) -> None:
    with pytest.raises(NotThisType) as caught:
        typed_value(given_value, type_)
    assert str(caught.value).startswith(message)


def test_digits_are_ascii() -> None:
    with pytest.raises(NotThisType):
        typed_value("١٢", decimal(12, 2))


@pytest.mark.parametrize("type_", [TEXT, BOOLEAN, INTEGER, BIGINT, decimal(12, 2), FLOAT])
def test_null_is_no_value(type_: ColumnType) -> None:
    with pytest.raises(NotThisType, match="use IS_NULL"):
        typed_value(None, type_)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**30), max_value=10**30))
def test_a_decimal_keeps_every_digit(number: Decimal) -> None:
    typed = typed_value(format(number, "f"), decimal(12, 2))
    assert Decimal(str(typed.value)) == number


def test_the_dimension_gives_the_type() -> None:
    assert condition("price", "GT", "19.90") == Call("gt", (Asked("price"), Value(Decimal("19.90"), decimal(38, 2))))
    assert condition("weight", "GT", 1.5) == Call("gt", (Asked("weight"), Value(1.5, FLOAT)))
    assert condition("floor", "EQ", 3) == Call("eq", (Asked("floor"), Value(3, INTEGER)))
    assert condition("fragile", "NE", True) == Call("ne", (Asked("fragile"), Value(True, BOOLEAN)))
    assert condition("carrier", "CONTAINS", "%_") == Call("contains", (Asked("carrier"), Value("%_", TEXT)))


# --- operators -----------------------------------------------------------------------------------------------------


def test_each_operator_is_one_condition() -> None:
    price, one, two = Asked("price"), Value(1, INTEGER), Value(2, INTEGER)
    assert condition("price", "IN", 1, 2) == Call("in", (price, one, two))
    assert condition("price", "NOT_IN", 1) == Call("not_in", (price, one))
    assert condition("price", "IS_DISTINCT_FROM", 1) == Call("is_distinct_from", (price, one))
    assert condition("price", "IS_NULL") == Call("is_null", (price,))
    for op in ("EQ", "NE", "GT", "GTE", "LT", "LTE"):
        assert condition("price", op, 2) == Call(op.lower(), (price, two))
    for op in ("CONTAINS", "STARTS_WITH", "ENDS_WITH"):
        assert condition("carrier", op, "a") == Call(op.lower(), (Asked("carrier"), Value("a", TEXT)))


def test_a_range_is_half_open() -> None:
    node = {"dimension": "price", "op": "IN_RANGE", "values": [1, 2]}
    price = Asked("price")
    assert bound({"metrics": [{"name": "postage"}], "where": node}).where == (
        Call("gte", (price, Value(1, INTEGER))),
        Call("lt", (price, Value(2, INTEGER))),
    )


def test_an_empty_list_is_nothing_or_all() -> None:
    for dimension in ("price", "sent_at"):
        assert condition(dimension, "IN") == Literal(False)
        assert condition(dimension, "NOT_IN") == Literal(True)


ALLOWED = {
    "carrier": set(OPERATORS) - {"IN_RANGE"},
    "fragile": {"EQ", "NE", "IN", "NOT_IN", "IS_NULL", "IS_NOT_NULL", "IS_DISTINCT_FROM"},
    "price": set(OPERATORS) - {"CONTAINS", "STARTS_WITH", "ENDS_WITH"},
    "weight": set(OPERATORS) - {"CONTAINS", "STARTS_WITH", "ENDS_WITH"},
    "sent_at": set(OPERATORS) - {"CONTAINS", "STARTS_WITH", "ENDS_WITH"},
}
SAMPLES = {"carrier": "x", "fragile": True, "price": "1.5", "weight": 1.5, "sent_at": "2026-01-01"}


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("dimension", ALLOWED)
def test_an_operator_fits_a_type_or_is_refused(dimension: str, op: str) -> None:
    values = [SAMPLES[dimension]] * {"IS_NULL": 0, "IS_NOT_NULL": 0, "IN_RANGE": 2}.get(op, 1)
    node: dict[str, Any] = {"dimension": dimension, "op": op} | ({"values": values} if values else {})
    question = {"metrics": [{"name": "postage"}], "where": node}
    if op in ALLOWED[dimension]:
        assert bound(question).where
    else:
        assert [issue.code.value for issue in issues(question)] == ["BAD_OPERATOR"]


# --- time ----------------------------------------------------------------------------------------------------------


def at(*parts: int) -> Value:
    return Value(datetime(*parts), TIMESTAMP)  # type: ignore[arg-type]


SENT = Asked("sent_at")
MAY_1, MAY_2 = at(2026, 5, 1), at(2026, 5, 2)
NOON, AFTER_NOON = at(2026, 5, 1, 12), at(2026, 5, 1, 12, 0, 0, 1)
IN_THE_DAY = Call("and", (Call("gte", (SENT, MAY_1)), Call("lt", (SENT, MAY_2))))
AT_NOON = Call("and", (Call("gte", (SENT, NOON)), Call("lt", (SENT, AFTER_NOON))))


@pytest.mark.parametrize(
    ("op", "of_the_day", "of_the_instant"),
    [
        ("GTE", Call("gte", (SENT, MAY_1)), Call("gte", (SENT, NOON))),
        ("LT", Call("lt", (SENT, MAY_1)), Call("lt", (SENT, NOON))),
        ("GT", Call("gte", (SENT, MAY_2)), Call("gte", (SENT, AFTER_NOON))),
        ("LTE", Call("lt", (SENT, MAY_2)), Call("lt", (SENT, AFTER_NOON))),
        ("NE", Call("not", (IN_THE_DAY,)), Call("not", (AT_NOON,))),
        (
            "IS_DISTINCT_FROM",
            Call("or", (Call("is_null", (SENT,)), Call("not", (IN_THE_DAY,)))),
            Call("or", (Call("is_null", (SENT,)), Call("not", (AT_NOON,)))),
        ),
    ],
)
def test_a_date_is_the_whole_day_and_a_timestamp_the_instant(op: str, of_the_day: Expr, of_the_instant: Expr) -> None:
    """Rule 12: EQ and IN lie inside the day, LTE reaches its end, GT starts after its end."""
    assert condition("sent_at", op, "2026-05-01") == of_the_day
    assert condition("sent_at", op, "2026-05-01T12:00:00") == of_the_instant


def test_equal_to_a_day_is_inside_of_it() -> None:
    node = {"dimension": "sent_at", "op": "EQ", "values": ["2026-05-01"]}
    assert bound({"metrics": [{"name": "postage"}], "where": node}).where == IN_THE_DAY.arguments


def test_several_days_are_asked_as_days() -> None:
    day = Call("date_trunc", (Literal("day"), SENT))
    assert condition("sent_at", "IN", "2026-05-01", "2026-05-02") == Call("in", (day, MAY_1, MAY_2))
    assert condition("sent_at", "NOT_IN", "2026-05-01", "2026-05-02") == Call("not", (Call("in", (day, MAY_1, MAY_2)),))


def test_days_and_instants_together() -> None:
    assert condition("sent_at", "IN", "2026-05-01", "2026-05-01T12:00:00") == Call("or", (IN_THE_DAY, AT_NOON))


@pytest.mark.parametrize(
    ("given_value", "wall"),
    [
        ("2026-05-01T12:00:00", datetime(2026, 5, 1, 12)),
        ("2026-05-01 12:00", datetime(2026, 5, 1, 12)),
        ("2026-05-01T12:00:00.25", datetime(2026, 5, 1, 12, 0, 0, 250_000)),
        ("2026-05-01T12:00:00Z", datetime(2026, 5, 1, 20)),
        ("2026-05-01T22:00:00-04:00", datetime(2026, 5, 2, 10)),
    ],
)
def test_a_moment_with_a_zone_is_told_in_the_zone_of_the_question(given_value: str, wall: datetime) -> None:
    assert moment(given_value, "Asia/Shanghai") == (wall, False)


def test_the_zone_of_the_question_is_used() -> None:
    node = {"dimension": "sent_at", "op": "GTE", "values": ["2026-05-01T00:00:00Z"]}
    ask = {"metrics": [{"name": "postage"}], "where": node}
    assert bound(ask).where == (Call("gte", (SENT, at(2026, 5, 1, 8))),)
    assert bound(ask | {"timeZone": "America/New_York"}).where == (Call("gte", (SENT, at(2026, 4, 30, 20))),)


@pytest.mark.parametrize(
    ("given_value", "message"),
    [
        ("2026-02-29", "2026-02-29 is no day of the calendar"),
        ("2026-5-1", "expected a date (2017-01-31) or a timestamp"),
        ("2026-05-01T25:00:00", "'2026-05-01T25:00:00' is no moment of the calendar"),
        ("20260501", "expected a date"),
        ("2026-W18-5", "expected a date"),
        ("0001-01-01T00:00:00+14:00", "the moment lies outside of the calendar"),
        (1_777_000_000, "expected a date"),
        (True, "expected a date"),
        (None, "null is no value"),
        ("today", "expected a date"),
    ],
)
def test_what_is_no_moment_is_refused(given_value: Any, message: str) -> None:
    with pytest.raises(NotThisType) as caught:
        moment(given_value, "Asia/Shanghai")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("op", ["GT", "LTE", "EQ"])
def test_the_last_day_of_the_calendar_has_an_end(op: str) -> None:
    node = {"dimension": "sent_at", "op": op, "values": ["9999-12-31"]}
    assert bound({"metrics": [{"name": "postage"}], "where": node}).where


# --- metric filters, segments, having --------------------------------------------------------------------------------


def test_a_metric_filter_is_a_condition_on_the_entity() -> None:
    node = {"metric": "order_count", "per": "customer_id", "over": "ALL_TIME", "op": "GTE", "values": [5]}
    [found] = bound({"metrics": [{"name": "revenue"}], "where": node}).where
    assert isinstance(found, EntityCondition)
    assert found.entity == ("customer_id",) and found.all_time and list(found.inputs) == ["value"]
    assert found.condition == Call("gte", (Name(("value",)), Value(5, INTEGER)))


def test_a_segment_is_its_condition() -> None:
    [rows] = bound({"metrics": [{"name": "revenue"}], "where": {"segment": "big_orders"}}).where
    assert rows == Call("eq", (Name(("size",)), Literal("big")))
    [entities] = bound({"metrics": [{"name": "revenue"}], "where": {"segment": "order_lines.loyal"}}).where
    assert isinstance(entities, EntityCondition) and entities.all_time


def test_having_compares_columns_by_their_type() -> None:
    def having(key: str, op: str, *values: Any) -> Expr | None:
        return bound(
            {
                "metrics": [{"name": "revenue", "alias": "r"}, {"name": "order_count"}, {"name": "average_order"}],
                "by": [{"dimension": "size"}, {"dimension": "order_date", "grain": "MONTH", "alias": "month"}],
                "having": {"key": key, "op": op, "values": list(values)},
            }
        ).having

    assert having("r", "GT", "10.5") == Call("gt", (Name(("r",)), Value(Decimal("10.5"), decimal(38, 1))))
    assert having("order_count", "EQ", 3) == Call("eq", (Name(("order_count",)), Value(3, INTEGER)))
    assert having("average_order", "LT", 0.5) == Call("lt", (Name(("average_order",)), Value(0.5, FLOAT)))
    assert having("size", "STARTS_WITH", "b") == Call("starts_with", (Name(("size",)), Value("b", TEXT)))
    assert having("month", "EQ", "2026-05-01") == Call(
        "and", (Call("gte", (Asked("month"), MAY_1)), Call("lt", (Asked("month"), MAY_2)))
    )


def test_and_or_not_nest() -> None:
    question = {
        "metrics": [{"name": "postage"}],
        "where": {
            "and": [
                {"dimension": "floor", "op": "EQ", "values": [1]},
                {"and": [{"not": {"dimension": "fragile", "op": "EQ", "values": [True]}}]},
                {"or": [{"dimension": "floor", "op": "IS_NULL"}, {"dimension": "carrier", "op": "IS_NULL"}]},
            ]
        },
    }
    assert bound(question).where == (
        Call("eq", (Asked("floor"), Value(1, INTEGER))),
        Call("not", (Call("eq", (Asked("fragile"), Value(True, BOOLEAN))),)),
        Call("or", (Call("is_null", (Asked("floor"),)), Call("is_null", (Asked("carrier"),)))),
    )


def test_the_default_grain_and_the_types_of_keys() -> None:
    keys = bound(
        {
            "metrics": [{"name": "postage"}],
            "by": [
                {"dimension": "sent_at", "alias": "month"},
                {"dimension": "sent_at", "grain": "MINUTE", "alias": "minute"},
                {"dimension": "sent_at", "part": "QUARTER_OF_YEAR", "alias": "quarter"},
                {"dimension": "fragile"},
                {"dimension": "price"},
            ],
        }
    ).keys
    assert [(key.name, key.type) for key in keys] == [
        ("month", DATE),
        ("minute", TIMESTAMP),
        ("quarter", INTEGER),
        ("fragile", BOOLEAN),
        ("price", decimal(12, 2)),
    ]
