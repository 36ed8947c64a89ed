"""The one pipeline: Ask -> BoundQuery -> PermittedQuery -> Plan -> Statement -> Rows -> Answer."""

import asyncio
import math
import time
from collections.abc import Coroutine, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from cachetools import LRUCache

from semantic_layer.access.principal import Principal
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError, refuse
from semantic_layer.plan.across_sources import MOST_PART_ROWS
from semantic_layer.plan.nodes import DatasetRead
from semantic_layer.plan.printing import printed
from semantic_layer.query.ask import Ask
from semantic_layer.query.measure import homes
from semantic_layer.serving.answer import Answer, Grounds, Limit, Meta, TotalsSet
from semantic_layer.serving.compiler import Compiled, Compiler, Limits, NewerCatalogServed
from semantic_layer.serving.flights import Tables
from semantic_layer.serving.ports import Catalogs, Combiner, Engine
from semantic_layer.serving.provenance import (
    SEMANTICS,
    answer_columns,
    column_versions,
    freshness_of,
    missing_columns,
    parameter_values,
    partial,
    resolved_ranges,
    warnings_of,
)
from semantic_layer.serving.shares import Looks, Read, Share, ShareReader, part_tables, seconds_left
from semantic_layer.serving.sources import Freshness, Look, SourceDown, Sources

__all__ = ["Answers", "Explanation", "Limits", "NewerCatalogServed"]

DEFAULT_LIMITS = Limits()
MOST_ANSWER_BYTES = 64 * 1024 * 1024  # of answers that are given again as they are


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a question would be answered, without running it: the plan as text and one SQL text per statement."""

    plan: str
    sql: tuple[str, ...]


class _ColumnsChanged(Exception):
    """What was believed of a source's columns is no longer true; the question is compiled and run once more."""


class Answers:
    """Answers questions. Every door (GraphQL, command line, tests) calls `answer`; the stages are listed once."""

    def __init__(
        self,
        catalogs: Catalogs,
        engines: Mapping[str, Engine],
        combiner: Combiner,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._sources = Sources(engines)
        self._compiler = Compiler(catalogs, self._sources, limits, combiner.dialect)
        self._reader = ShareReader(self._sources, limits.seconds)
        self._combiner = combiner
        self.limits = limits
        self._seconds = limits.seconds
        self._given: LRUCache[Hashable, Answer] = LRUCache(MOST_ANSWER_BYTES, getsizeof=_size)
        self._given_of = 0  # the newest revision among them: answers of older ones go with their compilations

    async def answer(
        self,
        ask: Ask,
        principal: Principal,
        *,
        timeout: float | None = None,
        published: PublishedCatalog | None = None,
    ) -> Answer:
        """`published` is the catalog that the request began with, None the current one; `asOf` leads to another.

        Raises SemanticLayerError with all issues of the question, or with the source's failure; NewerCatalogServed
        when `minRevision` is newer than `published`, and served.
        """
        seconds = self._seconds if timeout is None else min(timeout, self._seconds)
        deadline = time.monotonic() + seconds
        try:
            async with asyncio.timeout(seconds):
                try:
                    return await self._once(ask, principal, deadline, published, believing=True)
                except _ColumnsChanged:
                    self._compiler.forget()
                    return await self._once(ask, principal, deadline, published, believing=False)
        except TimeoutError:
            message = f"the question took longer than {seconds:.3g} seconds and was cancelled"
            raise refuse(ErrorCode.DEADLINE_EXCEEDED, message) from None

    async def _once(
        self,
        ask: Ask,
        principal: Principal,
        deadline: float,
        published: PublishedCatalog | None,
        *,
        believing: bool,
    ) -> Answer:
        """`believing`: what is known of the source's columns may be old; _ColumnsChanged when it seems to be."""
        missing: frozenset[str] = frozenset()
        try:
            while True:
                try:
                    return await self._without(missing, ask, principal, deadline, published, believing)
                except SourceDown as down:
                    if not ask.partial or down.connection in missing:
                        raise
                    missing |= {down.connection}
        except SemanticLayerError as error:
            if believing and error.code is ErrorCode.SOURCE_REFUSED:
                raise _ColumnsChanged from error
            raise

    async def _without(
        self,
        missing: frozenset[str],
        ask: Ask,
        principal: Principal,
        deadline: float,
        published: PublishedCatalog | None,
        believing: bool,
    ) -> Answer:
        """The answer without the sources that were found to be down, if any. Raises SourceDown for another one."""
        compiled = await self._compiler.compile(ask, principal, deadline, published, missing)
        before = None if compiled.known_as is None else self._given.get(compiled.known_as)
        if before is not None and before.grounds is not None and self.stands(before.grounds):
            return before
        looks = await self._looks(compiled)
        if believing and self._sources.outdated(look.unread for look in looks.values()):
            raise _ColumnsChanged
        return await self._run(ask, compiled, looks, deadline)

    def stands(self, grounds: Grounds) -> bool:
        """Whether the same question of the same catalog would get the answer of these grounds again (rules 25, 27).

        It looks and does not wait: False also when finding out would take a while.
        """
        if time.monotonic() >= grounds.until or not self._compiler.remembers(grounds.known_as, grounds.mark):
            return False
        return all(self._sources.still_has(*mark) for mark in grounds.marks)

    async def explain(self, ask: Ask, principal: Principal) -> Explanation:
        """Compiles only: the question's rows are not read."""
        compiled = await self._compiler.compile(ask, principal, time.monotonic() + self._seconds)
        plans = (compiled.plans.rows, *compiled.plans.totals)
        return Explanation("\n\n".join(printed(plan) for plan in plans), tuple(one.text for one in compiled.statements))

    # --- running -------------------------------------------------------------------------------------------------

    async def _run(self, ask: Ask, compiled: Compiled, looks: Looks, deadline: float) -> Answer:
        """Every source's share, read at the same time, then put together."""
        reads = await _all_of(self._reader.read(one, _of(one, looks), deadline) for one in compiled.shares)
        found = {dataset: one for read in reads for dataset, one in read.fresh.items()}
        fresh = {dataset: found[dataset] for dataset in looks}
        tables = await self._combined(compiled, reads, deadline) if compiled.combining else reads[0].tables
        answer = _answered(ask, compiled, tables, _all_tables(reads), fresh, _life(fresh, reads))
        again = ask.as_of is None and answer.meta.time_to_live is None  # what is left of a life is told anew each time
        grounds = _grounds(compiled, looks, reads) if again else None
        if grounds is not None:
            answer = replace(answer, grounds=grounds)
            self._keep(answer, compiled.known_as)
        return answer

    def _keep(self, answer: Answer, known_as: Hashable) -> None:
        if answer.meta.revision > self._given_of:
            self._given_of = answer.meta.revision
            self._given.clear()
        if _size(answer) <= MOST_ANSWER_BYTES:
            self._given[known_as] = answer

    async def _combined(self, compiled: Compiled, reads: Sequence[Read], deadline: float) -> Tables:
        plans = (compiled.plans.rows, *compiled.plans.totals)
        left = {share.source: list(read.tables) for share, read in zip(compiled.shares, reads, strict=True)}
        parts = [part_tables(plan, left) for plan in plans]
        for tables in parts:
            _check_size(tables.values())
        return await self._combiner.combine(compiled.combining, parts, timeout=seconds_left(deadline))

    async def _looks(self, compiled: Compiled) -> dict[DatasetRead, Look]:
        query = compiled.query
        catalogs = {one.revision: one for one in (query.published, *(column.published for column in query.columns))}
        plans = (compiled.plans.rows, *compiled.plans.totals)
        reads = dict.fromkeys(read for plan in plans for read in plan.datasets)
        times = {read: set[str]() for read in reads}
        for column in query.columns:
            for home, dated_by in homes(column.measure):
                read = DatasetRead(column.published.revision, home)
                if dated_by is not None and read in times:  # rows of a source that is down are not read
                    times[read].add(dated_by)
        return {
            read: await self._sources.look(catalogs[read.revision], read.dataset, times[read], query.zone)
            for read in reads
        }


async def _all_of(runs: Iterable[Coroutine[None, None, Read]]) -> list[Read]:
    """All at the same time; when one fails nobody waits for the others."""
    tasks = [asyncio.ensure_future(one) for one in runs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _all_tables(reads: Sequence[Read]) -> Tables:
    return [table for read in reads for table in read.tables]


def _of(share: Share, looks: Looks) -> Looks:
    return {read: look for read, look in looks.items() if look.unread.relation[0] == share.source}


def _life(fresh: Mapping[DatasetRead, Freshness], reads: Sequence[Read]) -> int | None:
    """Seconds that are left of what was declared; None where change tokens tell, or nothing does (rule 25)."""
    if all(one.token is not None for one in fresh.values()):
        return None
    left = min(read.until for read in reads) - time.monotonic()
    return math.ceil(left) if left > 0 else None


def _grounds(compiled: Compiled, looks: Looks, reads: Sequence[Read]) -> Grounds | None:
    until = min(read.until for read in reads)
    if compiled.known_as is None or until < time.monotonic():
        return None
    marks = dict.fromkeys((*look.unread.relation, look.unread.token) for look in looks.values())
    return Grounds(compiled.known_as, compiled.mark, tuple(marks), until)


def _size(answer: Answer) -> int:
    return 4096 + sum(table.nbytes for table in (answer.rows, *(one.rows for one in answer.totals)))


def _check_size(tables: Iterable[pa.Table]) -> None:
    if any(table.num_rows > MOST_PART_ROWS for table in tables):
        message = f"a source gives more than {MOST_PART_ROWS:,} rows to be combined with another's; filter or cut less"
        raise refuse(ErrorCode.QUERY_TOO_COMPLEX, message)


# --- the answer --------------------------------------------------------------------------------------------------


def _answered(
    ask: Ask, compiled: Compiled, tables: Tables, read: Tables, fresh: Mapping[DatasetRead, Freshness], life: int | None
) -> Answer:
    query, plans = compiled.query, compiled.plans
    rows, *totals = tables
    truncated = rows.num_rows > query.limit
    rows = rows.slice(0, query.limit)
    meta = Meta(
        revision=query.published.revision,
        semantics=SEMANTICS,
        truncated=truncated,
        limit=Limit(query.limit, query.limit_set_by),
        sql=";\n\n".join(one.text for one in compiled.statements),
        recorded_at=query.published.recorded_at,
        warnings=(*missing_columns(query, compiled.missing), *warnings_of(query, plans, read)),
        versions=column_versions(query),
        dimensions=compiled.dimensions,
        freshness=freshness_of(fresh),
        time_to_live=None if compiled.missing else life,
        resolved=resolved_ranges(query),
        parameters=parameter_values(query),
        partial_periods=partial(query, rows, fresh),
        draft=query.published.draft,
    )
    if ask.strict and meta.warnings:
        raise SemanticLayerError(Issue(ErrorCode.WARNING_AS_ERROR, one.message, ("strict",)) for one in meta.warnings)
    sets = tuple(
        TotalsSet(kept, answer_columns(query, plan.columns), table)
        for kept, plan, table in zip(query.totals, plans.totals, totals, strict=True)
    )
    return Answer(answer_columns(query, plans.rows.columns), rows, sets, meta)
