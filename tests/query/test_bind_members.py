"""Questions without metrics: whose rows list the members of a dimension."""

from typing import Any

import pytest

from semantic_layer.definitions.expression import Call
from semantic_layer.definitions.types import TEXT
from semantic_layer.query.bound import BoundQuery
from semantic_layer.query.measure import Asked, Value
from tests.query.given import bound, demo_world, issues


def members(*names: str, where: dict[str, Any] | None = None) -> BoundQuery:
    return bound({"by": [{"dimension": name} for name in names], "where": where})


@pytest.mark.parametrize(
    ("names", "dataset"),
    [
        (["product.brand"], "product"),  # members of a joined dataset are its own, also those never sold
        (["product.department", "product.brand"], "product"),
        (["billing_store.region"], "store"),
        (["tag.theme"], "tag"),
        (["brand"], "product"),
        (["size"], "order_lines"),
        (["order_date"], "order_lines"),  # returns have it only by conforming to it
        (["returned_on"], "returns"),
        (["size", "product.brand"], "order_lines"),  # what occurs together
        (["billing_store.region", "shipping_store.region"], "order_lines"),
    ],
)
def test_the_dataset_that_lists_the_members(names: list[str], dataset: str) -> None:
    query = members(*names)
    assert query.members_of == dataset
    assert query.columns == () and query.key_names == tuple(names)


def test_names_are_told_from_the_dataset_that_lists() -> None:
    """`product.brand` of the products is their `brand`; the column keeps the name that was asked."""
    query = members("product.brand", where={"dimension": "product.department", "op": "EQ", "values": ["MEAT"]})
    assert [(key.name, key.dimension) for key in query.keys] == [("product.brand", "brand")]
    assert query.where == (Call("eq", (Asked("department"), Value("MEAT", TEXT))),)


def test_a_filter_on_another_dataset_moves_the_question_to_rows() -> None:
    """Brands that occur in big lines are not those of the product list."""
    query = members("product.brand", where={"dimension": "size", "op": "EQ", "values": ["big"]})
    assert query.members_of == "order_lines"
    assert [key.dimension for key in query.keys] == ["product.brand"]


def test_rows_of_several_facts_are_ambiguous() -> None:
    [issue] = issues({"by": [{"dimension": "time"}]})
    assert (issue.code.value, issue.path) == ("AMBIGUOUS_PATH", ("by",))
    assert issue.near == ("order_lines", "returns", "parcels")
    assert issue.message.endswith("could list these members; ask a metric with them")


def test_members_of_two_datasets_without_a_common_row() -> None:
    [issue] = issues({"by": [{"dimension": "product.brand"}, {"dimension": "carrier"}]})
    assert (issue.code.value, issue.path) == ("UNREACHABLE_DIMENSION", ("by", 1, "dimension"))
    assert issue.message.startswith("order_lines cannot reach carrier; it reaches order_date")


def test_the_households_of_the_demo_are_those_that_bought() -> None:
    """Three facts know households; two say that theirs are those of the transactions."""
    assert bound({"by": [{"dimension": "household_id"}]}, demo_world()).members_of == "transactions"
