"""Writes schema/definition.schema.json: `python -m tests.definitions.schema_file`."""

from pathlib import Path

from semantic_layer.definitions.json_schema import definition_schema_text

FILE = Path(__file__).parents[2] / "schema" / "definition.schema.json"

if __name__ == "__main__":
    FILE.write_text(definition_schema_text(), encoding="utf-8")
