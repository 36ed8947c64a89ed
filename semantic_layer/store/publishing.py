"""Adds a revision to the record: all of it in one transaction, or nothing."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, func, literal, literal_column, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from semantic_layer.definitions.grammar import LANGUAGE_VERSION
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.problem import DefinitionErrors
from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse
from semantic_layer.registry.content import content_hash, document_text
from semantic_layer.registry.held import Held, fetch_difference, rebuilt
from semantic_layer.registry.lineage import LineageGraph
from semantic_layer.registry.publication import Publication, prepare
from semantic_layer.registry.revision_log import RevisionRecord
from semantic_layer.store.connection import registry_errors
from semantic_layer.store.revisions import PostgresRevisions, newest_revision, revision_record
from semantic_layer.store.tables import PUBLISH_LOCK, definition, metric_version, revision, revision_change


@dataclass(frozen=True, slots=True)
class Applied:
    """The revision that holds the catalog now; `publication` is None when nothing had changed."""

    record: RevisionRecord
    publication: Publication | None


class Publisher:
    """Publishes whole catalogs. Two at once are put in order: the second is prepared against the first's revision."""

    def __init__(self, engine: AsyncEngine, revisions: PostgresRevisions) -> None:
        self._engine = engine
        self._revisions = revisions

    async def publish(
        self,
        catalog: Catalog,
        *,
        actor: str,
        message: str = "",
        expected_revision: int | None = None,
        held: Held | None = None,
        uses: LineageGraph | None = None,
    ) -> Applied:
        """Makes `catalog` the registry's next revision, or finds that it is the newest already.

        `held`, and the graph of its catalog in `uses`, spare making what the caller has. Raises REVISION_CONFLICT (the
        newest revision is not the expected one; nothing was recorded), NOT_SUPPORTED (a newer release has published
        what this one cannot read) and REGISTRY_UNAVAILABLE (a revision may have been recorded if the connection broke
        at the last moment: publishing the same again finds out).
        """
        if not actor.strip():
            raise ValueError("a publication needs an actor")
        while True:
            held = await self._newest_held(held, expected_revision)
            head = None if held is None else held.published
            graph = uses if head is not None and uses is not None and uses.catalog is head.catalog else None
            publication = await asyncio.to_thread(prepare, head, catalog, uses=graph)
            if publication is None:
                assert head is not None  # nothing at all differs from any catalog
                if await self._revisions.newest() == head.revision:
                    record = await self._revisions.revision(head.revision)
                    assert record is not None
                    return Applied(record, None)
                continue
            record = await self._record(publication, actor, message, expected_revision)
            if record is not None:
                return Applied(record, publication)

    async def _newest_held(self, held: Held | None, expected: int | None) -> Held | None:
        """The newest revision's catalog, reading only what differs from `held`; None in an empty registry."""
        async with registry_errors(), self._engine.connect() as connection:
            newest = await newest_revision(connection)
            record = await revision_record(connection, newest)
        if expected is not None and newest != expected:
            raise conflict(expected, record)
        if record is None:
            return None
        if held is not None and held.published.revision == newest:
            return held
        difference = await fetch_difference(self._revisions, held, record)
        try:
            return await asyncio.to_thread(rebuilt, held, difference)
        except DefinitionErrors as error:
            message = f"Revision {newest} has definitions that this release cannot read; use the one that made it."
            raise refuse(ErrorCode.NOT_SUPPORTED, message, detail=str(error)) from error

    async def _record(
        self, publication: Publication, actor: str, message: str, expected: int | None
    ) -> RevisionRecord | None:
        """One transaction. None: somebody else was faster, so it must be prepared again."""
        async with registry_errors(), self._engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({PUBLISH_LOCK})"))
            newest = await newest_revision(connection)
            if newest != publication.base:
                if expected is not None:
                    raise conflict(expected, await revision_record(connection, newest))
                return None
            await _insert(connection, publication, newest + 1)
            # The revision's own row comes last: it closes the revision and sends the notification at commit.
            row = insert(revision).values(number=newest + 1, actor=actor, message=message)
            recorded = await connection.execute(row.returning(revision.c.number, revision.c.recorded_at))
            number, recorded_at = recorded.one()
        return RevisionRecord(number, recorded_at, actor, message)


async def _insert(connection: AsyncConnection, publication: Publication, number: int) -> None:
    contents, changes = [], []
    for change in publication.changes:
        row = {"kind": change.kind, "name": change.name}
        content = None
        if change.document is not None:
            document = document_text(change.document)
            content = content_hash(LANGUAGE_VERSION, (change.kind, change.name), document)
            contents.append({**row, "hash": content, "language": LANGUAGE_VERSION, "document": document})
        changes.append({**row, "revision": number, "hash": content, "change_class": change.change_class})
    versions = [
        {
            "metric": version.metric,
            "number": version.number,
            "fingerprint": version.fingerprint,
            "revision": number,
            "change_class": version.change_class,
            "cause": version.cause.value,
        }
        for version in publication.versions
    ]
    await _add(connection, definition, contents)
    await _add(connection, revision_change, changes)
    await _add(connection, metric_version, versions)


async def _add(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """All rows in one statement, an array for each column; contents that are there already stay."""
    if not rows:
        return
    arrays = [literal([row[column.name] for row in rows], ARRAY(column.type)) for column in table.columns]
    names = [column.name for column in table.columns]
    unnested: Select[Any] = select(literal_column("*")).select_from(func.unnest(*arrays).table_valued(*names))
    statement = insert(table).from_select(names, unnested)
    await connection.execute(statement.on_conflict_do_nothing() if table is definition else statement)


def conflict(expected: int, actual: RevisionRecord | None) -> SemanticLayerError:
    if actual is None:
        return refuse(ErrorCode.REVISION_CONFLICT, f"Nothing is published yet; revision {expected} was expected.")
    return refuse(
        ErrorCode.REVISION_CONFLICT,
        f"The registry is at revision {actual.number}, recorded {actual.recorded_at:%Y-%m-%d %H:%M:%S} UTC by "
        f"{actual.actor}; revision {expected} was expected.",
    )
