from collections.abc import Iterator

import pytest
import structlog

from tests.api.given import Door


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """Tracebacks without the values of every variable: those of a catalog are megabytes."""
    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
    yield
    structlog.configure(**before)


@pytest.fixture
def door() -> Door:
    return Door()
