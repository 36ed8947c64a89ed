"""Which dimensions a dataset reaches, and by which joins (semantics rules 5-7).

A name is `dimension` for the dataset's own, or `join.join.dimension`. Only to-one joins are followed silently when
listing what exists; a to-many join must be named in the path. It works on unchecked catalogs too: a join that leads
nowhere leads to no dimension.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from semantic_layer.definitions.model import Catalog, Dataset, Dimension, Join

TIME = "time"  # reserved: the time dimension of whatever metric is asked
LONGEST_PATH = 6  # joins; long enough for any real star, and an end for circles


@dataclass(frozen=True, slots=True)
class Hop:
    """One join, taken from dataset `start`."""

    start: str
    join: Join


@dataclass(frozen=True, slots=True)
class FoundDimension:
    """A dimension found from a home: the joins to its dataset (none for an own one) and the dimension itself."""

    hops: tuple[Hop, ...]
    dataset: str
    dimension: Dimension

    @property
    def words(self) -> str:
        """The name by which the home would be asked for it."""
        return ".".join([*(hop.join.name for hop in self.hops), self.dimension.name])

    @property
    def to_many_at(self) -> int | None:
        """The place of the first to-many join on the path; None when every join is to one row."""
        return next((place for place, hop in enumerate(self.hops) if hop.join.kind.to_many), None)


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why a name leads nowhere: several paths (`paths` names them), or none (`paths` is empty)."""

    paths: tuple[str, ...] = ()


def find_dimension(catalog: Catalog, home: str, words: str) -> FoundDimension | NotFound:
    """The dimension that `words` means for rows of `home`."""
    dataset = catalog.datasets[home]
    *path, last = words.split(".")
    if not path:
        return _own(catalog, dataset, last)
    hops: list[Hop] = []
    for name in path:
        join = dataset.joins.get(name)
        if join is None:
            return NotFound() if hops else _by_dataset(catalog, home, words)
        hops.append(Hop(dataset.name, join))
        if join.to not in catalog.datasets:
            return NotFound()
        dataset = catalog.datasets[join.to]
    dimension = dataset.dimensions.get(last)
    return NotFound() if dimension is None else FoundDimension(tuple(hops), dataset.name, dimension)


def _own(catalog: Catalog, dataset: Dataset, name: str) -> FoundDimension | NotFound:
    """An own dimension: by its name, by the reserved name `time`, or by the one it conforms to (rule 5)."""
    if name == TIME and dataset.time is not None and dataset.time in dataset.dimensions:
        return FoundDimension((), dataset.name, dataset.dimensions[dataset.time])
    if name in dataset.dimensions:
        return FoundDimension((), dataset.name, dataset.dimensions[name])
    for dimension in dataset.dimensions.values():
        if dimension.conforms is not None and name in _conformed_names(catalog, dimension):
            return FoundDimension((), dataset.name, dimension)
    return NotFound()


def _conformed_names(catalog: Catalog, dimension: Dimension) -> Iterator[str]:
    return (name for _, name in _conformed(catalog, dimension))


def _conformed(catalog: Catalog, dimension: Dimension) -> Iterator[tuple[str, str]]:
    """The (dataset, dimension) pairs that a dimension is the same thing as."""
    seen: set[tuple[str, str]] = set()
    target = dimension.conforms
    while target is not None and target not in seen:
        seen.add(target)
        yield target
        dataset = catalog.datasets.get(target[0])
        aim = None if dataset is None else dataset.dimensions.get(target[1])
        target = None if aim is None else aim.conforms


def _by_dataset(catalog: Catalog, home: str, words: str) -> FoundDimension | NotFound:
    """`store.region` where `store` is a dataset, no join of the home: right if exactly one path leads there.

    Or to a dataset whose dimension conforms to it: another source has a list of stores of its own (rule 5).
    """
    dataset_name, last = words.split(".", 1)
    names_itself = dataset_name == home or _leads_home(catalog, dataset_name, home)
    if names_itself and not last.startswith(f"{dataset_name}."):
        return find_dimension(catalog, home, last)
    if "." in last or dataset_name not in catalog.datasets:
        return NotFound()
    target = (dataset_name, last)
    to_one: list[FoundDimension] = []
    to_many: list[FoundDimension] = []
    for found in reached(catalog, home, to_many=True):
        itself = (found.dataset, found.dimension.name) == target
        if found.hops and (itself or target in _conformed(catalog, found.dimension)):
            (to_one if found.to_many_at is None else to_many).append(found)
    if len(to_one) == 1:
        return to_one[0]
    paths = tuple(found.words for found in (to_one or to_many))
    return NotFound(paths)


def _leads_home(catalog: Catalog, join: str, home: str) -> bool:
    """Whether a join's name is the one name by which others lead to `home`: its rows know themselves by it (rule 5).

    Where roles lead there, no row of it is one role's alone.
    """
    leading = {one.name for dataset in catalog.datasets.values() for one in dataset.joins.values() if one.to == home}
    aims = {one.joins[join].to for one in catalog.datasets.values() if join in one.joins}
    return leading == {join} and aims == {home}


def reached(catalog: Catalog, home: str, *, to_many: bool) -> Iterator[FoundDimension]:
    """Every dimension reached from `home`, nearest first; with `to_many`, also across one to-many join."""
    pending: list[tuple[tuple[Hop, ...], str]] = [((), home)]
    while pending:
        hops, name = pending.pop(0)
        dataset = catalog.datasets[name]
        for dimension in dataset.dimensions.values():
            yield FoundDimension(hops, name, dimension)
        if len(hops) == LONGEST_PATH:
            continue
        visited = {home, *(hop.join.to for hop in hops)}
        crossed = any(hop.join.kind.to_many for hop in hops)
        for join in dataset.joins.values():
            if (
                join.to in visited
                or join.to not in catalog.datasets
                or (join.kind.to_many and (crossed or not to_many))
            ):
                continue
            pending.append(((*hops, Hop(name, join)), join.to))


def reachable_names(catalog: Catalog, home: str) -> tuple[str, ...]:
    """The names that can be asked of `home`, for messages; conformed names stand beside own ones."""
    names: dict[str, None] = {}
    for found in reached(catalog, home, to_many=True):
        names[found.words] = None
        if not found.hops:
            names.update(dict.fromkeys(_conformed_names(catalog, found.dimension)))
    return tuple(names)
