"""One look at a source, and the files of its first definitions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from semantic_layer.definitions.new_names import Names, name_like
from semantic_layer.definitions.reader import read_texts
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.serving.ports import SourceTable
from semantic_layer.serving.sources import Sources
from semantic_layer.survey.first_definitions import Found, catalog_text, dataset_texts
from semantic_layer.survey.guess_joins import JoinGuess, guess_joins
from semantic_layer.survey.guess_keys import KeyGuess, guess_key
from semantic_layer.survey.profile import Survey, can_be_said

CATALOG_FILE = "catalog.yaml"
STEPS = 3  # of each table: its first rows, its key, its joins
Told = Callable[[str, int, int], None]  # what is done, how many steps are, of how many


@dataclass(frozen=True, slots=True)
class FirstDefinitions:
    """Files by name, checked; and the tables of which there are none, with the reason."""

    files: Mapping[str, str]
    left_out: tuple[str, ...]


class _Steps:
    """Counts what is done, so that whoever waits sees it."""

    def __init__(self, told: Told, total: int) -> None:
        self._told, self._total, self._count = told, total, 0

    def done(self, what: str) -> None:
        self._count += 1
        self._told(what, self._count, self._total)

    def passed(self, count: int) -> None:
        """Steps that fall away with a table that cannot be read."""
        self._count += count


async def first_definitions(
    sources: Sources, connection: str, tables: Sequence[SourceTable], seconds: float, told: Told
) -> FirstDefinitions:
    """Raises SOURCE_REFUSED when there is no table that could be read."""
    nameless = [f"{table.shown!r} (no name of the language)" for table in tables if not _has_name(table)]
    named = dataset_names([table for table in tables if _has_name(table)])
    survey = Survey(sources, connection, named, seconds)
    steps = _Steps(told, STEPS * len(named))
    profiles = await survey.profiles(steps.done)
    readable = [one for one in profiles if one.failure is None and one.columns]
    left_out = [f"{one.table.shown} ({one.failure or 'no column that the language can name and type'})"
                for one in profiles if one not in readable]  # fmt: skip
    if not readable:
        why = "; ".join([*nameless, *left_out]) or "there are none"
        raise refuse(ErrorCode.SOURCE_REFUSED, f"connection {connection} has no table to define: {why}")
    steps.passed((STEPS - 1) * (len(profiles) - len(readable)))
    keys = {}
    for one in readable:
        keys[one.dataset] = await guess_key(survey, one)
        steps.done(f"key of {one.table.shown}")
    joins = await guess_joins(survey, readable, keys, steps.done)
    found = [Found(one, keys[one.dataset], _usable(joins[one.dataset], keys)) for one in readable]
    source = name_like(connection, "source")
    missing = (*nameless, *left_out)
    texts = {f"{dataset}.yaml": text for dataset, text in dataset_texts(found, source).items()}
    first = "catalog.yaml" if CATALOG_FILE not in texts else "first_catalog.yaml"
    files = {first: catalog_text(source, connection, missing), **texts}
    read_texts(files)  # a mistake here is ours
    return FirstDefinitions(files, missing)


def _has_name(table: SourceTable) -> bool:
    return table.name is not None and can_be_said(table.name)


def dataset_names(tables: Sequence[SourceTable]) -> list[tuple[SourceTable, str]]:
    """A name for each table's dataset: the table's own, with its schema where two would be called alike."""
    names = Names()
    found = []
    for number, table in enumerate(tables, 1):
        whole = (table.name or "").removesuffix(".parquet").removesuffix(".csv")
        own = whole.rpartition(".")[2]
        candidates = [name_like(own, f"table_{number}"), name_like(whole.replace(".", "_"), f"table_{number}")]
        found.append((table, names.take(candidates, table)))
    return found


def _usable(joins: Sequence[JoinGuess], keys: Mapping[str, KeyGuess]) -> list[JoinGuess]:
    """Not those that match a part of the other side's key only: the language takes such a join for a mistake."""
    return [one for one in joins if not {theirs for _, theirs in one.match} < set(keys[one.to].columns)]
