"""The checks of a whole catalog, in order: names before circles, and what walks the metrics only without circles."""

from semantic_layer.definitions.check_calendars import check_calendars
from semantic_layer.definitions.check_clashes import check_clashes
from semantic_layer.definitions.check_constants import check_constants
from semantic_layer.definitions.check_conversion import check_conversion
from semantic_layer.definitions.check_cycles import check_cycles
from semantic_layer.definitions.check_datasets import check_datasets, check_settings
from semantic_layer.definitions.check_kinds import check_kinds
from semantic_layer.definitions.check_reach import check_reach
from semantic_layer.definitions.check_rules import check_rules
from semantic_layer.definitions.check_semi_additive import check_semi_additive
from semantic_layer.definitions.check_served import check_served
from semantic_layer.definitions.check_steps import check_steps
from semantic_layer.definitions.check_typed_names import check_typed_names
from semantic_layer.definitions.check_windows import check_windows
from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.problem import Problem
from semantic_layer.definitions.shape_reader import Path, Places
from semantic_layer.definitions.units import check_units

ALWAYS = (
    check_settings,
    check_datasets,
    check_calendars,
    check_rules,
    check_constants,
    check_semi_additive,
    check_steps,
    check_clashes,
    check_typed_names,
    check_served,
)
WITHOUT_CIRCLES = (check_reach, check_units, check_kinds, check_windows, check_conversion)


def check(catalog: Catalog, places: Places | None = None, broken: frozenset[Path] = frozenset()) -> list[Problem]:
    """Everything wrong with a catalog. `broken` are definitions whose mistakes are already told."""
    findings = Findings(catalog, places or Places(), broken)
    for step in ALWAYS:
        step(findings)
    if check_cycles(findings):
        for step in WITHOUT_CIRCLES:
            step(findings)
    return findings.problems
