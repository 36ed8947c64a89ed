"""`query` and `explain`: one question, answered or shown."""

import sys
from enum import StrEnum
from typing import Annotated

import orjson
import typer

from semantic_layer.cli import late, question
from semantic_layer.cli.answer_json import ASK_DOCUMENT, ShownAnswer, shown_answer
from semantic_layer.cli.outcome import told
from semantic_layer.cli.place import Definitions, Key, Registry, Url, place_of, send
from semantic_layer.cli.question import QuestionFlags, question_of
from semantic_layer.cli.table import answer_lines
from semantic_layer.cli.words import Unreadable


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"


OUTPUT = "Output"
FormatFlag = Annotated[
    Format,
    typer.Option("--format", "-f", rich_help_panel=OUTPUT, help="table for people; json, csv and arrow for machines."),
]
ExplainFlag = Annotated[
    bool, typer.Option("--explain", rich_help_panel=OUTPUT, help="Also the SQL that was run, after the table.")
]
ShowAsk = Annotated[
    bool,
    typer.Option("--show-ask", rich_help_panel=OUTPUT, help="Only prints the question in its JSON form, for GraphQL."),
]


def query(
    metric: question.Metrics = None,
    by: question.Dimensions = None,
    where: question.Conditions = None,
    having: question.Having = None,
    order_by: question.Order = None,
    totals: question.Totals = None,
    grand_total: question.GrandTotal = False,
    limit: question.Limit = None,
    offset: question.Offset = None,
    include_empty: question.IncludeEmpty = False,
    fill_time: question.FillTime = False,
    time_zone: question.TimeZone = None,
    language: question.Language = None,
    as_of: question.AsOf = None,
    strict: question.Strict = False,
    partial: question.Partial = False,
    ask: question.AskFile = None,
    url: Url = None,
    key: Key = None,
    registry: Registry = None,
    definitions: Definitions = None,
    format: FormatFlag = Format.TABLE,
    explain: ExplainFlag = False,
    show_ask: ShowAsk = False,
) -> None:
    """Asks metrics, and prints the rows and the rules that made them.

    [bold]Examples[/]

    semantic-layer query --url http://127.0.0.1:8000 --metric sales --by transaction_date:month

    semantic-layer query -m sales -m sales@1 -b product.department -w 'product.department != FUEL' -o 'sales desc' -n 5

    semantic-layer query --ask question.json --format csv > answer.csv

    [bold]Exit codes[/]: 0 answered, 1 refused or not reachable, 2 the command itself cannot be read.
    """
    with told():
        flags = QuestionFlags(
            metric or (), by or (), where or (), having or (), order_by or (), totals or (), grand_total, limit,
            offset, include_empty, fill_time, time_zone, language, as_of, strict, partial,
        )  # fmt: skip
        asked = question_of(flags, ask)
        if show_ask:
            print(orjson.dumps({"ask": asked}, option=orjson.OPT_INDENT_2).decode())
            return
        data = send(place_of(url, key, registry, definitions), ASK_DOCUMENT, {"ask": asked})
        _print(shown_answer(data["query"]), format, explain)


def explain(
    metric: question.Metrics = None,
    by: question.Dimensions = None,
    where: question.Conditions = None,
    having: question.Having = None,
    order_by: question.Order = None,
    totals: question.Totals = None,
    grand_total: question.GrandTotal = False,
    limit: question.Limit = None,
    offset: question.Offset = None,
    include_empty: question.IncludeEmpty = False,
    fill_time: question.FillTime = False,
    time_zone: question.TimeZone = None,
    language: question.Language = None,
    as_of: question.AsOf = None,
    strict: question.Strict = False,
    partial: question.Partial = False,
    ask: question.AskFile = None,
    registry: Registry = None,
    definitions: Definitions = None,
) -> None:
    """Shows how a question would be answered: the plan, then the SQL of each source. Nothing is run.

    [bold]Examples[/]

    semantic-layer explain --registry .demo -m sales -b transaction_date:month

    semantic-layer explain --definitions schema/demo -m sales_share -b product.department

    [bold]Exit codes[/]: 0 shown, 1 refused, 2 the command itself cannot be read.
    """
    with told():
        flags = QuestionFlags(
            metric or (), by or (), where or (), having or (), order_by or (), totals or (), grand_total, limit,
            offset, include_empty, fill_time, time_zone, language, as_of, strict, partial,
        )  # fmt: skip
        asked = question_of(flags, ask)
        shown = late.module("cli.pipeline").explanation(place_of(None, None, registry, definitions), asked)
        print(shown.plan.rstrip("\n"))
        for text in shown.sql:
            print(f"\n{text.rstrip()}")


def _print(answer: ShownAnswer, format: Format, explain: bool) -> None:
    match format:
        case Format.TABLE:
            for line in answer_lines(answer.whole):
                print(line)
            if explain:
                print(f"\n{answer.meta['sql']}")
        case Format.JSON:
            print(orjson.dumps(answer.whole, option=orjson.OPT_INDENT_2).decode())
        case Format.CSV:
            sys.stdout.write(late.module("cli.formats").csv_text(answer))
        case Format.ARROW:
            if sys.stdout.isatty():
                raise Unreadable("an Arrow stream is no text for a terminal: --format arrow > answer.arrows")
            sys.stdout.buffer.write(late.module("cli.formats").arrow_bytes(answer))
