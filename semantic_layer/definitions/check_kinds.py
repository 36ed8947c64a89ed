"""Text and truth where only numbers calculate: found when definitions are checked, not when a question is asked."""

from collections.abc import Callable

from semantic_layer.definitions.expression import Aggregate, Call, Case, Cast, Expr, Literal, Name, children
from semantic_layer.definitions.findings import Findings, Formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.model import Across, Dataset, RankWithin
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.scope import Block, block_of, blocks_below
from semantic_layer.definitions.shape_reader import Path
from semantic_layer.definitions.types import ColumnType, Kind

WHAT = {Kind.TEXT: "text", Kind.BOOLEAN: "true or false"}
_CALCULATE = frozenset({"add", "subtract", "multiply", "divide", "modulo", "negate", "abs", "round", "floor", "ceil",
                        "sqrt", "ln", "exp", "power"})  # fmt: skip
_TEXT = frozenset({"lower", "upper", "trim", "substring", "concat", "replace"})
_SAME = frozenset({"coalesce", "nullif", "greatest", "least"})
_CONDITIONS = frozenset({"eq", "ne", "lt", "lte", "gt", "gte", "and", "or", "not", "is_null", "is_not_null", "in",
                         "is_distinct_from", "is_not_distinct_from", "not_in", "between", "like", "contains",
                         "starts_with", "ends_with"})  # fmt: skip
_OF_NUMBERS = frozenset({"sum", "avg", "median", "percentile", "percentile_disc", "approx_percentile"})
LookUp = Callable[[Name], Kind | None]


def check_kinds(findings: Findings) -> None:
    """Needs a catalog whose metrics do not go in circles."""
    kinds = _Kinds(findings)
    for metric in findings.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            kinds.of_block(block)


class _Kinds:
    """TEXT or BOOLEAN where definitions alone say so; None where it is a number, or not known."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.known: dict[Path, Kind | None] = {}

    def of_block(self, block: Block) -> Kind | None:
        if block.path not in self.known:
            self.known[block.path] = None
            rule = block.rule
            if rule.home is not None and not isinstance(rule.modifier, Across):
                look_up = _columns(self.findings.catalog.datasets.get(rule.home))
            else:
                look_up = self._metrics(block)
            kind = self._of(rule.value, look_up, Formula(rule.value, (*block.path, "is")))
            self.known[block.path] = None if isinstance(rule.modifier, RankWithin) else kind
        return self.known[block.path]

    def _metrics(self, block: Block) -> LookUp:
        def of_name(name: Name) -> Kind | None:
            step = block.find(str(name))
            if step is not None:
                return self.of_block(step)
            metric = self.findings.catalog.metrics.get(str(name))
            return None if metric is None else self.of_block(block_of(metric))

        return of_name

    def _of(self, node: Expr, look_up: LookUp, formula: Formula) -> Kind | None:
        match node:
            case Literal(value):
                return _of_literal(value)
            case Name():
                return look_up(node)
            case Cast(operand, type_):
                self._of(operand, look_up, formula)
                return _told(type_)
            case Case(branches, otherwise):
                results = [then for _, then in branches] + ([] if otherwise is None else [otherwise])
                for when, _ in branches:
                    self._of(when, look_up, formula)
                return next((kind for kind in [self._of(one, look_up, formula) for one in results] if kind), None)
            case Aggregate(function, arguments):
                kinds = [self._of(one, look_up, formula) for one in arguments]
                if function in _OF_NUMBERS:
                    self._only_numbers(function, node.at, arguments, kinds, formula)
                return kinds[0] if function in ("min", "max") else None
            case Call(function, arguments, at):
                kinds = [self._of(one, look_up, formula) for one in arguments]
                if function in _CALCULATE:
                    self._only_numbers(function, at, arguments, kinds, formula)
                if function in _CONDITIONS:
                    return Kind.BOOLEAN
                return Kind.TEXT if function in _TEXT else kinds[0] if function in _SAME else None
            case _:
                for one in children(node):
                    self._of(one, look_up, formula)
                return None

    def _only_numbers(
        self, function: str, at: int, arguments: tuple[Expr, ...], kinds: list[Kind | None], formula: Formula
    ) -> None:
        for argument, kind in zip(arguments, kinds, strict=True):
            if kind is not None:
                message = f"{formula_text(argument)} is {WHAT[kind]}; {function} calculates with numbers only"
                self.findings.inside(formula, at, ProblemCode.UNITS, message)


def _columns(dataset: Dataset | None) -> LookUp:
    """Dimensions and columns of a dataset, as far as their types are declared."""

    def of_name(name: Name) -> Kind | None:
        if dataset is None:
            return None
        dimension = dataset.dimensions.get(str(name))
        if dimension is not None and dimension.type is not None:
            return _told(dimension.type)
        column = dataset.columns.get(str(name))
        return None if column is None else _told(column)

    return of_name


def _of_literal(value: object) -> Kind | None:
    if isinstance(value, bool):
        return Kind.BOOLEAN
    return Kind.TEXT if isinstance(value, str) else None


def _told(type_: ColumnType) -> Kind | None:
    return type_.kind if type_.kind in WHAT else None
