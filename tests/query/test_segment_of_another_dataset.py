"""A segment of entities belongs to one dataset, and filters the rows of all that reach the entity (rule 20)."""

from dataclasses import replace

from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.model import Metric, Rule
from semantic_layer.definitions.reader import read_files
from semantic_layer.query.measure import EntityCondition, Filtered
from semantic_layer.query.resolve_rule import measure_of
from tests.definitions.test_demo import DEMO


def test_redemptions_of_households_that_are_chosen_by_their_sales() -> None:
    demo = read_files([DEMO])
    rule = Rule(parse_formula("coupon_redemptions"), where=parse_formula("big_spenders"))
    catalog = replace(demo, metrics={**demo.metrics, "by_big_spenders": Metric("by_big_spenders", rule)})
    measure = measure_of(catalog, "by_big_spenders")
    assert isinstance(measure, Filtered)
    assert isinstance(measure.where, EntityCondition)
    assert measure.where.entity == ("household_id",) and measure.where.all_time
