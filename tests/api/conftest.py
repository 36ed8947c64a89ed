import pytest

from tests.api.given import Door


@pytest.fixture
def door() -> Door:
    return Door()
