"""Runs the migrations. Imported only when there is one to run (migration.py): alembic takes a tenth of a start."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.store.tables import SCHEMA

# In a wheel the scripts lie beside this module; in a checkout they are the top-level folder `migrations`.
PLACES = (Path(__file__).parent / "migrations", Path(__file__).parents[2] / "migrations")


def upgrade(connection: Connection) -> None:
    """To the newest migration, within the connection's transaction. Raises REGISTRY_UNAVAILABLE if that is older."""
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    config = alembic_config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        message = "The registry's database was made by a newer release; start that one."
        raise refuse(ErrorCode.REGISTRY_UNAVAILABLE, message, detail=repr(error)) from error


def newest_migration() -> str | None:
    """What tables.MIGRATION must be; a test compares the two."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def alembic_config() -> Config:
    """Alembic's settings: where the scripts are, nothing else."""
    config = Config()
    folder = next((place for place in PLACES if (place / "env.py").is_file()), PLACES[-1])
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return config
