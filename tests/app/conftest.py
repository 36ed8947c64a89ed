"""A registry of its own for a test, and a process-wide log that is put back."""

import logging
from collections.abc import Iterator
from itertools import count

import pytest
import structlog

from semantic_layer.store.embedded import EmbeddedPostgres

NUMBERS = count(1)


@pytest.fixture
def registry_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    name = f"app_{next(NUMBERS)}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
def log_put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
