"""YAML in: what is read as what, what is refused, and places inside scalars of every style."""

import pytest

from semantic_layer.definitions.problem import Problem, ProblemCode
from semantic_layer.definitions.yaml_text import (
    MAX_FILE,
    ListNode,
    MapNode,
    ScalarNode,
    ScalarValue,
    read_json,
    read_yaml,
)


def tree_of(text: str) -> MapNode:
    problems: list[Problem] = []
    tree = read_yaml("f.yaml", text, problems)
    assert problems == [] and tree is not None
    return tree


def value_of(text: str) -> ScalarValue:
    node = tree_of(f"key: {text}").entries["key"]
    assert isinstance(node, ScalarNode)
    return node.value


@pytest.mark.parametrize(
    "word", ["no", "yes", "on", "off", "1_000", "0x1F", "1:30", "2017-01-01", "NaN", ".inf", "0o7"]
)
def test_a_word_is_a_word(word: str) -> None:
    """YAML 1.1 reads these as truth values, numbers, base sixty or dates."""
    assert value_of(word) == word


def test_core_scalars() -> None:
    assert [value_of(text) for text in ("5", "-5", "true", "FALSE", "null", "~", "'5'", '"true"')] == [
        5, -5, True, False, None, None, "5", "true",
    ]  # fmt: skip
    assert str(value_of("2.50")) == "2.50"


# (the text of a scalar, the place of the sign # in it); the scalar begins at line 2, column 6
PLACES = [
    ("abc#d", (2, 9)),
    ("'ab''c#d'", (2, 12)),
    ('"ab\\"c#d"', (2, 12)),
    ("a\n    b\n    c#d", (4, 6)),
    ("|\n    a\n    b#c", (4, 6)),
    (">-\n    a b\n    c#d", (4, 6)),
    (">-\n      first\n        more#", (4, 13)),
    ("|\n    a\n\n    b #", (5, 7)),
    ("'a\n    b  c#'", (3, 9)),
]


@pytest.mark.parametrize(("scalar", "place"), PLACES)
def test_a_place_inside_a_scalar_of_any_style(scalar: str, place: tuple[int, int]) -> None:
    node = tree_of(f"top:\n  k: {scalar}\n").entries["top"]
    assert isinstance(node, MapNode)
    value = node.entries["k"]
    assert isinstance(value, ScalarNode) and isinstance(value.value, str)
    found = value.origin.inside(value.value, value.value.index("#"))
    assert (found.line, found.column) == place


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: 1\na: 2\n", ProblemCode.DUPLICATE, (2, 1)),
        ("a: &x 1\n", ProblemCode.YAML, (1, 4)),
        ("a: *x\n", ProblemCode.YAML, (1, 4)),
        ("<<: {a: 1}\n", ProblemCode.YAML, (1, 1)),
        ("a: !!str 1\n", ProblemCode.YAML, (1, 4)),
        ("? [a]\n: 1\n", ProblemCode.YAML, (1, 3)),
        ("a: 1\n---\nb: 1\n", ProblemCode.YAML, (2, 1)),
        ("- a\n", ProblemCode.YAML, (1, 1)),
        ("a: [1\n", ProblemCode.YAML, (2, 1)),
        ("a: 'x\n", ProblemCode.YAML, (2, 1)),
        ("a:\n\t- b\n", ProblemCode.YAML, (2, 1)),
        ("a: \x07\n", ProblemCode.YAML, (1, 1)),
        ("a: " + "[" * 500, ProblemCode.TOO_LARGE, (1, 43)),
        ("a" * (MAX_FILE + 1), ProblemCode.TOO_LARGE, (1, 1)),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_not_read(text: str, code: ProblemCode, place: tuple[int, int]) -> None:
    problems: list[Problem] = []
    read_yaml("f.yaml", text, problems)
    assert [(p.code, (p.place.line, p.place.column)) for p in problems] == [(code, place)]


def test_a_document_is_the_same_tree_without_places() -> None:
    tree = read_json("metric sales", {"a": [1, "x", None], "b": {"c": 0.5}})
    assert isinstance(tree, MapNode)
    items = tree.entries["a"]
    assert isinstance(items, ListNode)
    assert [item.value for item in items.items if isinstance(item, ScalarNode)] == [1, "x", None]
    assert str(tree.origin.place) == "metric sales"
