"""Constants that mean nothing where they stand: a comparison with null, and steps of time beyond any calendar."""

from collections.abc import Iterator

from semantic_layer.definitions.check_rules import formulas_of
from semantic_layer.definitions.expression import Call, Expr, Literal, walk
from semantic_layer.definitions.findings import Findings, Formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.model import MOST_YEARS, Duration, MetricValue, TopMembers
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.scope import block_of, blocks_below
from semantic_layer.definitions.types import Grain

_NEVER_TRUE_OF_NULL = frozenset({"eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "not_in"})


def check_constants(findings: Findings) -> None:
    for formula in _formulas(findings):
        for node in walk(formula.tree):
            match node:
                case Call(function, arguments, at) if function in _NEVER_TRUE_OF_NULL:
                    if any(isinstance(one, Literal) and one.value is None for one in arguments):
                        subject = formula_text(arguments[0])
                        message = f"nothing is ever equal to null, less or greater; say {subject} is null"
                        findings.inside(formula, at, ProblemCode.BAD_VALUE, message)
                case Call("date_add", (_, Literal(int() as count), Literal(str() as unit)), at):
                    length = Duration(abs(count), Grain(unit))
                    if length.years > MOST_YEARS:
                        message = f"{length} is more than the {MOST_YEARS} years that a formula reaches"
                        findings.inside(formula, at, ProblemCode.BAD_VALUE, message)
                case _:
                    pass


def _formulas(findings: Findings) -> Iterator[Formula]:
    """Every formula of a catalog with its place."""
    for metric in findings.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            yield from formulas_of(block)
    for dataset in findings.catalog.datasets.values():
        for name, segment in dataset.segments.items():
            path = ("datasets", dataset.name, "segments", name)
            found: list[tuple[str, Expr | None]] = [("where", segment.where), ("having", segment.having)]
            yield from (Formula(tree, (*path, key)) for key, tree in found if tree is not None)
        for name, dimension in dataset.dimensions.items():
            if not isinstance(dimension.rule, (MetricValue, TopMembers)):
                yield Formula(dimension.rule, ("datasets", dataset.name, "dimensions", name, "sql"))
