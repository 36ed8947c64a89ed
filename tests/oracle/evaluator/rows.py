"""Rows of one dataset with everything that its joins say of them (semantics rules 1, 2, 6, 7)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.oracle.evaluator.calendar import moment
from tests.oracle.evaluator.catalog import KEY, Catalog, Dataset, Dimension, Join, Leading
from tests.oracle.evaluator.formulas import Node
from tests.oracle.evaluator.values import Cell, compare, scalar

Path = tuple[str, ...]  # join names from the home on
Record = Mapping[str, Any]
Tables = Mapping[str, Sequence[Record]]


@dataclass(frozen=True, slots=True)
class Found:
    """A dimension as a dataset reaches it: the joins on the way, then whose it is."""

    joins: Path
    dataset: Dataset
    dimension: Dimension


class Unreachable(Exception):
    """The dataset has no such name."""


class Reader:
    """Reads dimensions of rows; every join is walked row by row."""

    def __init__(self, catalog: Catalog, tables: Tables) -> None:
        self.catalog, self.tables = catalog, tables
        # How the evaluator computes dimensions that are made of metrics: set by it.
        self.attribute: Callable[[str, str, Cell], Cell]
        self.leads: Callable[[str, Leading, Cell], bool]

    def rows(self, dataset: str) -> Sequence[Record]:
        return self.tables[self.catalog.datasets[dataset].table]

    def find(self, dataset: str, words: str) -> Found:
        here = self.catalog.datasets[dataset]
        *path, name = words.split(".")
        for join in path:
            if join not in here.joins:
                raise Unreachable(words)
            here = self.catalog.datasets[here.joins[join].to]
        if name == "time" and here.time is not None:
            name = here.time
        if name not in here.dimensions:
            conforming = [one for one in here.dimensions.values() if one.conforms.endswith(f".{name}")]
            if path or not conforming:
                raise Unreachable(words)
            return Found((), here, conforming[0])
        return Found(tuple(path), here, here.dimensions[name])

    def is_time(self, dataset: str, words: str) -> bool:
        """Whether a name is the time dimension that the dataset's rows are dated by."""
        try:
            found = self.find(dataset, words)
        except Unreachable:
            return False
        return not found.joins and found.dimension.name == found.dataset.time

    def to_many(self, dataset: str, words: str) -> list[Path]:
        """The joins of a name up to and with each of its to-many joins."""
        here, path = self.catalog.datasets[dataset], self.find(dataset, words).joins
        found = []
        for place, join in enumerate(path):
            if here.joins[join].kind not in ("many_to_one", "one_to_one"):
                found.append(path[: place + 1])
            here = self.catalog.datasets[here.joins[join].to]
        return found

    def along(self, dataset: str, path: Path) -> Dataset:
        """The dataset that joins lead to."""
        here = self.catalog.datasets[dataset]
        for name in path:
            here = self.catalog.datasets[here.joins[name].to]
        return here

    # --- one row -------------------------------------------------------------------------------------------------

    def own(self, dataset: Dataset, dimension: Dimension, record: Record | None) -> Cell:
        """A dimension of a record; None where a join found no record."""
        if record is None:
            return None
        if dimension.metric is not None:
            key = self.own(dataset, dataset.dimensions[KEY], record)
            found = self.attribute(dataset.name, dimension.metric, key)
            return found.date() if dimension.finest == "DAY" and isinstance(found, datetime) else found
        if dimension.leading is not None:
            member = self.own(dataset, dataset.dimensions[dimension.leading.of], record)
            leads = member is None or self.leads(dataset.name, dimension.leading, member)
            return member if leads else dimension.leading.others
        value = scalar(dimension.rule, record.__getitem__)
        if dimension.type is None and dimension.finest == "DAY" and isinstance(value, datetime):
            return value.date()
        return value

    def partners(self, join: Join, record: Record | None) -> list[Record | None]:
        """The records that a join leads to; of a bridge, one for each of its rows, None where that leads nowhere."""
        if record is None:
            return []
        beside = self.rows(join.through or join.to)
        met = [one for one in beside if all(compare("eq", record[a], one[b]) is True for a, b in join.match)]
        if join.valid_at is not None:
            theirs = self.catalog.datasets[join.to]
            at = self.own(theirs, join.valid_at, record)
            met = [one for one in met if _holds(theirs, one, at)]
        if join.through is None:
            return list(met)
        bridge = self.catalog.datasets[join.through]
        onward = next(one for one in bridge.joins.values() if one.to == join.to)
        return [next(iter(self.partners(onward, one)), None) for one in met]

    def reached(self, dataset: str, record: Record | None, path: Iterable[str]) -> Record | None:
        """The record at the end of to-one joins."""
        here = self.catalog.datasets[dataset]
        for name in path:
            join = here.joins[name]
            record = next(iter(self.partners(join, record)), None)
            here = self.catalog.datasets[join.to]
        return record

    def meetings(self, dataset: str, record: Record, paths: Iterable[Path]) -> list["Meeting"]:
        """The row with each combination of its members of some to-many joins; with None where it has none."""
        met = [Meeting(self, dataset, record, {})]
        for path in sorted(paths, key=len):  # a join that goes on from another comes after it
            met = [one.beside(path, member) for one in met for member in one.members_of(path) or [None]]
        return met


def _holds(dataset: Dataset, record: Record, at: Cell) -> bool:
    """Whether a row of a slowly changing dataset holds at a moment: from its start on, before its end."""
    assert dataset.valid is not None
    start, end = (record[column] for column in dataset.valid)
    if at is None:
        return False
    return (start is None or moment(start) <= moment(at)) and (end is None or moment(at) < moment(end))


@dataclass(frozen=True, slots=True)
class Meeting:
    """A row beside one member of each to-many join that the question crosses."""

    reader: Reader
    dataset: str
    record: Record
    members: Mapping[Path, Record | None]

    def beside(self, path: Path, member: Record | None) -> "Meeting":
        return Meeting(self.reader, self.dataset, self.record, {**self.members, path: member})

    def members_of(self, path: Path) -> list[Record | None]:
        """The records across one to-many join, from the member that was met before it, or from the row."""
        start, record = self._start(path[:-1])
        dataset = self.reader.along(self.dataset, path[:start])
        outer = self.reader.reached(dataset.name, record, path[start:-1])
        return self.reader.partners(self.reader.along(self.dataset, path[:-1]).joins[path[-1]], outer)

    def _start(self, path: Path) -> tuple[int, Record | None]:
        """How far a path is walked by the members met, and where it stands then."""
        known = max((one for one in self.members if path[: len(one)] == one), key=len, default=())
        return len(known), self.members[known] if known else self.record

    def dimension(self, words: str) -> Cell:
        found = self.reader.find(self.dataset, words)
        start, record = self._start(found.joins)
        dataset = self.reader.along(self.dataset, found.joins[:start])
        record = self.reader.reached(dataset.name, record, found.joins[start:])
        return self.reader.own(found.dataset, found.dimension, record)

    def name(self, words: str) -> Cell:
        """A name of a definition: a dimension first, then a column."""
        try:
            return self.dimension(words)
        except Unreachable:
            return self.record[words]

    def exists(self, arguments: Sequence[Node]) -> bool:
        """Whether a join has a partner (that passes the condition)."""
        here = self.reader.catalog.datasets[self.dataset]
        join = here.joins[arguments[0][1]]
        partners = self.reader.partners(join, self.record)
        if len(arguments) == 1:
            return bool(partners)
        for partner in partners:
            if partner is None:
                continue
            inner = Meeting(self.reader, join.to, partner, {})
            if scalar(arguments[1], inner.name) is True:
                return True
        return False

    def time(self) -> datetime | None:
        """When the row is dated."""
        dated = self.reader.catalog.datasets[self.dataset].time
        value = None if dated is None else self.dimension(dated)
        return None if value is None else moment(value)
