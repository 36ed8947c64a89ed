"""What identifies a row of a table: what its source declares, else columns that are named like ids and unique."""

from dataclasses import dataclass
from itertools import combinations

from semantic_layer.definitions.new_names import looks_like_id, name_like, singular, stem_of
from semantic_layer.definitions.types import Kind
from semantic_layer.errors import SemanticLayerError
from semantic_layer.plan.data_checks import REPEATED, ROWS, WITHOUT, Side, key_plan
from semantic_layer.survey.profile import ColumnProfile, Survey, TableProfile

MOST_TOGETHER = 6  # columns that are tried in pairs and threes
MOST_COUNTED = 3  # sets that were unique in the first rows and are counted in all rows


@dataclass(frozen=True, slots=True)
class KeyGuess:
    """`columns` empty: none was found. `reason` is a comment; `is_sure` where the source itself says so."""

    columns: tuple[str, ...]
    reason: str
    is_sure: bool = False


NO_KEY = KeyGuess((), "guess: no columns named like ids are unique together; say what identifies a row")


async def guess_key(survey: Survey, table: TableProfile) -> KeyGuess:
    usable = [one for one in table.unique if all(table.column(name) is not None for name in one)]
    if usable:
        return KeyGuess(usable[0], "as the source declares it", is_sure=True)
    if table.unique:
        said = ", ".join(table.unique[0])
        return KeyGuess((), f"the source's key ({said}) has a type that the language has not: an `sql:` can cast it")
    likely = [column for column in table.columns if _may_identify(table, column)]
    if table.sampled == 0:
        named = [column for column in likely if _is_own(table, column)]
        return KeyGuess((named[0].name,), "guess: by its name; the table is empty") if named else NO_KEY
    singles = [(one.name,) for one in sorted(likely, key=lambda one: not _is_own(table, one)) if _is_unique(table, one)]
    candidates = singles[:MOST_COUNTED] or await _together(survey, table, likely)
    for columns in candidates:
        guess = await _counted(survey, table, columns)
        if guess is not None:
            return guess
    return NO_KEY


def _may_identify(table: TableProfile, column: ColumnProfile) -> bool:
    if column.type.kind in (Kind.FLOAT, Kind.BOOLEAN) or (table.sampled and column.known < table.sampled):
        return False
    return looks_like_id(name_like(column.name, "column")) or column == table.columns[0]


def _is_own(table: TableProfile, column: ColumnProfile) -> bool:
    """`id`, or the id of what the table is named after."""
    stem = stem_of(name_like(column.name, "column"))
    own = table.dataset.rpartition(".")[2]
    return name_like(column.name, "column") in ("id", "uuid", "guid", "key") or stem in (own, singular(own))


def _is_unique(table: TableProfile, column: ColumnProfile) -> bool:
    return column.different == table.sampled


async def _together(survey: Survey, table: TableProfile, likely: list[ColumnProfile]) -> list[tuple[str, ...]]:
    """Pairs, threes, then all of the columns that are named like ids or are days, unique in the first rows."""
    days = [one for one in table.columns if one.type.is_time and one.known == table.sampled and one.different > 1]
    columns = [one.name for one in (*likely, *days) if one.different > 1][:MOST_TOGETHER]
    sets = [one for size in (2, 3) for one in combinations(columns, size)]
    if len(columns) > 3:
        sets.append(tuple(columns))
    if not sets:
        return []
    try:
        different = await survey.different(table, sets)
    except SemanticLayerError:
        return []
    return [one for one, count in zip(sets, different, strict=True) if count == table.sampled][:MOST_COUNTED]


async def _counted(survey: Survey, table: TableProfile, columns: tuple[str, ...]) -> KeyGuess | None:
    """The guess if it holds for all rows. Where they could not be counted in time, it says so."""
    if table.is_whole:
        return KeyGuess(columns, f"guess: unique in all {table.sampled:,} rows")
    look = survey.look()
    try:
        counts = await look.counts(key_plan(look.published, Side(table.dataset, columns), look.schemas))
    except SemanticLayerError:
        return KeyGuess(columns, f"guess: unique in the first {table.sampled:,} rows; all rows could not be counted")
    if counts[REPEATED] or counts[WITHOUT]:
        return None
    return KeyGuess(columns, f"guess: unique in all {counts[ROWS]:,} rows")
