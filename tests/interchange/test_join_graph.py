"""What names of dbt reach: foreign to unique, two joins at most, one way only."""

from typing import Any

import pytest

from semantic_layer.interchange.dbt.join_graph import JoinGraph, NotReached, Reached
from semantic_layer.interchange.dbt.read_manifest import read_manifest
from tests.interchange.manifests import manifest_bytes, manifest_of, model


def graph(*models: dict[str, Any]) -> JoinGraph:
    return JoinGraph(manifest_of({"semantic_models": list(models)}).models)


def rows(name: str, *dimensions: str, **entities: str) -> dict[str, Any]:
    return model(
        name,
        defaults=None,
        entities=[{"name": entity, "type": kind} for entity, kind in entities.items()],
        dimensions=[{"name": one, "type": "categorical"} for one in dimensions],
    )


def ways(found: Reached | NotReached) -> object:
    return found if isinstance(found, NotReached) else [edge.to for edge in found.edges]


KINDS = ("primary", "unique", "natural", "foreign")


@pytest.mark.parametrize(
    ("ours", "theirs", "joins"),
    [(ours, theirs, theirs in ("primary", "unique")) for ours in KINDS for theirs in KINDS],
)
def test_which_entities_join(ours: str, theirs: str, joins: bool) -> None:
    """A natural entity joins by a validity window only, which these models have not."""
    found = graph(rows("a", user=ours), rows("b", "state", user=theirs)).find("a", ("user",), "state")
    assert isinstance(found, Reached) is joins


def test_history_is_joined_by_its_natural_entity_and_joins_no_other_history() -> None:
    joins = JoinGraph(read_manifest(manifest_bytes("scd_manifest")).models)
    assert [edge.to for edge in joins.edges("lux_listing_mapping")] == ["listings", "lux_listings"]
    assert "primary_accounts" not in [edge.to for edge in joins.edges("listings")]  # both hold for a time only


CHAIN = (
    rows("facts", "kind", fact="primary", a="foreign"),
    rows("first", "one", a="primary", b="foreign"),
    rows("second", "two", b="primary", c="foreign"),
    rows("third", "three", c="primary"),
)


@pytest.mark.parametrize(
    ("path", "element", "wanted"),
    [
        ((), "a", []),
        (("fact",), "kind", []),
        (("fact",), "a", []),
        ((), "kind", NotReached.NOTHING),  # a dimension is named by an entity
        (("a",), "one", ["first"]),
        (("a",), "b", ["first"]),
        (("a", "b"), "two", ["first", "second"]),
        (("a", "b"), "c", ["first", "second"]),
        (("a", "b", "c"), "three", NotReached.NOTHING),  # three joins
        (("b",), "two", NotReached.NOTHING),  # not of these rows
        (("a",), "a", NotReached.NOTHING),
        (("a", "a"), "b", NotReached.NOTHING),
    ],
)
def test_paths(path: tuple[str, ...], element: str, wanted: object) -> None:
    assert ways(graph(*CHAIN).find("facts", path, element)) == wanted


def test_nothing_is_reached_against_a_join() -> None:
    joins = graph(*CHAIN)
    assert [element for path, one in joins.reached("third") for element in [one.element]] == ["c", "three"]


def test_two_ways_of_one_length_are_several() -> None:
    joins = graph(rows("facts", common="foreign"), rows("x", "dim", common="unique"), rows("y", "dim", common="unique"))
    assert joins.find("facts", ("common",), "dim") is NotReached.SEVERAL
    assert joins.find("x", ("common",), "dim") == Reached((), "x", "dim", is_entity=False)  # its own is nearer


def test_a_circle_of_joins_ends() -> None:
    joins = graph(rows("x", "one", a="primary", b="foreign"), rows("y", "two", b="primary", a="foreign"))
    assert ways(joins.find("x", ("b",), "two")) == ["y"]
    assert joins.find("x", ("b", "a"), "one") is NotReached.NOTHING
