"""What a reader can meet (an error code, a setting) has its place in the documents."""

import ast
import json
import re

from semantic_layer.errors import CODES, ErrorCode
from tests.house.tree import ROOT, modules


def headings(path: str) -> set[str]:
    """The headings of a Markdown file as plain text, without backticks."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return {match.replace("`", "").strip() for match in re.findall(r"^#+ +(.+)$", text, re.MULTILINE)}


def used_codes() -> set[str]:
    """Codes that some module other than errors.py names."""
    return {
        node.attr
        for module in modules()
        if module.path != "semantic_layer/errors.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "ErrorCode"
    }


def test_schema_errors_json_is_what_the_code_declares() -> None:
    """The machine-readable list: code, text, HTTP status, whether to try again."""
    listed = json.loads((ROOT / "schema/errors.json").read_text(encoding="utf-8"))
    declared = {
        code.value: {"text": entry.text, "status": entry.status, "retryable": entry.retryable}
        for code, entry in CODES.items()
    }
    assert listed == declared
    assert set(CODES) == set(ErrorCode)


def test_every_error_code_is_documented() -> None:
    """Each has a heading of its own in docs/errors.md, and no heading there names a code that is gone."""
    documented = {heading for heading in headings("docs/errors.md") if re.fullmatch(r"[A-Z][A-Z_]+", heading)}
    assert documented == {code.value for code in ErrorCode}


def test_every_error_code_is_used() -> None:
    assert {code.value for code in ErrorCode} - used_codes() == set()


def settings_fields() -> set[str]:
    module = next(module for module in modules() if module.path == "semantic_layer/settings.py")
    classes = [node for node in module.tree.body if isinstance(node, ast.ClassDef) and is_settings(node)]
    return {
        statement.target.id
        for settings in classes
        for statement in settings.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
        if statement.target.id != "model_config"
    }


def is_settings(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "BaseSettings" for base in node.bases)


def test_every_setting_is_documented() -> None:
    """Each has a heading in docs/settings.md under its environment variable's name."""
    named = {f"SEMANTIC_LAYER_{field.upper()}" for field in settings_fields()}
    assert named and named <= headings("docs/settings.md")
