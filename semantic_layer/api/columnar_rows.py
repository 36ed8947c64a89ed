"""Rows of an answer as a list of GraphQL objects: what a resolver gives, and the resolvers of the fields below it.

These resolvers are the plain way, cell by cell; `columnar_executor` writes whole columns instead, where it can, and
the same bytes. A scalar of a field below is a built-in one, or one without a serializer of its own: a value reads as
its column's type says (docs/ask.md, "Values").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from graphql import GraphQLResolveInfo

from semantic_layer.api.json_values import json_rows
from semantic_layer.serving.answer import AnswerColumn

ResponseKeys = tuple[str, ...]
"""The keys of a response from a row down to a field, aliases where there are some: ("product", "brand")."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, or an object inside of it: `keys` lead there from the row."""

    values: Sequence[object]
    places: Mapping[ResponseKeys, int]
    keys: ResponseKeys = ()


@dataclass(frozen=True, slots=True)
class ColumnarRows:
    """The value of a field that is a list of row objects.

    `rows` has the order of `columns`; `places` says for each selected field which column its values are.
    """

    columns: tuple[AnswerColumn, ...]
    rows: pa.Table
    places: Mapping[ResponseKeys, int]

    def __iter__(self) -> Iterator[Row]:
        """The rows for an executor that knows nothing of columns, or for a field that is one row: `next(iter(…))`."""
        return (Row(values, self.places) for values in json_rows(self.columns, self.rows))


def cell(row: Row, info: GraphQLResolveInfo[Any], **arguments: Any) -> object:
    """Resolves a field that is a value; what its arguments meant is in the column already."""
    return row.values[row.places[*row.keys, str(info.path.key)]]


def inner_object(row: Row, info: GraphQLResolveInfo[Any], **arguments: Any) -> Row:
    """Resolves a field that is an object inside of a row, such as a joined dataset's dimensions."""
    return Row(row.values, row.places, (*row.keys, str(info.path.key)))
