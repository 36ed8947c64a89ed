"""Grains of calendars in the typed schema: one enum per catalog, and fields that compare periods."""

from graphql import GraphQLEnumType, GraphQLInputObjectType, build_schema

from semantic_layer.api.schema import print_schema
from semantic_layer.definitions.reader import read_texts

DEFINITIONS = """
language: 1
catalog: {languages: [en]}
sources: {lake: {connection: LAKE}}
calendars:
  fiscal: {from: days, day: day, grains: {fiscal_month: month_start}}
  retail: {from: days, day: day, grains: {season_week: week_start, season: month_start}}
  trade: {from: days, day: day, grains: {season_week: month_start}}
datasets:
  days: {source: lake, table: days, key: day}
  sold: {source: lake, table: sold, key: line, time: sold_on, dimensions: {sold_on: {type: time}}}
metrics:
  amount: {is: sum(amount), from: sold}
  before: {is: amount, ago: 1 trade.season_week}
"""


def test_a_grain_of_two_calendars_says_which() -> None:
    schema = build_schema(print_schema(read_texts({"world.yaml": DEFINITIONS}).catalog))
    grain, compared = schema.type_map["Grain"], schema.type_map["DateComparison"]
    assert isinstance(grain, GraphQLEnumType) and isinstance(compared, GraphQLInputObjectType)
    assert list(grain.values)[-4:] == ["FISCAL_MONTH", "RETAIL__SEASON_WEEK", "SEASON", "TRADE__SEASON_WEEK"]
    assert {"fiscalMonth", "retail__seasonWeek", "season", "trade__seasonWeek", "halfYear"} <= compared.fields.keys()
