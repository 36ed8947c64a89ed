"""The flags of `query` and `explain`, and the question in JSON form that they make."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from semantic_layer.cli.condition import read_condition
from semantic_layer.cli.words import Json, Node, Unreadable, read_dimension, read_metric, read_order

QUESTION = "The question"
LARGEST_FILE = 1_000_000

Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric", "-m", rich_help_panel=QUESTION, metavar="METRIC", show_default=False,
        help="A metric, as often as you like: [cyan]sales[/], version 1 of it: [cyan]sales@1[/], shifted: "
        "[cyan]'sales 1 year ago'[/], named: [cyan]'sales as s'[/].",
    ),
]  # fmt: skip
Dimensions = Annotated[
    list[str] | None,
    typer.Option(
        "--by", "-b", rich_help_panel=QUESTION, metavar="DIMENSION", show_default=False,
        help="What to cut by: [cyan]product.department[/], a grain: [cyan]transaction_date:month[/], a date part: "
        "[cyan]transaction_date:hour_of_day[/].",
    ),
]  # fmt: skip
Conditions = Annotated[
    list[str] | None,
    typer.Option(
        "--where", "-w", rich_help_panel=QUESTION, metavar="CONDITION", show_default=False,
        help="What counts: [cyan]'product.department != FUEL'[/], [cyan]'transaction_date from 2017-01-01 until "
        "2018-01-01'[/], [cyan]'sales per household_id over all time > 5000'[/], [cyan]'segment big_spenders'[/]. "
        "Several must all hold.",
    ),
]  # fmt: skip
Having = Annotated[
    list[str] | None,
    typer.Option(
        "--having", rich_help_panel=QUESTION, metavar="CONDITION", show_default=False,
        help="Which rows of the answer are shown: [cyan]'sales > 100000'[/].",
    ),
]  # fmt: skip
Order = Annotated[
    list[str] | None,
    typer.Option(
        "--order-by", "-o", rich_help_panel=QUESTION, metavar="COLUMN", show_default=False,
        help="[cyan]'sales desc'[/]; nulls come last both ways.",
    ),
]  # fmt: skip
Totals = Annotated[
    list[str] | None,
    typer.Option(
        "--totals", rich_help_panel=QUESTION, metavar="COLUMNS", show_default=False,
        help="Totals that keep these columns ([cyan]product.department[/], several by commas).",
    ),
]  # fmt: skip
GrandTotal = Annotated[
    bool, typer.Option("--grand-total", rich_help_panel=QUESTION, help="The total of everything that counts.")
]
Limit = Annotated[
    int | None, typer.Option("--limit", "-n", rich_help_panel=QUESTION, show_default=False, help="At most N rows.")
]
Offset = Annotated[
    int | None, typer.Option("--offset", rich_help_panel=QUESTION, show_default=False, help="Leaves out N rows.")
]
IncludeEmpty = Annotated[
    bool, typer.Option("--include-empty", rich_help_panel=QUESTION, help="Also members without any data.")
]
FillTime = Annotated[
    bool, typer.Option("--fill-time", rich_help_panel=QUESTION, help="A row for every period of the range.")
]
TimeZone = Annotated[
    str | None,
    typer.Option("--time-zone", rich_help_panel=QUESTION, show_default=False, help="Where a day begins."),
]
Language = Annotated[
    str | None,
    typer.Option("--language", "-l", rich_help_panel=QUESTION, show_default=False, help="Of the labels: en, zh …"),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", rich_help_panel=QUESTION, metavar="REVISION|TIME", show_default=False,
        help="Asks the registry of an earlier revision, or of a moment such as 2026-11-24T08:30:00Z.",
    ),
]  # fmt: skip
Strict = Annotated[
    bool, typer.Option("--strict", rich_help_panel=QUESTION, help="A warning is an error, and there are no rows.")
]
Partial = Annotated[
    bool,
    typer.Option("--partial", rich_help_panel=QUESTION, help="Metrics of a source that is down are empty, and said."),
]
AskFile = Annotated[
    Path | None,
    typer.Option(
        "--ask", rich_help_panel=QUESTION, metavar="FILE", show_default=False, allow_dash=True,
        help="The whole question as JSON from a file, or from standard input ([cyan]-[/]), instead of the flags above.",
    ),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuestionFlags:
    """What was typed; None and () is what was not."""

    metrics: Sequence[str]
    by: Sequence[str]
    where: Sequence[str]
    having: Sequence[str]
    order_by: Sequence[str]
    totals: Sequence[str]
    grand_total: bool
    limit: int | None
    offset: int | None
    include_empty: bool
    fill_time: bool
    time_zone: str | None
    language: str | None
    as_of: str | None
    strict: bool
    partial: bool


def question_of(flags: QuestionFlags, ask_file: Path | None) -> Node:
    """The question's JSON form, for GraphQL and for the reader of questions alike. Raises Unreadable."""
    if ask_file is None:
        return _from_flags(flags)
    if _from_flags(flags):
        raise Unreadable("--ask holds the whole question; leave out the other flags of the question")
    return _from_file(ask_file)


def _from_flags(flags: QuestionFlags) -> Node:
    totals: list[Json] = [[name.strip() for name in one.split(",") if name.strip()] for one in flags.totals]
    parts: dict[str, Json] = {
        "metrics": [read_metric(text) for text in flags.metrics],
        "by": [read_dimension(text) for text in flags.by],
        "where": _all_of(flags.where, of_answer=False),
        "having": _all_of(flags.having, of_answer=True),
        "orderBy": [read_order(text) for text in flags.order_by],
        "totals": totals + ([[]] if flags.grand_total else []),
        "limit": flags.limit,
        "offset": flags.offset,
        "includeEmpty": flags.include_empty,
        "fillTime": flags.fill_time,
        "timeZone": flags.time_zone,
        "language": flags.language,
        "asOf": _as_of(flags.as_of),
        "strict": flags.strict,
        "partial": flags.partial,
    }
    return {key: value for key, value in parts.items() if value is not None and value != [] and value is not False}


def _all_of(texts: Sequence[str], *, of_answer: bool) -> Json:
    nodes: list[Json] = [read_condition(text, of_answer=of_answer) for text in texts]
    return nodes[0] if len(nodes) == 1 else {"and": nodes} if nodes else None


def _as_of(text: str | None) -> Json:
    if text is None:
        return None
    return {"revision": int(text)} if text.isdecimal() else {"recordedAt": text}


def _from_file(path: Path) -> Node:
    """A question, or a whole body of variables that holds one under `ask`."""
    try:
        content = sys.stdin.buffer.read(LARGEST_FILE + 1) if str(path) == "-" else path.read_bytes()
        read: Any = orjson.loads(content)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"{path} is no JSON: {error}") from None
    if isinstance(read, dict) and set(read) == {"ask"}:
        read = read["ask"]
    if not isinstance(read, dict):
        raise Unreadable(f"{path} holds no question; it is a JSON object with metrics, by, where …")
    return read
