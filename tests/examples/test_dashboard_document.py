"""The code in docs/dashboard.md is the code of the example."""

import re

import pytest

from tests.house.tree import ROOT

FENCED = re.compile(r"^```(\S+) (\S+/\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN = FENCED.findall((ROOT / "docs/dashboard.md").read_text("utf-8"))


def test_there_is_code() -> None:
    assert len(SHOWN) >= 5


@pytest.mark.parametrize(("language", "path", "code"), SHOWN, ids=[path for _, path, _ in SHOWN])
def test_it_stands_in_its_file(language: str, path: str, code: str) -> None:
    assert path.endswith(f".{language}")
    assert code in (ROOT / path).read_text("utf-8")
