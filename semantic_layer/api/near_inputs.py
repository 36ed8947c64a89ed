"""Near names for misspelt arguments, fields and words of inputs: graphql-core's own cost seconds on a large schema."""

import re
from collections.abc import Sequence

from graphql import GraphQLEnumType, GraphQLError, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema

from semantic_layer.query.problems import did_you_mean, listed, near_names

MOST_SUGGESTED = 5  # misspelt names per document that get near names
# What graphql-core says of them (a test watches that it goes on saying so).
UNKNOWN_FIELD = re.compile(r"(.*?)Expected value of type '(\w+)' not to include unknown field '(\w+)'", re.DOTALL)
UNKNOWN_WORD = re.compile(r"(.*?)Value '(\w+)' does not exist in '(\w+)' enum", re.DOTALL)

UNKNOWN_ARGUMENT = re.compile(r"Unknown argument '(\w+)' on field '(\w+)\.(\w+)'")


def with_near_names(errors: Sequence[GraphQLError], schema: GraphQLSchema) -> list[GraphQLError]:
    """The errors, those about unknown arguments, and fields and words of inputs, with what may have been meant."""
    suggested = [_suggested(error, schema) for error in errors[:MOST_SUGGESTED]]
    return [*suggested, *errors[MOST_SUGGESTED:]]


def _suggested(error: GraphQLError, schema: GraphQLSchema) -> GraphQLError:
    field, word = UNKNOWN_FIELD.match(error.message), UNKNOWN_WORD.match(error.message)
    argument = UNKNOWN_ARGUMENT.match(error.message)
    if field is not None:
        type_ = schema.type_map.get(field[2])
        if isinstance(type_, GraphQLInputObjectType):
            near = near_names(field[3], type_.fields)
            return _said(error, f"{field[1]}{field[2]} has no field {field[3]}", near)
    elif word is not None:
        type_ = schema.type_map.get(word[3])
        if isinstance(type_, GraphQLEnumType):
            near = near_names(word[2], type_.values)
            return _said(error, f"{word[1]}{word[2]} is no {word[3]}", near)
    elif argument is not None:
        type_ = schema.type_map.get(argument[2])
        if isinstance(type_, GraphQLObjectType):
            names = type_.fields[argument[3]].args
            others = f", but {listed(names)}" if names else ""
            near = near_names(argument[1], names)
            return _said(error, f"{argument[2]}.{argument[3]} takes no {argument[1]}{others}", near)
    return error


def _said(error: GraphQLError, message: str, near: tuple[str, ...]) -> GraphQLError:
    return GraphQLError(
        message + did_you_mean(near),
        error.nodes,
        path=error.path,
        extensions={**(error.extensions or {}), "near": near},
    )
