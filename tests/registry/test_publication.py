from datetime import UTC, datetime

import pytest

from semantic_layer.definitions.fingerprint import Fingerprints
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import MetricVersion, PublishedCatalog, VersionCause
from semantic_layer.registry.lineage import LineageGraph
from semantic_layer.registry.publication import Publication, prepare
from tests.registry.shop import metric_text, shop

WHEN = datetime(2026, 11, 24, tzinfo=UTC)
OWN, DEPENDENCY = VersionCause.OWN_CHANGE, VersionCause.DEPENDENCY


def recorded(head: PublishedCatalog | None, catalog: Catalog, publication: Publication) -> PublishedCatalog:
    """What a store would serve after recording the publication."""
    revision = publication.base + 1
    versions = {} if head is None else dict(head.versions)
    for new in publication.versions:
        version = MetricVersion(
            new.metric, new.number, new.fingerprint, revision, new.change_class, new.cause, WHEN, "anna"
        )
        versions[new.metric] = (*versions.get(new.metric, ()), version)
    return PublishedCatalog(revision, WHEN, "anna", catalog, versions)


def first(catalog: Catalog) -> PublishedCatalog:
    publication = prepare(None, catalog)
    assert publication is not None
    return recorded(None, catalog, publication)


def change(*edits: tuple[str, str], more: str = "", head: Catalog | None = None) -> Publication | None:
    return prepare(first(head or shop()), shop(*edits, more=more))


def changed(publication: Publication | None) -> dict[str, int]:
    """Definition -> class."""
    assert publication is not None
    return {f"{one.kind} {one.name}": one.change_class for one in publication.changes}


def versions(publication: Publication | None) -> dict[str, tuple[int, VersionCause]]:
    assert publication is not None
    return {one.metric: (one.number, one.cause) for one in publication.versions}


def test_the_first_publication_holds_everything() -> None:
    publication = prepare(None, shop())
    assert publication is not None
    assert publication.base == 0
    assert len(publication.changes) == 1 + 1 + 1 + 3 + 5  # settings, domain, source, datasets, metrics
    assert all(one.document is not None for one in publication.changes)
    assert versions(publication) == dict.fromkeys(shop().metrics, (1, OWN))


def test_an_empty_catalog_is_a_first_publication_too() -> None:
    publication = prepare(None, Catalog())
    assert publication is not None
    assert changed(publication) == {"catalog catalog": 1}


def test_nothing_changed_is_no_publication() -> None:
    assert change() is None


def test_the_order_of_definitions_does_not_matter() -> None:
    catalog = shop()
    turned = Catalog(
        catalog.settings,
        dict(reversed(catalog.domains.items())),
        dict(reversed(catalog.sources.items())),
        dict(reversed(catalog.calendars.items())),
        dict(reversed(catalog.datasets.items())),
        dict(reversed(catalog.metrics.items())),
    )
    assert prepare(first(catalog), turned) is None


def test_words_are_class_zero_and_make_no_version() -> None:
    publication = change(("en: [revenue, turnover]", "en: [revenue]"))
    assert changed(publication) == {"metric sales": 0}
    assert versions(publication) == {}


def test_an_owner_is_class_one_and_makes_no_version() -> None:
    publication = change(("owner: shop_lead", "owner: finance_lead"))
    assert changed(publication) == {"domain shop": 1}
    assert versions(publication) == {}


def test_a_rule_is_class_two_and_reaches_what_uses_it() -> None:
    publication = change(("is: sum(amount)", "is: sum(amount - discount)"))
    assert changed(publication) == {"metric sales": 2}
    assert versions(publication) == {
        "average_order": (2, DEPENDENCY),
        "own_brand_sales": (2, DEPENDENCY),
        "sales": (2, OWN),
    }
    assert publication is not None
    assert {one.change_class for one in publication.versions} == {2}
    assert publication.change_class == 2


def test_words_of_a_metric_changed_together_with_a_rule_below_it_are_a_dependency() -> None:
    publication = change(("is: sum(amount)", "is: sum(amount - discount)"), ("Sales per order", "Sales for each order"))
    assert versions(publication)["average_order"] == (2, DEPENDENCY)


def test_an_unused_dimension_makes_no_version() -> None:
    publication = change(("      brand:\n", "      colour:\n        label: {en: Colour, zh: 颜色}\n      brand:\n"))
    assert changed(publication) == {"dataset product": 1}
    assert versions(publication) == {}


def test_a_removed_definition_has_no_document() -> None:
    extra = metric_text("extra", "is: sales * 2\n    unit: CNY")
    publication = change(head=shop(more=extra))
    assert publication is not None
    assert [(one.name, one.document) for one in publication.changes] == [("extra", None)]
    assert publication.versions == ()


def test_a_fingerprint_in_an_older_form_is_no_reason_for_a_new_version() -> None:
    head = first(shop())
    older = {
        metric: tuple(
            MetricVersion(v.metric, v.number, f"f0:{v.fingerprint[3:]}", 1, 2, OWN, WHEN, "anna") for v in known
        )
        for metric, known in head.versions.items()
    }
    old_form = PublishedCatalog(1, WHEN, "anna", head.catalog, older)
    assert versions(prepare(old_form, shop(("en: [revenue, turnover]", "en: [revenue]")))) == {}
    moved = prepare(old_form, shop(("is: sum(amount)", "is: sum(amount - discount)")))
    assert versions(moved).keys() == {"average_order", "own_brand_sales", "sales"}


LIFETIME = """      lifetime:
        metric: sales
        label: {en: Lifetime, zh: 累计}
      leading_brand:
        of: brand
        top: 2
        by: order_count
        others: Others
        label: {en: Leading, zh: 头部}
      brand:
"""
RICH = """
  big_sales:
    is: sales
    where: product.lifetime > 10
    unit: CNY
    about: {label: {en: Big, zh: 大}, meaning: {en: Big, zh: 大}}
    governance: {domain: shop}
  led_sales:
    is: sales
    cut_by: {only: [product.leading_brand]}
    unit: CNY
    about: {label: {en: Led, zh: 头}, meaning: {en: Led, zh: 头}}
    governance: {domain: shop}
  regular_orders:
    is: order_count
    where: regulars
    unit: count
    about: {label: {en: Regular, zh: 常}, meaning: {en: Regular, zh: 常}}
    governance: {domain: shop}
  matched_sales:
    is: sum(amount)
    from: orders
    where: exists(product, brand = 'Own')
    unit: CNY
    about: {label: {en: Matched, zh: 配}, meaning: {en: Matched, zh: 配}}
    governance: {domain: shop}
  share:
    is: sales / total
    unit: ratio
    with:
      total: {is: sales, at_level: [product.brand]}
    about: {label: {en: Share, zh: 占比}, meaning: {en: Share, zh: 占比}}
    governance: {domain: shop}
  new_customers:
    is: count(*)
    across: customer_id
    from: orders
    dated_by: min(order_date)
    unit: count
    about: {label: {en: New, zh: 新}, meaning: {en: New, zh: 新}}
    governance: {domain: shop}
  net:
    is: sales - coalesce(refunds, 0)
    unit: CNY
    about: {label: {en: Net, zh: 净}, meaning: {en: Net, zh: 净}}
    governance: {domain: shop}
"""
REGULARS = """    segments:
      regulars:
        members: customer_id
        having: average_order > 5
        label: {en: Regulars, zh: 常客}
"""
BASE = [("      brand:\n", LIFETIME), ("    segments:\n", REGULARS)]
EDITS = [
    ("is: sum(amount)", "is: sum(amount * 2)"),
    ("is: sum(refund)", "is: max(refund)"),
    ("is: count(distinct order_id)", "is: count(*)"),
    ("table: product\n", "table: product_new\n"),
    ("table: returns\n", "table: returns_new\n"),
    ("table: orders\n", "table: orders_new\n"),
    ("kind: many_to_one", "kind: one_to_one"),
    ("top: 2", "top: 3"),
    ("having: average_order > 5", "having: average_order > 6"),
    ("where: product.brand = 'Own'", "where: product.brand = 'Other'"),
    ("sql: ordered_at", "sql: coalesce(ordered_at, ordered_at)"),
    ("      customer_id:\n        type: bigint", "      customer_id:\n        type: integer"),
    ("      brand:\n        label", "      brand:\n        sql: upper(brand)\n        label"),
    ("      product_id: bigint\n    dimensions:\n", "      product_id: integer\n    dimensions:\n"),
    ("key: return_id", "key: none"),
    ("week_start: monday", "week_start: sunday"),
    ("label: {en: Products, zh: 商品}", "label: {en: Goods, zh: 货品}"),
    ("connection: LAKE", "connection: POND"),
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS, ids=[old[:30].split("\n")[0] for old, _ in EDITS])
def test_no_metric_that_a_change_reaches_is_overlooked(edit: tuple[str, str]) -> None:
    """The metrics looked at give the same versions as fingerprinting every metric of the catalog."""
    before, after = shop(*BASE, more=RICH), shop(*BASE, edit, more=RICH)
    old, new = Fingerprints(before), Fingerprints(after)
    moved = {metric for metric in after.metrics if old.metric(metric) != new.metric(metric)}
    head = first(before)
    assert versions(prepare(head, after)).keys() == moved
    assert versions(prepare(head, after, uses=LineageGraph(before))).keys() == moved


def test_the_edits_above_move_every_metric_at_least_once() -> None:
    before = shop(*BASE, more=RICH)
    old = Fingerprints(before)
    moved = set()
    for edit in EDITS[:-4]:
        new = Fingerprints(shop(*BASE, edit, more=RICH))
        moved |= {metric for metric in before.metrics if old.metric(metric) != new.metric(metric)}
    assert moved == set(before.metrics)
