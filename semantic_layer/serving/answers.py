"""The one pipeline: Ask -> BoundQuery -> PermittedQuery -> Plan -> Statement -> Rows -> Answer."""

import asyncio
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cachetools import TTLCache

from semantic_layer.access.permit import PermittedQuery, permit
from semantic_layer.access.principal import Principal
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError, refuse
from semantic_layer.plan.build import Plans, build
from semantic_layer.plan.draft import ColumnsNeeded
from semantic_layer.plan.nodes import DatasetRead
from semantic_layer.plan.printing import printed
from semantic_layer.query.ask import Ask
from semantic_layer.query.bind import bind
from semantic_layer.query.bound import BoundQuery
from semantic_layer.query.last_filters import has_last_filter, recorded_keys
from semantic_layer.query.world import RecordedKey, World
from semantic_layer.serving.answer import Answer, Limit, Meta, TotalsSet
from semantic_layer.serving.flights import Flights, Tables
from semantic_layer.serving.ports import Catalogs, Engine
from semantic_layer.serving.provenance import (
    SEMANTICS,
    answer_columns,
    column_versions,
    dimension_fingerprints,
    freshness_of,
    parameter_values,
    partial,
    resolved_ranges,
    warnings_of,
)
from semantic_layer.serving.sources import COLUMNS_FOR, WHILE_UNCHANGED, Freshness, Look, Sources, Tokens
from semantic_layer.sql.statement import Statement
from semantic_layer.sql.write import duplicates_statement, statement

MOST_COMPILED = 1_000  # questions whose statements are remembered, for as long as their columns are believed


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may take: rows by default and at most, seconds, and how long `minRevision` waits."""

    default_rows: int = 10_000
    max_rows: int = 100_000
    seconds: float = 30.0
    revision_wait: float = 2.0


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a question would be answered, without running it: the plan as text and one SQL text per statement."""

    plan: str
    sql: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A question up to its statements: the rows' first, then one per set of totals."""

    query: BoundQuery
    plans: Plans
    statements: tuple[Statement, ...]


class Answers:
    """Answers questions. Every door (GraphQL, command line, tests) calls `answer`; the stages are listed once."""

    def __init__(self, catalogs: Catalogs, engines: Mapping[str, Engine], limits: Limits = Limits()) -> None:
        self._catalogs = catalogs
        self._sources = Sources(engines)
        self._flights = Flights()
        self._limits = limits
        self._compiled: TTLCache[Hashable, _Compiled] = TTLCache(MOST_COMPILED, COLUMNS_FOR, time.monotonic)

    async def answer(self, ask: Ask, principal: Principal, *, timeout: float | None = None) -> Answer:
        """Raises SemanticLayerError with all issues of the question, or with the source's failure."""
        seconds = self._limits.seconds if timeout is None else min(timeout, self._limits.seconds)
        deadline = time.monotonic() + seconds
        try:
            async with asyncio.timeout(seconds):
                compiled = await self._compile(ask, principal, deadline)
                return await self._run(ask, compiled, deadline)
        except TimeoutError:
            message = f"the question took longer than {seconds:g} seconds and was cancelled"
            raise refuse(ErrorCode.DEADLINE_EXCEEDED, message) from None

    async def explain(self, ask: Ask, principal: Principal) -> Explanation:
        compiled = await self._compile(ask, principal, time.monotonic() + self._limits.seconds)
        plans = (compiled.plans.rows, *compiled.plans.totals)
        return Explanation("\n\n".join(printed(plan) for plan in plans), tuple(one.text for one in compiled.statements))

    # --- up to the statements ------------------------------------------------------------------------------------

    async def _compile(self, ask: Ask, principal: Principal, deadline: float) -> _Compiled:
        published = await self._pinned_catalog(ask)
        key = (repr(ask), published.revision, principal)
        known = self._compiled.get(key)
        if known is not None:
            return known
        compiled = await self._compile_anew(ask, published, principal, deadline)
        if not has_last_filter(ask):  # it speaks of this moment
            self._compiled[key] = compiled
        return compiled

    async def _compile_anew(
        self, ask: Ask, published: PublishedCatalog, principal: Principal, deadline: float
    ) -> _Compiled:
        world = await self._world(ask, published, deadline)
        query = bind(ask, world)
        permitted = permit(query, principal)
        plans = await self._plans(permitted)
        dialect = self._sources.engine(plans.rows.source).dialect
        statements = tuple(statement(plan, dialect) for plan in (plans.rows, *plans.totals))
        return _Compiled(query, plans, statements)

    async def _pinned_catalog(self, ask: Ask) -> PublishedCatalog:
        """The one catalog of the question's whole life."""
        if ask.min_revision is not None:
            await self._catalogs.wait_for(ask.min_revision, self._limits.revision_wait)
        if ask.as_of is None:
            return self._catalogs.current
        if ask.as_of.revision is not None:
            return await self._catalogs.at_revision(ask.as_of.revision)
        assert ask.as_of.recorded_at is not None
        return await self._catalogs.recorded_at(ask.as_of.recorded_at)

    async def _world(self, ask: Ask, published: PublishedCatalog, deadline: float) -> World:
        zone = ask.time_zone or published.catalog.settings.time_zone
        now = datetime.now(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        pinned = await self._pinned_versions(ask, published)
        bare = World(published, now, self._limits.default_rows, self._limits.max_rows, pinned)
        recorded: dict[RecordedKey, tuple[datetime, datetime] | None] = {}
        for revision, dataset, dimension in recorded_keys(ask, bare):
            catalog = published if revision == published.revision else pinned[revision]
            fresh = await self._sources.freshness(catalog, dataset, zone, deadline - time.monotonic())
            recorded[(revision, dataset, dimension)] = fresh.span
        return World(published, now, self._limits.default_rows, self._limits.max_rows, pinned, recorded)

    async def _pinned_versions(self, ask: Ask, published: PublishedCatalog) -> dict[int, PublishedCatalog]:
        """The catalogs of pinned versions: each the one in which its version came in force."""
        pins: dict[int, PublishedCatalog] = {}
        for metric in ask.metrics:
            versions = published.versions.get(metric.name, ())
            version = next((one for one in versions if one.number == metric.version), None)
            if version is not None and version.revision not in pins:
                same = version.revision == published.revision
                pins[version.revision] = published if same else await self._catalogs.at_revision(version.revision)
        return pins

    async def _plans(self, permitted: PermittedQuery) -> Plans:
        while True:
            try:
                return build(permitted, self._sources.columns)
            except ColumnsNeeded as needed:
                await self._sources.learn(needed)

    # --- running -------------------------------------------------------------------------------------------------

    async def _run(self, ask: Ask, compiled: _Compiled, deadline: float) -> Answer:
        """The rows of all statements and what the datasets say of themselves, read from one snapshot."""
        source = compiled.plans.rows.source
        engine = self._sources.engine(source)
        looks = await self._looks(compiled)
        fresh = {read: look.known for read, look in looks.items() if look.known is not None}
        first = {read: look for read, look in looks.items() if look.before_rows and read not in fresh}
        fresh |= await self._settled(first, engine, deadline)
        late = {read: look for read, look in looks.items() if read not in fresh}
        tokens = {look.unread.relation: fresh.get(read, look.unread).token for read, look in looks.items()}
        plans = (compiled.plans.rows, *compiled.plans.totals)
        checks = tuple(dict.fromkeys(check for plan in plans for check in self._sources.unproven(plan, tokens)))
        proofs = [duplicates_statement(check, source, engine.dialect) for check in checks]
        late_statements = [look.statement for look in late.values() if look.statement is not None]

        async def run() -> Tables:
            statements = [*proofs, *late_statements, *compiled.statements]
            found = await self._from_source(engine, statements, deadline)
            self._sources.judge(source, checks, found[: len(checks)], tokens)
            rows = found[len(checks) :]
            for (read, look), row in zip(late.items(), rows, strict=False):
                fresh[read] = self._sources.settle(look, row)
            return rows[len(late) :]

        tables = await self._flights.result(_key(compiled, tokens), _kept_for(looks, fresh), run)
        fresh |= await self._settled({read: look for read, look in late.items() if read not in fresh}, engine, deadline)
        return _answered(ask, compiled, tables, {read: fresh[read] for read in looks}, _kept_for(looks, fresh))

    async def _looks(self, compiled: _Compiled) -> dict[DatasetRead, Look]:
        query = compiled.query
        catalogs = {one.revision: one for one in (query.published, *(column.published for column in query.columns))}
        plans = (compiled.plans.rows, *compiled.plans.totals)
        reads = dict.fromkeys(read for plan in plans for read in plan.datasets)
        return {read: await self._sources.look(catalogs[read.revision], read.dataset, query.zone) for read in reads}

    async def _settled(
        self, looks: Mapping[DatasetRead, Look], engine: Engine, deadline: float
    ) -> dict[DatasetRead, Freshness]:
        statements = [look.statement for look in looks.values() if look.statement is not None]
        if not statements:
            return {}
        rows = await self._from_source(engine, statements, deadline)
        return {read: self._sources.settle(look, row) for (read, look), row in zip(looks.items(), rows, strict=True)}

    async def _from_source(self, engine: Engine, statements: Sequence[Statement], deadline: float) -> Tables:
        try:
            return await engine.run(statements, timeout=max(deadline - time.monotonic(), 0.001))
        except SemanticLayerError as error:
            if error.code is ErrorCode.SOURCE_REFUSED:
                self._compiled.clear()
                self._sources.forget_columns()  # the next question looks at the source's tables anew
            raise


def _key(compiled: _Compiled, tokens: Tokens) -> Hashable:
    """Everything that rows depend on. Values by their text: 1, True and 1.0 are different values."""
    texts = tuple((one.text, repr(one.values)) for one in compiled.statements)
    marks = tuple(sorted((repr(relation), token or "") for relation, token in tokens.items()))
    return (compiled.plans.rows.source, texts, marks)


def _kept_for(looks: Mapping[DatasetRead, Look], fresh: Mapping[DatasetRead, Freshness]) -> float:
    """Seconds that the result may be kept: as long as the shortest-lived of its datasets allows."""
    return min((fresh.get(read, look.unread).kept_for for read, look in looks.items()), default=0.0)


# --- the answer --------------------------------------------------------------------------------------------------


def _answered(
    ask: Ask, compiled: _Compiled, tables: Tables, fresh: Mapping[DatasetRead, Freshness], life: float
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
        warnings=warnings_of(query, tables),
        versions=column_versions(query),
        dimensions=dimension_fingerprints(query),
        freshness=freshness_of(fresh),
        time_to_live=int(life) if 0 < life < WHILE_UNCHANGED else None,
        resolved=resolved_ranges(query),
        parameters=parameter_values(query),
        partial_periods=partial(query, rows, fresh),
    )
    if ask.strict and meta.warnings:
        raise SemanticLayerError(Issue(ErrorCode.WARNING_AS_ERROR, one.message, ("strict",)) for one in meta.warnings)
    sets = tuple(
        TotalsSet(kept, answer_columns(query, plan.columns), table)
        for kept, plan, table in zip(query.totals, plans.totals, totals, strict=True)
    )
    return Answer(answer_columns(query, plans.rows.columns), rows, sets, meta)
