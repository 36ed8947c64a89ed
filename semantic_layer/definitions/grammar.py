"""The keys of the language, once: the reader is strict by them, the canonical form and editors follow them.

A Block is a map with known keys in their canonical order; a Shape says what may stand at a key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

GRAINS = ("second", "minute", "hour", "day", "week", "month", "quarter", "half_year", "year")
TIME_UNITS = tuple(grain for grain in GRAINS if grain != "half_year")
WEEK_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NAME_FORM = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"
GRAIN_FORM = rf"{NAME_FORM}(\.{NAME_FORM})?"
DURATION_FORM = rf"[1-9][0-9]{{0,3}} ({'|'.join(GRAINS)})s?"
PERIODS_FORM = rf"[1-9][0-9]{{0,3}} {GRAIN_FORM}"
UNIT_FORM = rf"[A-Z]{{3}}|count|percent|ratio|{'|'.join(TIME_UNITS)}"


@dataclass(frozen=True, slots=True)
class Text:
    """One text. With `form`, a pattern that the whole text has to match, said to people as `wanted`."""

    form: str | None = None
    wanted: str = "a text"


@dataclass(frozen=True, slots=True)
class Choice:
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """Any number, exact as written."""


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Any:
    """Any scalar; the reader checks it against a type that stands elsewhere."""


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression of formula.py."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; with `or_one`, a single item may stand without brackets. Empty only where that says something."""

    of: "Shape"
    or_one: bool = False
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Keyed:
    """A map from free names to one shape each. `noun` is what a name names."""

    noun: str
    of: "Shape"
    form: str = NAME_FORM


@dataclass(frozen=True, slots=True)
class ByLanguage:
    """A map from the catalog's languages; `every`: each of them must have a text."""

    of: "Shape" = field(default_factory=Text)
    every: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    shape: "Shape"
    says: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A map with known keys. `noun` is what the block defines, for messages and editors."""

    noun: str
    keys: Mapping[str, Key]


@dataclass(frozen=True, slots=True)
class Either:
    """A map where a map is written, otherwise the other shape."""

    block: "Block | Keyed"
    other: "Shape"


@dataclass(frozen=True, slots=True)
class Reference:
    """A shape by name, for blocks that contain themselves."""

    name: str


Shape = (
    Text | Choice | Whole | Number | Flag | Any | Formula | Listing | Keyed | ByLanguage | Block | Either | Reference
)

WORDS = ByLanguage(every=True)
SOME_WORDS = ByLanguage()
SYNONYMS = ByLanguage(Listing(Text()))
NAME = Text(NAME_FORM, 'a name of lower case letters, digits and single "_"')
ANY_NAME = r"[^\s\"'`;]+"
# A source may name columns and tables by any words: they are always quoted in SQL where they must be.
SOURCE_NAME = r"[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?"
COLUMN = Text(SOURCE_NAME, "a column's name")
CONNECTION = Text(r"[A-Za-z][A-Za-z0-9_]*", "the name of a connection in the settings")
TABLE = Text(SOURCE_NAME, "a table, view or file as the source names it")
OTHER_DIMENSION = Text(rf"{NAME_FORM}\.{NAME_FORM}", "DATASET.DIMENSION")
JOIN_KIND = Choice(("many_to_one", "one_to_one", "one_to_many", "many_to_many"))
UNIT = Text(UNIT_FORM, "an ISO 4217 code, count, percent, ratio or a unit of time")
PATH = Text(ANY_NAME, "a dimension, with its join path: product.brand")
PATHS = Listing(PATH)
PATHS_OR_NONE = Listing(PATH, may_be_empty=True)
GRAIN = Choice(GRAINS)
ANY_GRAIN = Text(GRAIN_FORM, f"one of {', '.join(GRAINS)}, or a grain of a calendar")
DURATION = Text(DURATION_FORM, "N UNIT, such as 28 days or 1 month")
PERIODS = Text(PERIODS_FORM, "N UNIT, such as 28 days or 1 month")
DAY = Text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date as YYYY-MM-DD")
PERSON = Text(r"[^\s].*", "the code of a person or team")
TIER = Whole(1, 3)
UPDATED = Choice(("hourly", "daily", "weekly", "monthly"))
COLUMN_TYPE = Text(
    r"text|boolean|integer|bigint|decimal\( ?\d{1,2} ?, ?\d{1,2} ?\)|float|date|timestamp|timestamptz",
    "text, boolean, integer, bigint, decimal(p,s), float, date, timestamp or timestamptz",
)
DIMENSION_TYPE = Text(
    r"text|boolean|integer|bigint|decimal\( ?\d{1,2} ?, ?\d{1,2} ?\)|float|time",
    "text, boolean, integer, bigint, decimal(p,s), float or time",
)

CATALOG = Block("catalog", {
    "time_zone": Key(Text(), "Where a day begins if a question names no zone."),
    "week_start": Key(Choice(WEEK_DAYS), "The first day of a week."),
    "languages": Key(Listing(Text(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language code, such as en or zh")),
                     "Every label and meaning has a text in each of these.", True),
    "sensitive": Key(Listing(NAME, may_be_empty=True), "The words that a dimension may say under `sensitive`."),
})  # fmt: skip
DOMAIN = Block("domain", {
    "label": Key(WORDS, "What people call it."),
    "parent": Key(NAME, "The domain above this one."),
    "steward": Key(PERSON, "Who keeps the domain's definitions in order."),
    "owner": Key(PERSON, "Business owner of metrics that name none."),
    "data_owner": Key(PERSON, "Data owner of metrics that name none."),
    "tier": Key(TIER, "Tier of metrics that name none: 1 most important, 3 least."),
    "updated": Key(UPDATED, "How often metrics are updated that do not say it."),
})  # fmt: skip
SOURCE = Block("source", {
    "connection": Key(CONNECTION, "A connection of the settings.", True),
})  # fmt: skip
_CALENDAR_GRAIN = Block("calendar grain", {
    "column": Key(COLUMN, "The column that names its periods, each by a day: its first, or any other.", True),
    "within": Key(NAME, "The next larger grain of this calendar, into whose periods its own fit."),
})  # fmt: skip
CALENDAR = Block("calendar", {
    "from": Key(NAME, "A dataset with one row per day (or hour …), and that as its key.", True),
    "day": Key(COLUMN, "Its column with the day.", True),
    "step": Key(Choice(("second", "minute", "hour", "day")), "What a row stands for; default: day."),
    "grains": Key(Keyed("grain", Either(_CALENDAR_GRAIN, COLUMN)), "Grain: the column that names its periods."),
    "finer": Key(Block("finer steps", {
        grain: Key(Text(rf"{NAME_FORM}\.{SOURCE_NAME}", "DATASET.COLUMN"), f"The column with each {grain} that exists.")
        for grain in ("second", "minute", "hour")
    }), "Steps finer than a day."),
})  # fmt: skip
DIMENSION = Block("dimension", {
    "sql": Key(Formula(), "An expression over raw columns; default: the column of this name."),
    "metric": Key(NAME, "A metric as an attribute of the dataset's key, over the whole history."),
    "of": Key(NAME, "The dimension whose top members are kept."),
    "top": Key(Whole(1, 10_000), "How many members are kept."),
    "by": Key(NAME, "The metric that ranks them."),
    "others": Key(Text(), "The name of all other members together."),
    "type": Key(DIMENSION_TYPE, "The type; default: text."),
    "finest": Key(GRAIN, "The finest grain that may be asked; default: day."),
    "grain": Key(GRAIN, "The grain of a question that names none; default: day, or `finest` if that is coarser."),
    "stored_in": Key(Text(), "The time zone in which a timestamp without zone was written."),
    "values": Key(Listing(Any()), "The closed list of members."),
    "conforms": Key(OTHER_DIMENSION, "The same thing under another dataset's name."),
    "sensitive": Key(NAME, "A word of the catalog's `sensitive`, to which access policies bind masks."),
    "label": Key(WORDS, "What people call it."),
    "synonyms": Key(SYNONYMS, "Other words for it, by language."),
    "meaning": Key(WORDS, "What it means."),
    "format": Key(Text(), "How a value is printed."),
})  # fmt: skip
JOIN = Block("join", {
    "to": Key(NAME, "The joined dataset; default: the join's name."),
    "kind": Key(JOIN_KIND, "How many rows may match, from here.", True),
    "through": Key(NAME, "A bridge: a dataset that joins many_to_one to `to`."),
    "match": Key(Either(Keyed("column", COLUMN, SOURCE_NAME), Listing(COLUMN, or_one=True)),
                 "The columns that are equal; a map if they are named differently (ours: theirs).", True),
    "valid_at": Key(NAME, "The time dimension that picks the valid row of a slowly changing dataset."),
    "repeats": Key(Flag(), "A row counts once for every partner that it finds; without it, several are an error."),
})  # fmt: skip
SEGMENT = Block("segment", {
    "where": Key(Formula(), "The rows it keeps."),
    "members": Key(Listing(PATH, or_one=True), "The entity whose members are chosen by `having`."),
    "having": Key(Formula(), "A condition over metrics, computed per entity."),
    "over": Key(Text(r"all time", '"all time"'), "`all time`: the entity's whole history, not the question's range."),
    "label": Key(WORDS, "What people call it."),
    "meaning": Key(WORDS, "What it means."),
})  # fmt: skip
DATASET = Block("dataset", {
    "source": Key(NAME, "The source that holds it.", True),
    "table": Key(TABLE, "A table, view or file of the source."),
    "sql": Key(Text(), "One SELECT, used like a table."),
    "label": Key(WORDS, "What people call it."),
    "rows": Key(WORDS, "What one row is."),
    "key": Key(Listing(COLUMN, or_one=True), "The columns that are unique per row, or `none`.", True),
    "time": Key(NAME, "The dimension that the reserved name `time` means here."),
    "valid": Key(Block("validity", {
        "from": Key(COLUMN, "The column with the first moment at which a row holds.", True),
        "until": Key(COLUMN, "The column with the first moment at which it no longer holds.", True),
    }), "When a row of a slowly changing dataset holds."),
    "columns": Key(Keyed("column", COLUMN_TYPE, SOURCE_NAME),
                   "Types of raw columns: a declared one is cast before use."),
    "watermark": Key(Formula(), "How fresh the data is, by the data's own mark: max(loaded_at)."),
    "change_token": Key(Formula(), "A value that changes whenever the data does."),
    "time_to_live": Key(DURATION, "How long an answer may be cached where there is no change token."),
    "hierarchies": Key(Keyed("hierarchy", Listing(NAME)), "Dimensions to drill into, from coarse to fine."),
    "dimensions": Key(Keyed("dimension", DIMENSION), "What rows are grouped and filtered by."),
    "joins": Key(Keyed("join", JOIN), "Edges to other datasets; the name is the first word of the path."),
    "segments": Key(Keyed("segment", SEGMENT), "Named filters, used as a word in `where`."),
})  # fmt: skip

_AFTER = Block("conversion", {
    "event": Key(NAME, "The metric whose events come first.", True),
    "same": Key(Listing(PATH), "What both events share.", True),
    "within": Key(Text(rf"unlimited|{DURATION_FORM}", "N UNIT or unlimited"), "How long after.", True),
    "match": Key(Choice(("first", "last")), "Which earlier event is meant."),
})  # fmt: skip
_LEVEL = Block("level", {"except": Key(PATHS, "All asked dimensions but these.", True)})
_PARAMETER = Block("parameter", {
    "type": Key(Text(r"text|boolean|integer|bigint|decimal\( ?\d{1,2} ?, ?\d{1,2} ?\)|float|date",
                     "text, boolean, integer, bigint, decimal(p,s), float or date"), "The type of its values.", True),
    "default": Key(Any(), "The value when a question says none.", True),
    "min": Key(Number(), "The smallest value that is allowed."),
    "max": Key(Number(), "The largest value that is allowed."),
    "values": Key(Listing(Any()), "The closed list of values."),
})  # fmt: skip

# The keys of every sentence: a metric's own, and those of the steps in `with`.
RULE_KEYS: dict[str, Key] = {
    "is": Key(Formula(), "One aggregate (with `from`, or across entities), or arithmetic over metrics.", True),
    "from": Key(NAME, "The dataset whose rows are aggregated."),
    "where": Key(Formula(), "The rows that count."),
    "time": Key(NAME, "Another time dimension of the dataset than its usual one."),
    "with": Key(Keyed("step", Reference("step")), "Smaller sentences with a name, seen only here."),
    "across": Key(Listing(PATH, or_one=True), "The entity: values are computed per entity first, then aggregated."),
    "having": Key(Formula(), "Which entities are kept: a condition over metrics."),
    "dated_by": Key(Formula(), "min or max of a time dimension: the moment that dates an entity."),
    "over": Key(Text(rf"trailing {PERIODS_FORM}|{GRAIN_FORM} to date|all time",
                     "trailing N UNIT, UNIT to date, start to date, all time"), "The window up to the asked period."),
    "take": Key(Choice(("last", "first", "last recorded", "first recorded", "min", "max", "average")),
                "What a coarser grain shows of its days."),
    "take_each": Key(PATHS, "Whose last recorded value is taken before it is summed."),
    "ago": Key(PERIODS, "The same question of the period that long ago."),
    "at_start_of": Key(ANY_GRAIN, "The value in the first asked period of this unit."),
    "steps": Key(NAME, "The calendar at each of whose days `over`, `ago` or `at_start_of` works, not at each period."),
    "after": Key(_AFTER, "Events that follow another metric's events."),
    "at_level": Key(Either(_LEVEL, PATHS_OR_NONE),
                    "Computed again with only these of the asked dimensions."),
    "ignoring": Key(PATHS, "The question's filters on these dimensions do not apply."),
    "rank_within": Key(PATHS_OR_NONE, "The rank among the asked members, apart for each value of these."),
    "order": Key(Choice(("descending", "ascending")), "Which end is rank 1; default: descending, the largest."),
    "unit": Key(UNIT, "The unit of its values."),
    "every_period": Key(NAME, "The calendar whose periods all have a row, also those without any data."),
    "fill": Key(Number(), "The value where there are no rows."),
}  # fmt: skip
STEP = Block("step", RULE_KEYS)

ABOUT = Block("about", {
    "label": Key(WORDS, "What people call it."),
    "synonyms": Key(SYNONYMS, "Other words for it, by language."),
    "meaning": Key(WORDS, "What it means, in one sentence."),
    "includes": Key(SOME_WORDS, "What is in it that one might not expect."),
    "excludes": Key(SOME_WORDS, "What is not in it that one might expect."),
    "how_to_read": Key(SOME_WORDS, "What to know before comparing or adding it."),
    "limits": Key(SOME_WORDS, "Where it is known to be weak."),
    "format": Key(Text(), "How a value is printed: 0.0%, #,##0."),
    "tags": Key(Listing(Text()), "Free words to find it by."),
    "links": Key(Listing(Text(r"https?://\S+", "an address that starts with https://")), "Where more is written."),
})  # fmt: skip
_WARN = Block("warn", {
    "when": Key(Formula(), "A condition; `value` is the metric itself.", True),
    "with": Key(Keyed("step", Reference("step")), "What it is compared with."),
    "grain": Key(ANY_GRAIN, "The grain at which it is watched."),
})  # fmt: skip
GOVERNANCE = Block("governance", {
    "domain": Key(NAME, "Where it belongs; gives owner, data_owner, tier and updated if they are not said here."),
    "owner": Key(PERSON, "Who answers for what it means."),
    "data_owner": Key(PERSON, "Who answers for how it is calculated."),
    "reviewers": Key(Listing(PERSON), "Who looks at changes."),
    "tier": Key(TIER, "1 most important, 3 least."),
    "kind": Key(Choice(("result", "process", "leading", "guardrail")), "What sort of metric it is."),
    "direction": Key(Choice(("up_is_good", "down_is_good", "neutral")), "Which way is good."),
    "purpose": Key(Choice(("steer", "diagnose", "assess")), "What it is for."),
    "updated": Key(UPDATED, "How often it is updated."),
    "freshness": Key(DURATION, "How old the data may be."),
    "warn": Key(_WARN, "When its owner is told."),
})  # fmt: skip
METRIC = Block("metric", {
    **RULE_KEYS,
    "fill_time": Key(Flag(), "One row per period of the asked range."),
    "grains": Key(Listing(ANY_GRAIN), "The grains it may be asked at."),
    "cut_by": Key(Block("cut", {
        "only": Key(PATHS_OR_NONE, "The only dimensions it may be cut by."),
        "except": Key(PATHS, "Dimensions it may not be cut by."),
    }), "How it may be cut: `only` or `except`."),
    "parameters": Key(Keyed("parameter", _PARAMETER), "Values that a question may set, written :name in formulas."),
    "valid_from": Key(DAY, "The business date from which this rule counts."),
    "history": Key(Choice(("restate", "as_defined")), "Which rule counts for the past."),
    "deprecated": Key(Block("deprecation", {
        "ends": Key(DAY, "The day on which it stops.", True),
        "use": Key(Listing(NAME), "Metrics to use in its place."),
        "reason": Key(WORDS, "Why."),
    }), "Said when it is going away."),
    "about": Key(ABOUT, "Words for people."),
    "governance": Key(GOVERNANCE, "People and promises."),
})  # fmt: skip
FILE = Block("file", {
    "language": Key(Whole(1), "The version of this grammar: 1."),
    "catalog": Key(CATALOG, "What all definitions share; in exactly one file."),
    "domains": Key(Keyed("domain", DOMAIN), "Parts of the business."),
    "sources": Key(Keyed("source", SOURCE), "Databases and folders of files."),
    "calendars": Key(Keyed("calendar", CALENDAR), "Grains of your own."),
    "datasets": Key(Keyed("dataset", DATASET), "Tables, and how their rows are cut and joined."),
    "metrics": Key(Keyed("metric", METRIC), "Governed numbers."),
})  # fmt: skip

REFERENCES: dict[str, Block] = {"step": STEP}
LANGUAGE_VERSION = 1
