"""The content address of a definition. It is stored for ever, and the database checks it: never change this form."""

from hashlib import sha256

import orjson

from semantic_layer.definitions.yaml_text import Json

Key = tuple[str, str]  # kind and name of a definition: ("metric", "sales")
ContentHash = bytes

SETTINGS: Key = ("catalog", "catalog")


def document_text(document: Json) -> str:
    """The one text of a JSON document: keys sorted, no spaces, UTF-8 as it is."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()


def content_hash(language: int, key: Key, text: str) -> ContentHash:
    """SHA-256 over the language's version, kind, name and text, a line each."""
    return sha256("\n".join((str(language), *key, text)).encode()).digest()
