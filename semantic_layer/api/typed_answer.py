"""The answer of the typed door: rows as objects with the selected fields, totals, and where they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NewType, cast

import pyarrow as pa
import strawberry

from semantic_layer.api.answer_types import Column, Meta
from semantic_layer.api.columnar_rows import ColumnarRows, ResponseKeys
from semantic_layer.api.fitted_columns import fitted
from semantic_layer.api.request import Info
from semantic_layer.api.selection import SelectedColumn
from semantic_layer.api.typed_question import TypedQuestion
from semantic_layer.serving.answer import Answer, AnswerColumn

RowObject = NewType("RowObject", object)  # stands for the generated type `Row`
GrandTotalObject = NewType("GrandTotalObject", object)  # stands for `GrandTotal`


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    """An answer and the question that says where its values go."""

    question: TypedQuestion
    answer: Answer


def _rows(root: strawberry.Parent[TypedAnswer]) -> list[RowObject]:
    answer = root.answer
    return cast(list[RowObject], _objects(answer.columns, answer.rows, root.question.rows))


def _totals(root: strawberry.Parent[TypedAnswer], info: Info) -> GrandTotalObject:
    (row,) = _set(root, info)  # semantics rule 4: without dimensions there is exactly one row
    return GrandTotalObject(row)


def _subtotals(root: strawberry.Parent[TypedAnswer], info: Info) -> list[RowObject]:
    return cast(list[RowObject], _set(root, info))


def _set(root: TypedAnswer, info: Info) -> ColumnarRows:
    place = root.question.totals[str(info.path.key)]
    (found,) = (one for one in root.answer.totals if one.by == place.kept)
    return _objects(found.columns, found.rows, place.columns)


def _objects(
    columns: Sequence[AnswerColumn], rows: pa.Table, selected: Mapping[ResponseKeys, SelectedColumn]
) -> ColumnarRows:
    found = {column.name: place for place, column in enumerate(columns)}
    places = {keys: found[column.name] for keys, column in selected.items()}
    outputs = {places[keys]: column.output for keys, column in selected.items()}
    return ColumnarRows(*fitted(columns, rows, outputs), places)


def _meta(root: strawberry.Parent[TypedAnswer]) -> "MetricsMeta":
    meta = root.answer.meta
    shown = {one.name: getattr(meta, one.name) for one in fields(meta)}
    return MetricsMeta(columns=cast(list[Column], root.answer.columns), **shown)


@strawberry.type(description="Where the rows come from, and what their columns are.")
class MetricsMeta(Meta):
    columns: list[Column] = strawberry.field(description="By their keys in the response, with dots: product.brand.")


@strawberry.type(description="The answer to one question. What `rows` selects is what is asked.")
class MetricsAnswer:
    rows: list[RowObject] = strawberry.field(resolver=_rows, description="Distinct by the dimensions selected in it.")
    totals: GrandTotalObject = strawberry.field(
        resolver=_totals, description="The same without dimensions, over every row after `where`."
    )
    subtotals: list[RowObject] = strawberry.field(
        resolver=_subtotals,
        description="The same with fewer dimensions, over every row after `where`: those selected in it are kept.",
    )
    meta: MetricsMeta = strawberry.field(resolver=_meta)
