"""Money that is summed as binary floats: allowed, and told (semantics rule 9)."""

import re
from collections.abc import Iterator, Mapping

from semantic_layer.definitions.expression import Aggregate, Expr, Name, walk
from semantic_layer.definitions.model import Dataset, MetricValue, TopMembers
from semantic_layer.definitions.problem import Problem, ProblemCode
from semantic_layer.definitions.reader import Reading
from semantic_layer.definitions.scope import block_of, blocks_below
from semantic_layer.definitions.types import ColumnType, Kind

Types = Mapping[str, Mapping[str, ColumnType]]  # dataset -> the types of its columns in the source
_CURRENCY = re.compile(r"[A-Z]{3}")


def money_warnings(reading: Reading, types: Types) -> list[Problem]:
    """FLOAT_MONEY for each metric in a currency whose `sum` or `avg` reads a float column.

    `types` is what sources say; without it only columns that are declared float are known to be.
    """
    found = []
    for metric in reading.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            rule = block.rule
            dataset = reading.catalog.datasets.get(rule.home or "")
            if dataset is None or rule.unit is None or _CURRENCY.fullmatch(rule.unit) is None:
                continue
            floats = list(dict.fromkeys(_floats(dataset, rule.value, types.get(dataset.name, {}))))
            if floats:
                declared = ", ".join(f"{one}: decimal(18,2)" for one in floats)
                message = (
                    f"{metric.name} adds up {rule.unit} in binary floats, so its last digits depend on the order of "
                    f"rows; declare under columns of {dataset.name}: {declared}"
                )
                found.append(Problem(reading.places.value(*block.path, "is"), ProblemCode.FLOAT_MONEY, message))
    return sorted(found)


def _floats(dataset: Dataset, tree: Expr, types: Mapping[str, ColumnType]) -> Iterator[str]:
    """The float columns inside a sum or average."""
    for node in walk(tree):
        if isinstance(node, Aggregate) and node.function in ("sum", "avg"):
            for argument in node.arguments:
                for column in _columns(dataset, argument):
                    type_ = dataset.declared(column) or types.get(column)
                    if type_ is not None and type_.kind is Kind.FLOAT:
                        yield column


def _columns(dataset: Dataset, tree: Expr) -> Iterator[str]:
    """The columns below an expression; a name is a dimension first."""
    for node in walk(tree):
        if isinstance(node, Name) and len(node.path) == 1:
            dimension = dataset.dimensions.get(str(node))
            if dimension is None or isinstance(dimension.rule, TopMembers | MetricValue):
                yield str(node)
            elif dimension.type is None or dimension.type.kind is Kind.FLOAT:
                yield from (str(one) for one in walk(dimension.rule) if isinstance(one, Name))
