"""What every room's tests may ask for."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from semantic_layer.store.embedded import EmbeddedPostgres

# Examples are not timed: a busy machine would fail them.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

pytest_plugins = ["tests.browser.fixtures", "tests.node.fixtures", "tests.oracle.fixtures", "tests.oracle.product"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """One real PostgreSQL for the whole session; `create_database(name)` gives a test its own database."""
    with TemporaryDirectory(prefix="sl-tests-") as folder:
        server = EmbeddedPostgres(Path(folder) / "pg", durable=False, settings={"max_connections": "200"})
        server.start()
        yield server
        server.stop()
