"""Nothing in the repository tells where or by what it was made, and no file depends on this machine."""

import re

import pytest

from tests.house.tree import ROOT, files

# Written in pieces, so that this file does not find itself.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/",
    "the workplace's folders": r"\.\./sha" + r"red|\.lib" + r"rary/|/tmp/te" + r"am",
    "who wrote it": r"(?i)\b(?:clau" + r"de|anth" + r"ropic|chat" + r"gpt|open" + r"ai|copi" + r"lot|ll" + r"m)\b",
    "how it was written": r"(?i)\b(?:AI|co" + r"ding)[ -]ag" + r"ents?\b|\bsub" + r"agents?\b|\bco-auth" + r"ored-by\b",
    "a package index's host": r"(?i)\bpy" + r"pi\.org|python" + r"hosted|npm" + r"js\.(?:org|com)|/sim" + r"ple/?\s*$",
}


def texts() -> list[tuple[str, str]]:
    readable = []
    for path in files():
        try:
            readable.append((path, (ROOT / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return readable


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_names(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for path, text in texts()
        for match in pattern.finditer(text)
    ]
    assert found == []


def test_the_lock_has_names_versions_and_hashes_only() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    form = re.compile(r"[a-z0-9][\w.\[\],-]*==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|    # ?.*")
    assert [line for line in lock.splitlines() if not form.fullmatch(line)] == []
    assert "//" not in lock and "@ " not in lock


# Two spaces end a line of Markdown; snapshots and generated code are as their tools write them.
MADE = (".md", ".ambr", "generated.ts")


def test_text_files_are_tidy() -> None:
    """One line end at the end, none of another system, no trailing space: diffs show only what changed."""
    untidy = re.compile(r"[^\n]\Z|\n\n\Z|\r|[ \t]+$", re.MULTILINE)
    assert [path for path, text in texts() if not path.endswith(MADE) and untidy.search(text)] == []
