"""Trouble at every point of a publication, and a registry that does not answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event

from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.store.registry_database import RegistryDatabase
from tests.registry.shop import metric_text, shop

BEFORE, AFTER = shop(), shop(more=metric_text("extra", "is: sales * 2\n    unit: CNY"))
CONTENTS = """
    SELECT (SELECT count(*) FROM semantic_layer.revision), (SELECT count(*) FROM semantic_layer.definition),
           (SELECT count(*) FROM semantic_layer.revision_change), (SELECT count(*) FROM semantic_layer.metric_version)
"""


class Interruption:
    """Calls `strike` before the n-th statement or commit of an engine, counted from when it is armed."""

    def __init__(self, registry: RegistryDatabase, strike: Any) -> None:
        self.strike, self.at, self.seen = strike, None, 0
        engine = registry._engine.sync_engine
        event.listen(engine, "before_cursor_execute", self._step)
        event.listen(engine, "commit", self._step)

    def arm(self, at: int) -> None:
        self.at, self.seen = at, 0

    def _step(self, *_: object) -> None:
        self.seen += 1
        if self.seen == self.at:
            self.strike()


class Crash(Exception):
    pass


def crash() -> None:
    raise Crash


@pytest.fixture
async def contents(registry: RegistryDatabase, postgres_server: EmbeddedPostgres, registry_url: str) -> Any:
    database = registry_url.partition("@/")[2].partition("?")[0]
    return lambda: postgres_server.run_sql(CONTENTS, database).strip()


async def test_a_crash_at_any_statement_leaves_all_or_nothing(registry: RegistryDatabase, contents: Any) -> None:
    await registry.publisher.publish(BEFORE, actor="anna")
    before = contents()
    interruption = Interruption(registry, crash)
    points = 0
    while True:
        interruption.arm(points + 1)
        try:
            applied = await registry.publisher.publish(AFTER, actor="anna")
        except Crash:
            points += 1
            assert contents() == before
            continue
        break
    assert points >= 10  # reading the head, lock, newest, contents, changes, versions, revision, commit
    assert applied.record.number == 2
    assert applied.publication is not None


async def test_a_connection_lost_at_any_statement_leaves_all_or_nothing(
    registry: RegistryDatabase, postgres_server: EmbeddedPostgres, registry_url: str, contents: Any
) -> None:
    """A lost connection is REGISTRY_UNAVAILABLE; trying again ends with one revision more, never two."""
    database = registry_url.partition("@/")[2].partition("?")[0]
    kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    await registry.publisher.publish(BEFORE, actor="anna")
    before = contents()
    interruption = Interruption(registry, lambda: postgres_server.run_sql(kill))
    points = 0
    while True:
        interruption.arm(points + 1)
        try:
            applied = await registry.publisher.publish(AFTER, actor="anna")
        except SemanticLayerError as error:
            assert error.code is ErrorCode.REGISTRY_UNAVAILABLE
            assert error.retryable
            points += 1
            assert contents() == before
            continue
        break
    assert points >= 10
    assert applied.record.number == 2


async def test_a_registry_that_is_not_there_is_unavailable() -> None:
    database = RegistryDatabase("postgresql://nobody@/nothing?host=/no/such/folder")
    for call in (database.revisions.newest(), database.migrate(), database.publisher.publish(BEFORE, actor="anna")):
        with pytest.raises(SemanticLayerError) as refused:
            await call
        assert refused.value.code is ErrorCode.REGISTRY_UNAVAILABLE
        assert "/no/such/folder" not in str(refused.value)
        assert "FileNotFoundError" in refused.value.detail
    await database.close()


async def test_a_database_that_is_missing_or_not_set_up_is_unavailable(postgres_server: EmbeddedPostgres) -> None:
    missing = RegistryDatabase(postgres_server.url("missing"))
    with pytest.raises(SemanticLayerError, match="does not answer"):
        await missing.revisions.newest()
    bare = RegistryDatabase(postgres_server.create_database("bare"))
    with pytest.raises(SemanticLayerError, match="not been set up"):
        await bare.revisions.newest()
    await missing.close()
    await bare.close()


@pytest.fixture
async def bare_url(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    yield postgres_server.create_database("migrated")
    postgres_server.drop_database("migrated")


async def test_migrating_at_once_and_again_is_the_same(bare_url: str) -> None:
    databases = [RegistryDatabase(bare_url) for _ in range(4)]
    await asyncio.gather(*(database.migrate() for database in databases))
    await databases[0].migrate()
    assert (await databases[0].publisher.publish(BEFORE, actor="anna")).record.number == 1
    for database in databases:
        await database.close()


async def test_a_migration_broken_off_anywhere_leaves_nothing(bare_url: str, postgres_server: EmbeddedPostgres) -> None:
    database = RegistryDatabase(bare_url)
    interruption = Interruption(database, crash)
    points = 0
    while True:
        interruption.arm(points + 1)
        try:
            await database.migrate()
        except Crash:
            points += 1
            schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'semantic_layer'"
            assert postgres_server.run_sql(schemas, "migrated").strip() == "0"
            continue
        break
    assert points > 20
    await database.close()


async def test_a_database_of_a_newer_release_is_refused(bare_url: str, postgres_server: EmbeddedPostgres) -> None:
    database = RegistryDatabase(bare_url)
    await database.migrate()
    postgres_server.run_sql("UPDATE semantic_layer.migration SET version_num = '9999'", "migrated")
    with pytest.raises(SemanticLayerError, match="newer release"):
        await database.migrate()
    await database.close()
