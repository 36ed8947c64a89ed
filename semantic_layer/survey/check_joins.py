"""A join: how many rows find how many partners, and whether that is what its kind says (semantics rules 1 to 3, 6)."""

from dataclasses import dataclass

from semantic_layer.definitions.model import Catalog, Dataset, Join, JoinKind
from semantic_layer.definitions.problem import Place
from semantic_layer.definitions.types import ColumnType
from semantic_layer.plan.data_checks import (
    EXTRA_ROWS,
    KEYS,
    ORPHAN_ROWS,
    ORPHANS,
    REPEATED,
    REPEATED_ROWS,
    ROWS,
    WITHOUT,
    Side,
    join_plan,
    key_plan,
    kind_of,
    one_row_checks,
    orphans_plan,
    repeated_plan,
)
from semantic_layer.survey.finding import Finding, FindingCode, JoinReport, Level, rows_said, share_said
from semantic_layer.survey.run import MOST_EXAMPLES, Look

_TO_ONE = (JoinKind.MANY_TO_ONE, JoinKind.ONE_TO_ONE)
_FROM_ONE = (JoinKind.ONE_TO_ONE, JoinKind.ONE_TO_MANY)


@dataclass(frozen=True, slots=True)
class JoinCheck:
    dataset: Dataset
    join: Join
    catalog: Catalog
    place: Place

    @property
    def name(self) -> str:
        return f"{self.dataset.name}.{self.join.name}"

    @property
    def sides(self) -> tuple[Side, Side]:
        return joined_side(self.dataset, self.join)


def joined_side(dataset: Dataset, join: Join) -> tuple[Side, Side]:
    """The columns that are compared, here and there; over a bridge, there is the bridge."""
    here = Side(dataset.name, tuple(mine for mine, _ in join.match))
    return here, Side(join.through or join.to, tuple(theirs for _, theirs in join.match))


async def join_report(look: Look, check: JoinCheck) -> JoinReport | None:
    """What was counted; None when the two sides have types that do not compare."""
    if mismatches(look, check):
        return None
    counts = await look.counts(join_plan(look.published, *check.sides, look.schemas))
    return JoinReport(
        check.dataset.name,
        check.join.name,
        check.join.to,
        check.join.kind.value,
        check.join.match,
        counts[ROWS],
        counts[WITHOUT],
        counts[ORPHANS],
        counts[ORPHAN_ROWS],
        counts[KEYS],
        counts[REPEATED],
        counts[REPEATED_ROWS],
        counts[EXTRA_ROWS],
    )


async def join_findings(look: Look, check: JoinCheck, report: JoinReport | None) -> list[Finding]:
    if report is None:
        return [
            Finding(Level.ERROR, FindingCode.JOIN_TYPES, check.name, check.place, message)
            for message in mismatches(look, check)
        ]
    found = [*await _uniqueness(look, check, report), *await _orphans(look, check, report)]
    if check.join.kind in _FROM_ONE:
        found += await _own_side(look, check)
    return found


def mismatches(look: Look, check: JoinCheck) -> list[str]:
    """Pairs of columns that never compare, as a number and a text."""
    here, there = check.sides
    found = []
    for mine, theirs in zip(here.columns, there.columns, strict=True):
        ours = _type_of(look, check.catalog, here.dataset, mine)
        other = _type_of(look, check.catalog, there.dataset, theirs)
        if kind_of(ours) != kind_of(other):
            found.append(
                f"join {check.name} compares {here.dataset}.{mine}, which is {ours}, with "
                f"{there.dataset}.{theirs}, which is {other}"
            )
    return found


def _type_of(look: Look, catalog: Catalog, dataset: str, column: str) -> ColumnType:
    known = look.schemas[(look.connection, catalog.datasets[dataset].relation)].types
    return known.get(column) or next(type_ for name, type_ in known.items() if name.lower() == column.lower())


async def _uniqueness(look: Look, check: JoinCheck, report: JoinReport) -> list[Finding]:
    """Several partners of one row: wrong for a join to one row, as it was meant for the others."""
    if check.join.valid_at is not None:
        return await _overlaps(look, check)
    if not report.repeated or check.join.through is not None:
        return []
    _, there = check.sides
    counted = (
        f"{report.repeated:,} of {report.partners:,} values of {', '.join(there.columns)} stand in several rows of "
        f"{there.dataset} ({rows_said(report.repeated_rows)})"
    )
    if check.join.repeats:
        message = f"join {check.name}: {counted}; rows that find them count once for each, as it says"
        return [Finding(Level.NOTE, FindingCode.SEVERAL_PARTNERS, check.name, check.place, message)]
    if check.join.kind in _TO_ONE:
        message = f"join {check.name} is declared {check.join.kind}, but {counted}; questions over it are refused"
        examples = await look.examples(repeated_plan(look.published, there, look.schemas, MOST_EXAMPLES))
        return [Finding(Level.ERROR, FindingCode.JOIN_NOT_UNIQUE, check.name, check.place, message, examples)]
    if check.join.kind is JoinKind.ONE_TO_MANY:
        return []
    added = f": a plain join would add {rows_said(report.extra_rows)}" if report.extra_rows > 0 else ""
    message = f"join {check.name}: {counted}{added}; a row counts once all the same"
    return [Finding(Level.NOTE, FindingCode.SEVERAL_PARTNERS, check.name, check.place, message)]


async def _overlaps(look: Look, check: JoinCheck) -> list[Finding]:
    """Rows of a slowly changing dataset may repeat a value, but not hold at one time."""
    checks = one_row_checks(look.published, check.dataset.name, check.join, look.schemas)
    if not any([await look.is_repeated(one) for one in checks]):
        return []
    _, there = check.sides
    message = (
        f"join {check.name} takes the row of {there.dataset} that holds at {check.join.valid_at}, but rows with equal "
        f"{', '.join(there.columns)} hold at one time; questions over it are refused"
    )
    return [Finding(Level.ERROR, FindingCode.JOIN_NOT_UNIQUE, check.name, check.place, message)]


async def _orphans(look: Look, check: JoinCheck, report: JoinReport) -> list[Finding]:
    """Rows without a partner group under null over a join to one row; over a join to many that is usual."""
    if not report.orphan_rows:
        return []
    here, there = check.sides
    rows = report.rows or 0
    lost = "1 value" if report.orphans == 1 else f"{report.orphans:,} values"
    message = (
        f"{rows_said(report.orphan_rows)} of {rows:,} ({share_said(report.orphan_rows, rows)}) of {here.dataset} "
        f"have no {there.dataset}: {lost} of {', '.join(here.columns)}"
    )
    if check.join.kind not in _TO_ONE:
        return [Finding(Level.NOTE, FindingCode.ORPHANS, check.name, check.place, message)]
    plan = orphans_plan(look.published, here, there, look.schemas, MOST_EXAMPLES)
    examples = await look.examples(plan)
    return [Finding(Level.WARNING, FindingCode.ORPHANS, check.name, check.place, f"{message}, such as", examples)]


async def _own_side(look: Look, check: JoinCheck) -> list[Finding]:
    """A join from one row whose own side repeats the value: no number is wrong by it, but the words are."""
    here, _ = check.sides
    counts = await look.counts(key_plan(look.published, here, look.schemas))
    if not counts[REPEATED]:
        return []
    message = (
        f"join {check.name} is declared {check.join.kind}, but {counts[REPEATED]:,} values of "
        f"{', '.join(here.columns)} stand in several rows of {here.dataset} ({rows_said(counts[REPEATED_ROWS])})"
    )
    examples = await look.examples(repeated_plan(look.published, here, look.schemas, MOST_EXAMPLES))
    return [Finding(Level.WARNING, FindingCode.JOIN_NOT_UNIQUE, check.name, check.place, message, examples)]
