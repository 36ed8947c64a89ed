"""One layout: idempotent, without a change of meaning, with every comment where it belongs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_layer.definitions.canonical import documents
from semantic_layer.definitions.layout import format_text, yaml_of
from semantic_layer.definitions.problem import DefinitionErrors
from semantic_layer.definitions.reader import SECTIONS, read_texts
from semantic_layer.definitions.yaml_text import MapNode, ScalarNode, read_yaml
from tests.definitions.shop import read_shop, shop
from tests.definitions.test_canonical import RICH
from tests.definitions.test_demo import DEMO

MESSY = """\
# what this file is about
metrics: # all of them
  # about x
  x: {governance: {tier: 1}, is: 'a+b*(c)', across: [k], unit: CNY} # the first
  # before v
  #   in two lines
  v:
    where: a = '#5' # not a comment: '#5'
    is: >-
      coalesce(aaaaaaaaaaaaaaaaaaaaaaaaa, 0) + coalesce(bbbbbbbbbbbbbbbbbbbbbbbbb, 0)
      + coalesce(cccccccccccccccccccccccc, 0) + d
  z:
    about: {format: '0.00', label: {zh: 'no', en: "a, b"}, meaning: {en: "colon: here", zh: '"x"'}}
    is: "x"
  # the end
"""
NEAT = """\
# what this file is about
metrics:  # all of them
  # about x
  x:  # the first
    is: a + b * c
    across: k
    unit: CNY
    governance:
      tier: 1

  # before v
  #   in two lines
  v:
    is: >-
      coalesce(aaaaaaaaaaaaaaaaaaaaaaaaa, 0) + coalesce(bbbbbbbbbbbbbbbbbbbbbbbbb, 0) +
      coalesce(cccccccccccccccccccccccc, 0) + d
    where: a = '#5'  # not a comment: '#5'

  z:
    is: x
    about:
      label: {zh: "no", en: "a, b"}
      meaning:
        en: "colon: here"
        zh: '"x"'
      format: "0.00"
# the end
"""


def test_a_messy_file() -> None:
    assert format_text("x.yaml", MESSY) == NEAT
    assert format_text("x.yaml", NEAT) == NEAT


def test_the_demo_is_in_canonical_layout() -> None:
    """If this fails: semantic-layer format schema/demo"""
    for file in sorted(DEMO.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        assert format_text(file.name, text) == text, file.name


def test_formatting_changes_no_meaning() -> None:
    texts = shop(rich=RICH)
    formatted = {name: format_text(name, text) for name, text in texts.items()}
    assert read_texts(formatted).catalog == read_texts(texts).catalog
    assert {name: format_text(name, text) for name, text in formatted.items()} == formatted


def test_documents_of_the_registry_become_the_same_files() -> None:
    catalog = read_shop(rich=RICH).catalog
    written = documents(catalog)
    texts = {}
    for kind, section in SECTIONS.items():
        of_kind = {name: document for (its_kind, name), document in written.items() if its_kind == kind}
        texts[section] = yaml_of(section, of_kind)
        assert format_text(section, texts[section]) == texts[section]
    settings_text = shop()["catalog.yaml"].split("domains:")[0]
    assert read_texts({**texts, "catalog": settings_text}).catalog == catalog


def test_what_is_no_yaml_is_told_and_not_touched() -> None:
    with pytest.raises(DefinitionErrors, match=r"x\.yaml:2:1  YAML"):
        format_text("x.yaml", "metrics: [\n")
    assert format_text("x.yaml", "") == ""


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
)
def test_any_text_is_written_so_that_it_is_read_as_the_same_text(text: str) -> None:
    written = yaml_of("metrics", {"x": {"about": {"format": text, "label": {"en": text}, "tags": [text]}}})
    problems: list[object] = []
    tree = read_yaml("x", written, problems)  # type: ignore[arg-type]
    assert isinstance(tree, MapNode) and problems == []
    node: object = tree
    for key in ("metrics", "x", "about", "format"):
        assert isinstance(node, MapNode)
        node = node.entries[key]
    assert isinstance(node, ScalarNode) and node.value == text
