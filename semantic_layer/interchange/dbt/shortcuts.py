"""Pairs of joins that must be one: what the second one matches depends on the rows from which the first starts.

dbt compares a fact's own time, or its partition, with the model behind the second join. Joins of ours are walked one
after the other and know nothing of where the walk began, so such a pair becomes a dataset of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from semantic_layer.interchange.dbt.join_graph import Edge, JoinGraph, is_history
from semantic_layer.interchange.dbt.manifest import Manifest, SemanticModel


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Rows of `first.to`, each with what `second` joins to it; `partitions` are compared with the fact's own."""

    first: Edge
    second: Edge
    partitions: tuple[str, ...]

    @property
    def dataset(self) -> tuple[str, str, str, str]:
        """What two facts have in common that take the same shortcut."""
        return self.first.entity, self.first.to, self.second.entity, self.second.to


def partitions_of(model: SemanticModel) -> dict[str, str]:
    """The partition dimensions of a model: name -> expression."""
    return {one.name: one.expression for one in model.dimensions if one.is_partition}


def shared_partitions(one: SemanticModel, other: SemanticModel) -> tuple[str, ...]:
    theirs = partitions_of(other)
    return tuple(name for name in partitions_of(one) if name in theirs)


def shortcuts_of(manifest: Manifest, graph: JoinGraph, facts: Iterable[str]) -> Iterator[Shortcut]:
    """The shortcuts that facts need, in the order of the manifest."""
    wanted = set(facts)
    for model in manifest.models.values():
        if model.name not in wanted:
            continue
        for first in graph.edges(model.name):
            between = manifest.models[first.to]
            for second in graph.edges(first.to):
                last = manifest.models[second.to]
                if second.to == model.name or second.entity == first.entity:
                    continue
                middle = partitions_of(between)
                beyond = tuple(name for name in shared_partitions(model, last) if name not in middle)
                if beyond or (is_history(last) and model.time is not None):
                    yield Shortcut(first, second, beyond)
