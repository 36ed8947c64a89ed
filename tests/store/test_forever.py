"""What is recorded stays: the database itself refuses every way to change it."""

import asyncpg
import pytest

from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.store.registry_database import RegistryDatabase
from tests.registry.shop import shop

COLUMNS = {
    "definition": "document",
    "revision": "actor",
    "revision_change": "name",
    "metric_version": "fingerprint",
}
CHANGES = [
    "UPDATE semantic_layer.{table} SET {column} = {column}",
    "DELETE FROM semantic_layer.{table}",
    "TRUNCATE semantic_layer.{table} CASCADE",
]


@pytest.fixture(scope="module")
async def kept_url(postgres_server: EmbeddedPostgres, empty_registry: str) -> str:
    """A registry with one revision. One for all: every attempt on it has to fail."""
    url = postgres_server.create_database("kept", template=empty_registry)
    database = RegistryDatabase(url)
    await database.publisher.publish(shop(), actor="anna")
    await database.close()
    return url


async def attempt(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("change", CHANGES)
async def test_no_row_can_be_changed_or_deleted(kept_url: str, table: str, change: str) -> None:
    """Not by the registry's own role, and not by a superuser who calls the session a replica."""
    statement = change.format(table=table, column=COLUMNS[table])
    with pytest.raises(asyncpg.RestrictViolationError, match="stays as it is"):
        await attempt(kept_url, statement)
    as_superuser = kept_url.replace("semantic_layer@", "postgres@")
    assert as_superuser != kept_url
    with pytest.raises(asyncpg.RestrictViolationError, match="stays as it is"):
        await attempt(as_superuser, "SET session_replication_role = replica", statement)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (
            "INSERT INTO semantic_layer.revision_change VALUES (1, 'metric', 'more', NULL, 0)",
            asyncpg.RestrictViolationError,
        ),
        (
            "INSERT INTO semantic_layer.metric_version VALUES ('more', 1, 'f1:00', 1, 2, 'own_change')",
            asyncpg.RestrictViolationError,
        ),
        (
            "INSERT INTO semantic_layer.revision_change VALUES (2, 'metric', 'more', NULL, 0)",
            asyncpg.ForeignKeyViolationError,
        ),
        (
            "INSERT INTO semantic_layer.metric_version VALUES ('sales', 3, 'f1:00', 2, 2, 'own_change')",
            asyncpg.RestrictViolationError,
        ),
        (
            "INSERT INTO semantic_layer.metric_version SELECT metric, 2, fingerprint, 2, 2, cause"
            " FROM semantic_layer.metric_version WHERE metric = 'sales'",
            asyncpg.RestrictViolationError,
        ),
        (
            "INSERT INTO semantic_layer.definition VALUES ('\\x00', 1, 'metric', 'more', '{}')",
            asyncpg.CheckViolationError,
        ),
        (
            "INSERT INTO semantic_layer.definition SELECT hash, 1, 'metric', 'more', document"
            " FROM semantic_layer.definition LIMIT 1",
            asyncpg.CheckViolationError,
        ),
    ],
    ids=[
        "a change to a recorded revision",
        "a version in a recorded revision",
        "a change without its revision",
        "a version number that skips one",
        "a version with the fingerprint before it",
        "a content that is not its hash",
        "a content under another name",
    ],
)
async def test_no_row_can_be_slipped_in(kept_url: str, statement: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await attempt(kept_url, statement)


async def test_number_and_time_come_from_the_database_alone(registry: RegistryDatabase, registry_url: str) -> None:
    await attempt(registry_url, "INSERT INTO semantic_layer.revision VALUES (77, '1999-01-01', 'mallory', '')")
    record = await registry.revisions.revision(1)
    assert record is not None
    assert record.recorded_at.year > 2000
    assert await registry.revisions.newest() == 1


async def test_times_rise_although_the_clock_was_set_back(registry: RegistryDatabase, registry_url: str) -> None:
    """The clock cannot be turned here, so the last revision is put into the future instead, before the triggers."""
    await attempt(
        registry_url,
        "ALTER TABLE semantic_layer.revision DISABLE TRIGGER next_revision",
        "INSERT INTO semantic_layer.revision VALUES (1, '2999-01-01', 'anna', '')",
        "ALTER TABLE semantic_layer.revision ENABLE TRIGGER next_revision",
    )
    await registry.publisher.publish(shop(), actor="anna")
    first, second = [await registry.revisions.revision(number) for number in (1, 2)]
    assert first is not None and second is not None
    assert second.recorded_at > first.recorded_at
