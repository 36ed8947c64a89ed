"""The schema that a catalog makes: types by declaration, words of the dictionary, and nothing that breaks."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    introspection_from_schema,
    validate_schema,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_layer.api.meanings import meaning_of
from semantic_layer.api.schema import build_schema, print_schema
from semantic_layer.definitions.check_typed_names import check_typed_names
from semantic_layer.definitions.expression import Literal
from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.model import Catalog, Metric, Rule
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.reader import read_files
from semantic_layer.definitions.shape_reader import Places
from semantic_layer.definitions.typed_names import camel_case
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.query.ask import AskDimension
from tests.api.given import Door, published
from tests.api.given import schema as demo_schema

NAME = re.compile("[A-Za-z][A-Za-z0-9]*")  # what GraphQL takes, and without a reserved "__"
SHOP = """
language: 1
catalog: {time_zone: UTC, languages: [en, zh]}
domains:
  d: {label: {en: D, zh: D}, steward: s, owner: the_owner, data_owner: o, tier: 2, updated: daily}
sources:
  s: {connection: S}
datasets:
  order:
    source: s
    table: orders
    key: id
    time: ordered_on
    columns: {id: integer, amount: "decimal(12,2)", big: bigint, weight: float, store: integer, paid: boolean}
    dimensions:
      ordered_on: {type: time}
      paid: {type: boolean}
      amount: {type: "decimal(12,2)"}
      color: {values: [red, blue], label: {en: Color, zh: 颜色}, meaning: {en: What it looks like, zh: 颜色}}
    joins:
      store: {kind: many_to_one, match: store}
      bare: {kind: many_to_one, match: {id: id}}
  store:
    source: s
    table: stores
    key: store
    dimensions:
      city: {label: {en: City, zh: 城市}}
      opened: {type: time}
    joins:
      region: {kind: many_to_one, match: region_id}
  region:
    source: s
    table: regions
    key: region_id
    dimensions: {name: {label: {en: Region, zh: 区}}}
    joins:
      main_store: {to: store, kind: many_to_one, match: {store_id: store}}
  bare: {source: s, table: bare, key: id}
metrics:
  revenue:
    is: sum(amount)
    from: order
    unit: EUR
    about:
      label: {en: Revenue, zh: 收入}
      meaning: {en: All that was paid, zh: 收入}
      how_to_read: {en: Without tax, zh: 不含税}
    governance: {domain: d}
  orders: {is: count(*), from: order}
  pieces: {is: sum(big), from: order}
  average_weight: {is: avg(weight), from: order}
  any_paid: {is: max(paid), from: order}
  last_day: {is: max(ordered_on), from: order}
  undeclared: {is: max(somewhere), from: order}
  large:
    is: count(*)
    from: order
    where: amount >= :least_amount
    parameters:
      least_amount: {type: "decimal(12,2)", default: 100}
  old_revenue:
    is: revenue
    deprecated: {ends: 2027-01-31, use: [revenue, average_weight], reason: {en: Counted twice, zh: 重复}}
"""


def read(folder: Path, text: str = SHOP) -> PublishedCatalog:
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    return PublishedCatalog(1, published().recorded_at, "ann", read_files([folder]), {})


@pytest.fixture
def shop(tmp_path: Path) -> GraphQLSchema:
    return build_schema(read(tmp_path)).graphql


def fields_of(schema: GraphQLSchema, name: str) -> dict[str, Any]:
    type_ = schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType | GraphQLInputObjectType)
    return dict(type_.fields)


def test_each_field_has_the_type_of_its_declaration(shop: GraphQLSchema) -> None:
    row = fields_of(shop, "Row")
    assert {name: str(field.type) for name, field in row.items()} == {
        "orderedOn": "Date",
        "orderedOnPart": "Int",
        "paid": "Boolean",
        "amount": "Decimal",
        "color": "String",
        "store": "StoreDimensions!",
        "region": "RegionDimensions!",
        "time": "Date",
        "timePart": "Int",
        "revenue": "Decimal",
        "orders": "Int",
        "pieces": "BigInt",
        "averageWeight": "Float",
        "anyPaid": "Boolean",
        "lastDay": "Date",
        "undeclared": "Value",
        "large": "Int",
        "oldRevenue": "Decimal",
    }
    assert list(fields_of(shop, "StoreDimensions")) == ["city", "opened", "openedPart", "region"]
    assert str(fields_of(shop, "RegionDimensions")["mainStore"].type) == "StoreDimensions!"
    where = fields_of(shop, "Where")
    assert {name: str(where[name].type) for name in ("orderedOn", "paid", "amount", "color", "store", "metric")} == {
        "orderedOn": "DateComparison",
        "paid": "BooleanComparison",
        "amount": "DecimalComparison",
        "color": "TextComparison",
        "store": "StoreWhere",
        "metric": "MetricWhere",
    }
    assert "segments" not in where and "Segment" not in shop.type_map


def test_every_field_leads_back_to_one_definition() -> None:
    catalog, found = published().catalog, []
    for typed, field in fields_of(demo_schema().graphql, "Row").items():
        meaning = meaning_of(field)
        assert meaning is not None
        found.append(meaning.name)
        assert typed in (camel_case(meaning.name), camel_case(meaning.name + "_part"))
    facts = ("transactions", "campaign_targets", "redemptions")
    own = {name for fact in facts for name in catalog.datasets[fact].dimensions}
    assert set(found) >= set(catalog.metrics) | own | {"product", "household_campaign", "time"}


@settings(max_examples=40)
@given(st.lists(st.from_regex(r"[a-z][a-z0-9]*(_[a-z0-9]+){0,3}", fullmatch=True), min_size=2, unique=True))
def test_two_names_are_one_in_the_schema_only_if_validate_says_so(names: list[str]) -> None:
    catalog = replace(Catalog(), metrics={name: Metric(name, Rule(Literal(1))) for name in names})
    findings = Findings(catalog, Places(), frozenset())
    check_typed_names(findings)
    assert all(NAME.fullmatch(camel_case(name)) for name in names)
    clashes = len(names) - len({camel_case(name) for name in names})
    kept = sum(1 for name in {camel_case(one): one for one in names} if name in ("time", "timePart"))
    assert len(findings.problems) == clashes + kept


def test_values_may_be_null_and_objects_of_dimensions_not(shop: GraphQLSchema) -> None:
    for name in ("Row", "StoreDimensions", "RegionDimensions", "GrandTotal"):
        for field in fields_of(shop, name).values():
            is_object = str(field.type).rstrip("!").endswith("Dimensions")
            assert isinstance(field.type, GraphQLNonNull) is is_object


def test_words_of_the_dictionary_are_the_documentation(shop: GraphQLSchema) -> None:
    row = fields_of(shop, "Row")
    assert row["revenue"].description == (
        "Revenue / 收入.\nAll that was paid.\nHow to read: Without tax.\nUnit: EUR. Owner: the_owner."
    )
    assert row["color"].description == "Color / 颜色.\nWhat it looks like.\nOne of red, blue."
    assert row["orders"].description == "orders"
    assert row["oldRevenue"].deprecation_reason == ("Ends on 2027-01-31. Use revenue or averageWeight. Counted twice.")
    assert row["revenue"].deprecation_reason is None


def test_parameters_are_arguments(shop: GraphQLSchema) -> None:
    row = fields_of(shop, "Row")
    assert {name: str(one.type) for name, one in row["large"].args.items()} == {
        "shift": "Shift",
        "version": "Int",
        "leastAmount": "Decimal",
    }
    assert list(row["revenue"].args) == ["shift", "version"]


async def test_parameters_reach_the_question(door: Door, tmp_path: Path) -> None:
    door.schema = build_schema(read(tmp_path))
    await door.ask('{ metrics { rows { large(leastAmount: "99.50") all: large(leastAmount: 0) plain: large } } }')
    (ask,) = door.answers.asked
    assert [dict(one.parameters) for one in ask.metrics] == [{"least_amount": "99.50"}, {"least_amount": 0}, {}]


@pytest.mark.parametrize(
    "catalog", [lambda folder: read(folder).catalog, lambda _: Catalog(), lambda _: published().catalog]
)
def test_every_catalog_makes_a_valid_schema(catalog: Callable[[Path], Catalog], tmp_path: Path) -> None:
    """It is built without graphql-core's own validation: the names were checked before."""
    schema = build_schema(PublishedCatalog(1, published().recorded_at, "ann", catalog(tmp_path), {})).graphql
    schema._validation_errors = None
    assert validate_schema(schema) == []
    assert introspection_from_schema(schema)["__schema"]["queryType"]["name"] == "Query"


async def test_without_metrics_there_is_still_a_schema(door: Door) -> None:
    door.schema = build_schema(PublishedCatalog(1, published().recorded_at, "ann", Catalog(), {}))
    door.answers.failure = refuse(ErrorCode.NOT_READY, "only the question is looked at")
    await door.refused("{ metrics { rows { time } } }")
    assert door.answers.asked[0].by == (AskDimension("time", alias="time"),)
    assert "metric" not in fields_of(door.schema.graphql, "Where")


def test_types_of_two_catalogs_do_not_mix(tmp_path: Path) -> None:
    """A publish makes new types; those of the schema before it go on as they were."""
    before = demo_schema().graphql
    after = build_schema(read(tmp_path)).graphql
    assert "revenue" in fields_of(after, "Row") and "revenue" not in fields_of(before, "Row")
    assert before.type_map["Column"] is after.type_map["Column"]
    segment = before.type_map["Segment"]
    assert isinstance(segment, GraphQLEnumType) and segment.values["BIG_SPENDERS"].value == "big_spenders"


def test_a_printed_schema_says_what_is_deprecated(tmp_path: Path) -> None:
    text = print_schema(read(tmp_path).catalog)
    assert '): Decimal @deprecated(reason: "Ends on 2027-01-31.' in text
