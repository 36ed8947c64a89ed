"""A running service and its registry: how a revision comes into service, and what is asked of the past."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import asyncpg
import pytest

from semantic_layer.definitions.canonical import documents
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.registry.catalogs import CatalogService
from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.store.listener import RevisionListener
from semantic_layer.store.registry_database import RegistryDatabase
from tests.registry.shop import metric_text, shop

NET = ("is: sum(amount)", "is: sum(amount - discount)")


async def publish(registry: RegistryDatabase, *edits: tuple[str, str], more: str = "") -> int:
    applied = await registry.publisher.publish(shop(*edits, more=more), actor="anna")
    return applied.record.number


def extra(factor: int) -> str:
    return metric_text("extra", f"is: sales * {factor}\n    unit: CNY")


@pytest.fixture
async def service(registry: RegistryDatabase) -> CatalogService:
    """A service at revision 1."""
    await publish(registry)
    service = CatalogService(registry.revisions)
    await service.refresh()
    assert service.current.revision == 1
    return service


class Follower:
    """A listener running beside a test."""

    def __init__(self, listener: RevisionListener) -> None:
        self.listener = listener
        self.task = asyncio.create_task(listener.run())

    async def until_listening(self) -> None:
        async with asyncio.timeout(30):
            while not self.listener.listening:
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


@pytest.fixture
async def followers() -> AsyncIterator[list[Follower]]:
    running: list[Follower] = []
    yield running
    for follower in running:
        await follower.stop()


async def refused(call: object) -> SemanticLayerError:
    with pytest.raises(SemanticLayerError) as error:
        await call  # type: ignore[misc]
    return error.value


# --- following ---------------------------------------------------------------------------------------------------


async def test_nothing_published_yet_is_not_ready(registry: RegistryDatabase) -> None:
    service = CatalogService(registry.revisions)
    await service.refresh()
    with pytest.raises(SemanticLayerError) as error:
        _ = service.current
    assert error.value.code is ErrorCode.NOT_READY
    assert (service.status.serving, service.status.newest, service.status.reachable) == (None, 0, True)


async def test_a_publication_is_served_by_its_notification(
    registry: RegistryDatabase, service: CatalogService, followers: list[Follower]
) -> None:
    """And by that alone: the poll would come after ten minutes."""
    followers.append(Follower(registry.listener(service.refresh, poll_seconds=600)))
    await followers[0].until_listening()
    for factor in range(2, 7):
        before = service.current
        number = await publish(registry, more=extra(factor))
        current = await asyncio.wait_for(served(service, number), 30)
        assert current.catalog == shop(more=extra(factor))
        assert before.revision == number - 1  # what a question holds stays what it was


async def served(service: CatalogService, revision: int) -> object:
    """Watches only: `wait_for` would look into the registry itself."""
    while service.current.revision < revision:
        await asyncio.sleep(0.005)
    return service.current


async def test_without_notifications_the_poll_finds_it(
    registry: RegistryDatabase, service: CatalogService, postgres_server: EmbeddedPostgres, followers: list[Follower]
) -> None:
    deaf = RevisionListener(postgres_server.url("postgres"), service.refresh, poll_seconds=0.1)
    followers.append(Follower(deaf))
    await followers[0].until_listening()
    number = await publish(registry, NET)
    await asyncio.wait_for(served(service, number), 30)


async def test_a_broken_listener_connects_again(
    registry: RegistryDatabase, service: CatalogService, postgres_server: EmbeddedPostgres, followers: list[Follower]
) -> None:
    followers.append(Follower(registry.listener(service.refresh, poll_seconds=60)))
    for factor in (2, 3):
        await followers[0].until_listening()
        kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'"
        assert int(postgres_server.run_sql(kill)) >= 1
        number = await publish(registry, more=extra(factor))
        await asyncio.wait_for(served(service, number), 30)


async def test_only_what_changed_is_read(registry: RegistryDatabase, service: CatalogService) -> None:
    read: list[int] = []
    documents_of = registry.revisions.documents

    async def counted(hashes: Collection[bytes]) -> object:
        read.append(len(hashes))
        return await documents_of(hashes)

    registry.revisions.documents = counted  # type: ignore[method-assign, assignment]
    before = service.current.catalog
    await publish(registry, NET)
    read.clear()
    await service.refresh()
    assert read == [2]  # the metric, and the settings that say how to read
    after = service.current.catalog
    assert after.metrics["refunds"] is before.metrics["refunds"]
    assert after.datasets["orders"] is before.datasets["orders"]
    assert after.metrics["sales"] != before.metrics["sales"]
    assert after == shop(NET)


async def test_many_refreshes_at_once_are_few_and_none_looks_too_early(
    registry: RegistryDatabase, service: CatalogService
) -> None:
    looks = 0
    newest_of = registry.revisions.newest

    async def counted() -> int:
        nonlocal looks
        looks += 1
        return await newest_of()

    registry.revisions.newest = counted  # type: ignore[method-assign]
    earlier = asyncio.create_task(service.refresh())
    await asyncio.sleep(0)
    number = await publish(registry, NET)
    looks = 0
    await asyncio.gather(*(service.refresh() for _ in range(50)))
    assert looks <= 2
    assert service.current.revision == number
    await earlier


async def test_waiting_for_a_revision(registry: RegistryDatabase, service: CatalogService) -> None:
    waiting = asyncio.create_task(service.wait_for(2, 30))
    await asyncio.sleep(0.05)
    await publish(registry, NET)
    assert (await waiting).revision == 2
    assert (await service.wait_for(1, 0.0)).revision == 2
    began = time.monotonic()
    error = await refused(service.wait_for(3, 0.3))
    assert error.code is ErrorCode.REVISION_NOT_LOADED
    assert "revision 2 is" in str(error)
    assert time.monotonic() - began > 0.25


async def test_waiting_starts_before_the_first_publication(registry: RegistryDatabase) -> None:
    service = CatalogService(registry.revisions)
    error = await refused(service.wait_for(1, 0.1))
    assert error.code is ErrorCode.REVISION_NOT_LOADED
    waiting = asyncio.create_task(service.wait_for(1, 30))
    await publish(registry)
    assert (await waiting).revision == 1


# --- trouble -----------------------------------------------------------------------------------------------------


async def record_raw(url: str, revision: int, content: bytes | None, text: str = "") -> None:
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        if content is not None:
            await connection.execute(
                "INSERT INTO semantic_layer.definition VALUES ($1, 1, 'metric', 'odd', $2)", content, text
            )
        await connection.execute(
            "INSERT INTO semantic_layer.revision_change VALUES ($1, 'metric', 'odd', $2, 2)", revision, content
        )
        await connection.execute("INSERT INTO semantic_layer.revision (actor) VALUES ('a newer release')")
    await connection.close()


async def test_a_revision_that_cannot_be_built_leaves_the_old_one_serving(
    registry: RegistryDatabase, service: CatalogService, registry_url: str
) -> None:
    text = '{"is":"sum(","wholly_new":true}'
    await record_raw(registry_url, 2, sha256(f"1\nmetric\nodd\n{text}".encode()).digest(), text)
    await service.refresh()
    assert service.current.revision == 1
    assert (service.status.serving, service.status.newest, service.status.reachable) == (1, 2, True)
    assert service.status.error is not None
    assert "Revision 2 cannot be served" in service.status.error
    assert "sum(" not in service.status.error
    await service.refresh()  # not tried again at once, and still told
    assert service.status.error is not None

    error = await refused(registry.publisher.publish(shop(NET), actor="anna"))
    assert error.code is ErrorCode.NOT_SUPPORTED

    await record_raw(registry_url, 3, None)
    await service.refresh()
    assert (service.current.revision, service.status.error) == (3, None)
    assert service.current.catalog == shop()
    error = await refused(service.at_revision(2))
    assert error.code is ErrorCode.NOT_SUPPORTED


async def test_without_the_registry_the_last_revision_goes_on_serving(
    registry: RegistryDatabase, service: CatalogService, postgres_server: EmbeddedPostgres, registry_url: str
) -> None:
    await publish(registry, NET)
    await service.refresh()
    await service.at_revision(1)
    database = registry_url.partition("@/")[2].partition("?")[0]
    postgres_server.run_sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    postgres_server.run_sql(
        f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}'"
    )
    await service.refresh()
    assert (service.status.serving, service.status.reachable) == (2, False)
    assert service.status.error == "The registry does not answer."
    assert service.current.catalog == shop(NET)
    assert (await service.at_revision(2)) is service.current
    assert (await service.at_revision(1)).catalog == shop()  # it was asked before
    assert (await refused(service.recorded_at(datetime(2026, 1, 1)))).code is ErrorCode.REGISTRY_UNAVAILABLE

    postgres_server.run_sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    number = await publish(registry)
    await service.refresh()
    assert (service.current.revision, service.status.reachable, service.status.error) == (number, True, None)


# --- the past ----------------------------------------------------------------------------------------------------


async def test_every_revision_can_be_asked(registry: RegistryDatabase) -> None:
    steps = [shop(), shop(NET), shop(more=extra(2)), shop(NET, more=extra(3)), shop()]
    records = [(await registry.publisher.publish(step, actor=f"p{n}")).record for n, step in enumerate(steps)]
    service = CatalogService(registry.revisions)
    await service.refresh()
    for number in (4, 1, 3, 2, 5):
        past = await service.at_revision(number)
        assert (past.revision, past.actor) == (number, f"p{number - 1}")
        assert past.catalog == steps[number - 1]
        assert all(version.revision <= number for known in past.versions.values() for version in known)
        assert past.versions.keys() >= past.catalog.metrics.keys()
        assert (await service.recorded_at(records[number - 1].recorded_at)) == past
    between = records[1].recorded_at + (records[2].recorded_at - records[1].recorded_at) / 2
    assert (await service.recorded_at(between)).revision == 2
    assert (await service.recorded_at(between.replace(tzinfo=None))).revision == 2


async def test_what_is_no_revision_is_told(service: CatalogService) -> None:
    for number in (0, -1, 2, 10**12):
        error = await refused(service.at_revision(number))
        assert error.code is ErrorCode.UNKNOWN_REVISION
        assert "1 to 1" in str(error)
    east = timezone(timedelta(hours=8))
    moments = [datetime(1999, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(hours=1)]
    for moment in (*moments, datetime.min, datetime.max, datetime.min.replace(tzinfo=east)):
        assert (await refused(service.recorded_at(moment))).code is ErrorCode.UNKNOWN_REVISION


async def test_a_revision_newer_than_the_served_one_is_fetched(
    registry: RegistryDatabase, service: CatalogService
) -> None:
    number = await publish(registry, NET)
    assert (await service.at_revision(number)).catalog == shop(NET)


async def test_a_moment_waits_for_a_publisher_in_the_act(registry: RegistryDatabase, registry_url: str) -> None:
    """Else the same moment would first mean revision 1 and then revision 2."""
    await publish(registry)
    connection = await asyncpg.connect(registry_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("INSERT INTO semantic_layer.revision (actor) VALUES ('slow')")
    moment = await connection.fetchval("SELECT clock_timestamp()")
    asked = asyncio.create_task(registry.revisions.revision_at(moment))
    await asyncio.sleep(0.2)
    assert not asked.done()
    await transaction.commit()
    assert await asked == 2
    await connection.close()


async def test_history_is_bounded(registry: RegistryDatabase) -> None:
    for factor in range(2, 7):
        await publish(registry, more=extra(factor))
    service = CatalogService(registry.revisions, history_definitions=20)
    await service.refresh()
    one = await service.at_revision(1)
    assert (await service.at_revision(1)) is one
    for number in (2, 3, 4):
        await service.at_revision(number)
    again = await service.at_revision(1)
    assert again is not one
    assert again == one


async def test_the_same_past_asked_by_many_is_built_once(registry: RegistryDatabase, service: CatalogService) -> None:
    await publish(registry, NET)
    await service.refresh()
    given_up = asyncio.create_task(service.at_revision(1))
    others = [asyncio.create_task(service.at_revision(1)) for _ in range(20)]
    await asyncio.sleep(0)
    given_up.cancel()
    answers = await asyncio.gather(*others)
    assert all(answer is answers[0] for answer in answers)


async def test_a_pin_keeps_its_whole_closure_through_later_edits(registry: RegistryDatabase) -> None:
    """The story: sales is redefined under a running service; ten edits later version 1 is what it was."""
    await publish(registry)
    service = CatalogService(registry.revisions)
    await service.refresh()
    pinned = service.current.version_in_force("average_order")
    frozen = documents((await service.at_revision(pinned.revision)).catalog)

    await publish(registry, NET)
    await service.refresh()
    first, second = service.current.versions["average_order"]
    assert first == pinned
    assert first.fingerprint != second.fingerprint

    for factor in range(2, 12):
        await publish(registry, NET, ("table: product\n", f"table: product_{factor}\n"), more=extra(factor))
    restarted = CatalogService(registry.revisions)
    for one in (service, restarted):
        await one.refresh()
        assert one.current.revision == 12
        version = one.current.versions["average_order"][0]
        assert version == pinned
        assert documents((await one.at_revision(version.revision)).catalog) == frozen
        assert [version.number for version in one.current.versions["extra"]] == list(range(1, 11))
    assert restarted.current == service.current
