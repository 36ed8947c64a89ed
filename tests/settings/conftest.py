import os

import pytest


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("SEMANTIC_LAYER_")]:
        monkeypatch.delenv(name)
