"""docs/errors.md shows for each code of questions one that gets it, asked here of the demo's own definitions."""

import json
import re
from pathlib import Path

import pytest

from semantic_layer.access.principal import ANONYMOUS
from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.errors import SemanticLayerError
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answers import Answers
from tests.api.given import GivenCatalogs, published

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
QUESTIONS = PAGE.partition("\n## Questions\n")[2].partition("\n## ")[0]
SECTIONS = re.findall(r"^### ([A-Z_]+)\n(.*?)(?=^### |\Z)", QUESTIONS, re.MULTILINE | re.DOTALL)
EXAMPLES = {code: found[1] for code, text in SECTIONS if (found := re.search(r"^Example: `(.*)`$", text, re.MULTILINE))}
# Needs a definition that the demo does not have, or its data.
WITHOUT = {"NOT_CUTTABLE", "WINDOW_NEEDS_TIME", "NOT_SUPPORTED", "WARNING_AS_ERROR"}


def test_every_code_of_questions_has_an_example() -> None:
    assert {code for code, _ in SECTIONS} - set(EXAMPLES) == WITHOUT


@pytest.mark.parametrize("code", EXAMPLES)
async def test_the_example_gets_its_code(code: str) -> None:
    """And no other one; nothing of it needs a source."""
    with pytest.raises(SemanticLayerError) as caught:
        question = read_ask(json.loads(EXAMPLES[code]))
        await Answers(GivenCatalogs(published()), {}, DuckDBCombiner()).answer(question, ANONYMOUS)
    assert {issue.code.value for issue in caught.value.issues} == {code}
