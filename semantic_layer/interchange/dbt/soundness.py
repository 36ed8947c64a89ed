"""Imported definitions without those that do not hold: what our checks refuse is left out, and told with its place."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.problem import DefinitionErrors, Problem
from semantic_layer.definitions.reader import read_trees
from semantic_layer.definitions.yaml_text import Json, MapNode, Node, Origin, read_json
from semantic_layer.interchange.dbt.imported import Tree

PARTS = ("dimensions", "joins", "segments")
Place = tuple[str, ...]  # ("metrics", "bookings"), ("datasets", "bookings", "joins", "listing")


@dataclass(frozen=True, slots=True)
class Sound:
    """Definitions that hold, and why others were left out."""

    tree: Tree
    catalog: Catalog
    left_out: Mapping[Place, Problem]


def sound(tree: Mapping[str, Json]) -> Sound:
    """Raises DefinitionErrors for a mistake in what nothing can do without: the catalog's settings, the source."""
    kept = _copied(tree)
    left_out: dict[Place, Problem] = {}
    while True:  # each round leaves something out, which may take others with it
        try:
            return Sound(kept, read_trees([_placed(kept)], []).catalog, left_out)
        except DefinitionErrors as errors:
            removable = {place: one for one in errors.problems for place in _left_out_for(one.place.file)}
            if not removable:
                raise
            for place in removable:
                _leave_out(kept, place)
            left_out |= removable


def _left_out_for(place: str) -> Iterator[Place]:
    """What goes if something at a place does not hold: the smallest that others can do without."""
    match tuple(place.split("/")):
        case (("metrics" | "calendars") as section, name, *_):
            yield section, name
        case ("datasets", name, part, inner, *_) if part in PARTS:
            yield "datasets", name, part, inner
        case ("datasets", name, *_):
            yield "datasets", name
        case _:
            pass


def _copied(tree: Mapping[str, Json]) -> Tree:
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in tree.items()}


def _leave_out(tree: Tree, place: Place) -> None:
    found: Json = tree
    for key in place[:-1]:
        found = found.get(key) if isinstance(found, Mapping) else None
    if isinstance(found, dict):
        found.pop(place[-1], None)


# --- the tree, each of its definitions placed by its own name ----------------------------------------------------


def _placed(tree: Mapping[str, Json]) -> MapNode:
    return _mapped("", tree, _section)


def _section(place: str, value: Json) -> Node:
    if place in ("metrics", "calendars") and isinstance(value, Mapping):
        return _mapped(place, value, read_json)
    if place == "datasets" and isinstance(value, Mapping):
        return _mapped(place, value, _dataset)
    return read_json(place, value)


def _dataset(place: str, value: Json) -> Node:
    def part(inner: str, fields: Json) -> Node:
        if inner.removeprefix(f"{place}/") in PARTS and isinstance(fields, Mapping):
            return _mapped(inner, fields, read_json)
        return read_json(place, fields)

    return _mapped(place, value, part) if isinstance(value, Mapping) else read_json(place, value)


def _mapped(place: str, values: Mapping[str, Json], inner: Callable[[str, Json], Node]) -> MapNode:
    """A map whose values have its keys in their places."""
    places = {key: f"{place}/{key}" if place else key for key in values}
    return MapNode(
        {key: inner(places[key], value) for key, value in values.items()},
        {key: Origin(name) for key, name in places.items()},
        Origin(place),
    )
