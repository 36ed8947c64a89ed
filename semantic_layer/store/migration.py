"""Brings the registry's database to this release's tables: one transaction under a lock, or nothing happens."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.store.connection import registry_errors
from semantic_layer.store.tables import MIGRATE_LOCK, SCHEMA

# In a wheel the scripts lie beside this module; in a checkout they are the top-level folder `migrations`.
PLACES = (Path(__file__).parent / "migrations", Path(__file__).parents[2] / "migrations")


async def migrate(engine: AsyncEngine) -> None:
    """Safe to run at every start, by several processes at once, and to break off at any statement.

    Raises REGISTRY_UNAVAILABLE, also when a newer release has been at work on this database.
    """
    async with registry_errors(), engine.begin() as connection:
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATE_LOCK})"))
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    newest = ScriptDirectory.from_config(config).get_current_head()
    if _current(connection) == newest:
        return
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        message = "The registry's database was made by a newer release; start that one."
        raise refuse(ErrorCode.REGISTRY_UNAVAILABLE, message, detail=repr(error)) from error


def alembic_config() -> Config:
    """Alembic's settings: where the scripts are, nothing else."""
    config = Config()
    folder = next((place for place in PLACES if (place / "env.py").is_file()), PLACES[-1])
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return config


def _current(connection: Connection) -> str | None:
    context = MigrationContext.configure(
        connection, opts={"version_table": "migration", "version_table_schema": SCHEMA}
    )
    return context.get_current_revision()
