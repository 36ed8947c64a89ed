"""`metrics(...)`: the typed door. It translates a selection to a question and decides nothing."""

from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLString,
)

from semantic_layer.api.ask_input import AS_OF, EXPECT
from semantic_layer.api.request import RequestContext
from semantic_layer.api.row_types import row_types
from semantic_layer.api.selection import selected_sets
from semantic_layer.api.typed_answer import TypedAnswer, answer_type
from semantic_layer.api.typed_question import typed_question
from semantic_layer.api.where_types import HAVING, ORDER_BY, where_type
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.typed_names import row_names
from semantic_layer.errors import SemanticLayerError

ARGUMENTS = {
    "having": GraphQLArgument(GraphQLList(GraphQLNonNull(HAVING)), description="Which rows are shown; all must hold."),
    "orderBy": GraphQLArgument(GraphQLList(GraphQLNonNull(ORDER_BY)), description="The order of the rows."),
    "limit": GraphQLArgument(GraphQLInt, description="At most this many rows; meta says if there are more."),
    "offset": GraphQLArgument(GraphQLInt, description="Leaves out the first rows."),
    "includeEmpty": GraphQLArgument(GraphQLBoolean, description="Also members without any data."),
    "fillTime": GraphQLArgument(GraphQLBoolean, description="A row for every period of the range."),
    "timeZone": GraphQLArgument(GraphQLString, description="The zone of the periods, else the catalog's."),
    "language": GraphQLArgument(GraphQLString, description="Of the labels; if left out en, else the catalog's first."),
    "minRevision": GraphQLArgument(GraphQLInt, description="Waits shortly until this revision is served."),
    "expect": GraphQLArgument(EXPECT, description="What the caller relies on; keys as in orderBy."),
    "asOf": GraphQLArgument(AS_OF, description="Asks the registry of an earlier time."),
    "strict": GraphQLArgument(GraphQLBoolean, description="Turns warnings into errors."),
    "partial": GraphQLArgument(GraphQLBoolean, description="A source that is down makes its metrics null."),
}


def metrics_field(catalog: Catalog, meta: GraphQLObjectType) -> GraphQLField:
    """The root field of a catalog, with all types below it. `meta` is strawberry's type of MetricsMeta."""
    names = row_names(catalog)
    types, where = row_types(catalog, names), where_type(catalog, names)

    async def resolve(_root: object, info: GraphQLResolveInfo[RequestContext], **arguments: Any) -> TypedAnswer:
        return await _answered(info, arguments, types.row, where)

    return GraphQLField(
        answer_type(types, meta),
        {"where": GraphQLArgument(where, description="What is counted."), **ARGUMENTS},
        resolve,
        description="Asks metrics as fields: what is selected below `rows` is the question. Each alias is a question "
        "of its own; one that fails leaves the others alone.",
    )


async def _answered(
    info: GraphQLResolveInfo[RequestContext],
    arguments: dict[str, Any],
    row: GraphQLObjectType,
    where: GraphQLInputObjectType,
) -> TypedAnswer:
    question = typed_question(selected_sets(info), arguments, row, where)
    try:
        answer = await info.context.answer(question.ask, info.path.key)
    except SemanticLayerError as refusal:
        raise question.in_typed_words(refusal) from refusal
    return TypedAnswer(question, answer)
