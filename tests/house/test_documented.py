"""What a reader can meet (an error code, a setting) has its place in the documents."""

import ast
import re

from semantic_layer.errors import CODES, ErrorCode
from tests.house.error_codes import LISTED, printed
from tests.house.tree import ROOT, files, modules


def sections(path: str) -> dict[str, str]:
    """Heading (without backticks) -> the text below it, of a Markdown file."""
    text = (ROOT / path).read_text(encoding="utf-8")
    _, *parts = re.split(r"^#+ +(.+)$", text, flags=re.MULTILINE)
    return {heading.replace("`", "").strip(): body for heading, body in zip(parts[::2], parts[1::2], strict=True)}


def used_codes() -> set[str]:
    """Codes that some module other than errors.py names."""
    return {
        node.attr
        for module in modules()
        if module.path != "semantic_layer/errors.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ErrorCode"
    }


def test_every_error_code_is_listed_for_machines() -> None:
    """If this fails: python -m tests.house.error_codes"""
    assert LISTED.read_text(encoding="utf-8") == printed()
    assert set(CODES) == set(ErrorCode)


def test_every_error_code_is_documented() -> None:
    """Each has a heading in docs/errors.md with its text below, and no heading names a code that is gone."""
    documented = {name: body for name, body in sections("docs/errors.md").items() if re.fullmatch("[A-Z_]+", name)}
    assert set(documented) == {code.value for code in ErrorCode}
    for code, entry in CODES.items():
        first, *advice = [line for line in documented[code.value].splitlines() if line]
        assert first.startswith(entry.text), code
        assert ("retryable" in first) == entry.retryable, code
        assert (f"HTTP {entry.status}" in first) == (entry.status != 200), code
        assert advice, f"{code}: what can the reader do?"


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
    assert named and named <= set(sections("docs/settings.md"))


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = []
    for path in [path for path in files() if path.endswith(".md")]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", (ROOT / path).read_text(encoding="utf-8")):
            if not ((ROOT / path).parent / target).exists():
                broken.append(f"{path} -> {target}")
    assert broken == []
