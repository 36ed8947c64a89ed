"""The small shop as revision 2 of a registry, with a dataset of every type, and questions bound against it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import MetricVersion, PublishedCatalog
from semantic_layer.definitions.reader import read_files
from semantic_layer.errors import Issue, SemanticLayerError
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.query.bind import bind
from semantic_layer.query.bound import BoundQuery
from semantic_layer.query.world import RecordedKey, World
from semantic_layer.registry.publication import prepare
from tests.definitions.shop import METRICS, read_shop
from tests.definitions.test_demo import DEMO

RECORDED_AT = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 16, 30)  # a Tuesday; wall-clock time in the catalog's zone
LAST_ORDER = datetime(2026, 11, 20, 18, 45)
LAST_RETURN = datetime(2026, 11, 22)

PARCELS = """\
datasets:
  parcels:
    source: lake
    table: parcels
    key: parcel_id
    time: sent_at
    columns:
      parcel_id: bigint
      price: decimal(12,2)
      weight: float
      fragile: boolean
      floor: integer
      sent_at: timestamp
    dimensions:
      parcel_id: {type: bigint}
      price: {type: "decimal(12,2)"}
      weight: {type: float}
      fragile: {type: boolean}
      floor: {type: integer}
      carrier: {}
      sent_at:
        type: time
        finest: second
        grain: month
      shelved_on:
        type: time
      billed_in:
        type: time
        finest: month
metrics:
  parcel_count:
    is: count(*)
    from: parcels
  postage:
    is: sum(price)
    from: parcels
  heaviest:
    is: max(weight)
    from: parcels
  shelved:
    is: count(*)
    from: parcels
    time: shelved_on
"""


def published(head: PublishedCatalog | None, catalog: Catalog) -> PublishedCatalog:
    """What a registry serves after `catalog` was published on top of `head`."""
    publication = prepare(head, catalog)
    assert publication is not None, "nothing differs"
    revision = publication.base + 1
    versions = {} if head is None else dict(head.versions)
    for new in publication.versions:
        version = MetricVersion(
            new.metric, new.number, new.fingerprint, revision, new.change_class, new.cause, RECORDED_AT, "anna"
        )
        versions[new.metric] = (*versions.get(new.metric, ()), version)
    return PublishedCatalog(revision, RECORDED_AT, "anna", catalog, versions)


def shop_catalog(*edits: tuple[str, str]) -> Catalog:
    """The shop with pieces of its metrics replaced."""
    metrics = METRICS
    for old, new in edits:
        assert metrics.count(old) == 1, old
        metrics = metrics.replace(old, new)
    return read_shop(parcels=PARCELS, metrics=metrics.replace("\n    take: average", "")).catalog


@cache
def revisions() -> tuple[PublishedCatalog, PublishedCatalog]:
    """Revision 1, and revision 2 in which the revenue counts only what was not a test."""
    first = published(None, shop_catalog())
    edit = ("is: sum(amount)\n    from: order_lines", "is: sum(amount)\n    from: order_lines\n    where: line_no > 0")
    return first, published(first, shop_catalog(edit))


def world(recorded: Mapping[RecordedKey, tuple[datetime, datetime] | None] | None = None, **changes: Any) -> World:
    first, second = revisions()
    start = datetime(2025, 1, 1)
    spans: dict[RecordedKey, tuple[datetime, datetime] | None] = {
        (2, "order_lines", "order_date"): (start, LAST_ORDER),
        (2, "returns", "returned_on"): (start, LAST_RETURN),
        (2, "parcels", "sent_at"): None,
    }
    given: dict[str, Any] = {
        "current": second,
        "now": NOW,
        "default_limit": 1_000,
        "max_limit": 5_000,
        "pinned": {1: first, 2: second},
        "recorded": spans if recorded is None else recorded,
    }
    return World(**(given | changes))


@cache
def demo_world() -> World:
    """The demo's definitions as revision 1."""
    return world({}, current=published(None, read_files([DEMO])), pinned={})


def bound(question: dict[str, Any], against: World | None = None) -> BoundQuery:
    return bind(read_ask(question), against or world())


def issues(question: dict[str, Any], against: World | None = None) -> tuple[Issue, ...]:
    """The issues of a question that must not be bound."""
    with pytest.raises(SemanticLayerError) as caught:
        bound(question, against)
    return caught.value.issues
