"""`query` and `explain`: one question, answered or shown."""

import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer

from semantic_layer.access.principal import Principal
from semantic_layer.cli import question
from semantic_layer.cli.answer_json import ASK_DOCUMENT, ShownAnswer, shown_answer
from semantic_layer.cli.door import person
from semantic_layer.cli.formats import arrow_bytes, csv_text, json_text
from semantic_layer.cli.outcome import run_once, told
from semantic_layer.cli.place import Definitions, Key, Place, Registry, Url, open_door, open_pipeline
from semantic_layer.cli.question import QuestionFlags, question_of
from semantic_layer.cli.table import footer_lines, table_lines
from semantic_layer.cli.words import Node, Unreadable
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answers import Explanation


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
            offset, include_empty, fill_time, time_zone, language, as_of, strict,
        )  # fmt: skip
        asked = question_of(flags, ask)
        if show_ask:
            print(orjson.dumps({"ask": asked}, option=orjson.OPT_INDENT_2).decode())
            return
        answer = run_once(_answered(asked, Place(url, key, registry, tuple(definitions or ()))))
        _print(answer, format, explain)


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
            offset, include_empty, fill_time, time_zone, language, as_of, strict,
        )  # fmt: skip
        asked = question_of(flags, ask)
        shown = run_once(_explained(asked, Place(registry=registry, definitions=tuple(definitions or ()))))
        print(shown.plan.rstrip("\n"))
        for text in shown.sql:
            print(f"\n{text.rstrip()}")


def answer_lines(data: Mapping[str, Any]) -> Iterator[str]:
    """`data.query` of ASK_DOCUMENT as the table and its footer."""
    answer = shown_answer(data)
    yield from table_lines(answer)
    yield ""
    yield from footer_lines(answer)


async def _answered(asked: Node, place: Place) -> ShownAnswer:
    async with open_door(place) as door:
        return shown_answer((await door.send(ASK_DOCUMENT, {"ask": asked}))["query"])


async def _explained(asked: Node, place: Place) -> Explanation:
    async with open_pipeline(place) as backend:
        return await backend.answers.explain(read_ask(asked), Principal(person()))


def _print(answer: ShownAnswer, format: Format, explain: bool) -> None:
    match format:
        case Format.TABLE:
            for line in answer_lines(answer.whole):
                print(line)
            if explain:
                print(f"\n{answer.meta['sql']}")
        case Format.JSON:
            print(json_text(answer))
        case Format.CSV:
            sys.stdout.write(csv_text(answer))
        case Format.ARROW:
            if sys.stdout.isatty():
                raise Unreadable("an Arrow stream is no text for a terminal: --format arrow > answer.arrows")
            sys.stdout.buffer.write(arrow_bytes(answer))
