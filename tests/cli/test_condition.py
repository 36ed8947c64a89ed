import pytest

from semantic_layer.cli.condition import read_condition
from semantic_layer.cli.words import Node, Unreadable
from semantic_layer.query.ask import AllOf, AnyOf, NotThis
from semantic_layer.query.ask_reader import read_ask


def is_(op: str, *values: object) -> dict[str, object]:
    return {"dimension": "d", "op": op, "values": list(values)}


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("d = FUEL", is_("EQ", "FUEL")),
        ("d = FROZEN GROCERY", is_("EQ", "FROZEN GROCERY")),
        ("d != 'it''s and or'", is_("NE", "it's and or")),
        ("d=367", is_("EQ", 367)),
        ("d = '367'", is_("EQ", "367")),
        ("d = true", is_("EQ", True)),
        ("d >= -12.50", is_("GTE", "-12.50")),
        ("d in (6, 7)", is_("IN", 6, 7)),
        ("d in A, B C", is_("IN", "A", "B C")),
        ("d not in ('a')", is_("NOT_IN", "a")),
        ("d from 2017-01-01 until 2018-01-01", is_("IN_RANGE", "2017-01-01", "2018-01-01")),
        ("d contains 10%", is_("CONTAINS", "10%")),
        ("d starts with MEN'S", is_("STARTS_WITH", "MEN'S")),
        ("d ENDS WITH x", is_("ENDS_WITH", "x")),
        ("d is distinct from 3", is_("IS_DISTINCT_FROM", 3)),
        ("d is null", {"dimension": "d", "op": "IS_NULL"}),
        ("d is not null", {"dimension": "d", "op": "IS_NOT_NULL"}),
        ("d:day_of_week in 6,7", {"dimension": "d", "part": "DAY_OF_WEEK", "op": "IN", "values": [6, 7]}),
        ("d last 28 days", {"dimension": "d", "last": {"count": 28, "unit": "DAY", "anchor": "DATA"}}),
        ("d last 1 week until now", {"dimension": "d", "last": {"count": 1, "unit": "WEEK", "anchor": "NOW"}}),
        ("segment big_spenders", {"segment": "big_spenders"}),
        (
            "sales per household_id over all time > 5000",
            {"metric": "sales", "per": "household_id", "over": "ALL_TIME", "op": "GT", "values": [5000]},
        ),
        (
            "sales per household_id over range <= 5",
            {"metric": "sales", "per": "household_id", "over": "RANGE", "op": "LTE", "values": [5]},
        ),
    ],
)
def test_conditions(text: str, node: Node) -> None:
    assert read_condition(text) == node
    read_ask({"metrics": [{"name": "m"}], "where": node})  # the question's own reader knows this form


def test_or_binds_weaker_than_and_and_not_strongest() -> None:
    where = read_condition("not d = 1 and d = 2 or (d = 3 or not (d = 4)) and segment s")
    read = read_ask({"metrics": [{"name": "m"}], "where": where}).where
    assert isinstance(read, AnyOf)
    first, second = read.nodes
    assert isinstance(first, AllOf) and isinstance(first.nodes[0], NotThis)
    assert isinstance(second, AllOf) and isinstance(second.nodes[0], AnyOf)


def test_conditions_on_the_answer_name_columns() -> None:
    node = read_condition("sales > 100000", of_answer=True)
    assert node == {"key": "sales", "op": "GT", "values": [100000]}
    read_ask({"metrics": [{"name": "sales"}], "having": node})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("d", "ends where one of ="),
        ("d ~ 3", "at `~`"),
        ("d = 'a", "quote is not closed"),
        ("d = 1 )", "at `)`"),
        ("(d = 1", "ends where `)`"),
        ("d from 1", "ends where `until`"),
        ("d last few days", "a whole number was expected"),
        ("sales per x > 5", "`over` was expected"),
        ("d:month last 3 days", "the dimension alone"),
        ("", "ends where a name"),
        ("(" * 40 + "d = 1" + ")" * 40, "nested at most"),
    ],
)
def test_what_cannot_be_read_says_where(text: str, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_condition(text)
    assert said in str(caught.value)
