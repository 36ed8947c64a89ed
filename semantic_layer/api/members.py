"""`dimensionValues`: the members of a dimension, asked through the one pipeline."""

from typing import NewType

import strawberry

from semantic_layer.api.answer_types import Column, Meta
from semantic_layer.api.json_values import json_rows
from semantic_layer.query.ask import AnyOf, Ask, AskDimension, DimensionFilter, Filter
from semantic_layer.serving.answer import Answer

Value = NewType("Value", object)


def _column(root: strawberry.Parent[Answer]) -> Column:
    return root.columns[0]  # type: ignore[return-value]


def _values(root: strawberry.Parent[Answer]) -> list[Value | None]:
    rows = json_rows(root.columns, root.rows)
    return [None if value is None else Value(value) for (value,) in rows]


@strawberry.type(description="Members of a dimension, in order.")
class DimensionValues:
    column: Column = strawberry.field(resolver=_column)
    values: list[Value | None] = strawberry.field(resolver=_values, description="Null is what has no member.")
    meta: Meta


def members_ask(dimension: str, search: str | None, grain: str | None, first: int, language: str | None) -> Ask:
    """The question for the first members, those that contain `search` if it is given."""
    return Ask(
        by=(AskDimension(dimension, grain=grain),),
        where=_containing(dimension, search) if search else None,
        limit=first,
        language=language,
    )


def _containing(dimension: str, search: str) -> Filter:
    """CONTAINS looks at case; a person who searches seldom does: four spellings cover most members."""
    spellings = dict.fromkeys((search, search.upper(), search.lower(), search.title()))
    return AnyOf(tuple(DimensionFilter(dimension, "CONTAINS", (spelling,)) for spelling in spellings))
