"""docs/semantics.md has all 28 rules, each with the tests that hold it and a question that shows it."""

import re

import pytest

from tests.house.tree import ROOT, files, modules

PAGE = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
RULES = dict(re.findall(r"^### (\d+)\. [^\n]+\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
WITHOUT_QUESTION = {"16", "18"}  # the demo has no stock and no conversion


def test_the_rules_are_all_there_and_in_order() -> None:
    assert list(RULES) == [str(number) for number in range(1, 29)]


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_names_its_tests(rule: str) -> None:
    lines = re.findall(r"^Tested in: (.+)$", RULES[rule], re.MULTILINE)
    named = [path for line in lines for path in re.findall(r"`([^`]+)`", line)]
    assert named, "a rule without a test is a wish"
    assert [path for path in named if path not in files()] == []


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_shows_a_question(rule: str) -> None:
    assert ("```json ask" in RULES[rule]) is (rule not in WITHOUT_QUESTION)


def test_rules_that_the_code_names_exist() -> None:
    named = {
        number
        for module in modules()
        for number in re.findall(r"(?:semantics )?rules? (\d+)\b", module.text, re.IGNORECASE)
    }
    assert named and named - set(RULES) == set()
