"""Checks definitions against the data: keys, joins, declared types and closed lists of every dataset (rule 3).

Each check is one statement of its own, a few at a time, each with its deadline. What cannot be read is a finding, and
stops nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from semantic_layer.definitions.check_columns import column_problems
from semantic_layer.definitions.check_money import money_warnings
from semantic_layer.definitions.model import Calendar, Dataset, Join
from semantic_layer.definitions.problem import Place
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.reader import Reading
from semantic_layer.definitions.types import Kind
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.plan.draft import RelationKey, SourceColumns
from semantic_layer.serving.ports import RelationColumns
from semantic_layer.serving.sources import Sources
from semantic_layer.survey.check_calendars import calendar_findings
from semantic_layer.survey.check_joins import JoinCheck, join_findings, join_report, joined_side
from semantic_layer.survey.check_keys import key_findings, key_report, rows_of
from semantic_layer.survey.check_values import value_findings
from semantic_layer.survey.finding import DataReport, DatasetReport, Finding, JoinReport, Level
from semantic_layer.survey.run import Look

AT_ONCE = 2  # per source: one scan uses every core of DuckDB, and a database has others to serve
Told = Callable[[str, int, int], None]  # what is done, how many are, of how many
T = TypeVar("T")
_LEVELS = tuple(Level)


@dataclass(slots=True)
class _Found:
    """What the checks that are done have found."""

    datasets: dict[str, DatasetReport] = field(default_factory=dict)
    joins: dict[tuple[str, str], JoinReport] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


class DataChecks:
    """The checks of one catalog. `reading` knows where each definition stands, `published` is the same catalog."""

    def __init__(self, reading: Reading, published: PublishedCatalog, sources: Sources, seconds: float) -> None:
        self._reading = reading
        self._published = published
        self._sources = sources
        self._seconds = seconds
        self._columns: dict[str, RelationColumns] = {}  # by dataset
        self._found = _Found()
        self._done = 0

    async def run(self, told: Told) -> DataReport:
        """All findings; failures of a source are among them."""
        await self._describe()
        self._check_columns()
        work = [*self._dataset_work(), *self._join_work(), *self._calendar_work()]
        limits = {source: asyncio.Semaphore(AT_ONCE) for source in self._published.catalog.sources}

        async def one(what: str, source: str, check: Callable[[], Awaitable[None]]) -> None:
            async with limits[source]:
                await check()
            self._done += 1
            told(what, self._done, len(work))

        async with asyncio.TaskGroup() as together:
            for item in work:
                together.create_task(one(*item))
        return self._report()

    # --- columns -------------------------------------------------------------------------------------------------

    async def _describe(self) -> None:
        """The columns of every dataset; a source that does not answer is told once and not asked again."""
        down: set[str] = set()
        for dataset in self._published.catalog.datasets.values():
            self._found.datasets[dataset.name] = DatasetReport(dataset.name, dataset.source)
            if dataset.source in down:
                continue
            connection = self._published.catalog.sources[dataset.source].connection
            try:
                self._columns[dataset.name] = await self._sources.engine(connection).describe(dataset.relation)
            except SemanticLayerError as error:
                if error.code is ErrorCode.SOURCE_UNAVAILABLE:
                    down.add(dataset.source)
                    self._failed(error, dataset.source, self._place("sources", dataset.source))
                else:
                    self._failed(error, dataset.name, self._place("datasets", dataset.name))

    def _check_columns(self) -> None:
        """Names that are no column, columns of a type that the language lacks, money in binary floats."""
        names = {name: {*known.types, *known.others} for name, known in self._columns.items()}
        for problem in column_problems(self._reading, names):
            self._add(Level.ERROR, problem.code, "", problem.place, problem.message)
        for name, known in self._columns.items():
            for column in self._published.catalog.datasets[name].columns:
                if column in known.others:
                    message = (
                        f"column {column} is {known.others[column]} in the source, a type that the language has not;"
                        f' make the dataset an "sql:" that casts it'
                    )
                    place = self._place("datasets", name, "columns", column)
                    self._add(Level.ERROR, "UNKNOWN_COLUMN", name, place, message)

        types = {name: known.types for name, known in self._columns.items()}
        for problem in money_warnings(self._reading, types):
            self._add(Level.WARNING, problem.code, "", problem.place, problem.message)

    def _look(self, dataset: Dataset) -> Look:
        connection = self._published.catalog.sources[dataset.source].connection
        schemas: dict[RelationKey, SourceColumns] = {}
        for name, known in self._columns.items():
            other = self._published.catalog.datasets[name]
            key = (self._published.catalog.sources[other.source].connection, other.relation)
            # Values that are none are looked for here: every column is read as if it held some.
            impossible = {
                name: True for name, type_ in known.types.items() if type_.kind is Kind.FLOAT or type_.is_time
            }
            schemas[key] = SourceColumns(known.types, known.unique, impossible)
        return Look(self._published, self._sources, connection, schemas, self._seconds)

    def _has(self, dataset: str, columns: Sequence[str]) -> bool:
        """Whether the source has these columns; what it has not was told already."""
        known = self._columns.get(dataset)
        names = set() if known is None else {name.lower() for name in known.types}
        return known is not None and all(column.lower() in names for column in columns)

    # --- the work ------------------------------------------------------------------------------------------------

    def _dataset_work(self) -> list[tuple[str, str, Callable[[], Awaitable[None]]]]:
        found = []
        for dataset in self._published.catalog.datasets.values():
            if dataset.name in self._columns:
                found.append((dataset.name, dataset.source, self._bound(self._check_dataset, dataset)))
        return found

    def _join_work(self) -> list[tuple[str, str, Callable[[], Awaitable[None]]]]:
        found = []
        for dataset in self._published.catalog.datasets.values():
            for join in dataset.joins.values():
                said = f"{dataset.name}.{join.name}"
                columns = tuple(join.match)
                self._found.joins[(dataset.name, join.name)] = JoinReport(
                    dataset.name, join.name, join.to, join.kind.value, columns
                )
                here, there = joined_side(dataset, join)
                if self._has(here.dataset, here.columns) and self._has(there.dataset, there.columns):
                    found.append((said, dataset.source, self._bound(self._check_join, dataset, join)))
        return found

    def _calendar_work(self) -> list[tuple[str, str, Callable[[], Awaitable[None]]]]:
        found = []
        for calendar in self._published.catalog.calendars.values():
            if self._has(calendar.dataset, (calendar.day, *calendar.grains.values())):
                source = self._published.catalog.datasets[calendar.dataset].source
                found.append((calendar.name, source, self._bound(self._check_calendar, calendar)))
        return found

    @staticmethod
    def _bound(check: Callable[..., Awaitable[None]], *arguments: object) -> Callable[[], Awaitable[None]]:
        return lambda: check(*arguments)

    async def _check_dataset(self, dataset: Dataset) -> None:
        place = self._place("datasets", dataset.name)
        look = self._look(dataset)
        try:
            key = dataset.key if dataset.key and self._has(dataset.name, dataset.key) else None
            rows, counted = await (rows_of(look, dataset) if key is None else key_report(look, dataset, key))
            self._found.datasets[dataset.name] = DatasetReport(
                dataset.name, dataset.source, rows, counted, dataset.key is not None
            )
            if counted is not None:
                key_place = self._place("datasets", dataset.name, "key")
                self._found.findings += await key_findings(look, counted, rows, key_place)
        except SemanticLayerError as error:
            self._failed(error, dataset.name, place)
            return
        try:
            self._found.findings += await value_findings(look, dataset, self._reading.places)
        except SemanticLayerError as error:
            self._failed(error, dataset.name, place)

    async def _check_calendar(self, calendar: Calendar) -> None:
        place = self._place("calendars", calendar.name)
        look = self._look(self._published.catalog.datasets[calendar.dataset])
        try:
            self._found.findings += await calendar_findings(look, calendar, place)
        except SemanticLayerError as error:
            self._failed(error, calendar.name, place)

    async def _check_join(self, dataset: Dataset, join: Join) -> None:
        place = self._place("datasets", dataset.name, "joins", join.name)
        look = self._look(dataset)
        check = JoinCheck(dataset, join, self._published.catalog, place)
        try:
            report = await join_report(look, check)
            if report is not None:
                self._found.joins[(dataset.name, join.name)] = report
            self._found.findings += await join_findings(look, check, report)
        except SemanticLayerError as error:
            self._failed(error, f"{dataset.name}.{join.name}", place)

    # --- what came of it -----------------------------------------------------------------------------------------

    def _place(self, *path: str) -> Place:
        return self._reading.places.key(*path)

    def _add(self, level: Level, code: str, subject: str, place: Place, message: str) -> None:
        self._found.findings.append(Finding(level, code, subject, place, message))

    def _failed(self, error: SemanticLayerError, subject: str, place: Place) -> None:
        for issue in error.issues:
            self._add(Level.ERROR, issue.code.value, subject, place, f"{subject} could not be checked: {issue.message}")

    def _report(self) -> DataReport:
        order = {level: place for place, level in enumerate(_LEVELS)}
        findings = sorted(
            dict.fromkeys(self._found.findings), key=lambda one: (order[one.level], one.place, one.code, one.message)
        )
        return DataReport(tuple(self._found.datasets.values()), tuple(self._found.joins.values()), tuple(findings))
