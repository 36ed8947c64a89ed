"""schema/schema.graphql is what the server serves, and the parts made with graphql-core are in it."""

from pathlib import Path

from graphql import GraphQLInputObjectType
from graphql import build_schema as parsed

from semantic_layer.api.schema import print_schema
from tests.api.given import published

TEXT = Path(__file__).parents[2] / "schema" / "schema.graphql"


def test_the_printed_schema_is_current() -> None:
    """It is the demo's. If this fails: semantic-layer print-schema schema/demo > schema/schema.graphql"""
    assert TEXT.read_text(encoding="utf-8") == print_schema(published().catalog)


def test_joined_types_are_whole() -> None:
    """The question's inputs come from graphql-core and the rest from strawberry: one schema all the same."""
    schema = parsed(print_schema(published().catalog))
    where, query = schema.type_map["WhereInput"], schema.query_type
    assert isinstance(where, GraphQLInputObjectType) and query is not None
    assert {"and", "or", "not", "dimension", "last", "metric", "segment"} <= set(where.fields)
    assert str(query.fields["query"].args["ask"].type) == "AskInput!"
