"""`metrics(...)`: the typed door. It translates a selection to a question and decides nothing."""

from collections.abc import Mapping
from typing import Annotated, Any, NewType, cast

import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType

from semantic_layer.api.request import Info
from semantic_layer.api.selection import selected_sets
from semantic_layer.api.typed_answer import MetricsAnswer, TypedAnswer
from semantic_layer.api.typed_question import typed_question
from semantic_layer.errors import SemanticLayerError

# Each stands for an input type made with graphql-core.
Where = NewType("Where", Mapping[str, object])
Having = NewType("Having", Mapping[str, object])
OrderBy = NewType("OrderBy", Mapping[str, object])
Expect = NewType("Expect", Mapping[str, object])
AsOf = NewType("AsOf", Mapping[str, object])


def _says(description: str) -> Any:
    return strawberry.argument(description=description)


async def _metrics(
    info: Info,
    where: Annotated[Where | None, _says("What is counted.")] = strawberry.UNSET,
    having: Annotated[list[Having] | None, _says("Which rows are shown; all must hold.")] = strawberry.UNSET,
    order_by: Annotated[list[OrderBy] | None, _says("The order of the rows.")] = strawberry.UNSET,
    limit: Annotated[int | None, _says("At most this many rows; meta says if there are more.")] = strawberry.UNSET,
    offset: Annotated[int | None, _says("Leaves out the first rows.")] = strawberry.UNSET,
    include_empty: Annotated[bool | None, _says("Also members without any data.")] = strawberry.UNSET,
    fill_time: Annotated[bool | None, _says("A row for every period of the range.")] = strawberry.UNSET,
    time_zone: Annotated[str | None, _says("The zone of the periods, else the catalog's.")] = strawberry.UNSET,
    language: Annotated[str | None, _says("Of the labels; en if left out.")] = strawberry.UNSET,
    min_revision: Annotated[int | None, _says("Waits shortly until this revision is served.")] = strawberry.UNSET,
    expect: Annotated[Expect | None, _says("What the caller relies on; keys as in orderBy.")] = strawberry.UNSET,
    as_of: Annotated[AsOf | None, _says("Asks the registry of an earlier time.")] = strawberry.UNSET,
    strict: Annotated[bool | None, _says("Turns warnings into errors.")] = strawberry.UNSET,
) -> MetricsAnswer | None:
    given = {
        "where": where, "having": having, "orderBy": order_by, "limit": limit, "offset": offset,
        "includeEmpty": include_empty, "fillTime": fill_time, "timeZone": time_zone, "language": language,
        "minRevision": min_revision, "expect": expect, "asOf": as_of, "strict": strict,
    }  # fmt: skip
    context, raw = info.context, info._raw_info
    types = raw.schema.type_map
    question = typed_question(
        selected_sets(raw),
        {name: value for name, value in given.items() if value is not strawberry.UNSET},
        cast(GraphQLObjectType, types["Row"]),
        cast(GraphQLInputObjectType, types["Where"]),
    )
    try:
        answer = await context.backend.answers.answer(
            question.ask, context.principal, timeout=context.timeout, published=context.published
        )
    except SemanticLayerError as refusal:
        raise question.in_typed_words(refusal) from refusal
    return cast(MetricsAnswer, TypedAnswer(question, answer))


METRICS = strawberry.field(
    resolver=_metrics,
    description="Asks metrics as fields: what is selected below `rows` is the question. Each alias is a question of "
    "its own; one that fails leaves the others alone.",
)
