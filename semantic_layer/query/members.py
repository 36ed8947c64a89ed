"""Which dataset's members a question without metrics asks for."""

from collections.abc import Iterator
from dataclasses import dataclass

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import (
    AllOf,
    AnyOf,
    Ask,
    DimensionFilter,
    Filter,
    LastFilter,
    MetricFilter,
    NotThis,
)
from semantic_layer.query.problems import Problems


@dataclass(frozen=True, slots=True)
class MembersRoot:
    dataset: str
    prefix: str = ""


def members_root(ask: Ask, catalog: Catalog, problems: Problems) -> MembersRoot | None:
    """The dataset that lists the members: the joined one if all names share one path to it, else the one whose
    rows reach every name. None, and told, when several would give different members; None alone when a name is
    unknown, which the look-up then tells.
    """
    names = [one.dimension for one in ask.by] + list(_filter_names(ask.where))
    prefixes = {name.rpartition(".")[0] for name in names}
    if len(prefixes) == 1 and (prefix := prefixes.pop()):
        targets = {
            found.dataset
            for dataset in catalog.datasets
            for name in names
            if isinstance(found := find_dimension(catalog, dataset, name), FoundDimension)
        }
        if len(targets) == 1:
            return MembersRoot(targets.pop(), prefix + ".")
    reaching = [
        dataset
        for dataset in catalog.datasets
        if all(isinstance(find_dimension(catalog, dataset, name), FoundDimension) for name in names)
    ]
    owning = [name for name in reaching if any(word in catalog.datasets[name].dimensions for word in names)]
    owning = [name for name in owning if not _only_conforms(catalog, name, names)] or owning
    candidates = owning or reaching
    if len(candidates) > 1:
        message = f"rows of {' or '.join(candidates)} could list these members; ask a metric with them"
        problems.add(ErrorCode.AMBIGUOUS_PATH, message, ("by",), tuple(candidates))
        return None
    if candidates:
        return MembersRoot(candidates[0])
    return _nearest_root(catalog, names)


def _nearest_root(catalog: Catalog, names: list[str]) -> MembersRoot | None:
    """A dataset that reaches at least one name, so that the look-up can say what it lacks."""
    for dataset in catalog.datasets:
        if any(isinstance(find_dimension(catalog, dataset, name), FoundDimension) for name in names):
            return MembersRoot(dataset)
    return None


def _only_conforms(catalog: Catalog, dataset: str, names: list[str]) -> bool:
    own = catalog.datasets[dataset].dimensions
    return all(own[name].conforms is not None for name in names if name in own)


def _filter_names(node: Filter | None) -> Iterator[str]:
    match node:
        case AllOf(nodes) | AnyOf(nodes):
            for inner in nodes:
                yield from _filter_names(inner)
        case NotThis(inner):
            yield from _filter_names(inner)
        case DimensionFilter(dimension) | LastFilter(dimension):
            yield dimension
        case MetricFilter(_, per):
            yield per
        case _:
            return
