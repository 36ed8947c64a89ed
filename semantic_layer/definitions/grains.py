"""The grains of a catalog by their words: the standard ones, and those of its calendars (semantics rule 11).

A calendar's grain is written by its name, `fiscal_month`, or with its calendar's, `fiscal.fiscal_month`, which is
needed where two calendars have a grain of one name. In questions both stand in capitals, as all words do.
"""

from collections.abc import Iterable, Mapping

from semantic_layer.definitions.model import Calendar
from semantic_layer.definitions.types import AnyGrain, CalendarGrain, Grain


def calendar_grains(calendar: Calendar) -> tuple[CalendarGrain, ...]:
    return tuple(CalendarGrain(calendar.name, name, calendar.step, _above(calendar, name)) for name in calendar.grains)


def _above(calendar: Calendar, name: str) -> tuple[str, ...]:
    """The grains around one, next larger first; a circle, which a check tells, ends where it closes."""
    found: list[str] = []
    while name in calendar.within and calendar.within[name] not in found:
        name = calendar.within[name]
        found.append(name)
    return tuple(found)


def custom_grains(calendars: Mapping[str, Calendar]) -> dict[str, CalendarGrain]:
    """The grains of all calendars by the shortest words that mean one alone."""
    every = [grain for calendar in calendars.values() for grain in calendar_grains(calendar)]
    return {one.name if _is_alone(one, every) else one.words: one for one in every}


def _is_alone(grain: CalendarGrain, every: Iterable[CalendarGrain]) -> bool:
    return sum(other.name == grain.name for other in every) == 1


def find_grain(words: str, calendars: Mapping[str, Calendar]) -> AnyGrain | None:
    """The grain that words of a definition mean; None where they mean none, or several."""
    if words in set(Grain):
        return Grain(words)
    found = custom_grains(calendars)
    if words in found:
        return found[words]
    return next((grain for grain in found.values() if grain.words == words), None)


def grain_words(calendars: Mapping[str, Calendar]) -> dict[str, AnyGrain]:
    """Every grain by its word in a question, the standard ones first, finest first: MONTH, FISCAL_MONTH."""
    standard: dict[str, AnyGrain] = {grain.name: grain for grain in Grain}
    return standard | {words.upper(): grain for words, grain in custom_grains(calendars).items()}


def grain_word(grain: AnyGrain, calendars: Mapping[str, Calendar]) -> str:
    """How a question calls a grain."""
    return next(word for word, one in grain_words(calendars).items() if one == grain)


def asked_grain(word: str, calendars: Mapping[str, Calendar]) -> AnyGrain | None:
    """The grain of a question's word. A calendar's may also be written as in definitions, or as in GraphQL."""
    words = grain_words(calendars)
    if word in words:
        return words[word]
    plain = word.replace("__", ".").lower()
    return None if plain in set(Grain) else find_grain(plain, calendars)
