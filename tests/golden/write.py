"""Write the pages of the curated cases anew and show what changed: `python -m tests.golden.write [ID …]`.

Plan and SQL come from the product, rows from the hand-written SQL of the case. Read the diff before it is committed.
"""

import difflib
import sys

from tests.golden.cases import curated
from tests.golden.printed_case import PRINTED, page_of, path_of
from tests.oracle.data import SUBSET
from tests.oracle.databases import DuckDbOracle


def main(ids: list[str]) -> None:
    """Writes the pages of `ids`, or all, and removes those of cases that are gone."""
    cases = curated()
    if unknown := set(ids) - {case.id for _, case in cases}:
        raise SystemExit(f"no curated case: {', '.join(sorted(unknown))}")
    PRINTED.mkdir(exist_ok=True)
    oracle = DuckDbOracle(SUBSET)
    for folder, case in cases:
        if not ids or case.id in ids:
            _write(path_of(case).name, page_of(folder, case, oracle))
    for gone in {path.name for path in PRINTED.glob("*.md")} - {path_of(case).name for _, case in cases}:
        print(f"removed {gone}")
        (PRINTED / gone).unlink()


def _write(name: str, text: str) -> None:
    path = PRINTED / name
    before = path.read_text("utf-8") if path.exists() else ""
    if text != before:
        path.write_text(text, "utf-8")
        changes = difflib.unified_diff(before.splitlines(True), text.splitlines(True), name, name)
        print("".join(changes) if before else f"new {name}\n", end="")


if __name__ == "__main__":
    main(sys.argv[1:])
