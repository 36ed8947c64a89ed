"""Which semantic models join which, by their entities, and what a name such as `listing__user__home_state` reaches.

The rules are dbt's: a model joins another one over an entity of the same name that is unique there; at most two
joins follow one another; history joins history never.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from semantic_layer.interchange.dbt.manifest import (
    Dimension,
    DimensionKind,
    Entity,
    EntityKind,
    SemanticModel,
    Validity,
)

MOST_JOINS = 2


@dataclass(frozen=True, slots=True)
class Edge:
    """`model` joins `to` over `entity`."""

    model: str
    entity: str
    to: str


@dataclass(frozen=True, slots=True)
class Reached:
    """An element of `model`, over `edges` from where it was asked; an entity, or a dimension."""

    edges: tuple[Edge, ...]
    model: str
    element: str
    is_entity: bool


class NotReached(Enum):
    NOTHING = auto()  # no such path or element
    SEVERAL = auto()  # more than one, equally far


def is_history(model: SemanticModel) -> bool:
    """Whether its rows hold for a time only (slowly changing)."""
    return {Validity.START, Validity.END} <= {one.validity for one in model.dimensions}


def validity_columns(model: SemanticModel) -> tuple[Dimension | None, Dimension | None]:
    """The dimensions with the first moment at which a row holds, and the first at which it no longer does."""
    start = next((one for one in model.dimensions if one.validity is Validity.START), None)
    end = next((one for one in model.dimensions if one.validity is Validity.END), None)
    return start, end


class JoinGraph:
    """The joins between the models of one manifest."""

    def __init__(self, models: Mapping[str, SemanticModel]) -> None:
        self._models = models
        self._unique: dict[str, list[str]] = {}
        for model in models.values():
            for entity in model.entities:
                if entity.kind is not EntityKind.FOREIGN:
                    self._unique.setdefault(entity.name, []).append(model.name)

    def edges(self, model: str) -> Iterator[Edge]:
        """The joins of a model to others, in the order of its entities."""
        for entity in self._models[model].entities:
            for to in self._unique.get(entity.name, ()):
                if self._may_join(self._models[model], entity, self._models[to]):
                    yield Edge(model, entity.name, to)

    def _may_join(self, model: SemanticModel, entity: Entity, to: SemanticModel) -> bool:
        theirs = to.entity(entity.name)
        if to.name == model.name or theirs is None:
            return False
        if is_history(to):
            return theirs.kind is EntityKind.NATURAL and not is_history(model) and entity.kind is not EntityKind.NATURAL
        return theirs.kind is not EntityKind.NATURAL

    def find(self, model: str, path: tuple[str, ...], element: str) -> Reached | NotReached:
        """What `path` and `element` mean for rows of `model`: the nearest one, if there is exactly one so near."""
        found = [one for one in self._candidates(model, path) if self._has(one[1], element, path)]
        nearest = min((len(edges) for edges, _ in found), default=0)
        at_nearest = [(edges, to) for edges, to in found if len(edges) == nearest]
        if not at_nearest:
            return NotReached.NOTHING
        if len(at_nearest) > 1:
            return NotReached.SEVERAL
        edges, to = at_nearest[0]
        return Reached(edges, to, element, self._models[to].entity(element) is not None)

    def _candidates(self, model: str, path: tuple[str, ...]) -> Iterator[tuple[tuple[Edge, ...], str]]:
        """The joins that a path of entities can mean, and where each leads."""
        if not path:
            yield (), model
            return
        if path == (self._models[model].own_entity,) or self._is_unique(model, path):
            yield (), model
        for edges in self._walks(model, path):
            yield edges, edges[-1].to

    def _is_unique(self, model: str, path: tuple[str, ...]) -> bool:
        entity = self._models[model].entity(path[0])
        return len(path) == 1 and entity is not None and entity.kind is not EntityKind.FOREIGN

    def _walks(self, model: str, path: tuple[str, ...]) -> Iterator[tuple[Edge, ...]]:
        if len(path) > MOST_JOINS or len(set(path)) < len(path):
            return
        for edge in self.edges(model):
            if edge.entity != path[0]:
                continue
            if len(path) == 1:
                yield (edge,)
                continue
            for rest in self._walks(edge.to, path[1:]):
                if rest[-1].to != model:
                    yield (edge, *rest)

    def _has(self, model: str, element: str, path: tuple[str, ...]) -> bool:
        """Whether the model has the element, and the path does not name that very entity already."""
        there = self._models[model]
        if there.entity(element) is not None:
            return element not in path
        return bool(path) and there.dimension(element) is not None

    def reached(self, model: str) -> Iterator[tuple[tuple[str, ...], Reached]]:
        """Everything that rows of a model reach under an unambiguous name, as (path of entities, what it means)."""
        own = self._models[model]
        paths: dict[tuple[str, ...], None] = {(): None}
        if own.own_entity is not None:
            paths[(own.own_entity,)] = None
        paths.update({(one.name,): None for one in own.entities})
        for edge in self.edges(model):
            paths.update({(edge.entity, one.name): None for one in self._models[edge.to].entities})
        for path in paths:
            elements = {name: None for _, to in self._candidates(model, path) for name in self._elements(to)}
            for element in elements:
                found = self.find(model, path, element)
                if isinstance(found, Reached):
                    yield path, found

    def _elements(self, model: str) -> Iterator[str]:
        there = self._models[model]
        yield from (one.name for one in there.entities)
        yield from (one.name for one in there.dimensions)


def is_time(dimension: Dimension) -> bool:
    return dimension.kind is DimensionKind.TIME
