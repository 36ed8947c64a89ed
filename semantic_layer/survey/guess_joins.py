"""Which tables belong together: foreign keys, else columns named like another table's key that hold its values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from semantic_layer.definitions.new_names import name_like, singular, stem_of
from semantic_layer.errors import SemanticLayerError
from semantic_layer.plan.data_checks import ORPHAN_ROWS, ROWS, WITHOUT, Side, join_plan, kind_of
from semantic_layer.survey.finding import share_said
from semantic_layer.survey.guess_keys import KeyGuess
from semantic_layer.survey.profile import ColumnProfile, Done, Survey, TableProfile

LEAST_SHARE = 0.05  # of the rows with a value, that find a partner
MOST_TRIED = 3  # tables that one column is compared with


@dataclass(frozen=True, slots=True)
class JoinGuess:
    """`match` pairs columns (ours, theirs). `hint` is what the join may be called."""

    to: str
    match: tuple[tuple[str, str], ...]
    hint: str
    reason: str
    is_one_to_one: bool = False


@dataclass(frozen=True, slots=True)
class Keyed:
    """A table whose rows one column identifies."""

    table: TableProfile
    column: ColumnProfile


async def guess_joins(
    survey: Survey, tables: Sequence[TableProfile], keys: Mapping[str, KeyGuess], done: Done
) -> dict[str, list[JoinGuess]]:
    """The joins of each dataset."""
    found: dict[str, list[JoinGuess]] = {}
    by_table = {table.table.name: table for table in tables}
    keyed = [one for table in tables if (one := _keyed(table, keys[table.dataset])) is not None]
    for table in tables:
        joins = _declared(table, by_table)
        taken = {ours.lower() for join in joins for ours, _ in join.match}
        for column in table.columns:
            if column.name.lower() not in taken and not _is_key(column, keys[table.dataset]):
                guess = await _guessed(survey, table, column, keyed)
                joins += [] if guess is None else [guess]
        found[table.dataset] = joins
        done(f"joins of {table.table.shown}")
    return found


def _keyed(table: TableProfile, key: KeyGuess) -> Keyed | None:
    column = table.column(key.columns[0]) if len(key.columns) == 1 else None
    return None if column is None else Keyed(table, column)


def _is_key(column: ColumnProfile, key: KeyGuess) -> bool:
    return tuple(one.lower() for one in key.columns) == (column.name.lower(),)


def _declared(table: TableProfile, by_table: Mapping[str | None, TableProfile]) -> list[JoinGuess]:
    """Foreign keys whose columns are of types that the language has."""
    found = []
    for foreign in table.foreign_keys:
        other = by_table.get(foreign.table)
        pairs = tuple(zip(foreign.columns, foreign.theirs, strict=True))
        if other is None or other.failure is not None or other.dataset == table.dataset:
            continue
        if any(table.column(ours) is None or other.column(theirs) is None for ours, theirs in pairs):
            continue
        ours = {one.lower() for one in foreign.columns}
        own_key = any({one.lower() for one in unique} <= ours for unique in table.unique)
        hint = _hint(foreign.columns[0], other) if len(pairs) == 1 else singular(other.dataset)
        found.append(JoinGuess(other.dataset, pairs, hint, "a foreign key of the source", own_key))
    return found


def _hint(column: str, other: TableProfile) -> str:
    """What the column is an id of, which tells two joins to one table apart."""
    return stem_of(name_like(column, "column")) or singular(other.dataset)


async def _guessed(
    survey: Survey, table: TableProfile, column: ColumnProfile, keyed: Sequence[Keyed]
) -> JoinGuess | None:
    """The table whose key the column is named like and whose values most rows have."""
    alike = [one for one in keyed if one.table.dataset != table.dataset and _is_named_like(column, one)]
    alike.sort(key=lambda one: (not _is_of(column, one.table), -(one.table.rows or 0)))
    best: tuple[float, JoinGuess] | None = None
    for one in alike[:MOST_TRIED]:
        pair = (column.name, one.column.name)
        hint = _hint(column.name, one.table)
        if not table.sampled or not one.table.sampled:
            guess = JoinGuess(one.table.dataset, (pair,), hint, "guess: by its name; there are no rows to compare")
            share = 0.0
        else:
            shared = await _share(survey, Side(table.dataset, (column.name,)), Side(one.table.dataset, (pair[1],)))
            if shared is None or shared[0] < LEAST_SHARE * shared[1]:
                continue
            reason = f"guess: named like the key of {one.table.dataset}; {share_said(*shared)} of the values find a row"
            guess, share = JoinGuess(one.table.dataset, (pair,), hint, reason), shared[0] / max(shared[1], 1)
        if best is None or share > best[0]:
            best = (share, guess)
    return None if best is None else best[1]


def _is_named_like(column: ColumnProfile, key: Keyed) -> bool:
    if kind_of(column.type) != kind_of(key.column.type):
        return False
    ours, theirs = name_like(column.name, "column"), name_like(key.column.name, "column")
    if stem_of(theirs) is not None:  # product_id: the same words, also behind others (billing_product_id)
        return ours == theirs or ours.endswith(f"_{theirs}")
    return _is_of(column, key.table) and (ours.endswith(theirs) or theirs not in ("id", "key", "code"))


def _is_of(column: ColumnProfile, table: TableProfile) -> bool:
    """Whether a column is named as an id of what the table is named after."""
    stem = stem_of(name_like(column.name, "column"))
    named = singular(table.dataset)
    return stem is not None and (singular(stem) == named or stem.endswith(f"_{named}"))


async def _share(survey: Survey, here: Side, there: Side) -> tuple[int, int] | None:
    """Rows with a partner, of the rows with a value; None where nobody could count them."""
    look = survey.look()
    try:
        counts = await look.counts(join_plan(look.published, here, there, look.schemas))
    except SemanticLayerError:
        return None
    known = counts[ROWS] - counts[WITHOUT]
    return known - counts[ORPHAN_ROWS], known
