"""What the typed door says of time, by the grains of a catalog: the standard ones and those of its calendars."""

from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLNonNull,
)

from semantic_layer.api.comparisons import time_comparison
from semantic_layer.definitions.grains import grain_words
from semantic_layer.definitions.model import Catalog


@dataclass(frozen=True, slots=True)
class TimeWords:
    """The types and arguments that have a grain in them; a schema has each once."""

    grain_argument: dict[str, GraphQLArgument]
    metric_arguments: dict[str, GraphQLArgument]
    comparison: GraphQLInputObjectType


def time_words(catalog: Catalog) -> TimeWords:
    return _of_words(tuple(grain_words(catalog.calendars)))


@lru_cache(16)
def _of_words(words: tuple[str, ...]) -> TimeWords:
    """A grain that needs its calendar beside it, FISCAL.WEEK, is FISCAL__WEEK here: no name has two underscores."""
    values = {word.replace(".", "__"): word for word in words}
    grain = GraphQLEnumType("Grain", values, description="A length of time, finest first.")
    unit = GraphQLInputField(GraphQLNonNull(grain))
    periods = GraphQLInputField(GraphQLNonNull(GraphQLInt), description="How many units back.")
    shift = GraphQLInputObjectType(
        "Shift",
        {"periods": periods, "unit": unit},
        description="An earlier period of the same question: {periods: 1, unit: YEAR} is one year ago.",
    )
    return TimeWords(
        {"grain": GraphQLArgument(grain, description="The dimension's default grain if left out.")},
        {
            "shift": GraphQLArgument(shift, description="The value of an earlier period."),
            "version": GraphQLArgument(GraphQLInt, description="A numbered version with all that it used then."),
        },
        time_comparison(grain),
    )
