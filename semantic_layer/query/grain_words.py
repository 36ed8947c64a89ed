"""Grains by the words of a question, told with near names where they are none (semantics rule 11)."""

from semantic_layer.definitions.grains import asked_grain, custom_grains, grain_words
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.types import AnyGrain
from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import Path
from semantic_layer.query.problems import Problems, listed, near_names


def bind_grain(word: str, catalog: Catalog, path: Path, problems: Problems, said: str = "grain") -> AnyGrain | None:
    """The grain of a word, a standard one or that of a calendar; None when it is none, which is then in `problems`."""
    found = asked_grain(word, catalog.calendars)
    if found is None:
        words = grain_words(catalog.calendars)
        several = [one.words.upper() for one in custom_grains(catalog.calendars).values() if one.name == word.lower()]
        if several:
            message = f"{word} is a {said} of several calendars; say {listed(several)}"
            problems.add(ErrorCode.BAD_GRAIN, message, path, several)
        else:
            near = near_names(word, words)
            problems.add(ErrorCode.BAD_GRAIN, f"{word} is no {said}; there are {listed(words)}", path, near)
    return found
