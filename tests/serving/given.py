"""A tiny shop on real DuckDB files, its definitions published in memory, and an engine that counts what it runs."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from semantic_layer.access.principal import Principal
from semantic_layer.definitions.model import Catalog, Select, Table
from semantic_layer.definitions.published import MetricVersion, PublishedCatalog
from semantic_layer.definitions.reader import read_texts
from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.engines.duckdb_source import DuckDBSource
from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.registry.publication import prepare
from semantic_layer.serving.answer import Answer
from semantic_layer.serving.answers import Answers, Limits
from semantic_layer.sql.statement import Statement

ANNA = Principal("anna")
FIRST_MOMENT = datetime(2026, 11, 1, tzinfo=UTC)

SHOP = """\
catalog:
  languages: [en]
domains:
  shop: {label: {en: Shop}, owner: lead, tier: 3}
sources:
  lake: {connection: LAKE}
  attic: {connection: ATTIC}
datasets:
  orders:
    source: lake
    table: orders
    key: order_id
    time: ordered_at
    columns:
      order_id: bigint
      product_id: bigint
      amount: decimal(12,2)
      weight: float
      ordered_at: timestamp
    watermark: max(ordered_at)
    dimensions:
      ordered_at: {type: time, finest: hour}
      order_id: {type: bigint}
      weight: {type: float}
    joins:
      product: {kind: many_to_one, match: product_id}
      tag: {to: tags, kind: one_to_many, match: product_id}
  product:
    source: lake
    table: products
    key: product_id
    dimensions:
      brand: {}
  tags:
    source: lake
    table: tags
    key: [product_id, theme]
    dimensions:
      theme: {}
  returns:
    source: lake
    table: returns
    key: return_id
    time: returned_at
    columns: {return_id: bigint, returned_at: timestamp}
    dimensions:
      returned_at: {type: time, conforms: orders.ordered_at}
  visits:
    source: attic
    table: visits
    key: visit_id
    time: visited_at
    columns: {visit_id: bigint, visited_at: timestamp}
    dimensions:
      visited_at: {type: time, conforms: orders.ordered_at}
metrics:
  sales:
    is: sum(amount)
    from: orders
    unit: EUR
  order_count:
    is: count(*)
    from: orders
  average_order:
    is: sales / order_count
  return_count:
    is: count(*)
    from: returns
  visit_count:
    is: count(*)
    from: visits
  sales_28d:
    is: sales
    over: trailing 28 days
  orders_above:
    is: count_if(amount > :floor)
    from: orders
    parameters:
      floor: {type: "decimal(12,2)", default: 10}
  old_sales:
    is: sales
    deprecated: {ends: 2027-01-01, use: [sales]}
"""

ORDERS = """SELECT * FROM (VALUES
  (1, 1, 10.50::DECIMAL(12,2), 1.5::DOUBLE, TIMESTAMP '2026-01-05 09:00'),
  (2, 2, 20.25, 2.5, TIMESTAMP '2026-01-20 10:00'),
  (3, 1, 4.25, 0.5, TIMESTAMP '2026-02-10 11:00'),
  (4, 9, 100.00, 9.0, TIMESTAMP '2026-02-14 23:30')) AS t(order_id, product_id, amount, weight, ordered_at)"""
FILES = {
    "orders": ORDERS,
    "products": "SELECT * FROM (VALUES (1, 'Own'), (2, 'Other'), (3, 'Unsold')) AS t(product_id, brand)",
    "tags": "SELECT * FROM (VALUES (1, 'green'), (1, 'new'), (2, 'green')) AS t(product_id, theme)",
    "returns": "SELECT * FROM (VALUES (1, TIMESTAMP '2026-03-02 08:00')) AS t(return_id, returned_at)",
    "visits": "SELECT * FROM (VALUES (1, TIMESTAMP '2026-01-05 08:00')) AS t(visit_id, visited_at)",
}
_ticks = iter(range(1, 10**6))


def write(folder: Path, table: str, query: str) -> None:
    """Puts a file in the place of the one before, with a time of its own, as a writer a second later would."""
    path, fresh = folder / f"{table}.parquet", folder / f"{table}.new"
    duckdb.execute(f"COPY ({query}) TO '{fresh}' (FORMAT parquet)").fetchall()
    stamp = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(seconds=next(_ticks))
    os.utime(fresh, (stamp.timestamp(), stamp.timestamp()))
    os.replace(fresh, path)


def more_orders(*rows: str) -> str:
    """The orders with further rows, each written as SQL values."""
    return f"{ORDERS} UNION ALL VALUES {', '.join(f'({row})' for row in rows)}"


# --- definitions -----------------------------------------------------------------------------------------------------


def shop(*edits: tuple[str, str]) -> Catalog:
    """The shop with pieces of its text replaced; each piece occurs once."""
    text = SHOP
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    return read_texts({"shop.yaml": text}).catalog


@dataclass
class PublishedInMemory:
    """Implements serving's `Catalogs`: every revision as a registry would record it, an hour after the one before."""

    revisions: list[PublishedCatalog] = field(default_factory=list)
    published: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, catalog: Catalog) -> PublishedCatalog:
        head = self.revisions[-1] if self.revisions else None
        publication = prepare(head, catalog)
        assert publication is not None, "nothing differs"
        number = len(self.revisions) + 1
        at = FIRST_MOMENT + timedelta(hours=number)
        versions = {} if head is None else dict(head.versions)
        for new in publication.versions:
            version = MetricVersion(
                new.metric, new.number, new.fingerprint, number, new.change_class, new.cause, at, "anna"
            )
            versions[new.metric] = (*versions.get(new.metric, ()), version)
        self.revisions.append(PublishedCatalog(number, at, "anna", catalog, versions))
        self.published.set()
        self.published = asyncio.Event()
        return self.current

    @property
    def current(self) -> PublishedCatalog:
        if not self.revisions:
            raise refuse(ErrorCode.NOT_READY, "nothing is published yet")
        return self.revisions[-1]

    async def at_revision(self, revision: int) -> PublishedCatalog:
        if not 1 <= revision <= len(self.revisions):
            raise refuse(ErrorCode.UNKNOWN_REVISION, f"there is no revision {revision}")
        return self.revisions[revision - 1]

    async def recorded_at(self, moment: datetime) -> PublishedCatalog:
        before = [one for one in self.revisions if one.recorded_at <= moment]
        if not before:
            raise refuse(ErrorCode.UNKNOWN_REVISION, "nothing was published then")
        return before[-1]

    async def wait_for(self, revision: int, timeout: float) -> PublishedCatalog:
        try:
            async with asyncio.timeout(timeout):
                while len(self.revisions) < revision:
                    await self.published.wait()
        except TimeoutError:
            raise refuse(ErrorCode.REVISION_NOT_LOADED, f"revision {revision} is not served here yet") from None
        return self.current


# --- engines ---------------------------------------------------------------------------------------------------------


class WatchedEngine(DuckDBSource):
    """DuckDB, with its runs counted; `gate` holds them until it is set; `tells_tokens` off makes it like a database."""

    def __init__(self, folder: Path, *, is_database: bool = False, tells_tokens: bool = True) -> None:
        super().__init__(folder, is_database=is_database)
        self.runs: list[list[str]] = []
        self.gate: asyncio.Event | None = None
        self.started = asyncio.Event()
        self.cancelled = 0
        self.tells_tokens = tells_tokens

    async def run(self, statements: Sequence[Statement], *, timeout: float) -> list[pa.Table]:
        self.runs.append([one.text for one in statements])
        self.started.set()
        try:
            if self.gate is not None:
                await self._held(self.gate, timeout)
            return await super().run(statements, timeout=timeout)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def _held(self, gate: asyncio.Event, timeout: float) -> None:
        """A slow source, which keeps its own time as every engine does."""
        try:
            await asyncio.wait_for(gate.wait(), timeout)
        except TimeoutError:
            raise refuse(ErrorCode.DEADLINE_EXCEEDED, "the source took too long") from None

    def still_has(self, relation: Table | Select, token: str | None) -> bool:
        return super().still_has(relation, token) if self.tells_tokens else token is None

    async def file_token(self, relation: Table | Select) -> str | None:
        return await super().file_token(relation) if self.tells_tokens else None

    @property
    def texts(self) -> list[str]:
        """Every statement that was run."""
        return [text for run in self.runs for text in run]

    def count(self, part: str) -> int:
        """How many statements that were run hold a piece of text."""
        return sum(part in text for text in self.texts)


# --- asking ----------------------------------------------------------------------------------------------------------


@dataclass
class Shop:
    """Everything a test needs: files, definitions, the engine, and the pipeline over them."""

    folder: Path
    engine: WatchedEngine
    catalogs: PublishedInMemory
    answers: Answers

    async def ask(self, question: dict[str, Any], *, timeout: float | None = None) -> Answer:
        return await self.answers.answer(read_ask(question), ANNA, timeout=timeout)

    async def rows(self, question: dict[str, Any]) -> list[list[Any]]:
        return cells(await self.ask(question))

    async def number(self, metric: str = "sales", **more: Any) -> Any:
        [[value]] = await self.rows({"metrics": [{"name": metric}], **more})
        return value

    async def refused(self, question: dict[str, Any], *, timeout: float | None = None) -> SemanticLayerError:
        with pytest.raises(SemanticLayerError) as caught:
            await self.ask(question, timeout=timeout)
        return caught.value

    def write(self, table: str, query: str) -> None:
        write(self.folder, table, query)


def cells(answer: Answer) -> list[list[Any]]:
    return [list(row.values()) for row in answer.rows.to_pylist()]


def open_shop(folder: Path, *edits: tuple[str, str], limits: Limits | None = None, **engine: Any) -> Shop:
    """The shop over the files of a folder, as revision 1."""
    catalogs = PublishedInMemory()
    catalogs.publish(shop(*edits))
    source = WatchedEngine(folder, **engine)
    return Shop(folder, source, catalogs, Answers(catalogs, {"LAKE": source}, DuckDBCombiner(), limits or Limits()))
