"""An answer as a table for people: numbers to the right, null as `–`, totals, and a footer of where it comes from."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from semantic_layer.cli.answer_json import Row, ShownAnswer, ShownColumn, ShownTotals

NULL = "–"
LEFT_OUT = "(all)"  # a dimension that a total does not keep
GAP = "  "
SHORT_FINGERPRINT = 15


def table_lines(answer: ShownAnswer) -> Iterator[str]:
    """Names, labels with units, a rule, the rows, then each set of totals below a rule."""
    columns = answer.columns
    head = [[column.name for column in columns], [_subtitle(column) for column in columns]]
    rows = [_cells(columns, row) for row in answer.rows]
    totals = [list(_totals_cells(columns, one)) for one in answer.totals]
    everything = [*head, *rows, *(line for one in totals for line in one)]
    widths = [max(cell_len(line[place]) for line in everything) for place in range(len(columns))]
    rule = GAP.join("─" * width for width in widths)
    head = head if any(head[1]) else head[:1]
    yield from (_line(columns, widths, line) for line in head)
    yield rule
    yield from (_line(columns, widths, line) for line in rows)
    for one in totals:
        yield rule
        yield from (_line(columns, widths, line) for line in one)


def footer_lines(answer: ShownAnswer) -> Iterator[str]:
    """Row count, revision, versions, freshness, resolved dates, warnings: one fact per line."""
    meta = answer.meta
    yield f"{_counted(len(answer.rows), 'row')}, revision {meta['revision']}"
    for one in meta["versions"]:
        named = one["column"] if one["column"] == one["metric"] else f"{one['column']} = {one['metric']}"
        yield f"rule       {named}, version {one['version']}, {one['fingerprint'][:SHORT_FINGERPRINT]}…"
    for one in meta["parameters"]:
        yield f"parameter  {one['metric']}: {one['name']} = {one['value']}"
    for one in meta["resolved"]:
        yield f"time       {one['column']} from {one['from'] or 'the beginning'} until {one['to'] or 'the end'}"
    for one in meta["freshness"]:
        if one["asOf"]:
            yield f"data       {one['dataset']} as of {one['asOf']}"
    if meta["partialPeriods"]:
        yield f"partial    {', '.join(meta['partialPeriods'])}: not covered to the full by the question or the data"
    for one in meta["warnings"]:
        yield f"warning    {one['code']}: {one['message']}"
    if meta["truncated"]:
        said = "this server's" if meta["limit"]["setBy"] == "server" else "the question's"
        yield f"truncated  there are more rows than {said} limit of {meta['limit']['value']:,}"


def shown_value(column: ShownColumn, value: Any) -> str:
    """A value with thousands separated; the digits are those that came."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.type == "FLOAT":
        return f"{value:,}"
    if column.type in ("BIGINT", "DECIMAL"):
        return _grouped(str(value))
    return str(value)


def _grouped(number: str) -> str:
    sign = "-" if number.startswith("-") else ""
    whole, point, fraction = number.removeprefix("-").partition(".")
    return f"{sign}{int(whole):,}{point}{fraction}" if whole.isdecimal() else number


def _subtitle(column: ShownColumn) -> str:
    label = "" if column.label == column.name else column.label
    return ", ".join(part for part in (label, column.unit) if part)


def _cells(columns: Sequence[ShownColumn], row: Row) -> list[str]:
    return [shown_value(column, value) for column, value in zip(columns, row, strict=True)]


def _totals_cells(columns: Sequence[ShownColumn], totals: ShownTotals) -> Iterator[list[str]]:
    """A row of totals has the kept dimensions, then all metrics: spread over the columns of the table."""
    metrics = len(totals.rows[0]) - len(totals.by) if totals.rows else 0
    first_metric = len(columns) - metrics
    for row in totals.rows:
        values = dict(zip(totals.by, row, strict=False))
        dimensions = [
            shown_value(column, values[column.name]) if column.name in values else LEFT_OUT
            for column in columns[:first_metric]
        ]
        yield [*dimensions, *_cells(columns[first_metric:], row[len(totals.by) :])]


def _line(columns: Sequence[ShownColumn], widths: Sequence[int], cells: Sequence[str]) -> str:
    """Padded by what a terminal shows: a Chinese character takes two places."""
    padded = [
        " " * (width - cell_len(cell)) + cell if column.is_number else cell + " " * (width - cell_len(cell))
        for column, width, cell in zip(columns, widths, cells, strict=True)
    ]
    return GAP.join(padded).rstrip()


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
