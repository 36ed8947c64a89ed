from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.process import Demo, free_port


@pytest.fixture(scope="session")
def demo(golden_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo as `make demo` starts it, over the data of this run, at its first revision."""
    running = Demo(tmp_path_factory.mktemp("demo"), free_port(), golden_data)
    yield running.until("Stop ")
    running.end()
