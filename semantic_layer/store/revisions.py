"""The record of revisions in PostgreSQL, read."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import orjson
from sqlalchemy import BigInteger, LargeBinary, any_, bindparam, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from semantic_layer.definitions.published import MetricVersion, VersionCause
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.registry.content import ContentHash, Key
from semantic_layer.registry.revision_log import RevisionRecord
from semantic_layer.store.connection import registry_errors
from semantic_layer.store.tables import PUBLISH_LOCK, definition, metric_version, revision

CAUSES = {cause.value: cause for cause in VersionCause}
DOCUMENTS_AT_ONCE = 500  # so that unpacking them never holds the event loop for long

CHANGES = text("""
    WITH touched AS (
        SELECT DISTINCT kind, name FROM semantic_layer.revision_change
        WHERE revision > least(:start, :end) AND revision <= greatest(:start, :end)
    )
    SELECT touched.kind, touched.name, last.hash
    FROM touched LEFT JOIN LATERAL (
        SELECT hash FROM semantic_layer.revision_change AS change
        WHERE change.kind = touched.kind AND change.name = touched.name AND change.revision <= :end
        ORDER BY change.revision DESC LIMIT 1
    ) AS last ON true
""").bindparams(bindparam("start", type_=BigInteger), bindparam("end", type_=BigInteger))


class PostgresRevisions:
    """Implements the registry's RevisionLog."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def newest(self) -> int:
        async with registry_errors(), self._engine.connect() as connection:
            return await newest_revision(connection)

    async def revision(self, number: int) -> RevisionRecord | None:
        async with registry_errors(), self._engine.connect() as connection:
            return await revision_record(connection, number)

    async def revision_at(self, moment: datetime) -> int | None:
        async with registry_errors(), self._engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock_shared({PUBLISH_LOCK})"))
            if await connection.scalar(select(literal(moment, revision.c.recorded_at.type) > func.clock_timestamp())):
                raise refuse(
                    ErrorCode.UNKNOWN_REVISION, f"{moment.isoformat()} is still to come by the registry's clock."
                )
            reached = select(func.max(revision.c.number)).where(revision.c.recorded_at <= moment)
            number: int | None = await connection.scalar(reached)
            return number

    async def changes(self, start: int, end: int) -> Mapping[Key, ContentHash | None]:
        async with registry_errors(), self._engine.connect() as connection:
            rows = await connection.execute(CHANGES, {"start": start, "end": end})
            return {(kind, name): content for kind, name, content in rows}

    async def versions(self, after: int, upto: int) -> Sequence[MetricVersion]:
        version = metric_version.c
        query = (
            select(
                version.metric,
                version.number,
                version.fingerprint,
                version.revision,
                version.change_class,
                version.cause,
                revision.c.recorded_at,
                revision.c.actor,
            )
            .join(revision, revision.c.number == version.revision)
            .where(version.revision > after, version.revision <= upto)
            .order_by(version.metric, version.number)
        )
        async with registry_errors(), self._engine.connect() as connection:
            rows = await connection.execute(query)
            return [
                MetricVersion(metric, number, fingerprint, first, change_class, CAUSES[cause], recorded_at, actor)
                for metric, number, fingerprint, first, change_class, cause, recorded_at, actor in rows
            ]

    async def documents(self, hashes: Collection[ContentHash]) -> Mapping[ContentHash, Json]:
        found: dict[ContentHash, Json] = {}
        wanted = sorted(hashes)
        async with registry_errors(), self._engine.connect() as connection:
            for first in range(0, len(wanted), DOCUMENTS_AT_ONCE):
                some = literal(wanted[first : first + DOCUMENTS_AT_ONCE], ARRAY(LargeBinary))
                query = select(definition.c.hash, definition.c.document).where(definition.c.hash == any_(some))
                for content, document in await connection.execute(query):
                    found[content] = orjson.loads(document)
        return found


async def newest_revision(connection: AsyncConnection) -> int:
    number: int | None = await connection.scalar(select(func.max(revision.c.number)))
    return number or 0


async def revision_record(connection: AsyncConnection, number: int) -> RevisionRecord | None:
    row = (await connection.execute(select(revision).where(revision.c.number == number))).one_or_none()
    return None if row is None else RevisionRecord(row.number, row.recorded_at, row.actor, row.message)
