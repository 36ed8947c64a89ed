"""A part of the report: a table, and how to read it; as text for a terminal, and as Markdown for a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    reading: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def as_text(section: Section) -> str:
    """The first column to the left, the others to the right."""
    lines = [section.columns, *section.rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(section.columns))]
    first, *others = [_line(line, widths) for line in lines]
    rule = "  ".join("─" * width for width in widths)
    table = [first, rule, *others]
    reading = fill(section.reading, 100, initial_indent="  ", subsequent_indent="  ")
    return "\n".join([section.title, reading, "", *(f"  {line}".rstrip() for line in table)])


def as_markdown(section: Section) -> str:
    first, *others = ["| " + " | ".join(line) + " |" for line in (section.columns, *section.rows)]
    rule = "|".join(["", "---", *["--:"] * (len(section.columns) - 1), ""])
    return "\n".join([f"### {section.title}", section.reading, "", first, rule, *others])


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])
