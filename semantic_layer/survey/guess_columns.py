"""What the columns of a table are good for: times, dimensions to cut by, numbers to add up."""

from dataclasses import dataclass
from enum import Enum, auto

from semantic_layer.definitions.new_names import looks_like_id, name_like
from semantic_layer.definitions.types import DATE, ColumnType, Kind, decimal
from semantic_layer.survey.profile import ColumnProfile, TableProfile

MONEY = decimal(18, 2)
FEW = 50  # different values that are a dimension whatever the share
MOST_MEMBERS = 10_000
LARGEST_SHARE = 0.2  # of different values among the rows, for a text to be a dimension; a label may have more

# Words in names of columns, as people write them in English.
_ORDINALS = frozenset({
    "year", "quarter", "month", "week", "weekday", "day", "hour", "minute", "level", "rank", "rating", "grade",
    "status", "type", "kind", "class", "tier", "stage", "phase", "category", "group", "zone", "region", "version",
})  # fmt: skip
_PLACES = frozenset({"latitude", "longitude", "lat", "lon", "lng"})
_NEVER_ADDED = frozenset({
    "rate", "ratio", "percent", "percentage", "pct", "share", "price", "avg", "average", "mean", "median", "score",
    "temperature", "age", "height", "width", "length", "depth", "speed", "margin", "probability", "factor", "index",
    "position",
})  # fmt: skip
_PERSONAL = frozenset({
    "email", "mail", "phone", "mobile", "fax", "address", "street", "birth", "birthday", "birthdate", "dob", "gender",
    "sex", "marital", "religion", "ssn", "iban", "passport", "firstname", "lastname", "surname", "username",
})  # fmt: skip
_PERSONAL_PAIRS = ({"first", "name"}, {"last", "name"}, {"family", "name"}, {"user", "name"}, {"ip"})
_LABELS = frozenset({"name", "title", "label"})
_LATER = frozenset({
    "updated", "modified", "changed", "deleted", "expires", "expired", "expiry", "until", "end", "ended", "birth",
    "born", "valid", "due",
})  # fmt: skip
_FIRST = ("ordered", "order", "sold", "transaction", "purchase", "invoice", "event", "occurred", "created", "start")


class Use(Enum):
    TIME = auto()
    DIMENSION = auto()
    SUM = auto()
    AVERAGE = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """`declared` is the type for `columns:`, with `declared_reason` where it is not the source's own."""

    column: ColumnProfile
    use: Use
    reason: str
    declared: ColumnType
    declared_reason: str = ""
    is_id: bool = False


def guess_column(table: TableProfile, column: ColumnProfile, *, is_key: bool, is_joined: bool) -> ColumnGuess:
    name = name_like(column.name, "column")
    words = set(name.split("_"))
    is_id = is_key or is_joined or looks_like_id(name)
    declared, why = _declared(table, column)

    def guess(use: Use, reason: str) -> ColumnGuess:
        return ColumnGuess(column, use, reason, declared, why, is_id)

    if column.type.is_time:
        return guess(Use.TIME, "")
    if table.sampled and column.known == 0:
        return guess(Use.NOTHING, "no values")
    if column.type.kind is Kind.BOOLEAN:
        return guess(Use.DIMENSION, "")
    if is_id and column.type.kind is not Kind.FLOAT:
        return guess(Use.DIMENSION, "guess: an id")
    if column.type.kind is Kind.TEXT:
        return guess(*_text(table, column, words))
    if column.type.kind in (Kind.INTEGER, Kind.BIGINT) and words & _ORDINALS:
        return guess(Use.DIMENSION, "guess: a number that orders or names, by its name")
    if words & _PLACES:
        return guess(Use.NOTHING, "a place on the map")
    if words & _NEVER_ADDED:
        return guess(Use.AVERAGE, "guess: does not add up, by its name")
    return guess(Use.SUM, "guess: a number that adds up")


def _declared(table: TableProfile, column: ColumnProfile) -> tuple[ColumnType, str]:
    if column.type.kind is Kind.FLOAT and column.known and not column.finer:
        return MONEY, f"guess: the source says no scale; two decimals at most in all {table.rows:,} rows"
    return column.type, ""


def _text(table: TableProfile, column: ColumnProfile, words: set[str]) -> tuple[Use, str]:
    if not table.sampled:
        return Use.DIMENSION, "guess: a text; the table is empty"
    values = "1 value" if column.different == 1 else f"{column.different:,} values"
    counted = f"{values} in {table.sampled:,} rows"
    most = MOST_MEMBERS if words & _LABELS else LARGEST_SHARE * column.known
    if column.different <= max(FEW, min(MOST_MEMBERS, most)):
        return Use.DIMENSION, f"guess: {counted}"
    return Use.NOTHING, f"a text with {counted}; add it under dimensions to cut by it"


def is_personal(column: ColumnProfile) -> bool:
    """Whether a column is named like something about a person."""
    words = set(name_like(column.name, "column").split("_"))
    return bool(words & _PERSONAL) or any(pair <= words for pair in _PERSONAL_PAIRS)


def finest_of(column: ColumnProfile) -> tuple[str, str]:
    """The grain for `finest`, and why."""
    if column.type == DATE:
        return "day", ""
    if column.known and not column.finer:
        return "day", "guess: no time of day in the rows that were looked at"
    return "hour", ""


def main_time(table: TableProfile, times: list[ColumnProfile]) -> ColumnProfile | None:
    """The time that dates the rows: without gaps, not a later change, named like what happened."""

    def rank(column: ColumnProfile) -> tuple[bool, bool, int]:
        words = set(name_like(column.name, "column").split("_"))
        first = next((place for place, word in enumerate(_FIRST) if word in words), len(_FIRST))
        return column.known < table.sampled, bool(words & _LATER), first

    return min(times, key=rank, default=None)
