"""What a field of a generated type stands for; each such field carries its meaning in its `extensions`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import GraphQLField, GraphQLInputField

from semantic_layer.serving.answer import OutputType

KEY = "meaning"
GRAIN = "grain"  # of a field that filters periods: the word by which a question calls their grain


@dataclass(frozen=True, slots=True)
class MetricMeaning:
    """`output` is what its values read as, None if undeclared; `parameters` are their names by argument."""

    name: str
    output: OutputType | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DimensionMeaning:
    """A dimension by the last word of its name. `output` is None for times: their scalar holds days and moments."""

    name: str
    output: OutputType | None = None


@dataclass(frozen=True, slots=True)
class JoinMeaning:
    """An object or filter of a joined dataset: a word of the path to a dimension."""

    name: str


Meaning = MetricMeaning | DimensionMeaning | JoinMeaning


def meaning_of(described: GraphQLField | GraphQLInputField) -> Meaning | None:
    """None for what is of the schema itself, such as `and`."""
    found: Meaning | None = described.extensions.get(KEY)
    return found
