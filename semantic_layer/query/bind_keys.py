"""The dimensions of a question: looked up, with the grain or part that a time dimension is asked at."""

from semantic_layer.definitions.grains import calendar_grains
from semantic_layer.definitions.model import Dimension
from semantic_layer.definitions.reach import FoundDimension
from semantic_layer.definitions.types import DATE, INTEGER, TIMESTAMP, AnyGrain, CalendarGrain, resolution
from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import Ask, AskDimension, Path
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.declared_types import dimension_type
from semantic_layer.query.filters import part_of
from semantic_layer.query.grain_words import bind_grain
from semantic_layer.query.lookup import Lookup
from semantic_layer.query.problems import Problems


def bind_keys(ask: Ask, language: str, lookup: Lookup, problems: Problems) -> tuple[BoundKey, ...]:
    """The keys that could be bound; what could not is told in `problems`."""
    bound = (_key(asked, language, lookup, ("by", place), problems) for place, asked in enumerate(ask.by))
    return tuple(key for key in bound if key is not None)


def _key(asked: AskDimension, language: str, lookup: Lookup, path: Path, problems: Problems) -> BoundKey | None:
    found = lookup.find(asked.dimension, (*path, "dimension"))
    if found is None:
        return None
    dimension = found.dimension
    name, words = asked.alias or asked.dimension, lookup.short(asked.dimension)
    label = dimension.label.get(language) or dimension.name
    if asked.grain is not None and asked.part is not None:
        problems.add(ErrorCode.BAD_PART, "a column has a grain or a part, not both", (*path, "part"))
        return None
    if asked.part is not None:
        part = part_of(asked.part, dimension, (*path, "part"), problems)
        return None if part is None else BoundKey(name, words, INTEGER, label, part=part)
    if dimension.time is not None:
        grain = _grain(asked, dimension, lookup, (*path, "grain"), problems)
        if grain is None:
            return None
        return BoundKey(name, words, TIMESTAMP if grain.is_clock else DATE, label, grain=grain)
    if asked.grain is not None:
        message = f"{asked.dimension} is no time dimension, so it has no grain"
        problems.add(ErrorCode.BAD_GRAIN, message, (*path, "grain"))
        return None
    return BoundKey(name, words, dimension_type(lookup.world.current.catalog, found), label)


def _grain(
    asked: AskDimension, dimension: Dimension, lookup: Lookup, path: Path, problems: Problems
) -> AnyGrain | None:
    """The asked grain, or the dimension's default, no finer than any root records."""
    assert dimension.time is not None
    catalog = lookup.world.current.catalog
    grain = dimension.time.grain if asked.grain is None else bind_grain(asked.grain, catalog, path, problems)
    if grain is None:
        return None
    if isinstance(grain, CalendarGrain) and not _known_everywhere(grain, lookup, path, problems):
        return None
    for root, found in lookup.each(asked.dimension):
        if isinstance(found, FoundDimension) and found.dimension.time is not None:
            finest = found.dimension.time.finest
            if resolution(grain).rank < finest.rank:
                message = f"{root.dataset}.{found.words} is recorded by {finest}; {grain} is finer"
                problems.add(ErrorCode.GRAIN_TOO_FINE, message, path, (finest.name,))
                return None
    return grain


def _known_everywhere(grain: CalendarGrain, lookup: Lookup, path: Path, problems: Problems) -> bool:
    """Whether the catalogs of pinned versions have the same calendar: one period, one meaning."""
    for root in lookup.roots:
        calendar = root.published.catalog.calendars.get(grain.calendar)
        if calendar is None or grain not in calendar_grains(calendar):
            message = f"revision {root.published.revision}, which a version is of, has no such grain {grain.words}"
            problems.add(ErrorCode.BAD_GRAIN, message, path)
            return False
    return True
