"""The one pipeline: Ask -> BoundQuery -> PermittedQuery -> Plan -> Statement -> Rows -> Answer."""

import asyncio
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from semantic_layer.access.principal import Principal
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError, refuse
from semantic_layer.plan.nodes import DatasetRead
from semantic_layer.plan.printing import printed
from semantic_layer.query.ask import Ask
from semantic_layer.serving.answer import Answer, Limit, Meta, TotalsSet
from semantic_layer.serving.compiler import Compiled, Compiler, Limits, NewerCatalogServed
from semantic_layer.serving.flights import Flights, Tables
from semantic_layer.serving.ports import Catalogs, Engine
from semantic_layer.serving.provenance import (
    SEMANTICS,
    answer_columns,
    column_versions,
    freshness_of,
    parameter_values,
    partial,
    resolved_ranges,
    warnings_of,
)
from semantic_layer.serving.sources import WHILE_UNCHANGED, Freshness, Look, Sources, Tokens
from semantic_layer.sql.write import duplicates_statement

__all__ = ["Answers", "Explanation", "Limits", "NewerCatalogServed"]

DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a question would be answered, without running it: the plan as text and one SQL text per statement."""

    plan: str
    sql: tuple[str, ...]


class _ColumnsChanged(Exception):
    """What was believed of a source's columns is no longer true; the question is compiled and run once more."""


class Answers:
    """Answers questions. Every door (GraphQL, command line, tests) calls `answer`; the stages are listed once."""

    def __init__(self, catalogs: Catalogs, engines: Mapping[str, Engine], limits: Limits = DEFAULT_LIMITS) -> None:
        self._sources = Sources(engines)
        self._compiler = Compiler(catalogs, self._sources, limits)
        self._flights = Flights()
        self._seconds = limits.seconds

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
            message = f"the question took longer than {seconds:g} seconds and was cancelled"
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
        try:
            compiled = await self._compiler.compile(ask, principal, deadline, published)
            looks = await self._looks(compiled)
            if believing and self._sources.outdated(look.unread for look in looks.values()):
                raise _ColumnsChanged
            return await self._run(ask, compiled, looks, deadline)
        except SemanticLayerError as error:
            if believing and error.code is ErrorCode.SOURCE_REFUSED:
                raise _ColumnsChanged from error
            raise

    async def explain(self, ask: Ask, principal: Principal) -> Explanation:
        """Compiles only: the question's rows are not read."""
        compiled = await self._compiler.compile(ask, principal, time.monotonic() + self._seconds)
        plans = (compiled.plans.rows, *compiled.plans.totals)
        return Explanation("\n\n".join(printed(plan) for plan in plans), tuple(one.text for one in compiled.statements))

    # --- running -------------------------------------------------------------------------------------------------

    async def _run(self, ask: Ask, compiled: Compiled, looks: Mapping[DatasetRead, Look], deadline: float) -> Answer:
        """The rows of all statements and what the datasets say of themselves, read from one snapshot."""
        source = compiled.plans.rows.source
        dialect = self._sources.engine(source).dialect
        fresh = {read: look.known for read, look in looks.items() if look.known is not None}
        first = {read: look for read, look in looks.items() if look.before_rows and read not in fresh}
        fresh |= await self._settled(first, source, deadline)
        late = {read: look for read, look in looks.items() if read not in fresh}
        tokens = {look.unread.relation: fresh.get(read, look.unread).token for read, look in looks.items()}
        plans = (compiled.plans.rows, *compiled.plans.totals)
        checks = tuple(dict.fromkeys(check for plan in plans for check in self._sources.unproven(plan, tokens)))
        proofs = [duplicates_statement(check, source, dialect) for check in checks]
        late_statements = [look.statement for look in late.values() if look.statement is not None]

        async def run() -> Tables:
            statements = [*proofs, *late_statements, *compiled.statements]
            found = await self._sources.run(source, statements, self._seconds)  # it may serve who came later
            self._sources.judge(source, checks, found[: len(checks)], tokens)
            rows = found[len(checks) :]
            for (read, look), row in zip(late.items(), rows, strict=False):
                fresh[read] = self._sources.settle(look, row)
            return rows[len(late) :]

        tables = await self._flights.result(_key(compiled, tokens), _kept_for(looks, fresh), run)
        fresh |= await self._settled({read: look for read, look in late.items() if read not in fresh}, source, deadline)
        return _answered(ask, compiled, tables, {read: fresh[read] for read in looks}, _kept_for(looks, fresh))

    async def _looks(self, compiled: Compiled) -> dict[DatasetRead, Look]:
        query = compiled.query
        catalogs = {one.revision: one for one in (query.published, *(column.published for column in query.columns))}
        plans = (compiled.plans.rows, *compiled.plans.totals)
        reads = dict.fromkeys(read for plan in plans for read in plan.datasets)
        return {read: await self._sources.look(catalogs[read.revision], read.dataset, query.zone) for read in reads}

    async def _settled(
        self, looks: Mapping[DatasetRead, Look], source: str, deadline: float
    ) -> dict[DatasetRead, Freshness]:
        statements = [look.statement for look in looks.values() if look.statement is not None]
        if not statements:
            return {}
        rows = await self._sources.run(source, statements, _left(deadline))
        return {read: self._sources.settle(look, row) for (read, look), row in zip(looks.items(), rows, strict=True)}


def _left(deadline: float) -> float:
    """Seconds until the deadline, at least a moment: the engine says that it is over."""
    return max(deadline - time.monotonic(), 0.001)


def _key(compiled: Compiled, tokens: Tokens) -> Hashable:
    """Everything that rows depend on. Values by their text: 1, True and 1.0 are different values."""
    texts = tuple((one.text, repr(one.values)) for one in compiled.statements)
    marks = tuple(sorted((repr(relation), token or "") for relation, token in tokens.items()))
    return (compiled.plans.rows.source, texts, marks)


def _kept_for(looks: Mapping[DatasetRead, Look], fresh: Mapping[DatasetRead, Freshness]) -> float:
    """Seconds that the result may be kept: as long as the shortest-lived of its datasets allows."""
    return min((fresh.get(read, look.unread).kept_for for read, look in looks.items()), default=0.0)


# --- the answer --------------------------------------------------------------------------------------------------


def _answered(
    ask: Ask, compiled: Compiled, tables: Tables, fresh: Mapping[DatasetRead, Freshness], life: float
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
        warnings=warnings_of(query, plans, tables),
        versions=column_versions(query),
        dimensions=compiled.dimensions,
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
