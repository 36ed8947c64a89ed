"""Pinned versions are bound in the catalog in which they came in force; what the caller relies on is checked."""

from dataclasses import replace
from typing import Any

from semantic_layer.query.measure import Filtered, homes, walk
from tests.query.given import bound, issues, revisions, world
from tests.query.given import published as publish


def metric(name: str = "revenue", **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


def test_a_pin_takes_the_whole_rule_of_its_revision() -> None:
    first, second = revisions()
    now, before = bound({"metrics": [metric(), metric(alias="v1", version=1)]}).columns
    assert now.published is second and before.published is first
    assert (now.version.number, before.version.number) == (2, 1)
    assert any(isinstance(node, Filtered) for node in walk(now.measure))
    assert not any(isinstance(node, Filtered) for node in walk(before.measure))
    assert now.version.fingerprint != before.version.fingerprint


def test_a_metric_that_changed_by_what_is_below_it_is_pinned_whole() -> None:
    """`average_order` was never edited; its version 1 divides the revenue of then."""
    now, before = bound({"metrics": [metric("average_order"), metric("average_order", alias="v1", version=1)]}).columns
    assert any(isinstance(node, Filtered) for node in walk(now.measure))
    assert not any(isinstance(node, Filtered) for node in walk(before.measure))


def test_a_pin_of_the_version_in_force_is_bound_where_it_came_in_force() -> None:
    first, second = revisions()
    [pinned] = bound({"metrics": [metric("order_count", version=1)]}).columns
    assert pinned.published is first, "order_count did not change in revision 2"
    [pinned] = bound({"metrics": [metric(version=2)]}).columns
    assert pinned.published is second


def test_dimensions_of_a_pin_are_those_of_then() -> None:
    """A dimension that came later is out of the reach of a version that was in force before it."""
    first, second = revisions()
    catalog = second.catalog
    lines = catalog.datasets["order_lines"]
    with_kind = replace(lines, dimensions={**lines.dimensions, "kind": lines.dimensions["size"]})
    third = publish(second, replace(catalog, datasets={**catalog.datasets, "order_lines": with_kind}))
    against = world(current=third, pinned={1: first})
    by = [{"dimension": "kind"}]
    assert bound({"metrics": [metric()], "by": by}, against).key_names == ("kind",)
    [issue] = issues({"metrics": [metric(version=1)], "by": by}, against)
    assert issue.code.value == "UNREACHABLE_DIMENSION"


def test_the_same_fact_of_two_revisions_is_looked_up_in_both() -> None:
    query = bound({"metrics": [metric(), metric(alias="v1", version=1)], "by": [{"dimension": "size"}]})
    assert {home for column in query.columns for home, _ in homes(column.measure)} == {"order_lines"}
    assert [column.published.revision for column in query.columns] == [2, 1]


def test_what_the_caller_relies_on() -> None:
    _, second = revisions()
    [v1, v2] = second.versions["revenue"]
    expect = {"revision": 2, "fingerprints": {"revenue": v2.fingerprint, "old": v1.fingerprint}}
    question = {"metrics": [metric(), metric(alias="old", version=1)], "expect": expect}
    assert len(bound(question).columns) == 2
    turned = {"revenue": v1.fingerprint, "old": v2.fingerprint}
    found = issues(question | {"expect": {"revision": 3, "fingerprints": turned}})
    assert [(issue.code.value, issue.path) for issue in found] == [
        ("EXPECTATION_FAILED", ("expect", "revision")),
        ("EXPECTATION_FAILED", ("expect", "fingerprints", "revenue")),
        ("EXPECTATION_FAILED", ("expect", "fingerprints", "old")),
    ]
    assert v2.fingerprint in found[1].message and "(version 2)" in found[1].message


def test_parameters_are_told_with_their_defaults() -> None:
    name = "loyal_customers"
    asked = [metric(name), metric(name, alias="of_five", parameters={"at_least": 5})]
    default, of_five = bound({"metrics": asked}).columns
    assert (default.parameters, of_five.parameters) == ((("at_least", "2"),), (("at_least", "5"),))
    assert default.measure != of_five.measure


def test_labels_and_units_come_with_the_column() -> None:
    [column] = bound({"metrics": [metric(alias="r")]}).columns
    assert (column.name, column.metric, column.label, column.unit) == ("r", "revenue", "revenue", "CNY")
