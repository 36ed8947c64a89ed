"""The sources as questions need them: their columns, how fresh their rows are, and which joins are proven unique."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa
from cachetools import LRUCache, TLRUCache, TTLCache

from semantic_layer.definitions.model import Duration, Select, Table
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.types import Grain
from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse
from semantic_layer.plan.draft import ColumnsNeeded, RelationKey, Schemas, SourceColumns, ValuesNeeded
from semantic_layer.plan.freshness import TOKEN, WATERMARK, freshness_plan, span_columns
from semantic_layer.plan.nodes import Plan, UniqueCheck
from semantic_layer.query.calendar import EARLIEST, add
from semantic_layer.query.problems import listed
from semantic_layer.serving.ports import Engine
from semantic_layer.sql.statement import Statement
from semantic_layer.sql.write import statement

COLUMNS_FOR = 60.0  # seconds that a relation's columns are believed
MOST_RELATIONS = 10_000
MOST_RUNNING = 500  # runs at one source, waiting ones included: more would only wait for their deadline
WHILE_UNCHANGED = 86_400.0  # seconds that a result is kept under a change token
Tokens = Mapping[RelationKey, str | None]


class SourceDown(SemanticLayerError):
    """SOURCE_UNAVAILABLE, and which connection it was."""

    def __init__(self, connection: str, cause: SemanticLayerError) -> None:
        self.connection = connection
        super().__init__(cause.issues, cause.detail)


@contextmanager
def _of_connection(connection: str) -> Iterator[None]:
    try:
        yield
    except SemanticLayerError as error:
        if error.code is ErrorCode.SOURCE_UNAVAILABLE:
            raise SourceDown(connection, error) from error
        raise


@dataclass(frozen=True, slots=True)
class Freshness:
    """What a dataset's rows say of themselves. `token` None: nothing tells whether they changed.

    `spans` are the first and last moment by time dimension. `seconds` is the declared time to live, None if there
    is none; `until` the moment up to which this is remembered.
    """

    dataset: str
    relation: RelationKey
    as_of: str | None = None
    token: str | None = None
    spans: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)
    seconds: float | None = None
    until: float = -math.inf

    @property
    def kept_for(self) -> float:
        """Seconds that a result over these rows may be kept, 0 when nothing allows it (rule 25)."""
        return WHILE_UNCHANGED if self.token is not None else self.seconds or 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a dataset: `known` already, or `statement` still to be run.

    `before_rows`: its change token is in the statement's answer, so that it must be known before rows are looked up.
    """

    key: tuple[object, ...]
    unread: Freshness
    times: tuple[str, ...] = ()
    known: Freshness | None = None
    statement: Statement | None = None
    before_rows: bool = False


class Sources:
    """The engines by connection name, with what was learned from them."""

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._engines = {name.upper(): engine for name, engine in engines.items()}
        self._columns: TTLCache[RelationKey, SourceColumns] = TTLCache(MOST_RELATIONS, COLUMNS_FOR, time.monotonic)
        self._last_columns: LRUCache[RelationKey, SourceColumns] = LRUCache(MOST_RELATIONS)
        self._running: Counter[str] = Counter()
        self._learned_at: dict[RelationKey, str | None] = {}
        self._looking_through: dict[RelationKey, asyncio.Lock] = {}
        self._impossible: TLRUCache[tuple[RelationKey, str | None], Mapping[str, bool]] = TLRUCache(
            MOST_RELATIONS, ttu=_values_believed, timer=time.monotonic
        )
        self._freshness: TLRUCache[tuple[object, ...], Freshness] = TLRUCache(
            MOST_RELATIONS, ttu=lambda _key, fresh, _now: fresh.until, timer=time.monotonic
        )
        self._proven: LRUCache[tuple[object, ...], bool] = LRUCache(MOST_RELATIONS)

    def engine(self, connection: str) -> Engine:
        """Names know no case, as environment variables. Raises SOURCE_UNAVAILABLE for one that the settings lack."""
        engine = self._engines.get(connection.upper())
        if engine is None:
            message = f"no connection {connection} is configured; there are {listed(self._engines) or 'none'}"
            raise refuse(ErrorCode.SOURCE_UNAVAILABLE, message)
        return engine

    async def run(self, connection: str, statements: Sequence[Statement], timeout: float) -> list[pa.Table]:
        """The statements' rows from one snapshot.

        Raises OVERLOADED when too many runs wait for the source, SourceDown when it does not answer.
        """
        with _of_connection(connection):
            engine = self.engine(connection)
        if self._running[connection] >= MOST_RUNNING:
            message = f"{MOST_RUNNING} questions wait for source {connection} already; ask again in a moment"
            raise refuse(ErrorCode.OVERLOADED, message)
        self._running[connection] += 1
        try:
            with _of_connection(connection):
                return await engine.run(statements, timeout=timeout)
        finally:
            self._running[connection] -= 1

    def columns(self, missing: frozenset[str] = frozenset()) -> Schemas:
        """What is known of relations' columns at this moment; of missing sources what was known last.

        Nothing is read of a missing source, so nobody has to look through its values.
        """
        gone = {key: one for key, one in self._last_columns.items() if key[0] in missing}
        known = {key: replace(one, impossible=self._judged(key)) for key, one in self._columns.items()}
        return known | {key: replace(one, impossible=dict.fromkeys(one.types, False)) for key, one in gone.items()}

    def _judged(self, key: RelationKey) -> Mapping[str, bool]:
        return self._impossible.get((key, self._learned_at.get(key)), {})

    async def learn(self, needed: ColumnsNeeded) -> None:
        """Asks a source for the columns of a relation."""
        connection, relation = needed.key
        with _of_connection(connection):
            engine = self.engine(connection)
            token = await engine.file_token(relation)
            found = await engine.describe(relation)
        self._last_columns[needed.key] = SourceColumns(found.types, found.unique)
        self._columns[needed.key] = SourceColumns(found.types, found.unique)
        self._learned_at[needed.key] = token

    async def learn_values(self, needed: ValuesNeeded) -> None:
        """Has sources look through columns for NaN, infinities and dates outside of the calendar (rule 9).

        What was found holds for the state of a file, else as long as types are believed.
        """
        for key, columns in needed.columns.items():
            async with self._looking_through.setdefault(key, asyncio.Lock()):
                new = {name: kind for name, kind in columns.items() if name not in self._judged(key)}
                token = self._learned_at.get(key)
                with _of_connection(key[0]):
                    found = await self.engine(key[0]).impossible(key[1], new) if new else frozenset()
                judged = {name: name in found for name in new}
                self._impossible[(key, token)] = {**self._impossible.get((key, token), {}), **judged}

    def outdated(self, datasets: Iterable["Freshness"]) -> bool:
        """Whether the columns of a dataset's file were learned from another state of it."""
        return any(self._learned_at.get(one.relation, one.token) != one.token for one in datasets)

    def forget_columns(self) -> None:
        """After a source refused a statement: its tables may have changed."""
        self._columns.clear()
        self._learned_at.clear()

    def still_has(self, connection: str, relation: Table | Select, token: str | None) -> bool:
        """Whether the relation's own change token is known to be this one, without waiting."""
        return self.engine(connection).still_has(relation, token)

    # --- freshness -----------------------------------------------------------------------------------------------

    async def look(self, published: PublishedCatalog, name: str, asked_times: Iterable[str], zone: str | None) -> Look:
        """What is known of a dataset's rows without reading them, and the statement that tells the rest.

        It tells the span of the dataset's own time, and of the other time dimensions that are asked for.
        """
        dataset = published.catalog.datasets[name]
        relation = (published.catalog.sources[dataset.source].connection, dataset.relation)
        with _of_connection(relation[0]):
            engine = self.engine(relation[0])
            token = await engine.file_token(dataset.relation)
        times = tuple(dict.fromkeys(one for one in (dataset.time, *sorted(asked_times)) if one is not None))
        unread = Freshness(name, relation, None, token, seconds=_seconds(dataset.time_to_live))
        key = (relation, repr(dataset), times, zone or published.catalog.settings.time_zone, token)
        known = self._freshness.get(key)
        if known is not None:
            return Look(key, unread, times, known)
        plan = await self._freshness_plan(published, name, times, zone)
        if plan is None:
            return Look(key, unread, times, replace(unread, until=math.inf))  # there is nothing to be read
        return Look(key, unread, times, None, statement(plan, engine.dialect), dataset.change_token is not None)

    def settle(self, look: Look, row: pa.Table) -> Freshness:
        """What the look's statement answered; remembered as long as it is true without asking again."""
        fresh = _read(look, row)
        seconds = look.unread.kept_for
        if seconds > 0:
            fresh = replace(fresh, until=time.monotonic() + seconds)
            self._freshness[look.key] = fresh
        return fresh

    async def freshness(
        self, published: PublishedCatalog, name: str, times: Iterable[str], zone: str | None, timeout: float
    ) -> Freshness:
        """The freshness of one dataset, asked now if it is not known."""
        look = await self.look(published, name, times, zone)
        if look.known is not None:
            return look.known
        assert look.statement is not None
        [row] = await self.run(look.unread.relation[0], [look.statement], timeout)
        return self.settle(look, row)

    async def _freshness_plan(
        self, published: PublishedCatalog, name: str, times: tuple[str, ...], zone: str | None
    ) -> Plan | None:
        while True:
            try:
                return freshness_plan(published, name, times, zone, self.columns())
            except ColumnsNeeded as needed:
                await self.learn(needed)
            except ValuesNeeded as needed:
                await self.learn_values(needed)
            except SemanticLayerError as error:
                if error.code is not ErrorCode.ZONE_UNKNOWN or zone is None:
                    raise
                zone = None  # a question that shows this time refuses by itself; any other does not need it converted

    # --- uniqueness ----------------------------------------------------------------------------------------------

    def unproven(self, plan: Plan, tokens: Tokens) -> tuple[UniqueCheck, ...]:
        """The joins to one row whose key the source does not enforce, and that were not proven for these rows."""
        return tuple(
            check
            for check in plan.checks
            if not self._enforced(plan.source, check) and not self._is_proven(plan.source, check, tokens)
        )

    def _enforced(self, connection: str, check: UniqueCheck) -> bool:
        known = self._columns.get((connection, check.relation))
        return known is not None and known.keeps_unique(check.columns)

    def _is_proven(self, connection: str, check: UniqueCheck, tokens: Tokens) -> bool:
        token = tokens.get((connection, check.relation))
        return token is not None and (connection, check.relation, check.columns, check.valid, token) in self._proven

    def judge(self, connection: str, checks: tuple[UniqueCheck, ...], found: list[pa.Table], tokens: Tokens) -> None:
        """Raises JOIN_NOT_UNIQUE if a check found a repeated key; remembers the others for their change token."""
        for check, table in zip(checks, found, strict=True):
            if table.column(0)[0].as_py():
                columns = ", ".join(check.columns)
                several = "several rows there" if check.valid is None else "several rows there that hold at one time"
                message = (
                    f"join {check.join} is declared to one row of {check.dataset}, but values of {columns} occur in"
                    f" {several}; a sum across it would be doubled"
                )
                raise refuse(ErrorCode.JOIN_NOT_UNIQUE, message)
            token = tokens.get((connection, check.relation))
            if token is not None:
                self._proven[(connection, check.relation, check.columns, check.valid, token)] = True


def _values_believed(key: tuple[RelationKey, str | None], found: Mapping[str, bool], now: float) -> float:
    return now + (COLUMNS_FOR if key[1] is None else WHILE_UNCHANGED)


def _seconds(life: Duration | None) -> float | None:
    if life is None:
        return None
    assert isinstance(life.unit, Grain)  # the language takes no other here
    return (add(EARLIEST, life.count, life.unit) - EARLIEST).total_seconds()


def _read(look: Look, row: pa.Table) -> Freshness:
    values, unread = row.to_pylist()[0], look.unread
    mark = values.get(WATERMARK)
    spans = {time: tuple(values[name] for name in span_columns(place)) for place, time in enumerate(look.times)}
    token = unread.token if TOKEN not in values else f"{unread.token or ''}{values[TOKEN]}"
    return replace(
        unread,
        as_of=mark.isoformat() if isinstance(mark, datetime) else mark,
        token=token,
        spans={time: (first, last) for time, (first, last) in spans.items() if first is not None},
    )
