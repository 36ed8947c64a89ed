"""Calendar arithmetic on wall-clock time: periods, and months that are months (semantics rule 11)."""

import calendar
from datetime import date, datetime, time, timedelta

from semantic_layer.definitions.types import AnyGrain, CalendarGrain, Grain

MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.HALF_YEAR: 6, Grain.YEAR: 12}
SECONDS = {Grain.SECOND: 1, Grain.MINUTE: 60, Grain.HOUR: 3600, Grain.DAY: 86_400, Grain.WEEK: 604_800}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EARLIEST, LATEST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def add(moment: datetime, count: int, unit: Grain) -> datetime:
    """`moment` moved by whole units; a day that the month lacks becomes its last (31 March - 1 month: 28 February).

    Raises OverflowError outside of years 1 to 9999.
    """
    if unit in SECONDS:
        return moment + timedelta(seconds=count * SECONDS[unit])
    months = moment.year * 12 + moment.month - 1 + count * MONTHS[unit]
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("outside of the calendar")
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def start_of(moment: datetime, grain: Grain, week_start: str = "monday") -> datetime:
    """The first moment of the period that holds `moment`."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match grain:
        case Grain.SECOND:
            return moment.replace(microsecond=0)
        case Grain.MINUTE:
            return moment.replace(second=0, microsecond=0)
        case Grain.HOUR:
            return moment.replace(minute=0, second=0, microsecond=0)
        case Grain.DAY:
            return day
        case Grain.WEEK:
            return day - timedelta(days=(day.weekday() - WEEKDAYS.index(week_start)) % 7)
        case _:
            return day.replace(month=1 + (day.month - 1) // MONTHS[grain] * MONTHS[grain], day=1)


def divides(grain: AnyGrain, count: int, unit: AnyGrain) -> bool:
    """Whether `count` units are a whole number of `grain` periods, wherever one starts (SHIFT_GRAIN otherwise).

    Into a calendar's periods fit its rows, itself, and the grains that are declared to lie within it.
    """
    if isinstance(unit, CalendarGrain):
        return grain is unit.step or (isinstance(grain, CalendarGrain) and nests(grain, unit))
    if isinstance(grain, CalendarGrain):
        return False
    if grain in MONTHS:
        return unit in MONTHS and (count * MONTHS[unit]) % MONTHS[grain] == 0
    if unit in MONTHS:
        return grain is not Grain.WEEK
    return (count * SECONDS[unit]) % SECONDS[grain] == 0


def nests(fine: AnyGrain, coarse: AnyGrain) -> bool:
    """Whether every period of `fine` lies inside one of `coarse` (weeks lie inside nothing longer)."""
    if fine == coarse:
        return True
    if isinstance(coarse, CalendarGrain):
        if isinstance(fine, CalendarGrain):
            return fine.calendar == coarse.calendar and coarse.name in fine.within
        return fine.rank <= coarse.step.rank
    if isinstance(fine, CalendarGrain):
        return False
    return fine.rank < coarse.rank and fine is not Grain.WEEK
