"""Lines of text in columns, padded by what a terminal shows: a Chinese character takes two places."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

GAP = "  "


def columns(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> Iterator[str]:
    """The first row, a rule, the others; the columns at the places of `right` are numbers."""
    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(rows[0]))]
    head, *others = rows
    yield _line(head, widths, right)
    yield GAP.join("─" * width for width in widths)
    yield from (_line(row, widths, right) for row in others)


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    padded = [
        " " * (width - cell_len(cell)) + cell if place in right else cell + " " * (width - cell_len(cell))
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return GAP.join(padded).rstrip()
