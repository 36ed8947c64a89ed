"""A calendar's rows: periods that do not come back, and that lie in the larger ones they are said to lie in."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from semantic_layer.definitions.model import Calendar
from semantic_layer.definitions.problem import Place
from semantic_layer.definitions.types import Grain
from semantic_layer.plan.calendar_joins import DAY
from semantic_layer.plan.data_checks import calendar_plan
from semantic_layer.query.calendar import midnight, start_of
from semantic_layer.survey.finding import Example, Finding, FindingCode, Level
from semantic_layer.survey.run import MOST_EXAMPLES, Look

Row = Mapping[str, Any]


async def calendar_findings(look: Look, calendar: Calendar, place: Place) -> list[Finding]:
    """Reads the whole calendar: one row per day of some years."""
    rows = await look.rows(calendar_plan(look.published, calendar.name, look.schemas))
    found = []
    for grain in calendar.grains:
        back = _that_come_back(rows, grain)
        if back:
            message = f"periods of {grain} go on after another has begun, so that their order is unknown ({len(back)})"
            found.append(_finding(FindingCode.PERIOD_COMES_BACK, calendar, place, message, back))
    for grain, around in calendar.within.items():
        torn = _that_are_torn(rows, grain, around)
        if torn:
            message = f"periods of {grain} lie in several of {around}, which they are said to lie within ({len(torn)})"
            found.append(_finding(FindingCode.PERIOD_NOT_WITHIN, calendar, place, message, torn))
    off = [row[DAY] for row in rows if row[DAY] is not None and _is_off(row[DAY], calendar.step)]
    if off:
        message = f"rows of calendar {calendar.name} begin no {calendar.step}, so that nothing meets them ({len(off)})"
        found.append(_finding(FindingCode.STEP_NOT_WHOLE, calendar, place, message, {at: 1 for at in off}))
    return found


def _finding(
    code: FindingCode, calendar: Calendar, place: Place, message: str, labels: Mapping[object, int]
) -> Finding:
    shown = tuple(Example((str(label),), rows) for label, rows in list(labels.items())[:MOST_EXAMPLES])
    return Finding(Level.ERROR, code, calendar.name, place, message, shown)


def _that_come_back(rows: Iterable[Row], grain: str) -> dict[object, int]:
    """The labels that stand again after another one, with the rows that do; days without a period part nothing."""
    ended: set[object] = set()
    back: dict[object, int] = {}
    last: object = None
    for row in rows:
        label = row[grain]
        if label is None:
            continue
        if label != last and last is not None:
            ended.add(last)
        if label in ended:
            back[label] = back.get(label, 0) + 1
        last = label
    return back


def _that_are_torn(rows: Iterable[Row], grain: str, around: str) -> dict[object, int]:
    """The labels whose rows have several labels of the larger grain, or one and none, with their rows."""
    larger: dict[object, set[object]] = {}
    count: dict[object, int] = {}
    for row in rows:
        label = row[grain]
        if label is not None:
            larger.setdefault(label, set()).add(row[around])
            count[label] = count.get(label, 0) + 1
    return {label: count[label] for label, found in larger.items() if len(found) > 1}


def _is_off(at: date | datetime, step: Grain) -> bool:
    moment = at if isinstance(at, datetime) else midnight(at)
    return start_of(moment, step) != moment
