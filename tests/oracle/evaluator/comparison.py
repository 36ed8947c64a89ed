"""An answer of the product beside the evaluator's."""

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.oracle.evaluator.answers import Expected
from tests.oracle.evaluator.values import Cell, Type

# Sums of floats differ in the last digits by the order of their parts.
RELATIVE, ABSOLUTE = 1e-9, 1e-9


def difference(got: dict[str, Any], expected: Expected) -> str | None:
    """What is wrong with an answer, None if nothing."""
    columns = [(one["name"], one["type"]) for one in got["columns"]]
    wanted = [(name, type_.kind) for name, type_ in expected.columns]
    if columns != wanted:
        return f"columns {columns}, expected {wanted}"
    found = _rows_differ("rows", got["rows"], expected.rows, [type_ for _, type_ in expected.columns])
    if found is not None:
        return found
    if got["meta"]["truncated"] is not expected.truncated:
        return f"truncated is {got['meta']['truncated']}, expected {expected.truncated}"
    for total, rows in zip(got["totals"] or [], expected.totals, strict=True):
        kept = [type_ for name, type_ in expected.columns if name in total["by"]]
        metrics = [type_ for _, type_ in expected.columns[len(expected.columns) - (_metrics(expected)) :]]
        found = _rows_differ(f"totals by {total['by']}", total["rows"], rows, [*kept, *metrics])
        if found is not None:
            return found
    return None


def overflows(expected: Expected) -> bool:
    """Whether a sum of integers leaves 64 bits, which is an error and never wraps (rule 9)."""
    every = [*expected.rows, *(row for rows in expected.totals for row in rows)]
    metrics = [type_ for _, type_ in expected.columns[expected.dimensions :]]
    cells = [(cell, type_) for row in every for cell, type_ in zip(reversed(row), reversed(metrics), strict=False)]
    return any(type_.kind == "BIGINT" and cell is not None and not -(2**63) <= cell < 2**63 for cell, type_ in cells)


def _metrics(expected: Expected) -> int:
    return len(expected.columns) - expected.dimensions


def _rows_differ(
    where: str, got: Sequence[Sequence[Any]], wanted: Sequence[Sequence[Cell]], types: list[Type]
) -> str | None:
    for place, (mine, truth) in enumerate(zip(got, wanted, strict=False)):
        if len(mine) != len(truth) or not all(map(same, mine, truth, types)):
            return f"{where}: row {place} is {list(mine)}, expected {plain(truth)}"
    if len(got) != len(wanted):
        more = (
            f"first more: {list(got[len(wanted)])}" if len(got) > len(wanted) else f"missing: {plain(wanted[len(got)])}"
        )
        return f"{where}: {len(got)} rows, expected {len(wanted)}; {more}"
    return None


def plain(row: Sequence[Cell]) -> list[Any]:
    """A row for people."""
    return [str(cell) if isinstance(cell, Decimal | date) else cell for cell in row]


def same(cell: Any, truth: Cell, type_: Type) -> bool:
    """Whether a JSON cell is the value, in the JSON form of its type."""
    if cell is None or truth is None:
        return cell is None and truth is None
    match type_.kind:
        case "INTEGER":
            return type(cell) is int and cell == truth
        case "BIGINT":
            return isinstance(cell, str) and re.fullmatch(r"-?\d+", cell) is not None and int(cell) == truth
        case "DECIMAL":
            places = rf"\.\d{{{type_.scale}}}" if type_.scale else ""
            form = rf"-?\d+{places}"
            return isinstance(cell, str) and re.fullmatch(form, cell) is not None and Decimal(cell) == truth
        case "FLOAT":
            number = isinstance(cell, int | float) and not isinstance(cell, bool)
            return number and math.isclose(cell, truth, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
        case "DATE":
            return bool(cell == (truth.date() if isinstance(truth, datetime) else truth).isoformat())
        case "TIMESTAMP":
            return bool(cell == truth.isoformat(timespec="seconds"))
        case _:
            return type(cell) is type(truth) and cell == truth
