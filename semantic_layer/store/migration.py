"""Brings the registry's database to this release's tables: one transaction under a lock, or nothing happens."""

import importlib

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from semantic_layer.store.connection import registry_errors
from semantic_layer.store.tables import MIGRATE_LOCK, MIGRATION, SCHEMA


async def migrate(engine: AsyncEngine) -> None:
    """Safe to run at every start, by several processes at once, and to break off at any statement.

    Raises REGISTRY_UNAVAILABLE, also when a newer release has been at work on this database.
    """
    async with registry_errors(), engine.begin() as connection:
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATE_LOCK})"))
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if _current(connection) != MIGRATION:
        # By its name, because nearly every start finds the tables as they should be and needs no alembic.
        importlib.import_module("semantic_layer.store.upgrade").upgrade(connection)


def _current(connection: Connection) -> str | None:
    if connection.scalar(text(f"SELECT to_regclass('{SCHEMA}.migration')")) is None:
        return None
    current: str | None = connection.scalar(text(f"SELECT version_num FROM {SCHEMA}.migration"))
    return current
