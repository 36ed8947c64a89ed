"""The language page and the code say the same: every code, key, function, and every example that stands there."""

import re
from pathlib import Path

import pytest

from semantic_layer.definitions import grammar
from semantic_layer.definitions.expression import AGGREGATES
from semantic_layer.definitions.formula_words import CALLABLE, DATE_PARTS
from semantic_layer.definitions.grammar import Block, Either, Keyed, Reference, Shape
from semantic_layer.definitions.problem import Problem, ProblemCode
from semantic_layer.definitions.shape_reader import Places, ShapeReader
from semantic_layer.definitions.yaml_text import MapNode, read_yaml

PAGE = (Path(__file__).parents[2] / "docs" / "definition_language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_every_code_has_an_example() -> None:
    told = PAGE[PAGE.index("## How mistakes are told") : PAGE.index("## Served by this release")]
    rows = re.findall(r"^\| (`.*?`) \|", told, re.MULTILINE)
    assert {code for row in rows for code in re.findall(r"`([A-Z_]+)`", row)} == {code.value for code in ProblemCode}


def keys_of(shape: Shape) -> set[str]:
    match shape:
        case Block(_, keys):
            return set(keys).union(*(keys_of(key.shape) for key in keys.values()))
        case Keyed(_, of, _):
            return set() if isinstance(of, Reference) else keys_of(of)
        case Either(block, other):
            return keys_of(block) | keys_of(other)
        case _:
            return set()


def test_every_key_is_on_the_page() -> None:
    code = " ".join(re.findall(r"`[^`]+`|```yaml.*?```", PAGE, re.DOTALL))
    words = set(re.findall(r"[a-z_]+", code))
    assert keys_of(grammar.FILE) - words == set()


def test_every_function_is_on_the_page() -> None:
    words = set(re.findall(r"[a-z_]+", PAGE))
    assert {*CALLABLE, *AGGREGATES, *DATE_PARTS} - words - {"count_distinct", "date_part"} == set()


def _indented(example: str) -> str:
    """Some examples show the inside of a definition; they are put where they belong."""
    if not example.startswith("  "):
        return example
    depth = len(example) - len(example.lstrip())
    within = {2: "metrics:\n" if "is:" in example else "datasets:\n", 4: "metrics:\n  x:\n    is: a\n"}[depth]
    if depth == 4 and "governance:" not in example:
        within = "datasets:\n  x:\n    source: lake\n    table: x\n    key: none\n"
    return within + example


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_in_the_grammar(example: str) -> None:
    """Shapes only: an example names things that stand in other examples. Excerpts may leave out required keys."""
    problems: list[Problem] = []
    tree = read_yaml("example", _indented(example), problems)
    assert isinstance(tree, MapNode) and problems == [], problems
    ShapeReader(problems, Places(), None).read(tree, grammar.FILE, (), "a file")
    assert [str(p) for p in problems if p.code is not ProblemCode.MISSING_KEY] == []
