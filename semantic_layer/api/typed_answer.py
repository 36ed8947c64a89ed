"""The answer of the typed door: rows as objects with the selected fields, totals, and where they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import pyarrow as pa
import strawberry
from graphql import GraphQLField, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLResolveInfo

from semantic_layer.api.answer_types import Column, Meta
from semantic_layer.api.columnar_rows import ColumnarRows, ResponseKeys, Row
from semantic_layer.api.fitted_columns import FieldType, fitted
from semantic_layer.api.row_types import RowTypes
from semantic_layer.api.selection import SelectedColumn
from semantic_layer.api.typed_question import TypedQuestion
from semantic_layer.serving.answer import Answer, AnswerColumn

Info = GraphQLResolveInfo[Any]


@strawberry.type(description="Where the rows come from, and what their columns are.")
class MetricsMeta(Meta):
    columns: list[Column] = strawberry.field(description="By their keys in the response, with dots: product.brand.")


@dataclass(frozen=True, slots=True)
class TypedAnswer:
    """An answer and the question that says where its values go."""

    question: TypedQuestion
    answer: Answer


def answer_type(types: RowTypes, meta: GraphQLObjectType) -> GraphQLObjectType:
    """`meta` is strawberry's type for MetricsMeta."""
    rows = GraphQLNonNull(GraphQLList(GraphQLNonNull(types.row)))
    shown = {
        "rows": GraphQLField(rows, resolve=_rows, description="Distinct by the dimensions selected in it."),
        "totals": GraphQLField(
            GraphQLNonNull(types.grand_total),
            resolve=_totals,
            description="The same without dimensions, over every row after `where`.",
        ),
        "subtotals": GraphQLField(
            rows,
            resolve=_set,
            description="The same with fewer dimensions, over every row after `where`: those selected in it are kept.",
        ),
        "meta": GraphQLField(GraphQLNonNull(meta), resolve=_meta),
    }
    says = "The answer to one question. What `rows` selects is what is asked."
    return GraphQLObjectType("MetricsAnswer", shown, description=says)


def _rows(root: TypedAnswer, info: Info) -> ColumnarRows:
    return _objects(root.answer.columns, root.answer.rows, root.question.rows, str(info.path.key))


def _totals(root: TypedAnswer, info: Info) -> Row:
    (row,) = _set(root, info)  # semantics rule 4: without dimensions there is exactly one row
    return row


def _set(root: TypedAnswer, info: Info) -> ColumnarRows:
    """The totals that a field asks for by its key in the response."""
    place = root.question.totals[str(info.path.key)]
    found = next(one for one in root.answer.totals if one.by == place.kept)
    return _objects(found.columns, found.rows, place.columns, str(info.path.key))


def _objects(
    columns: Sequence[AnswerColumn], rows: pa.Table, selected: Mapping[ResponseKeys, SelectedColumn], key: str
) -> ColumnarRows:
    found = {column.name: place for place, column in enumerate(columns)}
    places = {keys: found[column.name] for keys, column in selected.items()}
    types = {places[keys]: FieldType(column.output, (key, *keys)) for keys, column in selected.items()}
    return ColumnarRows(*fitted(columns, rows, types), places)


def _meta(root: TypedAnswer, _info: Info) -> MetricsMeta:
    meta = root.answer.meta
    shown = {one.name: getattr(meta, one.name) for one in fields(meta)}
    return MetricsMeta(columns=cast(list[Column], root.answer.columns), **shown)
