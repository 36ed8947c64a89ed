"""Periods of wall-clock time, in the plainest way (semantics rule 11)."""

from calendar import monthrange
from datetime import date, datetime, timedelta

GRAINS = ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "HALF_YEAR", "YEAR")
CLOCK = ("SECOND", "MINUTE", "HOUR")
_MONTHS = {"MONTH": 1, "QUARTER": 3, "HALF_YEAR": 6, "YEAR": 12}
_LENGTHS = {
    "SECOND": timedelta(seconds=1),
    "MINUTE": timedelta(minutes=1),
    "HOUR": timedelta(hours=1),
    "DAY": timedelta(days=1),
    "WEEK": timedelta(days=7),
}
INSTANT = timedelta(microseconds=1)


def moment(value: date | datetime) -> datetime:
    """A day as its midnight."""
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)


def start_of(at: datetime, grain: str) -> datetime:
    """The first moment of the period that holds `at`; weeks begin on Monday."""
    day = datetime(at.year, at.month, at.day)
    match grain:
        case "SECOND":
            return at.replace(microsecond=0)
        case "MINUTE":
            return at.replace(second=0, microsecond=0)
        case "HOUR":
            return day + timedelta(hours=at.hour)
        case "DAY":
            return day
        case "WEEK":
            return day - timedelta(days=day.isoweekday() - 1)
        case "MONTH":
            return datetime(at.year, at.month, 1)
        case "QUARTER":
            return datetime(at.year, (at.month - 1) // 3 * 3 + 1, 1)
        case "HALF_YEAR":
            return datetime(at.year, 1 if at.month <= 6 else 7, 1)
        case _:
            return datetime(at.year, 1, 1)


def add(at: datetime, count: int, unit: str) -> datetime:
    """`at` moved by calendar units; a day that the month lacks is the month's last."""
    if unit in _LENGTHS:
        return at + count * _LENGTHS[unit]
    months = at.year * 12 + at.month - 1 + count * _MONTHS[unit]
    year, month = months // 12, months % 12 + 1
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))


def periods(first: datetime, last: datetime, grain: str) -> list[datetime]:
    """The first moment of each period from the one that holds `first` to the one that holds `last`."""
    found, at = [], start_of(first, grain)
    while at <= last:
        found.append(at)
        at = add(at, 1, grain)
    return found


def nests(fine: str, coarse: str) -> bool:
    """Whether each period of one grain lies inside one of the other."""
    return fine == coarse or (GRAINS.index(fine) < GRAINS.index(coarse) and fine != "WEEK")


def divides(grain: str, count: int, unit: str) -> bool:
    """Whether `count` units are whole periods of the grain, wherever they begin."""
    if grain in _MONTHS:
        return unit in _MONTHS and count * _MONTHS[unit] % _MONTHS[grain] == 0
    if unit in _MONTHS:
        return grain != "WEEK"
    return count * _LENGTHS[unit] % _LENGTHS[grain] == timedelta(0)


def part_of(at: date | datetime, part: str) -> int:
    match part:
        case "HOUR_OF_DAY":
            return moment(at).hour
        case "DAY_OF_WEEK":
            return at.isoweekday()
        case "DAY_OF_MONTH":
            return at.day
        case "DAY_OF_YEAR":
            return at.timetuple().tm_yday
        case "WEEK_OF_YEAR":
            return at.isocalendar().week
        case "MONTH_OF_YEAR":
            return at.month
        case _:
            return (at.month - 1) // 3 + 1


# The longest grain whose periods have one value of the part.
PART_GRAIN = {
    "HOUR_OF_DAY": "HOUR",
    "DAY_OF_WEEK": "DAY",
    "DAY_OF_MONTH": "DAY",
    "DAY_OF_YEAR": "DAY",
    "WEEK_OF_YEAR": "WEEK",
    "MONTH_OF_YEAR": "MONTH",
    "QUARTER_OF_YEAR": "QUARTER",
}
