"""Every question of the documents is asked: it is answered alike on all engines, or refused with the code over it."""

import json
import math
import re
from typing import Any

import pytest

from tests.oracle.data import ROOT
from tests.oracle.fixtures import ENGINES
from tests.oracle.product import AskFunction, Refused

PAGES = ("semantics.md", "ask.md")
FENCED = re.compile(r"^```json ask((?: [A-Z_]+)*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def documented() -> list[Any]:
    """(codes, question) of each fenced question, named by page and line."""
    found = []
    for page in PAGES:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for match in FENCED.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(pytest.param(match[1].split(), json.loads(match[2]), id=f"{page}:{line}"))
    return found


@pytest.mark.parametrize(("codes", "question"), documented())
async def test_the_question(codes: list[str], question: dict[str, Any], ask: AskFunction) -> None:
    if codes:
        for engine in ENGINES:
            with pytest.raises(Refused) as caught:
                await ask(engine, question)
            assert caught.value.codes == codes
        return
    reference, *others = [await ask(engine, question) for engine in ENGINES]
    assert reference["rows"], "an example that finds nothing shows nothing"
    for answer in others:
        assert answer["columns"] == reference["columns"]
        assert same(answer["rows"], reference["rows"]) and same(answer["totals"], reference["totals"])
        for told in ("truncated", "limit", "versions", "dimensions", "resolved", "partialPeriods", "warnings"):
            assert answer["meta"][told] == reference["meta"][told], told


def same(one: Any, other: Any) -> bool:
    """Equal but for the last digits of floats (semantics rule 28)."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-12)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


def test_the_comparison_can_fail() -> None:
    assert same([[1, "2.50", None, 0.1 + 0.2]], [[1, "2.50", None, 0.3]])
    for other in ([[1, "2.5", None, 0.3]], [["1", "2.50", None, 0.3]], [[1, "2.50", 0, 0.3]], [], [[1]]):
        assert not same([[1, "2.50", None, 0.3]], other)
