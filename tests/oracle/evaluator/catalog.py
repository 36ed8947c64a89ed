"""Definitions read a second time for the tests: datasets as plain maps, metrics as small trees."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.oracle.evaluator.formulas import Node, names, parse
from tests.oracle.evaluator.values import DATE, FLOAT, INTEGER, NULL, TIMESTAMP, Type, type_of, widest


@dataclass(frozen=True, slots=True)
class Join:
    kind: str
    to: str
    through: str | None
    match: tuple[tuple[str, str], ...]  # (our column, theirs, or the bridge's)
    valid_at: "Dimension | None" = None  # our time that says which of their rows holds


@dataclass(frozen=True, slots=True)
class Dimension:
    name: str
    rule: Node
    type: Type | None  # None: time
    finest: str = ""
    grain: str = ""
    conforms: str = ""
    metric: str | None = None  # a metric of the dataset's key, over its whole history
    leading: "Leading | None" = None


@dataclass(frozen=True, slots=True)
class Leading:
    """The `top` members of another dimension by a metric, the rest under one name."""

    of: str
    top: int
    by: str
    others: str


@dataclass(frozen=True, slots=True)
class Segment:
    where: Node | None
    members: tuple[str, ...] = ()
    having: Node | None = None
    all_time: bool = False


@dataclass(slots=True)
class Dataset:
    name: str
    table: str
    time: str | None
    columns: dict[str, Type]
    valid: tuple[str, str] | None = None  # the columns from when and until when a row holds
    dimensions: dict[str, Dimension] = field(default_factory=dict)
    joins: dict[str, Join] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)


# --- metrics -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One aggregate over the rows of a dataset."""

    home: str
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One aggregate over rows, of one step of the period or over its steps; `each`: whose recorded step it is."""

    home: str
    value: Node
    take: str
    each: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class After:
    """The rows of `followers` that come after a row of `event`, counted where that one stands."""

    home: str
    value: Node
    event: "Measure"
    followers: "Measure"
    same: tuple[str, ...]
    within: tuple[int, str] | None
    first: bool


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    value: Node
    inputs: Mapping[str, "Measure"]


@dataclass(frozen=True, slots=True, eq=False)
class Where:
    inner: "Measure"
    condition: Node


@dataclass(frozen=True, slots=True, eq=False)
class Fill:
    inner: "Measure"
    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Ago:
    inner: "Measure"
    count: int
    unit: str


@dataclass(frozen=True, slots=True, eq=False)
class AtStart:
    inner: "Measure"
    unit: str


@dataclass(frozen=True, slots=True, eq=False)
class Over:
    """`count` units back (trailing), else to date in `unit` (None: since the start)."""

    inner: "Measure"
    count: int | None
    unit: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Across:
    home: str
    value: Node
    inputs: Mapping[str, "Measure"]
    entity: tuple[str, ...]
    having: Node | None
    all_time: bool
    dated_by: str | None  # min or max


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    inner: "Measure"
    only: tuple[str, ...] | None
    excepted: tuple[str, ...]
    ignoring: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rank:
    inner: "Measure"
    within: tuple[str, ...]
    descending: bool


Measure = Rows | State | After | Computed | Where | Fill | Ago | AtStart | Over | Across | Level | Rank


def children(measure: Measure) -> tuple[Measure, ...]:
    if isinstance(measure, Rows | State | After):
        return ()
    return tuple(measure.inputs.values()) if isinstance(measure, Computed | Across) else (measure.inner,)


def nodes(measure: Measure) -> Iterator[Measure]:
    yield measure
    for child in children(measure):
        yield from nodes(child)


def homes(measure: Measure) -> list[str]:
    """The datasets whose rows a measure reads, each once."""
    found = dict.fromkeys(
        node.home
        for node in nodes(measure)
        if isinstance(node, Rows | State | After) or (isinstance(node, Across) and not node.inputs)
    )
    return list(found)


# --- reading -----------------------------------------------------------------------------------------------------

KEY = "the key of the dataset"  # a dimension that only the evaluator asks for

_KINDS = {"text": "TEXT", "integer": "INTEGER", "bigint": "BIGINT", "float": "FLOAT", "boolean": "BOOLEAN"}
_KINDS |= {"date": "DATE", "timestamp": "TIMESTAMP"}


def _type(text: str) -> Type:
    decimal = re.fullmatch(r"decimal\((\d+), ?(\d+)\)", text)
    return Type("DECIMAL", int(decimal.group(2))) if decimal else Type(_KINDS[text])


def _list(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


class Catalog:
    """The datasets and metrics of one definition file."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text()
        content = YAML(typ="safe", pure=True).load(self.text)
        self.datasets = {name: _dataset(name, said) for name, said in content["datasets"].items()}
        self.rules: dict[str, Any] = content["metrics"]

    def measure(self, name: str) -> Measure:
        return self._rule(self.rules[name], ())

    def _named(self, name: str, steps: tuple[Any, ...]) -> Measure:
        for place, block in enumerate(steps):
            if name in block:
                return self._rule(block[name], steps[place:])
        return self.measure(name)

    def type_of(self, dimension: Dimension) -> Type | None:
        """A dimension's type; None for time. An attribute has its metric's."""
        if dimension.metric is None or dimension.finest:
            return dimension.type
        return measure_type(self.measure(dimension.metric), self)

    def inputs(self, formula: Node | None, steps: tuple[Any, ...] = ()) -> dict[str, Measure]:
        return {} if formula is None else {name: self._named(name, steps) for name in names(formula)}

    def _rule(self, said: Any, outer: tuple[Any, ...]) -> Measure:
        steps = (said["with"], *outer) if "with" in said else outer
        value = parse(str(said["is"]))
        measure: Measure
        if "across" in said:
            measure = self._across(said, value, steps)
        elif "take" in said and "over" not in said:
            measure = State(said["from"], value, said["take"], _list(said.get("take_each")))
        elif "from" in said:
            measure = Rows(said["from"], value)
        elif value[0] == "name":
            measure = self._named(value[1], steps)
        else:
            measure = Computed(value, self.inputs(value, steps))
        if "where" in said or any(word in said for word in _MODIFIERS):
            measure = without_fill(measure)
        if "where" in said:
            measure = Where(measure, parse(said["where"]))
        if "after" in said:
            measure = self._after(measure, said["after"])
        measure = _modified(measure, said)
        return Fill(measure, said["fill"]) if "fill" in said else measure

    def _after(self, followers: Measure, said: Any) -> After:
        event = self.measure(said["event"])
        count, _, unit = said["within"].partition(" ")
        within = None if count == "unlimited" else (int(count), _unit(unit))
        value = ("call", "count", [])
        return After(
            homes(event)[0], value, event, followers, _list(said["same"]), within, said.get("match") == "first"
        )

    def _across(self, said: Any, value: Node, steps: tuple[Any, ...]) -> Measure:
        having = parse(said["having"]) if "having" in said else None
        inputs = ({} if "from" in said else self.inputs(value, steps)) | self.inputs(having, steps)
        home = said["from"] if "from" in said else homes(next(iter(inputs.values())))[0]
        dated_by = parse(said["dated_by"])[1] if "dated_by" in said else None
        all_time = said.get("over") == "all time"
        return Across(home, value, inputs, _list(said["across"]), having, all_time, dated_by)


_MODIFIERS = ("after", "over", "ago", "at_start_of", "across", "at_level", "rank_within")


def without_fill(measure: Measure) -> Measure:
    """A block that adds `where` or a modifier does not inherit the fill of what it builds on."""
    return without_fill(measure.inner) if isinstance(measure, Fill) else measure


def _modified(measure: Measure, said: Any) -> Measure:
    if "ago" in said:
        count, unit = said["ago"].split()
        return Ago(measure, int(count), _unit(unit))
    if "at_start_of" in said:
        return AtStart(measure, _unit(said["at_start_of"]))
    if "over" in said and "across" not in said:
        words = said["over"].split()
        if words[0] == "trailing":
            return Over(measure, int(words[1]), _unit(words[2]))
        return Over(measure, None, None if words[0] == "start" else _unit(words[0]))
    if "at_level" in said:
        level = said["at_level"]
        excepted = _list(level["except"]) if isinstance(level, dict) else ()
        only = None if isinstance(level, dict) else _list(level)
        return Level(measure, only, excepted, _list(said.get("ignoring")))
    if "rank_within" in said:
        return Rank(measure, _list(said["rank_within"]), said.get("order") != "ascending")
    return measure


def _unit(word: str) -> str:
    return word.upper().removesuffix("S")


def _dataset(name: str, said: Any) -> Dataset:
    columns = {column: _type(kind) for column, kind in said.get("columns", {}).items()}
    valid = (said["valid"]["from"], said["valid"]["until"]) if "valid" in said else None
    found = Dataset(name, said["table"], said.get("time"), columns, valid)
    for dimension, about in said.get("dimensions", {}).items():
        found.dimensions[dimension] = _dimension(dimension, about or {})
    if isinstance(said["key"], str) and said["key"] != "none":
        found.dimensions[KEY] = Dimension(KEY, ("name", said["key"]), columns[said["key"]])
    for join, about in said.get("joins", {}).items():
        match = about["match"]
        pairs = match.items() if isinstance(match, dict) else [(one, one) for one in _list(match)]
        at = found.dimensions[about["valid_at"]] if "valid_at" in about else None
        found.joins[join] = Join(about["kind"], about.get("to", join), about.get("through"), tuple(pairs), at)
    for segment, about in said.get("segments", {}).items():
        where = parse(about["where"]) if "where" in about else None
        having = parse(about["having"]) if "having" in about else None
        members = _list(about.get("members"))
        found.segments[segment] = Segment(where, members, having, about.get("over") == "all time")
    return found


def _dimension(name: str, said: Any) -> Dimension:
    rule = parse(str(said.get("sql", name)))
    if "metric" in said and said.get("type") != "time":
        return Dimension(name, rule, None, metric=said["metric"])
    if "top" in said:
        leading = Leading(said["of"], said["top"], said["by"], said["others"])
        return Dimension(name, rule, _type("text"), leading=leading)
    kind = said.get("type", "text")
    conforms = said.get("conforms", "")
    if kind != "time":
        return Dimension(name, rule, _type(kind), conforms=conforms)
    finest = said.get("finest", "day").upper()
    return Dimension(name, rule, None, finest, said.get("grain", "day").upper(), conforms, said.get("metric"))


def measure_type(measure: Measure, catalog: Catalog) -> Type:
    """The type of a measure's values (rule 8)."""
    match measure:
        case State(take="average"):
            return FLOAT
        case Rows(home, value) | State(home, value):
            return type_of(value, lambda name: _column_type(catalog, home, name))
        case Computed(value, inputs) | Across(_, value, inputs):
            types = {name: measure_type(one, catalog) for name, one in inputs.items()}
            return type_of(value, types.__getitem__)
        case Fill(inner, value):
            return widest([measure_type(inner, catalog), type_of(("value", value), lambda _: NULL)])
        case Rank() | After():
            return INTEGER
        case _:
            return measure_type(children(measure)[0], catalog)


def _column_type(catalog: Catalog, home: str, name: str) -> Type:
    dataset = catalog.datasets[home]
    dimension = dataset.dimensions.get(name)
    if dimension is None:
        return dataset.columns[name]
    if dimension.type is not None:
        return dimension.type
    return DATE if dimension.finest == "DAY" else TIMESTAMP
