"""schema/definition.schema.json: the grammar for editors, which complete keys and values by it."""

import json
from typing import Any

from semantic_layer.definitions import grammar
from semantic_layer.definitions.grammar import Block, ByLanguage, Either, Key, Keyed, Listing, Shape

_FORMULA = "An expression: names, numbers, 'texts', + - * /, comparisons, and, or, not, case, functions."


def definition_schema() -> dict[str, Any]:
    """The JSON Schema of one definition file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Definitions of a semantic layer",
        **_schema(grammar.FILE),
        "$defs": {name: _schema(block) for name, block in grammar.REFERENCES.items()},
    }


def definition_schema_text() -> str:
    """The file's text; a test keeps the file equal to it."""
    return json.dumps(definition_schema(), ensure_ascii=False, indent=2) + "\n"


def _schema(shape: Shape) -> dict[str, Any]:
    match shape:
        case Block(_, keys):
            required = [name for name, key in keys.items() if key.required]
            found: dict[str, Any] = {
                "type": "object",
                "properties": {name: _key(key) for name, key in keys.items()},
                "additionalProperties": False,
            }
            return found | ({"required": required} if required else {})
        case Keyed(_, of, form):
            inner = _schema(of)
            if isinstance(of, Block) and "required" not in inner:
                inner["type"] = ["object", "null"]  # `brand:` alone is a dimension with nothing more to say
            return {"type": "object", "propertyNames": {"pattern": _whole(form)}, "additionalProperties": inner}
        case ByLanguage(of, _):
            return {"type": "object", "additionalProperties": _schema(of)}
        case Listing(of, or_one, may_be_empty):
            listing = {"type": "array", "items": _schema(of), "uniqueItems": True}
            if not may_be_empty:
                listing["minItems"] = 1
            return {"anyOf": [_schema(of), listing]} if or_one else listing
        case Either(block, other):
            return {"anyOf": [_schema(other), _schema(block)]}
        case grammar.Reference(name):
            return {"$ref": f"#/$defs/{name}"}
        case _:
            return _scalar(shape)


def _key(key: Key) -> dict[str, Any]:
    return {"description": key.says, **_schema(key.shape)}


def _scalar(shape: Shape) -> dict[str, Any]:
    match shape:
        case grammar.Text(None, _):
            return {"type": "string", "minLength": 1}
        case grammar.Text(form, wanted):
            return {"type": "string", "pattern": _whole(str(form)), "$comment": wanted}
        case grammar.Choice(words):
            return {"enum": list(words)}
        case grammar.Whole(minimum, maximum):
            bounds = {"minimum": minimum, "maximum": maximum}
            return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}
        case grammar.Number():
            return {"type": "number"}
        case grammar.Flag():
            return {"type": "boolean"}
        case grammar.Formula():
            return {"type": "string", "minLength": 1, "maxLength": 10_000, "$comment": _FORMULA}
        case _:
            return {"type": ["string", "number", "boolean"]}


def _whole(form: str) -> str:
    return f"^({form})$"
