"""The golden questions, read from `questions/*.yaml`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

QUESTIONS = Path(__file__).parent / "questions"
KINDS = Path(__file__).parent / "kinds" / "questions"
KEYS = frozenset({"id", "rules", "note", "ask", "sql", "totals"})


@dataclass(frozen=True, slots=True)
class Case:
    """One question: the ask as a client sends it, and hand-written SQL for its rows and each of its totals."""

    id: str
    file: str
    rules: tuple[int, ...]
    note: str
    ask: dict[str, Any]
    sql: str | dict[str, str]
    totals: tuple[str | dict[str, str], ...]

    def sql_for(self, engine: str) -> str:
        return sql_for(self.sql, engine)


def sql_for(sql: str | dict[str, str], engine: str) -> str:
    """The text for an engine; most questions have one text for all."""
    return sql if isinstance(sql, str) else sql[engine]


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
        ask=entry["ask"],
        sql=entry["sql"],
        totals=tuple(entry.get("totals", ())),
    )
    if not all(1 <= rule <= 28 for rule in case.rules):
        raise ValueError(f"{case.id}: rules are 1 to 28, got {case.rules}")
    if len(case.totals) != len(case.ask.get("totals", ())):
        raise ValueError(f"{case.id}: one SQL for each set of `totals`")
    return case
