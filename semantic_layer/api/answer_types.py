"""An answer's GraphQL types. The values are serving's own: a type only says which attributes are shown and how."""

import asyncio
from datetime import datetime
from typing import NewType

import strawberry

from semantic_layer.api.json_values import list_template, takes_long, written_rows
from semantic_layer.serving.answer import Answer, OutputType, TotalsSet

Rows = NewType("Rows", object)
ROWS = strawberry.scalar(
    name="Rows",
    description="A list of rows, each a list of values in the order of `columns`; a column's type says how it reads.",
    serialize=lambda encoded: encoded,
)

strawberry.enum(
    OutputType,
    name="ColumnType",
    description="Alone decides how a value reads: INTEGER and FLOAT a number, BIGINT and DECIMAL a text in plain "
    "notation, DATE YYYY-MM-DD, TIMESTAMP YYYY-MM-DDTHH:MM:SS.",
)


async def _rows(root: strawberry.Parent[Answer | TotalsSet]) -> Rows:
    template = list_template(root.columns)
    if takes_long(root.rows, template):
        return Rows(await asyncio.to_thread(written_rows, root.columns, root.rows, template))
    return Rows(written_rows(root.columns, root.rows, template))


@strawberry.type(description="A column of the answer.")
class Column:
    name: str = strawberry.field(description="The alias, else the dimension's or metric's name.")
    label: str = strawberry.field(description="Its name for people, in the asked language.")
    type: OutputType
    unit: str | None


@strawberry.type(description="Totals with fewer dimensions, recomputed from the rows that were counted.")
class Totals:
    by: list[str] = strawberry.field(description="The dimension columns kept, in asked order.")
    rows: Rows = strawberry.field(resolver=_rows, description="The kept dimensions, then all metrics.")


@strawberry.type(description="How many rows can come at most, and who said so: question or server.")
class RowLimit:
    value: int
    set_by: str


@strawberry.type(name="Warning", description="Something to know before relying on the numbers.")
class AnswerWarning:
    code: str
    message: str


@strawberry.type(description="Which rule made a column.")
class ColumnVersion:
    column: str
    metric: str
    version: int
    fingerprint: str


@strawberry.type(description="By which rule a dimension was cut.")
class DimensionFingerprint:
    name: str
    fingerprint: str


@strawberry.type(description="How fresh the data of a dataset is; both null if that is not declared.")
class Freshness:
    dataset: str
    as_of: str | None = strawberry.field(description="The data's own mark.")
    change_token: str | None = strawberry.field(description="Changes whenever the data may have changed.")


@strawberry.type(description="The dates that a time filter came to: from is in, to is not; null is open.")
class ResolvedRange:
    column: str
    start: str | None = strawberry.field(name="from")
    end: str | None = strawberry.field(name="to")


@strawberry.type(description="The value of a metric's parameter that was used.")
class ParameterValue:
    metric: str
    name: str
    value: str


@strawberry.type(description="Where the rows come from.")
class Meta:
    revision: int = strawberry.field(description="The catalog's revision.")
    semantics: int = strawberry.field(description="The number of the compiler's own rules.")
    truncated: bool = strawberry.field(description="Whether another row exists.")
    limit: RowLimit
    sql: str = strawberry.field(description="The statement that was run.")
    warnings: list[AnswerWarning]
    versions: list[ColumnVersion]
    dimensions: list[DimensionFingerprint]
    freshness: list[Freshness]
    time_to_live: int | None = strawberry.field(description="How many seconds the answer may be kept.")
    resolved: list[ResolvedRange]
    parameters: list[ParameterValue]
    partial_periods: list[str] = strawberry.field(description="Periods that range or data do not cover fully.")
    recorded_at: datetime = strawberry.field(description="When the revision was recorded.")
    draft: str | None = strawberry.field(
        description="Which draft answered, a proposal or files; null: everything that answered is published."
    )


@strawberry.type(name="Answer", description="Rows, totals, and where they come from.")
class AnswerShown:
    columns: list[Column]
    rows: Rows = strawberry.field(resolver=_rows, description="Dimensions in asked order, then metrics.")
    totals: list[Totals] = strawberry.field(description="One per asked set, over every row after `where`.")
    meta: Meta
