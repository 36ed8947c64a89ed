"""Names of the typed GraphQL schema: snake_case as camelCase, and what stands beside what in one type.

A row has the metrics, the dimensions of facts, and an object for each join of a fact and each joined dataset; an
object has its dataset's dimensions and joins. `check_typed_names` sees to it that no two of them get one name, so
every typed name leads back to exactly one definition.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from semantic_layer.definitions.model import Catalog, Dataset, Dimension
from semantic_layer.definitions.reach import TIME
from semantic_layer.definitions.scope import block_of, blocks_below
from semantic_layer.definitions.shape_reader import Path

PART = "_part"  # a time dimension has a second field for parts of the date: transaction_date, transaction_date_part
# What the schema itself puts beside definitions: in a row and its filter, and beside a metric's parameters.
ROW_WORDS = ("time", "timePart", "and", "or", "not", "segments", "metric")
METRIC_WORDS = ("shift", "version")
TYPE_STEMS = ("Metric",)  # a dataset's types are its stem with Dimensions and Where; MetricWhere filters by metrics


@lru_cache(100_000)
def camel_case(name: str) -> str:
    """The name in the typed schema: average_basket_value is averageBasketValue."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def pascal_case(name: str) -> str:
    """The stem of a dataset's types: campaign_targets is CampaignTargets."""
    typed = camel_case(name)
    return typed[:1].upper() + typed[1:]


@dataclass(frozen=True, slots=True)
class TypedName:
    """A name of the schema and the definition that it stands for. `scope` names the type that it is a field of."""

    scope: str
    typed: str
    kind: str
    name: str
    path: Path


def metric_homes(catalog: Catalog) -> set[str]:
    """The facts: datasets whose rows some metric reads."""
    blocks = (block for metric in catalog.metrics.values() for block in blocks_below(block_of(metric)))
    return {block.rule.home for block in blocks if block.rule.home is not None}


@dataclass(frozen=True, slots=True)
class RowNames:
    """What a row has beside metrics. `dimensions` are asked without a path: those of facts, and of datasets to which
    no join leads. `objects` lead to datasets: the joins of facts, and every joined dataset by its own name.
    `shown` are the datasets from which some dimension is reached: others have no fields to show.
    """

    dimensions: Mapping[str, tuple[Dataset, Dimension]]
    objects: Mapping[str, str]
    shown: frozenset[str]


def row_names(catalog: Catalog) -> RowNames:
    facts, joined, shown = metric_homes(catalog), _joined(catalog), _shown(catalog)
    in_facts = [dataset for dataset in catalog.datasets.values() if dataset.name in facts]
    lonely = [one for one in catalog.datasets.values() if one.name not in facts and one.name not in joined]
    dimensions: dict[str, tuple[Dataset, Dimension]] = {}
    for dataset in (*in_facts, *lonely):
        for name, dimension in dataset.dimensions.items():
            dimensions.setdefault(name, (dataset, dimension))
    objects = {name: join.to for dataset in in_facts for name, join in dataset.joins.items()}
    for name in joined:
        objects.setdefault(name, name)
    return RowNames(dimensions, {name: to for name, to in objects.items() if to in shown}, shown)


def _shown(catalog: Catalog) -> frozenset[str]:
    """The datasets from which some dimension is reached, by any number of joins."""
    shown = {name for name, dataset in catalog.datasets.items() if dataset.dimensions}
    users: dict[str, list[str]] = {}
    for dataset in catalog.datasets.values():
        for join in dataset.joins.values():
            users.setdefault(join.to, []).append(dataset.name)
    pending = list(shown)
    while pending:
        for user in users.get(pending.pop(), ()):
            if user not in shown:
                shown.add(user)
                pending.append(user)
    return frozenset(shown)


def typed_names(catalog: Catalog) -> Iterator[TypedName]:
    """Every name that definitions give to the typed schema, with the scope in which it must be the only one."""
    names = row_names(catalog)
    for dataset, dimension in names.dimensions.values():
        yield from _dimension("row", dataset, dimension)
    for name, target in names.objects.items():
        yield TypedName("row", camel_case(name), *_object(catalog, name, target))
    for dataset in catalog.datasets.values():
        yield TypedName("types", pascal_case(dataset.name), "dataset", dataset.name, ("datasets", dataset.name))
        scope = f"dataset {dataset.name}"
        for dimension in dataset.dimensions.values():
            yield from _dimension(scope, dataset, dimension)
        for name in dataset.joins:
            path = ("datasets", dataset.name, "joins", name)
            yield TypedName(scope, camel_case(name), "join", name, path)
    for name, metric in catalog.metrics.items():
        yield TypedName("row", camel_case(name), "metric", name, ("metrics", name))
        for parameter in metric.parameters:
            path = ("metrics", name, "parameters", parameter)
            yield TypedName(f"metric {name}", camel_case(parameter), "parameter", parameter, path)


def _joined(catalog: Catalog) -> dict[str, None]:
    """The datasets to which a join leads, in the order of their definitions."""
    targets = {join.to for dataset in catalog.datasets.values() for join in dataset.joins.values()}
    return {name: None for name in catalog.datasets if name in targets}


def _dimension(scope: str, dataset: Dataset, dimension: Dimension) -> Iterator[TypedName]:
    path = ("datasets", dataset.name, "dimensions", dimension.name)
    yield TypedName(scope, camel_case(dimension.name), "dimension", dimension.name, path)
    if dimension.time is not None and dimension.name != TIME:
        name = dimension.name + PART
        yield TypedName(scope, camel_case(name), "part of dimension", dimension.name, path)


def _object(catalog: Catalog, name: str, target: str) -> tuple[str, str, Path]:
    """Kind, name and place of a row's object: the join that says it, else the dataset."""
    if name != target:
        for dataset in catalog.datasets.values():
            if name in dataset.joins:
                return "join", name, ("datasets", dataset.name, "joins", name)
    return "dataset", name, ("datasets", name)
