"""Documents of the registry: the reader gives back the same catalog, whatever happened to the order of keys."""

import json
from collections.abc import Callable

import pytest

from semantic_layer.definitions.canonical import documents
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_documents, read_files
from tests.definitions.shop import problems_of, read_shop
from tests.definitions.test_demo import DEMO

RICH = """\
metrics:
  rich:
    is: sum(amount)
    from: order_lines
    time: order_date
    fill: 0.50
    fill_time: true
    cut_by: {only: []}
    history: restate
    deprecated: {ends: 2030-12-31, use: [revenue], reason: {en: old}}
    where: amount > :least and size = :size and order_date >= :since or :flag
    parameters:
      least: {type: "decimal(5,2)", default: 2.50, min: 0, max: 99.5}
      size: {type: text, default: big, values: [big, small]}
      since: {type: date, default: 2017-01-01}
      flag: {type: boolean, default: false}
    about:
      synonyms: {en: [a, "no"]}
      tags: ["1", x]
      links: [https://example.org/a]
    governance:
      reviewers: [ann]
      freshness: 2 days
      warn: {when: value < usual, with: {usual: {is: revenue, ago: 1 week}}, grain: day}
  ranked:
    is: revenue
    rank_within: []
    order: ascending
  over_all:
    is: max(revenue)
    across: [customer_id, order_id]
    over: all time
"""


def demo() -> Catalog:
    return read_files([DEMO])


def shop() -> Catalog:
    return read_shop(rich=RICH).catalog


@pytest.mark.parametrize("catalog", [demo, shop])
def test_documents_read_back_as_the_same_catalog(catalog: Callable[[], Catalog]) -> None:
    original = catalog()
    stored = {key: json.loads(json.dumps(text, sort_keys=True)) for key, text in documents(original).items()}
    again = read_documents(dict(reversed(stored.items())))
    assert again == original
    assert documents(again) == documents(original)


def test_an_empty_list_that_says_something_is_kept() -> None:
    written = documents(shop())
    assert written["metric", "rich"]["cut_by"] == {"only": []}  # type: ignore[index, call-overload]
    assert written["metric", "ranked"]["rank_within"] == []  # type: ignore[index, call-overload]
    assert written["metric", "revenue_share"]["with"]["total"]["at_level"] == []  # type: ignore[index, call-overload]


def test_defaults_are_not_written() -> None:
    written = documents(shop())
    assert written["metric", "revenue_28d"] == {"is": "revenue", "over": "trailing 28 days"}
    assert written["dataset", "tag"] == {
        "source": "lake",
        "table": "tag",
        "key": "tag_id",
        "dimensions": {"theme": {}},
    }


def test_a_document_of_an_earlier_release_needs_only_its_shape() -> None:
    """The registry reads what it once accepted, also when the checks have become stricter since."""
    refused = "metrics:\n  x:\n    is: revenue\n    after: {event: order_count, same: [customer_id], within: 7 days}\n"
    assert problems_of(new=refused)
    stored = dict(documents(shop()))
    stored["metric", "x"] = {
        "is": "revenue",
        "after": {"event": "order_count", "same": ["customer_id"], "within": "7 days"},
    }
    assert documents(read_documents(stored))["metric", "x"] == stored["metric", "x"] | {  # type: ignore[operator]
        "after": {"event": "order_count", "same": ["customer_id"], "within": "7 days", "match": "last"}
    }
