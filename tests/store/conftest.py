"""A fresh registry in a database of its own."""

from collections.abc import AsyncIterator
from itertools import count

import pytest

from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.store.registry_database import RegistryDatabase

NUMBERS = count(1)


@pytest.fixture(scope="session")
async def empty_registry(postgres_server: EmbeddedPostgres) -> str:
    """The name of a database with the registry's tables, to be copied."""
    database = RegistryDatabase(postgres_server.create_database("empty_registry"))
    await database.migrate()
    await database.close()
    return "empty_registry"


@pytest.fixture
async def registry_url(postgres_server: EmbeddedPostgres, empty_registry: str) -> AsyncIterator[str]:
    """The url of a registry with its tables and no revision."""
    name = f"registry_{next(NUMBERS)}"
    yield postgres_server.create_database(name, template=empty_registry)
    postgres_server.drop_database(name)


@pytest.fixture
async def registry(registry_url: str) -> AsyncIterator[RegistryDatabase]:
    database = RegistryDatabase(registry_url)
    yield database
    await database.close()
