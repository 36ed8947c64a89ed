"""An answer as a table for people: numbers to the right, null as `–`, totals, and a footer of where it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len

from semantic_layer.cli.answer_json import Row, ShownAnswer, ShownColumn, ShownTotals, shown_answer

NULL = "–"
LEFT_OUT = "(all)"  # a dimension that a total does not keep
GAP = "  "
SHORT_FINGERPRINT = 15
SHOWN_DIGITS = 6  # of a binary float


def table_lines(answer: ShownAnswer) -> Iterator[str]:
    """Names, labels with units, a rule, the rows, then each set of totals below a rule."""
    columns = [_Printed(column, list(_values(answer, place))) for place, column in enumerate(answer.columns)]
    head = [[printed.column.name for printed in columns], [printed.subtitle for printed in columns]]
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


def answer_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """`data.query` of the reply to ASK_DOCUMENT as the table and its footer."""
    answer = shown_answer(data)
    yield from table_lines(answer)
    yield ""
    yield from footer_lines(answer)


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


class _Printed:
    """How one column is printed. Exact numbers keep their digits; binary floats are rounded for the eye, alike in
    the whole column: shares as percent, others to about six digits (json, csv and arrow have all digits).
    """

    def __init__(self, column: ShownColumn, values: Sequence[Any]) -> None:
        self.column = column
        self.is_percent = column.type == "FLOAT" and column.unit == "percent"
        largest = max((abs(value) for value in values if isinstance(value, float | int)), default=0)
        digits_before_point = len(str(int(largest)))
        self.decimals = 2 if self.is_percent else min(max(SHOWN_DIGITS - digits_before_point, 2), SHOWN_DIGITS)

    @property
    def subtitle(self) -> str:
        label = "" if self.column.label == self.column.name else self.column.label
        return ", ".join(part for part in (label, None if self.is_percent else self.column.unit) if part)

    def text(self, value: Any) -> str:
        match self.column.type:
            case _ if value is None:
                return NULL
            case "BOOLEAN":
                return "true" if value else "false"
            case "FLOAT":
                return f"{value:,.{self.decimals}%}" if self.is_percent else f"{value:,.{self.decimals}f}"
            case "BIGINT" | "DECIMAL":
                return _grouped(str(value))
            case _:
                return str(value)


def _grouped(number: str) -> str:
    sign = "-" if number.startswith("-") else ""
    whole, point, fraction = number.removeprefix("-").partition(".")
    return f"{sign}{int(whole):,}{point}{fraction}" if whole.isdecimal() else number


def _values(answer: ShownAnswer, place: int) -> Iterator[Any]:
    """A column's values in the rows; and in the totals, where metrics stand at the same distance from the end."""
    yield from (row[place] for row in answer.rows)
    from_end = place - len(answer.columns)
    for totals in answer.totals:
        yield from (row[from_end] for row in totals.rows if len(row) - len(totals.by) >= -from_end)


def _cells(columns: Sequence[_Printed], row: Row) -> list[str]:
    return [printed.text(value) for printed, value in zip(columns, row, strict=True)]


def _totals_cells(columns: Sequence[_Printed], totals: ShownTotals) -> Iterator[list[str]]:
    """A row of totals has the kept dimensions, then all metrics: spread over the columns of the table."""
    metrics = len(totals.rows[0]) - len(totals.by) if totals.rows else 0
    first_metric = len(columns) - metrics
    for row in totals.rows:
        values = dict(zip(totals.by, row, strict=False))
        dimensions = [
            printed.text(values[printed.column.name]) if printed.column.name in values else LEFT_OUT
            for printed in columns[:first_metric]
        ]
        yield [*dimensions, *_cells(columns[first_metric:], row[len(totals.by) :])]


def _line(columns: Sequence[_Printed], widths: Sequence[int], cells: Sequence[str]) -> str:
    """Padded by what a terminal shows: a Chinese character takes two places."""
    padded = [
        " " * (width - cell_len(cell)) + cell if printed.column.is_number else cell + " " * (width - cell_len(cell))
        for printed, width, cell in zip(columns, widths, cells, strict=True)
    ]
    return GAP.join(padded).rstrip()


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
