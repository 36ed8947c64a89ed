"""The catalog of an import without the definitions that do not hold: the rest can be asked all the same."""

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass

from semantic_layer.definitions.layout import commented_text
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.problem import DefinitionErrors, Problem
from semantic_layer.definitions.reader import read_texts
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.interchange.dbt.imported import Imported, Tree

FILE = "dbt.yaml"
MOST_ROUNDS = 50  # a definition that is left out may take others with it
_PARTS = ("dimensions", "joins", "segments")
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SoundCatalog:
    """`left_out`: why each metric (by our name) that does not hold was left out."""

    catalog: Catalog
    left_out: dict[str, str]


def sound_catalog(imported: Imported) -> SoundCatalog:
    """Raises DefinitionErrors for a mistake in what nothing can do without."""
    tree: Tree = copy.deepcopy(dict(imported.tree))
    left_out: dict[str, str] = {}
    for _ in range(MOST_ROUNDS):
        text = commented_text(tree, [], {}, {})
        try:
            return SoundCatalog(read_texts({FILE: text}).catalog, left_out)
        except DefinitionErrors as errors:
            places = _places(text, errors.problems)
            if not places:
                raise
            for place, why in places.items():
                _leave_out(tree, place)
                if place[0] == "metrics":
                    left_out.setdefault(place[1], why)
    return SoundCatalog(read_texts({FILE: commented_text(tree, [], {}, {})}).catalog, left_out)


def _places(text: str, problems: Sequence[Problem]) -> dict[Place, str]:
    """The metrics, dimensions, joins and segments in which the problems stand."""
    lines = text.splitlines()
    found: dict[Place, str] = {}
    for problem in problems:
        place = _place(lines, problem.place.line or 0)
        if place is not None:
            found.setdefault(place, problem.message)
    return found


def _place(lines: Sequence[str], number: int) -> Place | None:
    """The keys around a line, from the outermost on, as far as they name something that can be left out."""
    keys: list[str] = []
    depth = 10_000
    for line in reversed(lines[:number]):
        key = re.match(r"( *)([^\s:#-][^:]*):", line)
        if key is not None and len(key.group(1)) < depth:
            depth = len(key.group(1))
            keys.insert(0, key.group(2).strip())
        if depth == 0:
            break
    match keys:
        case ["metrics", name, *_]:
            return "metrics", name
        case ["calendars", calendar, "grains", name, *_]:
            return "calendars", calendar, "grains", name
        case ["datasets", dataset, part, name, *_] if part in _PARTS:
            return "datasets", dataset, part, name
        case _:
            return None


def _leave_out(tree: Tree, place: Place) -> None:
    found: Json = tree
    for key in place[:-1]:
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, dict):
        found.pop(place[-1], None)
