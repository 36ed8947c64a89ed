"""The class of a change is computed: words 0, people and new things 1, numbers 2 (docs/governance.md)."""

import pytest

from semantic_layer.definitions.change import How, change_class, changes
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import VersionCause
from tests.definitions.shop import read_parsed, read_shop, shop


def edited(old: str, new: str) -> Catalog:
    texts = shop()
    assert any(old in text for text in texts.values()), old
    return read_parsed({name: text.replace(old, new) for name, text in texts.items()}).catalog


AVERAGE = "  average_order:\n    is: revenue / order_count\n"
CASES = [
    # words
    (AVERAGE, AVERAGE + "    about: {synonyms: {en: [basket]}}\n", {("metric", "average_order"): 0}),
    (AVERAGE, AVERAGE + "    about: {meaning: {en: x}}\n", {("metric", "average_order"): 0}),
    # the meaning of a metric of tier 1 or 2 is a promise
    (
        AVERAGE,
        AVERAGE + "    about: {meaning: {en: x}}\n    governance: {tier: 2}\n",
        {("metric", "average_order"): 1},
    ),
    (AVERAGE, AVERAGE + "    governance: {owner: ann}\n", {("metric", "average_order"): 1}),
    ("    label: {en: Retail}\n", "    label: {en: Shops}\n", {("domain", "retail"): 0}),
    ("owner: retail_lead", "owner: ann", {("domain", "retail"): 1}),
    # numbers
    (AVERAGE, AVERAGE.replace("/", "*"), {("metric", "average_order"): 2}),
    (AVERAGE, AVERAGE + "    deprecated: {ends: 2030-01-01}\n", {("metric", "average_order"): 2}),
    (AVERAGE, "", {("metric", "average_order"): 2}),
    # another spelling of one rule
    ("        is: sum(refund)\n", "        is: SUM( refund )\n", {}),
    ("refunds", "returned", {("metric", "net_revenue"): 0}),
    # datasets: new things are optional, what goes or changes is not
    ("      theme:\n", "      theme:\n      owner:\n", {("dataset", "tag"): 1}),
    ("      theme:\n", "      theme: {label: {en: Theme}}\n", {("dataset", "tag"): 0}),
    ("      theme:\n", "      theme: {type: integer}\n", {("dataset", "tag"): 2}),
    ("      theme:\n", "      topic:\n", {("dataset", "tag"): 2}),
    ("        sensitive: personal\n", "", {("dataset", "order_lines"): 1}),
    (
        "    time: order_date\n",
        "    time: order_date\n    watermark: max(loaded_at)\n",
        {("dataset", "order_lines"): 1},
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_the_class_of_a_change(old: str, new: str, expected: dict[tuple[str, str], int]) -> None:
    before, after = read_shop().catalog, edited(old, new)
    assert {(c.kind, c.name): c.change_class for c in changes(before, after)} == expected
    for (kind, name), found in expected.items():
        assert change_class(before, after, kind, name) == found


def test_a_number_that_changes_by_what_is_below_it() -> None:
    found = {c.name: c for c in changes(read_shop().catalog, edited("table: product\n", "table: goods\n"))}
    assert set(found) == {"product", "big_revenue", "revenue_share", "brand_share"}
    assert found["big_revenue"].cause is VersionCause.DEPENDENCY
    assert found["big_revenue"].change_class == 2
    assert found["big_revenue"].leaves == ()


def test_the_smallest_values_that_differ() -> None:
    (change,) = changes(read_shop().catalog, edited("ago: 1 year", "ago: 1 month"))
    assert (change.how, change.cause) == (How.CHANGED, VersionCause.OWN_CHANGE)
    assert [(leaf.path, leaf.before, leaf.after) for leaf in change.leaves] == [(("ago",), "1 year", "1 month")]
    assert change.before != change.after


def test_each_line_has_a_weight_of_its_own() -> None:
    """The definition has that of its heaviest line; the rule's own line is what moves the number."""
    texts = AVERAGE.replace("/", "*") + "    about: {synonyms: {en: [basket]}}\n    governance: {owner: ann}\n"
    (change,) = changes(read_shop().catalog, edited(AVERAGE, texts))
    weights = {".".join(leaf.path): leaf.change_class for leaf in change.leaves}
    assert weights == {"about": 0, "governance": 1, "is": 2}
    assert change.change_class == 2
    theme = "      theme: {label: {en: Theme}}\n      owner:\n"
    (dataset,) = changes(read_shop().catalog, edited("      theme:\n", theme))
    assert {".".join(leaf.path): leaf.change_class for leaf in dataset.leaves} == {
        "dimensions.owner": 1,
        "dimensions.theme.label": 0,
    }


def test_nothing_differs_from_itself() -> None:
    assert changes(read_shop().catalog, read_shop().catalog) == ()
