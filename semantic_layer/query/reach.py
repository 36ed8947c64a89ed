"""What a metric can be cut by: the dimensions that every dataset below it reaches (semantics rule 5)."""

from collections.abc import Iterator
from dataclasses import dataclass

from semantic_layer.definitions.grains import grain_words
from semantic_layer.definitions.model import Catalog, Dimension
from semantic_layer.definitions.reach import FoundDimension, find_dimension, reachable_names
from semantic_layer.definitions.types import AnyGrain, ColumnType, Grain, Part, resolution
from semantic_layer.query.declared_types import dimension_type
from semantic_layer.query.measure import homes
from semantic_layer.query.promises import may_cut
from semantic_layer.query.resolve_rule import measure_of


@dataclass(frozen=True, slots=True)
class ReachableDimension:
    """`grains` and `parts` are what can be asked of a time dimension, empty for any other."""

    name: str
    dimension: Dimension
    type: ColumnType
    grains: tuple[AnyGrain, ...] = ()
    parts: tuple[Part, ...] = ()


def reachable_dimensions(catalog: Catalog, metric: str) -> tuple[ReachableDimension, ...]:
    """The dimensions by which `metric` can be asked, nearest first."""
    definition = catalog.metrics[metric]
    datasets = [home for home, _ in homes(measure_of(catalog, metric))]
    return tuple(
        one for one in _common(catalog, datasets) if may_cut(definition.cut_only, definition.cut_except, one.name)
    )


def _common(catalog: Catalog, datasets: list[str]) -> Iterator[ReachableDimension]:
    for name in reachable_names(catalog, datasets[0]) if datasets else ():
        found = [find_dimension(catalog, dataset, name) for dataset in datasets]
        dimensions = [one for one in found if isinstance(one, FoundDimension)]
        if len(dimensions) < len(found):
            continue
        finest = max((one.dimension.time.finest for one in dimensions if one.dimension.time), default=None, key=_rank)
        first = dimensions[0]
        grains = () if finest is None else _grains(catalog, finest)
        parts = tuple(part for part in Part if _has_part(part, grains))
        yield ReachableDimension(name, first.dimension, dimension_type(catalog, first), grains, parts)


def _rank(grain: Grain) -> int:
    return grain.rank


def _grains(catalog: Catalog, finest: Grain) -> tuple[AnyGrain, ...]:
    every = grain_words(catalog.calendars).values()
    return tuple(grain for grain in every if resolution(grain).rank >= finest.rank)


def _has_part(part: Part, grains: tuple[AnyGrain, ...]) -> bool:
    return (Grain.HOUR if part is Part.HOUR_OF_DAY else Grain.DAY) in grains
