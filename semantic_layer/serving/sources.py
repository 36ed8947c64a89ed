"""The sources as questions need them: their columns, how fresh their rows are, and which joins are proven unique."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from cachetools import LRUCache, TTLCache

from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.draft import ColumnsNeeded, RelationKey, Schemas, SourceColumns
from semantic_layer.plan.freshness import FIRST, LAST, TOKEN, WATERMARK, freshness_plan
from semantic_layer.plan.nodes import Plan, UniqueCheck
from semantic_layer.query.problems import listed
from semantic_layer.serving.ports import Engine
from semantic_layer.sql.write import statement

COLUMNS_FOR = 60.0  # seconds that a relation's columns are believed
MOST_RELATIONS = 10_000


@dataclass(frozen=True, slots=True)
class Freshness:
    """What a dataset's rows say of themselves. `token` None: nothing tells whether they changed."""

    dataset: str
    as_of: str | None = None
    token: str | None = None
    span: tuple[datetime, datetime] | None = None


class Sources:
    """The engines by connection name, with what was learned from them."""

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._engines = dict(engines)
        self._columns: TTLCache[RelationKey, SourceColumns] = TTLCache(MOST_RELATIONS, COLUMNS_FOR, time.monotonic)
        self._freshness: LRUCache[tuple[object, ...], Freshness] = LRUCache(MOST_RELATIONS)
        self._proven: LRUCache[tuple[object, ...], bool] = LRUCache(MOST_RELATIONS)

    def engine(self, connection: str) -> Engine:
        """Raises SOURCE_UNAVAILABLE for a connection that the settings do not have."""
        if connection not in self._engines:
            message = f"no connection {connection} is configured; there are {listed(self._engines) or 'none'}"
            raise refuse(ErrorCode.SOURCE_UNAVAILABLE, message)
        return self._engines[connection]

    @property
    def columns(self) -> Schemas:
        """What is known of relations' columns at this moment."""
        return dict(self._columns)

    async def learn(self, needed: ColumnsNeeded) -> None:
        """Asks a source for the columns of a relation."""
        connection, relation = needed.key
        found = await self.engine(connection).describe(relation)
        self._columns[needed.key] = SourceColumns(found.types, found.unique)

    def forget_columns(self) -> None:
        """After a source refused a statement: its tables may have changed."""
        self._columns.clear()

    # --- freshness -----------------------------------------------------------------------------------------------

    async def freshness(
        self, published: PublishedCatalog, datasets: Iterable[str], zone: str, timeout: float
    ) -> dict[str, Freshness]:
        return {name: await self._fresh(published, name, zone, timeout) for name in datasets}

    async def _fresh(self, published: PublishedCatalog, name: str, zone: str, timeout: float) -> Freshness:
        dataset = published.catalog.datasets[name]
        connection = published.catalog.sources[dataset.source].connection
        engine = self.engine(connection)
        file_token = await engine.file_token(dataset.relation)
        key = (connection, repr(dataset), zone, file_token)
        if file_token is not None and key in self._freshness:
            return self._freshness[key]
        plan = await self._freshness_plan(published, name, zone)
        if plan is None:
            return Freshness(name, token=file_token)
        [row] = await engine.run([statement(plan, engine.dialect)], timeout=timeout)
        fresh = _read(name, row, file_token)
        if file_token is not None:
            self._freshness[key] = fresh
        return fresh

    async def _freshness_plan(self, published: PublishedCatalog, name: str, zone: str) -> Plan | None:
        while True:
            try:
                return freshness_plan(published, name, zone, self.columns)
            except ColumnsNeeded as needed:
                await self.learn(needed)

    # --- uniqueness ----------------------------------------------------------------------------------------------

    def unproven(self, plan: Plan, tokens: Mapping[str, str | None]) -> tuple[UniqueCheck, ...]:
        """The joins to one row whose key the source does not enforce, and that were not proven for these rows."""
        return tuple(
            check
            for check in plan.checks
            if not self._enforced(plan.source, check) and not self._is_proven(plan.source, check, tokens)
        )

    def _enforced(self, connection: str, check: UniqueCheck) -> bool:
        known = self._columns.get((connection, check.relation))
        wanted = {column.lower() for column in check.columns}
        return known is not None and any({c.lower() for c in unique} <= wanted for unique in known.unique)

    def _is_proven(self, connection: str, check: UniqueCheck, tokens: Mapping[str, str | None]) -> bool:
        token = tokens.get(check.dataset)
        return token is not None and (connection, check.relation, check.columns, token) in self._proven

    def judge(
        self, connection: str, checks: tuple[UniqueCheck, ...], found: list[pa.Table], tokens: Mapping[str, str | None]
    ) -> None:
        """Raises JOIN_NOT_UNIQUE if a check found a repeated key; remembers the others for their change token."""
        for check, table in zip(checks, found, strict=True):
            if table.column(0)[0].as_py():
                columns = ", ".join(check.columns)
                message = (
                    f"join {check.join} is declared to one row of {check.dataset}, but values of {columns} occur in"
                    f" several rows there; a sum across it would be doubled"
                )
                raise refuse(ErrorCode.JOIN_NOT_UNIQUE, message)
            token = tokens.get(check.dataset)
            if token is not None:
                self._proven[(connection, check.relation, check.columns, token)] = True


def _read(dataset: str, row: pa.Table, file_token: str | None) -> Freshness:
    values = row.to_pylist()[0]
    first, last = values.get(FIRST), values.get(LAST)
    mark = values.get(WATERMARK)
    as_of = mark.isoformat() if isinstance(mark, datetime) else mark
    token = file_token if TOKEN not in values else f"{file_token or ''}{values[TOKEN]}"
    span = None if first is None or last is None else (first, last)
    return Freshness(dataset, as_of, token, span)
