"""By what old and new numbers are cut: time, and dimensions that both catalogs have for the metric."""

from collections.abc import Iterator

from semantic_layer.definitions.model import Catalog, MetricValue, TopMembers
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.types import Kind
from semantic_layer.query.measure import homes
from semantic_layer.query.promises import is_time
from semantic_layer.query.reach import reachable_dimensions
from semantic_layer.query.resolve_rule import measure_of
from semantic_layer.registry.lineage import LineageGraph, Node, NodeKind, Role, metric_node

# The grain that is asked first, and those that stand in where a metric's definition does not allow it.
GRAINS = ("MONTH", "WEEK", "DAY", "QUARTER", "YEAR")
FINEST = "DAY"


def time_of(before: Catalog, after: Catalog, metric: str) -> str | None:
    """The name of the time that dates the metric's rows in both catalogs; None where it is not one."""
    for one in reachable_dimensions(after, metric):
        if one.grains and all(_dates(catalog, metric, one.name) for catalog in (before, after)):
            return one.name
    return None


def _dates(catalog: Catalog, metric: str, name: str) -> bool:
    return is_time(catalog, measure_of(catalog, metric), name)


def members_may_be_few(before: Catalog, uses: LineageGraph, metric: str) -> Iterator[str]:
    """Texts and truth values that cut the metric in both catalogs, nearest first; `uses` is of the catalog after.

    Left out is what is sensitive, what is across a to-many join (a row would count in several members), what is itself
    made of a metric (its members could change with the change), and what the rule itself filters or compares by (the
    share of one brand, cut by brand, is 1 or nothing, whatever the rule).
    """
    after = uses.catalog
    known = {one.name for one in reachable_dimensions(before, metric)}
    home = homes(measure_of(after, metric))[0][0]
    own = set(_of_the_rule(uses, metric))
    for one in reachable_dimensions(after, metric):
        found = find_dimension(after, home, one.name)
        if (
            one.name in known
            and one.type.kind in (Kind.TEXT, Kind.BOOLEAN)
            and one.dimension.sensitive is None
            and not isinstance(one.dimension.rule, TopMembers | MetricValue)
            and isinstance(found, FoundDimension)
            and found.to_many_at is None
            and Node(NodeKind.DIMENSION, found.dimension.name, found.dataset) not in own
        ):
            yield one.name


def _of_the_rule(uses: LineageGraph, metric: str) -> Iterator[Node]:
    for edge in uses.uses(metric_node(metric)).edges:
        if edge.used.kind is NodeKind.DIMENSION and edge.role in (Role.FILTER, Role.LEVEL, Role.ENTITY):
            yield edge.used
