from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from semantic_layer.store.registry_database import RegistryDatabase
from semantic_layer.store.tables import MIGRATION, SCHEMA, metadata
from semantic_layer.store.upgrade import newest_migration


async def test_the_tables_in_code_are_those_that_the_migrations_make(registry: RegistryDatabase) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
                "include_object": lambda _, name, kind, reflected, __: (
                    kind == "column" or (kind == "table" and name != "migration")
                ),
                "compare_type": True,
            },
        )
        return list(compare_metadata(context, metadata))

    async with registry._engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def test_the_code_knows_the_newest_migration() -> None:
    assert newest_migration() == MIGRATION
