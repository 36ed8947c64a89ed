"""Numbers of a comparison as people read them."""

from datetime import date
from decimal import Decimal

from semantic_layer.impact.numeric_diff import Value, moved_by

NOTHING = "–"
PERCENT = "percent"
SHOWN_DIGITS = 6


def value_said(value: Value, unit: str | None = None) -> str:
    """With its unit; a share as percent."""
    match value:
        case None:
            return NOTHING
        case bool():
            return "true" if value else "false"
        case float() if unit == PERCENT:
            return percent_said(value)
        case float():
            digits = len(str(int(abs(value))))
            said = f"{value:,.{min(max(SHOWN_DIGITS - digits, 2), SHOWN_DIGITS)}f}"
        case int() | Decimal():
            said = f"{value:,}"
        case date():  # a moment is one too
            return value.isoformat()
        case _:
            return str(value)
    return said if unit in (None, PERCENT) else f"{said} {unit}"


def percent_said(share: float, *, sign: bool = False) -> str:
    """Two decimals, or as many as the first digit needs: 0.0004 % is not 0.00 %."""
    percent = share * 100
    small = percent != 0 and abs(percent) < 0.005
    said = f"{percent:.1g}" if small else f"{percent:,.2f}"
    return f"{'+' if sign and percent > 0 else ''}{said} %"


def step_said(before: Value, after: Value, unit: str | None = None) -> str:
    """From the old number to the new one, and by how much: shares in points, others in percent of the old one."""
    old = value_said(before, unit if unit == PERCENT else None)
    by = change_said(before, after, unit)
    return f"{old} -> {value_said(after, unit)}" + (f"  ({by})" if by else "")


def change_said(before: Value, after: Value, unit: str | None = None) -> str:
    """Empty where nothing can be related: nothing before, a zero before, or no number."""
    numbers = all(isinstance(one, int | float | Decimal) and not isinstance(one, bool) for one in (before, after))
    if not numbers or before is None or after is None:
        return ""
    rises = after > before  # type: ignore[operator]
    by = float(moved_by(before, after))
    if by == 0:
        return "unchanged"
    if unit == PERCENT:
        return f"{'+' if rises else '-'}{by * 100:,.3g} points"
    if not before:
        return ""
    share = by / abs(float(before))  # type: ignore[arg-type]
    return percent_said(share if rises else -share, sign=True)


def member_said(value: Value) -> str:
    """A member's name; rows that have none are a group too."""
    return "(none)" if value is None else value_said(value)
