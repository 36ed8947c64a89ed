"""Types as far as definitions alone declare them; what a source's own catalog adds is known in the plan room."""

from semantic_layer.definitions.expression import Name
from semantic_layer.definitions.model import Catalog, MetricValue, TopMembers
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.types import DATE, FLOAT, TEXT, TIMESTAMP, ColumnType
from semantic_layer.query.bound import BoundColumn
from semantic_layer.query.measure import Measure
from semantic_layer.query.resolve_rule import measure_of
from semantic_layer.query.typing import TypeOfName, measure_type


def dimension_type(catalog: Catalog, found: FoundDimension) -> ColumnType:
    """The declared type of a dimension; a time dimension is a DATE when it records days or longer."""
    dimension = found.dimension
    if dimension.time is not None:
        return TIMESTAMP if dimension.time.finest.is_clock else DATE
    if isinstance(dimension.rule, TopMembers):
        return TEXT
    if isinstance(dimension.rule, MetricValue):
        return dimension.type or _declared(catalog, measure_of(catalog, dimension.rule.metric)) or FLOAT
    return dimension.type or TEXT


def declared_names(catalog: Catalog, home: str) -> TypeOfName:
    """Types of names in the scope of `home`: a dimension first, then a declared column; None where undeclared."""

    def type_of(name: Name) -> ColumnType | None:
        found = find_dimension(catalog, home, str(name))
        if isinstance(found, FoundDimension):
            return dimension_type(catalog, found)
        return catalog.datasets[home].declared(str(name))

    return type_of


def declared_type(column: BoundColumn) -> ColumnType | None:
    """The type of a metric column, None when a source column below it has no declared type."""
    return _declared(column.published.catalog, column.measure)


def metric_type(catalog: Catalog, metric: str) -> ColumnType | None:
    """The type of a metric of the catalog, None when a source column below it has no declared type."""
    return _declared(catalog, measure_of(catalog, metric))


def _declared(catalog: Catalog, measure: Measure) -> ColumnType | None:
    return measure_type(measure, lambda home: declared_names(catalog, home))
