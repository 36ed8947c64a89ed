"""The golden questions, read from `questions/*.yaml`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

QUESTIONS = Path(__file__).parent / "questions"
KINDS = Path(__file__).parent / "kinds" / "questions"
KEYS = frozenset({"id", "rules", "note", "shows", "also_in", "ask", "sql", "totals"})

# Every kind of calculation and of question that is promised; a curated case `shows` some of them.
SHOWN = (
    "sum", "count", "distinct count", "average", "least and greatest", "median", "percentile", "discrete percentile",
    "condition counted", "filtered", "ratio", "derived of several levels", "trailing window", "window to date",
    "window over all time", "window that is not additive", "shifted", "several shifts", "start of period",
    "per entity", "first event", "cohort", "conversion", "semi-additive", "share of total", "rank", "top with others",
    "parameter", "segment", "metric filter", "existence", "date part", "time spine", "slowly changing join",
    "join of several hops", "role", "bridge", "totals of what does not add", "several facts", "members without facts",
    "filter of nulls", "having", "order and pages", "exact number",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One question: the ask as a client sends it, and hand-written SQL for its rows and each of its totals.

    A case that `shows` something is curated: its plan, its SQL and its rows are kept in `printed/`.
    """

    id: str
    file: str
    rules: tuple[int, ...]
    note: str
    shows: tuple[str, ...]
    also_in: tuple[str, ...]
    ask: dict[str, Any]
    sql: str | dict[str, str]
    totals: tuple[str | dict[str, str], ...]

    def sql_for(self, engine: str) -> str:
        return sql_for(self.sql, engine)


def sql_for(sql: str | dict[str, str], engine: str) -> str:
    """The text for an engine; most questions have one text for all."""
    return sql if isinstance(sql, str) else sql[engine]


def curated() -> list[tuple[Path, Case]]:
    """The cases that show something, each with the folder of its questions."""
    return [(folder, case) for folder in (QUESTIONS, KINDS) for case in load_cases(folder) if case.shows]


def load_cases(folder: Path = QUESTIONS) -> list[Case]:
    """All cases of a folder, by file and line. Raises ValueError for a key, rule or id that cannot be right."""
    cases: list[Case] = []
    for path in sorted(folder.glob("*.yaml")):
        for entry in YAML(typ="safe", pure=True).load(path.read_text("utf-8")):
            cases.append(_case(entry, path.stem))
    ids = [case.id for case in cases]
    twice = {i for i in ids if ids.count(i) > 1}
    if twice:
        raise ValueError(f"ids that occur twice: {sorted(twice)}")
    return cases


def _case(entry: dict[str, Any], file: str) -> Case:
    unknown = entry.keys() - KEYS
    if unknown:
        raise ValueError(f"{file}, {entry.get('id')}: unknown keys {sorted(unknown)}")
    case = Case(
        id=entry["id"],
        file=file,
        rules=tuple(entry["rules"]),
        note=entry.get("note", ""),
        shows=tuple(entry.get("shows", ())),
        also_in=tuple(entry.get("also_in", ())),
        ask=entry["ask"],
        sql=entry["sql"],
        totals=tuple(entry.get("totals", ())),
    )
    if not all(1 <= rule <= 28 for rule in case.rules):
        raise ValueError(f"{case.id}: rules are 1 to 28, got {case.rules}")
    if strange := set(case.shows) - set(SHOWN):
        raise ValueError(f"{case.id}: shows {sorted(strange)}, which is none of SHOWN")
    if len(case.totals) != len(case.ask.get("totals", ())):
        raise ValueError(f"{case.id}: one SQL for each set of `totals`")
    return case
