"""dbt's questions with known answers: where they lie, the tables in a database, and how rows are compared.

The whole sample may lie in a folder beside a checkout (test data of dbt-labs/metricflow, Apache-2.0); a few of
its cases and their tables are copied into `tests/dbt/some`, so that a checkout alone can be tested.
"""

import json
import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import duckdb

SOME = Path(__file__).parent / "some"
WHOLE = Path(__file__).parents[3] / "shared" / "dbt_sample"
SAMPLE = WHOLE if WHOLE.is_dir() else SOME
MANIFESTS = WHOLE / "manifests" if WHOLE.is_dir() else Path(__file__).parents[1] / "interchange" / "manifests"
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Case:
    """A question in dbt's words, and the rows that must come; None for one that must be refused."""

    name: str
    manifest: str
    question: dict[str, Any]
    columns: tuple[str, ...]
    rows: list[list[Any]] | None
    in_order: bool
    tags: tuple[str, ...]

    @property
    def category(self) -> str:
        return self.name.split("/")[0]


_KEYS = ("metrics", "where", "limit", "time_constraint", "saved_query", "min_max_only", "order_by")


def cases(folder: Path = SAMPLE) -> list[Case]:
    answered = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    refused = json.loads((folder / "refusals.json").read_text(encoding="utf-8"))
    return [_case(one, one["expected"]) for one in answered] + [_case(one, None) for one in refused]


def _case(found: dict[str, Any], expected: dict[str, Any] | None) -> Case:
    question = {key: found[key] for key in _KEYS if found.get(key)}
    if found.get("group_bys"):
        question["group_by"] = found["group_bys"]
    return Case(
        found["id"],
        found["manifest"],
        question,
        () if expected is None else tuple(expected["columns"]),
        None if expected is None else expected["rows"],
        bool(found.get("check_order")),
        tuple(found.get("tags", ())),
    )


def manifest(name: str) -> Path:
    return MANIFESTS / f"{name}.json"


# --- databases -------------------------------------------------------------------------------------------------------


def load_duckdb(target: Path, folder: Path = SAMPLE) -> str:
    """The tables as a DuckDB file; gives its url."""
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"create schema {schema['schema']}")
        for name, table in schema["tables"].items():
            columns = ", ".join(f'"{one["name"]}" {one["duckdb"]}' for one in table["columns"])
            connection.execute(f"create table {schema['schema']}.{name} ({columns})")
            path = folder / "csv" / f"{name}.csv"
            connection.execute(f"copy {schema['schema']}.{name} from '{path}' (header, nullstr '\\N')")
    return f"duckdb://{target}"


async def load_postgres(url: str, folder: Path = SAMPLE) -> None:
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"create schema {schema['schema']}")
        for name, table in schema["tables"].items():
            columns = ", ".join(f'"{one["name"]}" {one["postgres"]}' for one in table["columns"])
            await connection.execute(f"create table {schema['schema']}.{name} ({columns})")
            with (folder / "csv" / f"{name}.csv").open("rb") as rows:
                await connection.copy_to_table(
                    name, schema_name=schema["schema"], source=rows, format="csv", header=True, null="\\N"
                )
        await connection.execute("analyze")
    finally:
        await connection.close()


# --- comparing -------------------------------------------------------------------------------------------------------


def difference(case: Case, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str | None:
    """What is wrong with an answer; None if it is the expected one: rows in any order, unless the case orders them."""
    assert case.rows is not None
    if sorted(columns) != sorted(case.columns):
        return f"columns {columns}, expected {case.columns}"
    places = [columns.index(name) for name in case.columns]
    found = [[_plain(row[place]) for place in places] for row in rows]
    wanted = [[_plain(cell) for cell in row] for row in case.rows]
    if len(found) != len(wanted):
        return f"{len(found)} rows, expected {len(wanted)}; first {found[:2]}, expected {wanted[:2]}"
    if not case.in_order:
        found, wanted = sorted(found, key=_sortable), sorted(wanted, key=_sortable)
    for one, other in zip(found, wanted, strict=True):
        if not all(_same(a, b) for a, b in zip(one, other, strict=True)):
            missing = Counter(map(str, wanted)) - Counter(map(str, found))
            return f"row {one}, expected {other}; {missing.total()} expected rows are not there"
    return None


def _plain(cell: Any) -> Any:
    match cell:
        case bool() | None:
            return cell
        case int() | float() | Decimal():
            return float(cell)
        case datetime():
            return cell.isoformat()
        case date():
            return datetime.combine(cell, time()).isoformat()
        case str() if len(cell) == 10 and cell[4:5] == "-" == cell[7:8]:
            return f"{cell}T00:00:00"
        case _:
            return cell


def _sortable(row: list[Any]) -> list[tuple[int, Any]]:
    return [(0, "") if c is None else (1, round(c, 3)) if isinstance(c, float) else (2, str(c)) for c in row]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=1e-9)
    return bool(one == other)
