import asyncio

import pytest

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import VersionCause
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.registry.catalogs import CatalogService
from semantic_layer.store.publishing import Applied
from semantic_layer.store.registry_database import RegistryDatabase
from tests.registry.shop import metric_text, shop

NET = ("is: sum(amount)", "is: sum(amount - discount)")
NEW_WORDS = ("What customers paid", "What our customers paid")


async def publish(registry: RegistryDatabase, catalog: Catalog, actor: str = "anna") -> Applied:
    return await registry.publisher.publish(catalog, actor=actor)


async def served(registry: RegistryDatabase) -> CatalogService:
    service = CatalogService(registry.revisions)
    await service.refresh()
    return service


def numbers(service: CatalogService, metric: str) -> list[tuple[int, int]]:
    """(version, revision) of each version."""
    return [(version.number, version.revision) for version in service.current.versions[metric]]


async def test_the_first_publication_is_revision_one_with_version_one_of_everything(
    registry: RegistryDatabase,
) -> None:
    applied = await registry.publisher.publish(shop(), actor="anna", message="the shop")
    assert (applied.record.number, applied.record.actor, applied.record.message) == (1, "anna", "the shop")
    current = (await served(registry)).current
    assert current.catalog == shop()
    assert (current.revision, current.actor) == (1, "anna")
    assert current.recorded_at == applied.record.recorded_at
    for metric in shop().metrics:
        version = current.version_in_force(metric)
        assert (version.number, version.revision, version.cause) == (1, 1, VersionCause.OWN_CHANGE)


async def test_unchanged_definitions_make_no_revision(registry: RegistryDatabase) -> None:
    first = await publish(registry, shop())
    again = await publish(registry, shop(), actor="bob")
    assert again.publication is None
    assert again.record == first.record
    assert await registry.revisions.newest() == 1


async def test_texts_make_a_revision_but_no_version(registry: RegistryDatabase) -> None:
    await publish(registry, shop())
    applied = await publish(registry, shop(NEW_WORDS))
    assert applied.publication is not None
    assert [(change.kind, change.name) for change in applied.publication.changes] == [("metric", "sales")]
    service = await served(registry)
    assert service.current.revision == 2
    assert numbers(service, "sales") == [(1, 1)]


async def test_a_changed_calculation_is_a_new_version_of_it_and_of_all_that_use_it(
    registry: RegistryDatabase,
) -> None:
    await publish(registry, shop())
    await publish(registry, shop(NET))
    service = await served(registry)
    causes = {metric: service.current.version_in_force(metric).cause for metric in shop().metrics}
    assert numbers(service, "sales") == [(1, 1), (2, 2)]
    assert numbers(service, "average_order") == [(1, 1), (2, 2)]
    assert numbers(service, "own_brand_sales") == [(1, 1), (2, 2)]
    assert numbers(service, "refunds") == [(1, 1)]
    assert causes["sales"] is VersionCause.OWN_CHANGE
    assert causes["average_order"] is VersionCause.DEPENDENCY
    assert causes["own_brand_sales"] is VersionCause.DEPENDENCY


async def test_a_changed_join_below_is_a_new_version_of_those_on_its_path_only(registry: RegistryDatabase) -> None:
    await publish(registry, shop())
    await publish(registry, shop(("kind: many_to_one", "kind: one_to_one")))
    service = await served(registry)
    assert numbers(service, "own_brand_sales") == [(1, 1), (2, 2)]
    assert service.current.version_in_force("own_brand_sales").cause is VersionCause.DEPENDENCY
    assert numbers(service, "sales") == [(1, 1)]


async def test_a_revert_is_a_new_number_with_the_old_fingerprint(registry: RegistryDatabase) -> None:
    for catalog in (shop(), shop(NET), shop()):
        await publish(registry, catalog)
    service = await served(registry)
    first, second, third = service.current.versions["sales"]
    assert (first.number, second.number, third.number) == (1, 2, 3)
    assert first.fingerprint == third.fingerprint != second.fingerprint


async def test_a_removed_metric_that_comes_back_goes_on_counting(registry: RegistryDatabase) -> None:
    one, other = (shop(more=metric_text("extra", f"is: sales * {factor}\n    unit: CNY")) for factor in (2, 3))
    for catalog in (one, shop(), other, shop(), other):
        await publish(registry, catalog)
    service = await served(registry)
    assert numbers(service, "extra") == [(1, 1), (2, 3)]
    assert service.current.revision == 5
    assert "extra" not in (await service.at_revision(4)).catalog.metrics
    assert "extra" in (await service.at_revision(1)).catalog.metrics


async def test_an_expected_revision_that_moved_is_a_conflict_naming_who_and_when(registry: RegistryDatabase) -> None:
    first = await publish(registry, shop())
    with pytest.raises(SemanticLayerError) as refused:
        await registry.publisher.publish(shop(NET), actor="bob", expected_revision=0)
    assert refused.value.code is ErrorCode.REVISION_CONFLICT
    for said in ("revision 1", "anna", f"{first.record.recorded_at:%Y-%m-%d %H:%M:%S}", "revision 0 was expected"):
        assert said in str(refused.value)
    assert await registry.revisions.newest() == 1
    applied = await registry.publisher.publish(shop(NET), actor="bob", expected_revision=1)
    assert applied.record.number == 2


async def test_an_expected_revision_in_an_empty_registry(registry: RegistryDatabase) -> None:
    with pytest.raises(SemanticLayerError, match="Nothing is published yet"):
        await registry.publisher.publish(shop(), actor="bob", expected_revision=3)
    assert (await registry.publisher.publish(shop(), actor="bob", expected_revision=0)).record.number == 1


async def test_of_two_publishers_with_one_expectation_one_wins(registry: RegistryDatabase) -> None:
    await publish(registry, shop())
    others = [shop(more=metric_text("extra", f"is: sales * {n}\n    unit: CNY")) for n in range(2, 8)]
    results = await asyncio.gather(
        *(registry.publisher.publish(one, actor=f"p{n}", expected_revision=1) for n, one in enumerate(others)),
        return_exceptions=True,
    )
    won = [result for result in results if isinstance(result, Applied)]
    lost = [result for result in results if isinstance(result, SemanticLayerError)]
    assert len(won) == 1
    assert len(lost) == len(others) - 1
    assert {error.code for error in lost} == {ErrorCode.REVISION_CONFLICT}
    assert all("revision 2, recorded" in str(error) and won[0].record.actor in str(error) for error in lost)


async def test_without_expectation_publishers_are_put_in_order(registry: RegistryDatabase) -> None:
    others = [shop(more=metric_text("extra", f"is: sales * {n}\n    unit: CNY")) for n in range(2, 8)]
    results = await asyncio.gather(*(publish(registry, one, f"p{n}") for n, one in enumerate(others)))
    assert sorted(result.record.number for result in results) == [1, 2, 3, 4, 5, 6]
    assert all(result.publication is not None for result in results)
    service = await served(registry)
    assert numbers(service, "extra") == [(n, n) for n in range(1, 7)]
    last = max(range(len(results)), key=lambda n: results[n].record.number)
    assert service.current.catalog == others[last]


async def test_an_actor_is_needed(registry: RegistryDatabase) -> None:
    with pytest.raises(ValueError, match="actor"):
        await publish(registry, shop(), actor=" ")
    assert await registry.revisions.newest() == 0
