"""The whole answer of a question: columns, rows in order, the page, totals (semantics rules 4, 13, 18, 22, 23)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from tests.oracle.evaluator import filters
from tests.oracle.evaluator.calendar import INSTANT, moment, periods
from tests.oracle.evaluator.catalog import Ago, Catalog, Measure, homes, measure_type, without_fill
from tests.oracle.evaluator.filters import Bounds, Filter, conjuncts, leaves
from tests.oracle.evaluator.measures import Cells, Context, Evaluator, Key, KeyValue, Refused, Times, label
from tests.oracle.evaluator.rows import Reader, Tables, Unreachable
from tests.oracle.evaluator.values import DATE, INTEGER, TIMESTAMP, Cell, Type, every, negated, some

Ask = dict[str, Any]
DEFAULT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out: `rows` is the asked page, `totals` one list of rows for each asked set."""

    columns: list[tuple[str, Type]]
    dimensions: int
    rows: list[list[Cell]]
    truncated: bool
    totals: list[list[list[Cell]]]


def answer(catalog: Catalog, tables: Tables, ask: Ask) -> Expected:
    """The answer by the rules. Raises Refused where they refuse."""
    try:
        return _answer(_Question(catalog, Reader(catalog, tables), ask), ask)
    except Unreachable:
        raise Refused("UNREACHABLE_DIMENSION") from None


def _answer(question: "_Question", ask: Ask) -> Expected:
    question.check_names()
    rows = [row for row in question.rows() if question.is_shown(row)]
    ordered = question.ordered(rows)
    start, limit = ask.get("offset") or 0, ask.get("limit") or DEFAULT_LIMIT
    page, truncated = ordered[start : start + limit], len(ordered) > start + limit
    totals = [question.total(kept) for kept in ask.get("totals") or []]
    return Expected(question.columns, len(question.keys), page, truncated, totals)


class _Question:
    def __init__(self, catalog: Catalog, reader: Reader, ask: Ask) -> None:
        self.catalog, self.reader, self.ask = catalog, reader, ask
        self.where = conjuncts(ask.get("where"))
        self.measures = [self._measure(metric) for metric in ask.get("metrics") or []]
        self.root = homes(self.measures[0])[0] if self.measures else self._members_root()
        self.keys = tuple(self._key(one) for one in ask.get("by") or [])
        dimensions = [(key.name, self._key_type(key)) for key in self.keys]
        metrics = [
            (one.get("alias") or one["name"], measure_type(measure, catalog))
            for one, measure in zip(ask.get("metrics") or [], self.measures, strict=True)
        ]
        self.columns: list[tuple[str, Type]] = [*dimensions, *metrics]

    def check_names(self) -> None:
        """Raises Unreachable for a dimension that not every dataset reaches, whether or not there are rows."""
        asked = [key.dimension for key in self.keys]
        asked += [leaf["dimension"] for node in self.where for leaf in leaves(node) if "dimension" in leaf]
        for home in {home for measure in self.measures for home in homes(measure)}:
            for words in asked:
                self.reader.find(home, words)

    def _measure(self, said: Ask) -> Measure:
        measure = self.catalog.measure(said["name"])
        shift = said.get("shift")
        return measure if shift is None else Ago(without_fill(measure), shift["periods"], shift["unit"])

    def _key(self, said: Ask) -> Key:
        dimension = self.reader.find(self.root, said["dimension"]).dimension
        name = said.get("alias") or said["dimension"]
        if said.get("part"):
            return Key(name, said["dimension"], part=said["part"])
        grain = None if not dimension.finest else said.get("grain") or dimension.grain
        return Key(name, said["dimension"], grain)

    def _key_type(self, key: Key) -> Type:
        if key.part is not None:
            return INTEGER
        if key.grain is not None:
            return TIMESTAMP if key.grain in ("SECOND", "MINUTE", "HOUR") else DATE
        found = self.catalog.type_of(self.reader.find(self.root, key.dimension).dimension)
        assert found is not None
        return found

    # --- rows ----------------------------------------------------------------------------------------------------

    def rows(self) -> list[list[Cell]]:
        if not self.measures:
            return [list(key) for key in self._members()]
        cells = self._cells(self.keys)
        keys = {key for one in cells for key in one.keys}
        if self.ask.get("includeEmpty") and self.keys:
            keys |= self._empty_members(keys)
        if self.ask.get("fillTime"):
            keys |= self._every_period(keys)
        return [[*key, *(one.at(key) for one in cells)] for key in keys]

    def total(self, kept: Sequence[str]) -> list[list[Cell]]:
        """The same question with fewer dimensions."""
        keys = tuple(key for key in self.keys if key.name in kept)
        cells = self._cells(keys)
        found = {key for one in cells for key in one.keys}
        rows = [[*key, *(one.at(key) for one in cells)] for key in found]
        return _sorted(rows, [(place, False) for place in range(len(keys))])

    def _cells(self, keys: tuple[Key, ...]) -> list[Cells]:
        evaluator = Evaluator(self.reader, self.where, self.measures, keys)
        return [evaluator.evaluate(measure, Context(keys, self.where)) for measure in self.measures]

    def _members_root(self) -> str:
        """The dataset whose members are listed: the joined one if all names share one path."""
        names = [one["dimension"] for one in self.ask["by"]]
        names += [leaf["dimension"] for node in self.where for leaf in leaves(node) if "dimension" in leaf]
        owners = [d.name for d in self.catalog.datasets.values() if all(n in d.dimensions for n in names)]
        return next(name for name in owners)

    def _members(self) -> set[KeyValue]:
        evaluator = Evaluator(self.reader, self.where, [], self.keys)
        met = evaluator.meetings(self.root, Context(self.keys, self.where))
        return {tuple(key.of(meeting.dimension(key.dimension)) for key in self.keys) for _, meeting in met}

    # --- rows that are there only when asked for -----------------------------------------------------------------

    def _empty_members(self, occurring: set[KeyValue]) -> set[KeyValue]:
        """Every member of joined datasets with every other, and with what occurs of the rest."""
        by_path: dict[str, list[int]] = {}
        for place, key in enumerate(self.keys):
            by_path.setdefault(key.dimension.rpartition(".")[0], []).append(place)
        if set(by_path) == {""}:
            return set()
        parts: list[list[dict[int, Cell]]] = []
        for path, places in by_path.items():
            if path:
                parts.append([dict(zip(places, one, strict=True)) for one in self._joined_members(path, places)])
            else:
                found = {tuple(key[place] for place in places) for key in occurring}
                parts.append([dict(zip(places, one, strict=True)) for one in found])
        every_one: set[KeyValue] = set()
        for combination in product(*parts):
            merged = {place: value for part in combination for place, value in part.items()}
            every_one.add(tuple(merged[place] for place in range(len(self.keys))))
        return every_one

    def _joined_members(self, path: str, places: list[int]) -> set[KeyValue]:
        dataset = self.reader.find(self.root, self.keys[places[0]].dimension).dataset.name
        keys = [
            replace(self.keys[place], dimension=self.keys[place].dimension.removeprefix(f"{path}.")) for place in places
        ]
        own = [_shortened(node, f"{path}.") for node in self.where if _speaks_of(node, f"{path}.")]
        context = Context(tuple(keys), tuple(own))
        evaluator = Evaluator(self.reader, self.where, [], tuple(keys))
        return {
            tuple(key.of(meeting.dimension(key.dimension)) for key in keys)
            for _, meeting in evaluator.meetings(dataset, context)
        }

    def _every_period(self, occurring: set[KeyValue]) -> set[KeyValue]:
        """Every period of the asked range with every combination of the other dimensions that occurs (rule 13)."""
        place, key = next((place, key) for place, key in enumerate(self.keys) if key.grain is not None)
        assert key.grain is not None
        evaluator = Evaluator(self.reader, self.where, self.measures, self.keys)
        own = [node for node in self.where if self._only_about(key.dimension, node)]
        bounds = Bounds()
        for node in self.where:
            bounds = bounds.both(filters.bounds(node, lambda words: self._is_same(words, key.dimension)))
        times = Times(key, (), (), tuple(own), (), bounds)
        known = [moment(one[place]) for one in occurring if one[place] is not None]
        span = (min(known), max(known)) if known else None
        if times.bounds.start is not None and times.bounds.end is not None:
            spine = evaluator.asked_periods(times, None)
        elif span is None:
            return set()
        else:
            first = span[0] if times.bounds.start is None else times.bounds.start
            last = span[1] if times.bounds.end is None else times.bounds.end - INSTANT
            chosen = evaluator.asked_periods(times, (first, last))
            spine = [one for one in periods(first, last, key.grain) if one in chosen]
        others = {(*one[:place], *one[place + 1 :]) for one in occurring} if len(self.keys) > 1 else {()}
        return {(*one[:place], label(at, key.grain), *one[place:]) for one in others for at in spine}

    def _is_same(self, words: str, other: str) -> bool:
        """Whether two names mean one dimension."""
        return self.reader.find(self.root, words) == self.reader.find(self.root, other)

    def _only_about(self, words: str, node: Filter) -> bool:
        return all("dimension" in leaf and self._is_same(leaf["dimension"], words) for leaf in leaves(node))

    # --- what is shown, and in which order -----------------------------------------------------------------------

    def is_shown(self, row: list[Cell]) -> bool:
        having = self.ask.get("having")
        return having is None or self._passes(having, row) is True

    def _passes(self, node: Filter, row: list[Cell]) -> bool | None:
        if "and" in node:
            return every(self._passes(one, row) for one in node["and"])
        if "or" in node:
            return some(self._passes(one, row) for one in node["or"])
        if "not" in node:
            return negated(self._passes(node["not"], row))
        place = [name for name, _ in self.columns].index(node["key"])
        return filters.compared(row[place], node["op"], node.get("values", []), self.columns[place][1])

    def ordered(self, rows: list[list[Cell]]) -> list[list[Cell]]:
        names = [name for name, _ in self.columns]
        asked = {names.index(one["key"]): bool(one.get("descending")) for one in self.ask.get("orderBy") or []}
        rest = [(place, False) for place in range(len(self.keys)) if place not in asked]
        return _sorted(rows, [*asked.items(), *rest])


def _sorted(rows: list[list[Cell]], places: list[tuple[int, bool]]) -> list[list[Cell]]:
    """Nulls last, whichever the direction; text by code point."""
    found = list(rows)
    for place, descending in reversed(places):
        known = [row for row in found if row[place] is not None]
        known.sort(key=lambda row, at=place: row[at], reverse=descending)  # type: ignore[misc]
        found = known + [row for row in found if row[place] is None]
    return found


def _speaks_of(node: Filter, prefix: str) -> bool:
    asked = [leaf.get("dimension", "") for leaf in leaves(node)]
    return bool(asked) and all(words.startswith(prefix) for words in asked)


def _shortened(node: Filter, prefix: str) -> Filter:
    if "not" in node:
        return {"not": _shortened(node["not"], prefix)}
    for joined in ("and", "or"):
        if joined in node:
            return {joined: [_shortened(one, prefix) for one in node[joined]]}
    return {**node, "dimension": node["dimension"].removeprefix(prefix)}
