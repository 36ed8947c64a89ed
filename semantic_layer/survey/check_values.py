"""Values of a dataset against what is declared of them: types that the cast reaches, members of closed lists."""

from semantic_layer.definitions.model import Dataset
from semantic_layer.definitions.shape_reader import Places
from semantic_layer.definitions.types import Kind
from semantic_layer.errors import SemanticLayerError
from semantic_layer.plan.data_checks import conditions_plan, examples_plan, row_scope
from semantic_layer.plan.typed import type_of
from semantic_layer.survey.declared_types import ValueCheck, Wrong, column_checks, dimension_checks
from semantic_layer.survey.finding import Finding, FindingCode, Level, rows_said
from semantic_layer.survey.run import MOST_EXAMPLES, Look

_SAID = {
    Wrong.DOES_NOT_FIT: (Level.ERROR, FindingCode.DOES_NOT_FIT, "cannot be read so"),
    Wrong.ROUNDED: (Level.WARNING, FindingCode.ROUNDED, "lose digits by it"),
    Wrong.IMPOSSIBLE: (
        Level.WARNING,
        FindingCode.IMPOSSIBLE_VALUES,
        "hold NaN, an infinity or a day outside of the years 1 to 9999, and count as missing",
    ),
    Wrong.NOT_IN_LIST: (Level.WARNING, FindingCode.NOT_IN_LIST, "have a value that is not in its closed list"),
}


async def value_findings(look: Look, dataset: Dataset, places: Places) -> list[Finding]:
    """Columns first: dimensions are computed from them, so they are looked at only where every column can be read."""
    scope = row_scope(look.published, dataset.name, look.schemas)
    found = await _findings(look, dataset, column_checks(scope), places)
    if not any(one.level is Level.ERROR for one in found):
        found += await _findings(look, dataset, dimension_checks(scope), places)
    return found


async def _findings(look: Look, dataset: Dataset, checks: list[ValueCheck], places: Places) -> list[Finding]:
    found = [
        Finding(
            Level.ERROR,
            FindingCode.DOES_NOT_FIT,
            dataset.name,
            places.key("datasets", dataset.name, *check.path),
            f"{check.said}; no value of the one type is one of the other",
        )
        for check in checks
        if check.rows is None
    ]
    counted = [(check, check.rows) for check in checks if check.rows is not None]
    if not counted:
        return found
    conditions = [rows for _, rows in counted]
    counts = await look.counts(conditions_plan(look.published, dataset.name, conditions, look.schemas))
    for (check, rows), count in zip(counted, counts.values(), strict=True):
        if count == 0:
            continue
        level, code, what = _SAID[check.wrong]
        place = places.key("datasets", dataset.name, *check.path)
        message = f"{check.said}: {rows_said(count)} of {dataset.name} {what}, such as"
        try:
            plan = examples_plan(look.published, dataset.name, rows, look.schemas, MOST_EXAMPLES)
            examples = await look.examples(plan, quoted=type_of(rows.shown).kind is Kind.TEXT)
        except SemanticLayerError:
            examples = ()
        found.append(Finding(level, code, dataset.name, place, message, examples))
    return found
