"""What one source answers of a question: its rows and what its datasets say of themselves, from one snapshot."""

import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from semantic_layer.plan.build import Plans
from semantic_layer.plan.nodes import DatasetRead, Plan
from semantic_layer.serving.flights import Flights, Tables
from semantic_layer.serving.sources import Freshness, Look, Sources, Tokens
from semantic_layer.sql.statement import Statement
from semantic_layer.sql.write import duplicates_statement

Looks = Mapping[DatasetRead, Look]


@dataclass(frozen=True, slots=True)
class Share:
    """The row sets that one source gives: all of a question's, or its parts of each."""

    source: str
    plans: tuple[Plan, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The share's tables, in the order of its statements, and the freshness of each dataset that they read.

    At `until` (of the monotonic clock) something of it has to be read again.
    """

    tables: Tables
    fresh: Mapping[DatasetRead, Freshness]
    until: float


def plans_by_source(plans: Plans) -> dict[str, tuple[Plan, ...]]:
    """What each source is asked for, in the order of the row sets."""
    found: dict[str, tuple[Plan, ...]] = {}
    for plan in (plans.rows, *plans.totals):
        for one in [part.plan for part in plan.parts] or [plan]:
            found[one.source] = (*found.get(one.source, ()), one)
    return found


def part_tables(plan: Plan, read: Mapping[str, list[pa.Table]]) -> dict[str, pa.Table]:
    """The tables of a combining plan by name. `read` are each source's tables still to be given out, in order."""
    return {part.name: read[part.plan.source].pop(0) for part in plan.parts}


class ShareReader:
    """Reads shares. `seconds` bounds a run, which may serve who comes after the one that began it."""

    def __init__(self, sources: Sources, seconds: float) -> None:
        self._sources = sources
        self._flights = Flights()
        self._seconds = seconds

    async def read(self, share: Share, looks: Looks, deadline: float) -> Read:
        """Raises SemanticLayerError with the source's failure, or when a join to one row finds several."""
        source = share.source
        fresh = {read: look.known for read, look in looks.items() if look.known is not None}
        first = {read: look for read, look in looks.items() if look.before_rows and read not in fresh}
        fresh |= await self._settled(first, source, deadline)
        late = {read: look for read, look in looks.items() if read not in fresh}
        tokens = {look.unread.relation: fresh.get(read, look.unread).token for read, look in looks.items()}
        checks = tuple(dict.fromkeys(check for plan in share.plans for check in self._sources.unproven(plan, tokens)))
        dialect = self._sources.engine(source).dialect
        proofs = [duplicates_statement(check, source, dialect) for check in checks]
        late_statements = [look.statement for look in late.values() if look.statement is not None]

        async def run() -> Tables:
            statements = [*proofs, *late_statements, *share.statements]
            found = await self._sources.run(source, statements, self._seconds)
            self._sources.judge(source, checks, found[: len(checks)], tokens)
            rows = found[len(checks) :]
            for (read, look), row in zip(late.items(), rows, strict=False):
                fresh[read] = self._sources.settle(look, row)
            return rows[len(late) :]

        result = await self._flights.result(_key(share, tokens), kept_for(looks, fresh), run)
        fresh |= await self._settled({read: look for read, look in late.items() if read not in fresh}, source, deadline)
        until = min([result.until, *(one.until for one in fresh.values())])
        return Read(result.tables, {read: fresh[read] for read in looks}, until)

    async def _settled(self, looks: Looks, source: str, deadline: float) -> dict[DatasetRead, Freshness]:
        statements = [look.statement for look in looks.values() if look.statement is not None]
        if not statements:
            return {}
        rows = await self._sources.run(source, statements, seconds_left(deadline))
        return {read: self._sources.settle(look, row) for (read, look), row in zip(looks.items(), rows, strict=True)}


def seconds_left(deadline: float) -> float:
    """Seconds until the deadline, at least a moment: the engine says that it is over."""
    return max(deadline - time.monotonic(), 0.001)


def kept_for(looks: Looks, fresh: Mapping[DatasetRead, Freshness]) -> float:
    """Seconds that the result may be kept: as long as the shortest-lived of its datasets allows."""
    return min((fresh.get(read, look.unread).kept_for for read, look in looks.items()), default=0.0)


def _key(share: Share, tokens: Tokens) -> Hashable:
    """Everything that rows depend on. Values by their text: 1, True and 1.0 are different values."""
    texts = tuple((one.text, repr(one.values)) for one in share.statements)
    marks = tuple(sorted((repr(relation), token or "") for relation, token in tokens.items()))
    return (share.source, texts, marks)
