"""A dataset's key: no two rows share it, and every row has one."""

from semantic_layer.definitions.model import Dataset
from semantic_layer.definitions.problem import Place
from semantic_layer.plan.data_checks import (
    KEYS,
    REPEATED,
    REPEATED_ROWS,
    ROWS,
    WITHOUT,
    Side,
    count_plan,
    key_plan,
    repeated_plan,
)
from semantic_layer.survey.finding import Finding, FindingCode, KeyReport, Level, rows_said, share_said, values_said
from semantic_layer.survey.run import MOST_EXAMPLES, Look


async def rows_of(look: Look, dataset: Dataset) -> tuple[int, None]:
    """The number of rows of a dataset whose key there is nothing to count of."""
    counts = await look.counts(count_plan(look.published, dataset.name, look.schemas))
    return counts[ROWS], None


async def key_report(look: Look, dataset: Dataset, key: tuple[str, ...]) -> tuple[int, KeyReport]:
    """The number of rows, and what their key is; one that the source keeps unique itself is not counted."""
    if look.schemas[(look.connection, dataset.relation)].keeps_unique(key):
        rows, _ = await rows_of(look, dataset)
        return rows, KeyReport(dataset.name, key, enforced=True, values=rows)
    counts = await look.counts(key_plan(look.published, Side(dataset.name, key), look.schemas))
    report = KeyReport(dataset.name, key, False, counts[KEYS], counts[REPEATED], counts[REPEATED_ROWS], counts[WITHOUT])
    return counts[ROWS], report


async def key_findings(look: Look, key: KeyReport, rows: int, place: Place) -> list[Finding]:
    found = []
    columns = ", ".join(key.columns)
    if key.repeated:
        side = Side(key.dataset, key.columns)
        message = (
            f"key {columns} of {key.dataset} is not unique: {values_said(key.repeated)} in "
            f"{rows_said(key.repeated_rows)}"
        )
        examples = await look.examples(repeated_plan(look.published, side, look.schemas, MOST_EXAMPLES))
        found.append(Finding(Level.ERROR, FindingCode.KEY_NOT_UNIQUE, key.dataset, place, message, examples))
    if key.rows_without:
        message = (
            f"{rows_said(key.rows_without)} of {rows:,} ({share_said(key.rows_without, rows)}) of {key.dataset} have "
            f"no value in key {columns}"
        )
        found.append(Finding(Level.WARNING, FindingCode.KEY_MISSING, key.dataset, place, message))
    return found
