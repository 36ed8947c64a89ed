"""What an answer must look like for an ask: columns and types by the contract, cells in their JSON form, rows in order.

This is the contract written a second time, in the plainest way, for the tests only.
"""

import datetime
import decimal
import math
import re
from collections.abc import Sequence
from typing import Any

Ask = dict[str, Any]
Cell = Any
Row = Sequence[Cell]

# Result types by semantics rule 8: counts INTEGER, sums of integers BIGINT, sums of decimals DECIMAL, the rest FLOAT.
METRIC_TYPES: dict[str, str] = {
    "sales": "DECIMAL",
    "sales_ytd": "DECIMAL",
    "units": "BIGINT",
    "baskets": "INTEGER",
    "active_households": "INTEGER",
    "active_households_28d": "INTEGER",
    "new_households": "INTEGER",
    "coupon_redemptions": "INTEGER",
    "targeted_households": "INTEGER",
    "redeeming_households": "INTEGER",
    "average_basket_value": "FLOAT",
    "units_per_basket": "FLOAT",
    "discount_rate": "FLOAT",
    "private_label_share": "FLOAT",
    "repeat_purchase_rate": "FLOAT",
    "sales_mom_growth": "FLOAT",
    "sales_share": "FLOAT",
    "median_basket_value": "FLOAT",
    "p90_basket_value": "FLOAT",
    "promoted_sales_share": "FLOAT",
    "redemptions_per_1000_baskets": "FLOAT",
    "redemption_rate": "FLOAT",
    # tests/golden/kinds
    "on_hand": "BIGINT",
    "on_hand_of_stores": "BIGINT",
    "closing": "BIGINT",
    "starting": "BIGINT",
    "lowest_stock": "BIGINT",
    "highest_stock": "BIGINT",
    "usual_stock": "FLOAT",
    "counted": "INTEGER",
    "assortment": "INTEGER",
    "national_stock": "BIGINT",
    "stock_cover": "FLOAT",
    "on_hand_before": "BIGINT",
    "closing_before": "BIGINT",
    "usual_stock_28d": "FLOAT",
    "on_hand_28d": "BIGINT",
    "highest_stock_ytd": "BIGINT",
    "on_hand_share": "FLOAT",
    "middle_store": "FLOAT",
    "opening_sales": "DECIMAL",
    "sales_fiscal_before": "DECIMAL",
    "sales_fiscal_quarter_before": "DECIMAL",
    "sales_fqtd": "DECIMAL",
    "households_2fm": "INTEGER",
    "sales_fiscal_opening": "DECIMAL",
    "small_line": "FLOAT",
    "till_sales": "DECIMAL",
    "baskets_after_coupon": "INTEGER",
    "baskets_after_first_coupon": "INTEGER",
    "baskets_per_coupon": "FLOAT",
    "line_average": "FLOAT",
    "smallest_line": "DECIMAL",
    "largest_line": "DECIMAL",
    "middle_line": "FLOAT",
    "lines_sold": "INTEGER",
    "dear_lines": "INTEGER",
    "lines_from": "INTEGER",
    "share_of_lines_from": "FLOAT",
    "sales_ever": "DECIMAL",
    "households_ever": "INTEGER",
    "sales_rank": "INTEGER",
    "value_growth": "FLOAT",
    "visitors": "INTEGER",
    "buyers": "INTEGER",
    "tiered_sales": "DECIMAL",
    "loyal_share": "FLOAT",
}
DIMENSION_TYPES: dict[str, str] = {
    "store_id": "INTEGER",
    "household_id": "INTEGER",
    "product.manufacturer_id": "INTEGER",
    "campaign.campaign_id": "INTEGER",
    "basket_id": "BIGINT",
    "low_store.area": "INTEGER",
    "high_store.area": "INTEGER",
}
TIME_DIMENSIONS = frozenset({"transaction_date", "redemption_date", "time", "day", "sold_on", "visitor.came"})


def expected_columns(ask: Ask) -> list[tuple[str, str]]:
    """(name, type) of each column: the dimensions in asked order, then the metrics."""
    dimensions = [(_name(d, "dimension"), _dimension_type(d)) for d in ask.get("by", [])]
    metrics = [(_name(m, "name"), METRIC_TYPES[m["name"]]) for m in ask.get("metrics", [])]
    return dimensions + metrics


def _name(item: Ask, key: str) -> str:
    return str(item.get("alias", item[key]))


def _dimension_type(item: Ask) -> str:
    dimension = item["dimension"]
    if item.get("part"):
        return "INTEGER"
    if dimension in TIME_DIMENSIONS:
        return "TIMESTAMP" if item.get("grain") in ("HOUR", "MINUTE", "SECOND") else "DATE"
    return DIMENSION_TYPES.get(dimension, "TEXT")


def answer_order(ask: Ask, rows: Sequence[Row]) -> list[Row]:
    """`rows` in the order of semantics rule 22: the asked keys, then all dimensions; nulls last, text by code point."""
    names = [name for name, _ in expected_columns(ask)]
    ordered = list(rows)
    keys = [(names.index(key["key"]), bool(key.get("descending"))) for key in ask.get("orderBy", [])]
    keys += [(position, False) for position in range(len(ask.get("by", [])))]
    for position, descending in reversed(keys):  # a stable sort by the last key first
        ordered.sort(key=lambda row, at=position: _not_null(row[at]), reverse=descending)  # type: ignore[misc]
        ordered.sort(key=lambda row, at=position: row[at] is None)  # type: ignore[misc]
    return ordered


def _not_null(cell: Cell) -> tuple[bool, Cell]:
    return (True, cell) if cell is not None else (False, 0)


def page(ask: Ask, rows: Sequence[Row]) -> tuple[list[Row], bool]:
    """The asked page of all rows in order, and whether another row exists after it."""
    start = ask.get("offset", 0)
    end = start + ask.get("limit", 10_000)
    return list(rows[start:end]), len(rows) > end


def assert_rows(actual: Sequence[Row], expected: Sequence[Row], columns: Sequence[tuple[str, str]]) -> None:
    """Assert that `actual` (JSON cells) is `expected` (cells of the oracle), row by row and in order."""
    for position, (got, wanted) in enumerate(zip(actual, expected, strict=False)):
        assert len(got) == len(columns), f"row {position} has {len(got)} cells: {got}"
        for (name, kind), cell, truth in zip(columns, got, wanted, strict=True):
            assert same(cell, truth, kind), (
                f"row {position}, column {name} ({kind}): got {cell!r}, the oracle says {truth!r}\n"
                f"  got      {list(got)}\n  expected {list(wanted)}"
            )
    assert len(actual) == len(expected), (
        f"{len(actual)} rows, the oracle says {len(expected)}\n"
        f"  next got {list(actual[len(expected) :][:3])}\n  next expected {list(expected[len(actual) :][:3])}"
    )


def same(cell: Cell, truth: Cell, kind: str) -> bool:
    """Whether a JSON cell of a column type is the oracle's value: exact, but for floats (1e-9 relative)."""
    if truth is None or cell is None:
        return cell is None and truth is None
    match kind:
        case "INTEGER":
            return type(cell) is int and cell == truth
        case "BIGINT":
            return _matches(r"-?\d+", cell) and int(cell) == truth
        case "DECIMAL":
            return _matches(r"-?\d+\.\d{2}", cell) and decimal.Decimal(cell) == decimal.Decimal(str(truth))
        case "FLOAT":
            is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
            return is_number and math.isclose(cell, truth, rel_tol=1e-9, abs_tol=1e-15)
        case "DATE":
            return type(cell) is str and cell == _day(truth).isoformat()
        case "TIMESTAMP":
            return type(cell) is str and cell == truth.isoformat(timespec="seconds")
        case "TEXT":
            return type(cell) is str and cell == truth
    raise AssertionError(f"no comparison for the type {kind}")


def _matches(pattern: str, cell: Cell) -> bool:
    return type(cell) is str and re.fullmatch(pattern, cell) is not None


def _day(value: datetime.date) -> datetime.date:
    return value.date() if isinstance(value, datetime.datetime) else value


def as_cell(value: Any, kind: str) -> Any:
    """An oracle's value in the JSON form of its column type."""
    if value is None:
        return None
    match kind:
        case "INTEGER":
            return int(value)
        case "BIGINT":
            return str(int(value))
        case "DECIMAL":
            return f"{value:.2f}"
        case "FLOAT":
            return float(value)
        case "DATE":
            return str(value)[:10]
        case "TIMESTAMP":
            return value.isoformat(timespec="seconds")
    return value


def totals_question(ask: dict[str, Any], kept: list[str]) -> dict[str, Any]:
    """The question of one totals set, as far as columns and order matter: the kept dimensions in asked order."""
    by = [d for d in ask["by"] if d.get("alias", d["dimension"]) in kept]
    return {"by": by, "metrics": ask["metrics"]}
