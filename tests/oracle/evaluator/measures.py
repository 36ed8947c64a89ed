"""The value of every kind of metric, computed row by row (semantics rules 1, 4, 8, 14, 15, 17, 19, 20).

Slow and obvious on purpose: windows and periods are computed one after the other, each from the rows.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tests.oracle.evaluator import calendar, filters, values
from tests.oracle.evaluator.calendar import CLOCK, GRAINS, INSTANT, PART_GRAIN, add, moment, nests, start_of
from tests.oracle.evaluator.catalog import (
    KEY,
    Across,
    After,
    Ago,
    AtStart,
    Computed,
    Fill,
    Leading,
    Level,
    Measure,
    Over,
    Rank,
    Rows,
    Segment,
    State,
    Where,
    homes,
)
from tests.oracle.evaluator.filters import Asking, Bounds, Filter
from tests.oracle.evaluator.formulas import Node, names
from tests.oracle.evaluator.rows import Meeting, Reader, Unreachable
from tests.oracle.evaluator.values import Cell

KeyValue = tuple[Cell, ...]


class Refused(Exception):
    """The rules refuse the question with this code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Key:
    """One dimension that values are cut by."""

    name: str
    dimension: str
    grain: str | None = None
    part: str | None = None

    def of(self, value: Cell) -> Cell:
        """The key of a value of the dimension."""
        if value is None:
            return None
        if self.part is not None:
            return calendar.part_of(value, self.part)
        return value if self.grain is None else label(moment(value), self.grain)


def label(at: datetime, grain: str) -> Cell:
    """A period by its first moment: a day, or a moment for grains of the clock."""
    start = start_of(at, grain)
    return start if grain in CLOCK else start.date()


@dataclass(frozen=True, slots=True)
class Context:
    """Where a measure is evaluated. `window` is a range of the rows' own time, [from, to)."""

    keys: tuple[Key, ...]
    where: tuple[Filter, ...] = ()
    inside: tuple[Node, ...] = ()
    window: tuple[datetime | None, datetime] | None = None
    periods: tuple[datetime, ...] | None = None  # those that a shift around it reads; None: the question's


@dataclass(frozen=True, slots=True)
class Cells:
    """A value per key: `keys` exist, `at` answers for any."""

    keys: frozenset[KeyValue]
    at: Callable[[KeyValue], Cell]

    @classmethod
    def of(cls, found: Mapping[KeyValue, Cell]) -> "Cells":
        return cls(frozenset(found), found.get)


@dataclass(frozen=True, slots=True)
class Times:
    """The keys that follow from the measure's time, and those that do not; filters parted the same way."""

    finest: Key | None
    derived: tuple[Key, ...]
    others: tuple[Key, ...]
    where: tuple[Filter, ...]
    rest: tuple[Filter, ...]
    bounds: Bounds

    def key(self, context: Context, period: datetime, others: KeyValue) -> KeyValue:
        found = dict(zip((key.name for key in self.others), others, strict=True))
        for key in (*([self.finest] if self.finest else []), *self.derived):
            found[key.name] = key.of(period)
        return tuple(found[key.name] for key in context.keys)


class Evaluator:
    """Evaluates the measures of one question. `question` is its measures and keys: they say which periods exist."""

    def __init__(self, reader: Reader, where: tuple[Filter, ...], question: list[Measure], keys: tuple[Key, ...]):
        self.reader, self.catalog = reader, reader.catalog
        self.where, self.question, self.keys = where, question, keys
        self._entities: dict[str, Cells] = {}
        self._attributes: dict[tuple[str, str], Cells] = {}
        self._leaders: dict[tuple[str, str], set[Cell]] = {}
        reader.attribute, reader.leads = self._attribute, self._leads

    def evaluate(self, measure: Measure, context: Context) -> Cells:
        match measure:
            case Rows():
                return self._rows(measure, context)
            case After():
                return self._after(measure, context)
            case State():
                return self._state(measure, context)
            case Computed():
                return self._computed(measure, context)
            case Where(inner, condition):
                return self.evaluate(inner, replace(context, inside=(*context.inside, condition)))
            case Fill(inner, value):
                cells = self.evaluate(inner, context)
                return Cells(cells.keys, lambda key: value if cells.at(key) is None else cells.at(key))
            case Over():
                return self._over(measure, context)
            case Ago() | AtStart():
                return self._shifted(measure, context)
            case Across():
                return self._dated(measure, context) if measure.dated_by else self._across(measure, context)
            case Level():
                return self._level(measure, context)
            case Rank():
                return self._rank(measure, context)

    # --- rows ----------------------------------------------------------------------------------------------------

    def meetings(self, home: str, context: Context) -> list[tuple[int, Meeting]]:
        """The rows of a dataset that pass, each with every combination of to-many members that passes."""
        paths = {path: None for words in self._words(home, context) for path in self.reader.to_many(home, words)}
        found = []
        for number, record in enumerate(self.reader.rows(home)):
            for meeting in self.reader.meetings(home, record, list(paths)):
                if self._passes(meeting, context):
                    found.append((number, meeting))
        return found

    def _words(self, home: str, context: Context) -> list[str]:
        found = [key.dimension for key in context.keys]
        for node in context.where:
            found += [leaf["dimension"] for leaf in filters.leaves(node) if "dimension" in leaf]
        found += [name for condition in context.inside for name in names(condition)]
        return [words for words in found if self._reaches(home, words)]

    def _reaches(self, home: str, words: str) -> bool:
        try:
            self.reader.find(home, words)
        except Unreachable:
            return False
        return True

    def _passes(self, meeting: Meeting, context: Context) -> bool:
        if context.window is not None:
            at, (start, end) = meeting.time(), context.window
            if at is None or at >= end or (start is not None and at < start):
                return False
        asking = self._asking(meeting)
        return all(filters.truth(node, asking) is True for node in context.where) and all(
            self.condition(node, meeting) is True for node in context.inside
        )

    def _asking(self, meeting: Meeting) -> Asking:
        return Asking(
            meeting.dimension,
            lambda words: self.catalog.type_of(self.reader.find(meeting.dataset, words).dimension),
            lambda node: self._metric_filter(node, meeting),
            lambda name: self.segment(name, meeting),
        )

    def condition(self, node: Node, meeting: Meeting) -> bool | None:
        """A condition of a definition: dimensions, columns, segments, `exists`."""

        def look(words: str) -> Cell:
            if not self._reaches(meeting.dataset, words) and self._segment_named(words) is not None:
                return self.segment(words, meeting)
            return meeting.name(words)

        found: bool | None = values.scalar(node, look, meeting.exists)
        return found

    def _segment_named(self, name: str) -> Segment | None:
        return next((d.segments[name] for d in self.catalog.datasets.values() if name in d.segments), None)

    def segment(self, name: str, meeting: Meeting) -> bool | None:
        segment = self._segment_named(name)
        assert segment is not None
        if segment.having is None:
            assert segment.where is not None
            return self.condition(segment.where, meeting)
        inputs = self.catalog.inputs(segment.having)
        cells = {
            one: self._per_entity(f"{name} {one}", measure, segment.members, segment.all_time)
            for one, measure in inputs.items()
        }
        entity = tuple(meeting.dimension(words) for words in segment.members)
        if None in entity:
            return values.scalar(segment.having, lambda one: None)
        found: bool | None = values.scalar(segment.having, lambda one: cells[one].at(entity))
        return found

    def _metric_filter(self, node: Filter, meeting: Meeting) -> bool | None:
        measure = self.catalog.measure(node["metric"])
        all_time = node["over"] == "ALL_TIME"
        cells = self._per_entity(f"{node['metric']} {node['per']} {all_time}", measure, (node["per"],), all_time)
        entity = (meeting.dimension(node["per"]),)
        value = None if None in entity else cells.at(entity)
        return filters.compared(value, node["op"], node.get("values", []), values.FLOAT)

    def _per_entity(self, name: str, measure: Measure, entity: tuple[str, ...], all_time: bool) -> Cells:
        """The values of entities from their own rows: no filter applies but, unless all time, the question's range."""
        if name not in self._entities:
            keys = tuple(Key(words, words) for words in entity)
            where: tuple[Filter, ...] = () if all_time else self._range(measure)
            self._entities[name] = self.evaluate(measure, Context(keys, where))
        return self._entities[name]

    def _attribute(self, dataset: str, metric: str, key: Cell) -> Cell:
        """A metric of one key of a dataset, over the whole history and without filters (rule 17)."""
        if (dataset, metric) not in self._attributes:
            measure = self.catalog.measure(metric)
            words = self._path(homes(measure)[0], dataset, KEY)
            self._attributes[dataset, metric] = self.evaluate(measure, Context((Key("key", words),)))
        return self._attributes[dataset, metric].at((key,))

    def _leads(self, dataset: str, leading: Leading, member: Cell) -> bool:
        """Whether a member is one of the first by the metric, over the question's filters and range (rule 19)."""
        if (dataset, leading.of) not in self._leaders:
            measure = self.catalog.measure(leading.by)
            home = homes(measure)[0]
            where = tuple(node for node in self.where if not self._asks_leading(home, node))
            words = self._path(home, dataset, leading.of)
            cells = self.evaluate(measure, Context((Key("member", words),), where))
            members = [key[0] for key in sorted(key for key in cells.keys if key[0] is not None)]
            known = [one for one in members if cells.at((one,)) is not None]
            known.sort(key=lambda one: cells.at((one,)), reverse=True)
            ranked = known + [one for one in members if cells.at((one,)) is None]
            self._leaders[dataset, leading.of] = set(ranked[: leading.top])
        return member in self._leaders[dataset, leading.of]

    def _asks_leading(self, home: str, node: Filter) -> bool:
        asked = [leaf["dimension"] for leaf in filters.leaves(node) if "dimension" in leaf]
        return any(self.reader.find(home, words).dimension.leading is not None for words in asked)

    def _path(self, home: str, dataset: str, dimension: str) -> str:
        """The name of a dataset's dimension as another dataset asks for it."""
        joins = self.catalog.datasets[home].joins
        return next(f"{name}.{dimension}" for name, join in joins.items() if join.to == dataset)

    def _range(self, measure: Measure) -> tuple[Filter, ...]:
        range_, name = Bounds(), "time"
        for node in self.where:
            range_ = range_.both(filters.bounds(node, lambda words: self.is_time(measure, words)))
        found: list[Filter] = []
        if range_.start is not None:
            found.append({"dimension": name, "op": "GTE", "values": [range_.start.isoformat()]})
        if range_.end is not None:
            found.append({"dimension": name, "op": "LT", "values": [range_.end.isoformat()]})
        return tuple(found)

    def _rows(self, measure: Rows, context: Context) -> Cells:
        _, function, arguments = measure.value
        share = arguments[1][1] if function.startswith("percentile") else None
        arguments = arguments[:1] if share is not None else arguments
        groups: dict[KeyValue, list[KeyValue]] = defaultdict(list)
        counted: set[tuple[int, KeyValue]] = set()
        if not context.keys:
            groups[()] = []
        for number, meeting in self.meetings(measure.home, context):
            key = tuple(one.of(meeting.dimension(one.dimension)) for one in context.keys)
            if (number, key) not in counted:
                counted.add((number, key))
                groups[key].append(tuple(values.scalar(one, meeting.name, meeting.exists) for one in arguments))
        return Cells.of({key: values.aggregate(function, rows, share) for key, rows in groups.items()})

    # --- conversions ---------------------------------------------------------------------------------------------

    def _after(self, measure: After, context: Context) -> Cells:
        """Each follower goes to one event, whatever is asked; then the asked events are looked at (rule 18)."""
        credits = self._credits(measure)
        _, conditions = self._counted(measure.event)
        found: dict[KeyValue, int] = {} if context.keys else {(): 0}
        seen: set[tuple[int, KeyValue]] = set()
        for number, meeting in self.meetings(measure.home, replace(context, inside=(*context.inside, *conditions))):
            key = tuple(one.of(meeting.dimension(one.dimension)) for one in context.keys)
            if (number, key) not in seen:
                seen.add((number, key))
                found[key] = found.get(key, 0) + credits.get(number, 0)
        return Cells.of(found)

    def _counted(self, measure: Measure) -> tuple[Rows, tuple[Node, ...]]:
        if isinstance(measure, Where):
            rows, conditions = self._counted(measure.inner)
            return rows, (*conditions, measure.condition)
        if isinstance(measure, Fill):
            return self._counted(measure.inner)
        assert isinstance(measure, Rows)
        return measure, ()

    def _credits(self, measure: After) -> dict[int, int]:
        """How many followers each row of the event's dataset has."""
        events = self._events(measure.event, measure.same)
        followers = self._events(measure.followers, measure.same)
        strictly = measure.home == homes(measure.followers)[0]
        found: dict[int, int] = {}
        for (same, _), (at, _, _) in followers.items():
            before = [
                (begun, key, number)
                for (other, _), (begun, key, number) in events.items()
                if other == same
                and (begun < at if strictly else begun <= at)
                and (measure.within is None or at < add(begun, *measure.within))
            ]
            if before:
                _, _, number = min(before) if measure.first else max(before)
                found[number] = found.get(number, 0) + 1
        return found

    def _events(
        self, measure: Measure, same: tuple[str, ...]
    ) -> dict[tuple[KeyValue, Cell], tuple[datetime, Cell, int]]:
        """Events by what they share and what tells them apart: when, the row's key, the row's number."""
        rows, conditions = self._counted(measure)
        _, function, arguments = rows.value
        found: dict[tuple[KeyValue, Cell], tuple[datetime, Cell, int]] = {}
        for number, meeting in self.meetings(rows.home, Context((), (), conditions)):
            shared, at = tuple(meeting.dimension(words) for words in same), meeting.time()
            row = [values.scalar(one, meeting.name, meeting.exists) for one in arguments]
            if at is None or None in shared or None in row or (function == "count_if" and row != [True]):
                continue
            dataset = self.catalog.datasets[rows.home]
            key = self.reader.own(dataset, dataset.dimensions[KEY], meeting.record)
            apart = row[0] if function == "count_distinct" else key
            event = (at, key, number)
            found[shared, apart] = min(found.get((shared, apart), event), event)
        return found

    # --- states --------------------------------------------------------------------------------------------------

    def _state(self, measure: State, context: Context) -> Cells:
        """Rows of the taken step; or an aggregate per step, and the least, greatest or average of those (rule 16)."""
        function, arguments = measure.value[1], measure.value[2]
        met: dict[KeyValue, list[tuple[datetime | None, KeyValue, KeyValue]]] = {} if context.keys else {(): []}
        counted: set[tuple[int, KeyValue]] = set()
        for number, meeting in self.meetings(measure.home, replace(context, window=None)):
            step, at = self._step(meeting), meeting.time()
            if context.window is not None:  # a step lies where it begins; no row after the end is seen
                start, end = context.window
                if step is None or at is None or at >= end or (start is not None and step < start):
                    continue
            key = tuple(one.of(meeting.dimension(one.dimension)) for one in context.keys)
            each = tuple(meeting.dimension(words) for words in measure.each)
            if (number, key) not in counted:
                counted.add((number, key))
                row = tuple(values.scalar(one, meeting.name, meeting.exists) for one in arguments)
                met.setdefault(key, []).append((step, each, row))
        if measure.take in ("min", "max", "average"):
            return Cells.of({key: self._over_steps(measure.take, function, rows) for key, rows in met.items()})
        chosen = self._chosen_steps(measure, context)
        places = [place for place, key in enumerate(context.keys) if self.is_time(measure, key.dimension)]
        found: dict[KeyValue, Cell] = {}
        for key, rows in met.items():
            period = tuple(key[place] for place in places)
            taken = [row for step, each, row in rows if step is not None and chosen(period, each) == step]
            found[key] = values.aggregate(function, taken, None)
        return Cells.of(found)

    def _step(self, meeting: Meeting) -> datetime | None:
        """The step of time that a row stands in: the finest that its dataset records."""
        dataset = self.catalog.datasets[meeting.dataset]
        at = meeting.time()
        return None if at is None else start_of(at, dataset.dimensions[dataset.time or ""].finest)

    def _over_steps(self, take: str, function: str, rows: list[tuple[datetime | None, KeyValue, KeyValue]]) -> Cell:
        steps: dict[datetime, list[KeyValue]] = defaultdict(list)
        for step, _, row in rows:
            if step is not None:
                steps[step].append(row)
        states: list[KeyValue] = [(values.aggregate(function, one, None),) for one in steps.values()]
        return values.aggregate("avg" if take == "average" else take, states, None)

    def _chosen_steps(self, measure: State, context: Context) -> Callable[[KeyValue, KeyValue], datetime | None]:
        """Which step is taken of a period, for each member of `take_each`."""
        choose = max if measure.take.startswith("last") else min
        places = [key for key in context.keys if self.is_time(measure, key.dimension)]
        if measure.take.endswith("recorded"):
            steps: dict[tuple[KeyValue, KeyValue], list[datetime]] = defaultdict(list)
            for _, meeting in self.meetings(measure.home, replace(context, window=None)):
                step, at = self._step(meeting), meeting.time()
                if step is None or at is None:
                    continue
                if context.window is not None:
                    start, end = context.window
                    if at >= end or (start is not None and step < start):
                        continue
                period = tuple(key.of(meeting.dimension(key.dimension)) for key in places)
                steps[period, tuple(meeting.dimension(words) for words in measure.each)].append(step)
            return lambda period, each: choose(steps[period, each]) if (period, each) in steps else None
        dataset = self.catalog.datasets[measure.home]
        finest, span = dataset.dimensions[dataset.time or ""].finest, self.recorded(measure.home)
        if context.window is not None:
            start, end = context.window
            start = start if start is not None else span[0] if span else end
            taken = start_of(end - INSTANT if choose is max else start, finest)
            return lambda period, each: taken
        of_step: dict[KeyValue, list[datetime]] = defaultdict(list)
        step_key = Key("step", dataset.time or "", finest)
        times = Times(step_key, (), (), *self._parted(measure, context.where))
        for step in self.asked_periods(times, span) if span else []:
            if start_of(span[0], finest) <= step <= span[1]:
                of_step[tuple(key.of(step) for key in places)].append(step)
        return lambda period, each: choose(of_step[period]) if period in of_step else None

    def _computed(self, measure: Computed, context: Context) -> Cells:
        inputs = {name: self.evaluate(inner, context) for name, inner in measure.inputs.items()}
        keys = frozenset(key for cells in inputs.values() for key in cells.keys)
        return Cells(keys, lambda key: values.scalar(measure.value, lambda name: inputs[name].at(key)))

    # --- time ----------------------------------------------------------------------------------------------------

    def is_time(self, measure: Measure, words: str) -> bool:
        return all(self.reader.is_time(home, words) for home in homes(measure))

    def times(self, measure: Measure, context: Context) -> Times:
        """The context's keys and filters seen from the measure's time (rule 14)."""
        dated = [key for key in context.keys if self.is_time(measure, key.dimension)]
        grained = sorted((key for key in dated if key.grain), key=lambda key: GRAINS.index(key.grain or ""))
        finest = grained[0] if grained else None
        derived: tuple[Key, ...] = ()
        if finest is not None and finest.grain is not None:
            if any(not nests(finest.grain, key.grain) for key in grained if key.grain):
                raise Refused("SHIFT_GRAIN")
            derived = tuple(key for key in dated if key is not finest and _follows(key, finest.grain))
        others = tuple(key for key in context.keys if key is not finest and key not in derived)
        return Times(finest, derived, others, *self._parted(measure, context.where))

    def _parted(
        self, measure: Measure, where: tuple[Filter, ...]
    ) -> tuple[tuple[Filter, ...], tuple[Filter, ...], Bounds]:
        time: list[Filter] = []
        rest: list[Filter] = []
        range_ = Bounds()
        for node in where:
            leaves = list(filters.leaves(node))
            leaves = [leaf for leaf in leaves if leaf.get("op") not in ("IN", "NOT_IN") or leaf["values"]]
            of_time = [leaf for leaf in leaves if "dimension" in leaf and self.is_time(measure, leaf["dimension"])]
            if not of_time:
                rest.append(node)
            elif len(of_time) < len(leaves):
                raise Refused("TIME_FILTER_MIXED")
            else:
                time.append(node)
                range_ = range_.both(filters.bounds(node, lambda words: self.is_time(measure, words)))
        return tuple(time), tuple(rest), range_

    def recorded(self, home: str) -> tuple[datetime, datetime] | None:
        """The first and last moment of a dataset, whatever is asked."""
        times = [Meeting(self.reader, home, record, {}).time() for record in self.reader.rows(home)]
        known = [at for at in times if at is not None]
        return (min(known), max(known)) if known else None

    def _recorded_by(self, names: list[str]) -> tuple[datetime, datetime] | None:
        """The first and last moment of any of several datasets."""
        known = [span for home in names if (span := self.recorded(home)) is not None]
        return (min(first for first, _ in known), max(last for _, last in known)) if known else None

    def asked_periods(self, times: Times, span: tuple[datetime, datetime] | None) -> list[datetime]:
        """The periods that the time filters choose, within the range or else within `span`."""
        assert times.finest is not None and times.finest.grain is not None
        grain = times.finest.grain
        start, end = times.bounds.start, times.bounds.end
        if start is None or end is None:
            if span is None:
                return []
            start = start_of(span[0], "DAY") if start is None else start
            end = start_of(span[1], "DAY") + calendar._LENGTHS["DAY"] if end is None else end
        if end <= start:
            return []
        return [
            period
            for period in calendar.periods(start, end - INSTANT, grain)
            if any(self._chosen(at, times) for at in self._moments(period, grain, start, end, times))
        ]

    def _moments(self, period: datetime, grain: str, start: datetime, end: datetime, times: Times) -> list[datetime]:
        """Enough moments of a period to know whether a filter of time holds in it."""
        first, last = max(period, start), min(add(period, 1, grain), end)
        edges = [
            edge + shift
            for node in times.where
            for leaf in filters.leaves(node)
            if "part" not in leaf
            for edges in filters.spans(leaf)
            for edge in edges
            for shift in (-INSTANT, INSTANT * 0, INSTANT)
        ]
        step = min(last - first, calendar._LENGTHS["HOUR"]) if times.where else last - first
        found, at = [], first
        while at < last:
            found.append(at)
            at += step
        return found + [edge for edge in edges if first <= edge < last]

    def _chosen(self, at: datetime | None, times: Times) -> bool:
        asking = Asking(lambda words: at, lambda words: None, lambda node: None, lambda name: None)
        return all(filters.truth(node, asking) is True for node in times.where)

    # --- windows -------------------------------------------------------------------------------------------------

    def _over(self, measure: Over, context: Context) -> Cells:
        """Each asked period's window, evaluated by itself (rule 15)."""
        inner = measure.inner
        if not isinstance(inner, Rows | State | After | Across):
            return self.evaluate(_pushed(measure), context)
        times = self.times(inner, context)
        span = self._recorded_by(homes(inner))
        unit = measure.unit or "DAY"
        step = "HOUR" if unit in CLOCK else "DAY"
        if times.finest is None:
            return self._single_window(measure, times, span, step, context)
        grain = times.finest.grain
        assert grain is not None
        found: dict[KeyValue, Cell] = {}
        periods = self.asked_periods(times, span) if context.periods is None else context.periods
        for period in periods:  # asked even where nothing is recorded
            end = add(period, 1, grain)
            if times.bounds.end is not None:
                end = min(end, max(times.bounds.end, period + INSTANT))
            if GRAINS.index(grain) > GRAINS.index(step) and span is not None and span[1] >= period:
                end = min(end, add(start_of(span[1], step), 1, step))
            for others, value in self._window(measure, times, end, context, from_first_row=True).items():
                found[times.key(context, period, others)] = value
        return Cells.of(found)

    def _single_window(
        self, measure: Over, times: Times, span: tuple[datetime, datetime] | None, step: str, context: Context
    ) -> Cells:
        """Without time among the keys: the window ends with the range, or with what is recorded in it."""
        if any(not _is_range(node) for node in times.where):
            raise Refused("WINDOW_NEEDS_TIME")
        ends = [] if times.bounds.end is None else [times.bounds.end]
        if span is not None and (not ends or times.bounds.start is None or span[1] >= times.bounds.start):
            ends.append(add(start_of(span[1], step), 1, step))
        if not ends:
            empty = self._window(measure, times, datetime(1000, 1, 1), context)  # nothing is dated: any end will do
            return Cells.of(empty)
        return Cells.of(self._window(measure, times, min(ends), context))

    def _window(
        self, measure: Over, times: Times, end: datetime, context: Context, from_first_row: bool = False
    ) -> dict[KeyValue, Cell]:
        """The values of one window, for every key that has a row before its end."""
        if measure.count is not None:
            assert measure.unit is not None
            start: datetime | None = add(end, -measure.count, measure.unit)
        else:
            start = None if measure.unit is None else start_of(end - INSTANT, measure.unit)
        apart = replace(context, keys=times.others, where=times.rest)
        inside = self.evaluate(measure.inner, replace(apart, window=(start, end)))
        since = self.evaluate(measure.inner, replace(apart, window=(None, end)))
        assert isinstance(measure.inner, Rows | State | After | Across)
        over_steps = isinstance(measure.inner, State) and measure.inner.take in ("min", "max", "average")
        empty = 0 if measure.inner.value[1].startswith("count") and not over_steps else None
        if from_first_row and not times.others and not self._any_row(measure.inner, replace(apart, window=(None, end))):
            return {}
        return {key: inside.at(key) if key in inside.keys else empty for key in since.keys}

    def _any_row(self, measure: Measure, context: Context) -> bool:
        """Whether anything that the measure reads passes; of entities dated by an event, whether one had it."""
        if isinstance(measure, Across) and measure.dated_by:
            return bool(self.evaluate(measure, context).at(()))
        if isinstance(measure, Across) and measure.inputs and not measure.all_time:
            apart = replace(context, keys=tuple(Key(words, words) for words in measure.entity))
            return any(self.evaluate(one, apart).keys for one in measure.inputs.values())
        return any(self.meetings(home, context) for home in homes(measure))

    # --- shifts --------------------------------------------------------------------------------------------------

    def _shifted(self, measure: Ago | AtStart, context: Context) -> Cells:
        """Each output period beside the period that it reads (rule 14)."""
        times = self.times(measure, context)
        if times.finest is None:
            return self._moved(measure, times, context)
        grain = times.finest.grain
        assert grain is not None
        if isinstance(measure, Ago) and not calendar.divides(grain, measure.count, measure.unit):
            raise Refused("SHIFT_GRAIN")
        if isinstance(measure, AtStart) and not nests(grain, measure.unit):
            raise Refused("SHIFT_GRAIN")
        periods = tuple(self._output_periods(times)) if context.periods is None else context.periods
        read = {period: self._read_period(measure, period, grain, times) for period in periods}
        keys = (times.finest, *times.others)
        wanted = tuple(dict.fromkeys(read.values()))
        inner = self.evaluate(measure.inner, replace(context, keys=keys, where=times.rest, periods=wanted))
        found: dict[KeyValue, Cell] = {}
        for period in periods:
            for key in inner.keys:
                if key[0] == label(read[period], grain):
                    found[times.key(context, period, key[1:])] = inner.at(key)
        return Cells.of(found)

    def _read_period(self, measure: Ago | AtStart, period: datetime, grain: str, times: Times) -> datetime:
        """The period that an output period shows: that long ago, or the first asked one of the larger period."""
        if isinstance(measure, Ago):
            return start_of(add(period, -measure.count, measure.unit), grain)
        first = start_of(period, measure.unit)
        return first if times.bounds.start is None else max(first, start_of(times.bounds.start, grain))

    def _output_periods(self, times: Times) -> list[datetime]:
        assert times.finest is not None
        if times.bounds.start is not None and times.bounds.end is not None:
            return self.asked_periods(times, None)
        found: dict[datetime, None] = {}
        places = [place for place, key in enumerate(self.keys) if key == times.finest]
        for measure in self.question:
            cells = self.evaluate(unshifted(measure), Context(self.keys, self.where))
            for key in cells.keys:
                if key[places[0]] is not None:
                    found[moment(key[places[0]])] = None
        return list(found)

    def _moved(self, measure: Ago | AtStart, times: Times, context: Context) -> Cells:
        """Without a grain of time among the keys: the asked range moved as a whole."""
        if isinstance(measure, AtStart) or times.bounds.start is None or times.bounds.end is None:
            raise Refused("SHIFT_NEEDS_RANGE")
        by = measure

        def back(at: datetime) -> datetime:
            return add(at, -by.count, by.unit)

        first = times.bounds.start
        months = by.unit in ("MONTH", "QUARTER", "HALF_YEAR", "YEAR")

        def back_end(at: datetime) -> datetime:
            """Of a range that is no whole months, the end of the days that its days read."""
            if not months or (first.day == 1 == at.day and _midnights(first, at)):
                return back(at)
            last = at - INSTANT
            read = back(last)
            if read.day < last.day and first.date() < last.date():
                return add(start_of(read, "DAY"), 1, "DAY")
            return read + INSTANT

        where = tuple(
            filters.moved(node, back, back_end, lambda words: self.is_time(measure, words)) for node in times.where
        )
        return self.evaluate(measure.inner, replace(context, where=(*times.rest, *where)))

    # --- entities ------------------------------------------------------------------------------------------------

    def _across(self, measure: Across, context: Context) -> Cells:
        """One value per entity and asked key, then one aggregate over the entities (rule 17)."""
        entity = [Key(words, words) for words in measure.entity]
        asked = {key.dimension: key for key in context.keys if key.grain is None and key.part is None}
        keys = (*context.keys, *(key for key in entity if key.dimension not in asked))
        inner = replace(context, keys=keys)
        rows = Rows(measure.home, ("call", "count", []))
        inputs = {name: self.evaluate(one, inner) for name, one in measure.inputs.items()}
        present = inputs if inputs and not measure.all_time else {"rows": self.evaluate(rows, inner)}
        if measure.all_time:
            inputs = self._of_all_time(measure, keys, context)
        groups: dict[KeyValue, list[KeyValue]] = {} if context.keys else {(): []}
        _, function, arguments = measure.value
        share = arguments[1][1] if function.startswith("percentile") else None
        arguments = arguments[:1] if share is not None else arguments
        for key in sorted({key for cells in present.values() for key in cells.keys}, key=repr):
            group = groups.setdefault(key[: len(context.keys)], [])
            by_name = dict(zip((one.dimension for one in keys), key, strict=False))
            by_name |= {one.dimension: key[place] for place, one in enumerate(keys) if one.grain is None}
            if any(by_name[words] is None for words in measure.entity):
                continue

            def look(name: str, at: KeyValue = key) -> Cell:
                return inputs[name].at(at)

            if measure.having is None or values.scalar(measure.having, look) is True:
                group.append(tuple(values.scalar(one, look) for one in arguments))
        return Cells.of({key: values.aggregate(function, rows, share) for key, rows in groups.items()})

    def _of_all_time(self, measure: Across, keys: tuple[Key, ...], context: Context) -> dict[str, Cells]:
        """The inputs over the entities' whole history: no time among the keys or filters."""
        times = self.times(measure, replace(context, keys=keys))
        lasting = [place for place, key in enumerate(keys) if key in times.others]
        timeless = replace(context, keys=tuple(keys[place] for place in lasting), where=times.rest, window=None)

        def whole(cells: Cells) -> Cells:
            return Cells(cells.keys, lambda key: cells.at(tuple(key[place] for place in lasting)))

        return {name: whole(self.evaluate(one, timeless)) for name, one in measure.inputs.items()}

    def _dated(self, measure: Across, context: Context) -> Cells:
        """Each entity once, in the period of its first or last event of all time."""
        times = self.times(measure, context)
        lasting = tuple(key for key in context.keys if not self.is_time(measure, key.dimension))
        events: dict[tuple[KeyValue, KeyValue], datetime | None] = {}
        apart = replace(context, keys=lasting, where=times.rest, window=None)
        choose = min if measure.dated_by == "min" else max
        for _, meeting in self.meetings(measure.home, apart):
            entity = tuple(meeting.dimension(words) for words in measure.entity)
            at = meeting.time()
            if None in entity:
                continue
            place = (tuple(key.of(meeting.dimension(key.dimension)) for key in lasting), entity)
            before = events.get(place)
            events[place] = before if at is None else at if before is None else choose(at, before)
        groups: dict[KeyValue, int] = {} if context.keys else {(): 0}
        for (others, _), at in events.items():
            if self._chosen(at, times) and _inside(at, context.window):  # an entity without a date: the null period
                by_name = dict(zip((key.name for key in lasting), others, strict=True))
                key = tuple(by_name[one.name] if one.name in by_name else one.of(at) for one in context.keys)
                groups[key] = groups.get(key, 0) + 1
        return Cells.of(groups)

    # --- beside other members ------------------------------------------------------------------------------------

    def _named(self, key: Key, listed: tuple[str, ...], measure: Measure) -> bool:
        if key.dimension in listed:
            return True
        dated = key.grain is not None or key.part is not None
        return "time" in listed and dated and self.is_time(measure, key.dimension)

    def _level(self, measure: Level, context: Context) -> Cells:
        """Recomputed at fewer keys; which keys exist is said by the value at all of them (rule 19)."""
        listed = measure.excepted if measure.only is None else measure.only
        kept = [
            place
            for place, key in enumerate(context.keys)
            if self._named(key, listed, measure.inner) is (measure.only is not None)
        ]
        where = tuple(node for node in context.where if not _ignored(node, measure.ignoring))
        present = self.evaluate(measure.inner, context)
        fewer = replace(context, keys=tuple(context.keys[place] for place in kept), where=where)
        whole = self.evaluate(measure.inner, fewer)
        return Cells(present.keys, lambda key: whole.at(tuple(key[place] for place in kept)))

    def _rank(self, measure: Rank, context: Context) -> Cells:
        """1 for the first; equals share a rank; a missing value has none."""
        cells = self.evaluate(measure.inner, context)
        within = [place for place, key in enumerate(context.keys) if self._named(key, measure.within, measure.inner)]
        found: dict[KeyValue, Cell] = {}
        for key in cells.keys:
            mine = cells.at(key)
            if mine is None:
                found[key] = None
                continue
            beside = [cells.at(one) for one in cells.keys if all(one[place] == key[place] for place in within)]
            better = [one for one in beside if one is not None and (one > mine if measure.descending else one < mine)]
            found[key] = 1 + len(better)
        return Cells.of(found)


def _midnights(*moments: datetime) -> bool:
    return all(at == start_of(at, "DAY") for at in moments)


def _inside(at: datetime | None, window: tuple[datetime | None, datetime] | None) -> bool:
    return window is None or (at is not None and (window[0] is None or at >= window[0]) and at < window[1])


def _follows(key: Key, finest: str) -> bool:
    return key.part is None or nests(finest, PART_GRAIN[key.part])


def _is_range(node: Filter) -> bool:
    """Whether a filter of time is one plain range."""
    if node.get("op") in ("EQ", "IN") and "part" not in node:
        return len(node["values"]) == 1
    return node.get("op") in ("IN_RANGE", "GT", "GTE", "LT", "LTE") and "part" not in node


def _ignored(node: Filter, ignoring: tuple[str, ...]) -> bool:
    asked = [leaf["dimension"] for leaf in filters.leaves(node) if "dimension" in leaf]
    dropped = [words for words in asked if words in ignoring]
    if dropped and len(dropped) < len(asked):
        raise Refused("BAD_FILTER")
    return bool(dropped)


def _pushed(measure: Over) -> Measure:
    """A window of something built is that something of windows: each row counts in every window that holds it."""
    inner = measure.inner
    if isinstance(inner, Over):
        raise Refused("NOT_SUPPORTED")
    if isinstance(inner, Computed):
        return replace(inner, inputs={name: replace(measure, inner=one) for name, one in inner.inputs.items()})
    assert not isinstance(inner, Rows | State | After | Across)
    return replace(inner, inner=replace(measure, inner=inner.inner))


def unshifted(measure: Measure) -> Measure:
    """The measure without its shifts."""
    if isinstance(measure, Ago | AtStart):
        return unshifted(measure.inner)
    if isinstance(measure, Computed | Across):
        return replace(measure, inputs={name: unshifted(one) for name, one in measure.inputs.items()})
    return measure if isinstance(measure, Rows | State | After) else replace(measure, inner=unshifted(measure.inner))
