"""The editors' schema is current, accepts what the reader accepts, and refuses what an editor should mark."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from semantic_layer.definitions.canonical import documents
from semantic_layer.definitions.json_schema import definition_schema, definition_schema_text
from semantic_layer.definitions.reader import SECTIONS
from tests.definitions.shop import read_shop, shop
from tests.definitions.test_demo import DEMO

FILE = DEMO.parent / "definition.schema.json"
VALIDATOR = Draft202012Validator(definition_schema())


def loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_the_file_is_current() -> None:
    """If this fails: semantic-layer schema > schema/definition.schema.json"""
    assert FILE.read_text(encoding="utf-8") == definition_schema_text()
    Draft202012Validator.check_schema(definition_schema())


def test_the_demo_and_the_shop_are_valid() -> None:
    texts = [file.read_text(encoding="utf-8") for file in DEMO.glob("*.yaml")] + list(shop().values())
    for text in texts:
        assert [error.message for error in VALIDATOR.iter_errors(loaded(text))] == []


def test_documents_of_the_registry_are_valid() -> None:
    for (kind, name), document in documents(read_shop().catalog).items():
        file = {SECTIONS[kind]: {name: document}} if kind in SECTIONS else {"catalog": document}
        assert [error.message for error in VALIDATOR.iter_errors(file)] == [], (kind, name)


@pytest.mark.parametrize(
    "text",
    [
        "metrics: {x: {is: y, filter: z}}",
        "metrics: {x: {from: y}}",
        "metrics: {x: {is: y, over: 28 days trailing}}",
        "metrics: {x: {is: y, governance: {tier: 4}}}",
        "metrics: {'Net Sales': {is: y}}",
        "datasets: {x: {source: a, table: b, key: c, joins: {d: {kind: many, match: e}}}}",
        "metrics: {x: {is: y, with: {z: {is: y, ago: yesterday}}}}",
    ],
)
def test_mistakes_of_shape_are_marked(text: str) -> None:
    assert list(VALIDATOR.iter_errors(loaded(text)))
