"""Text, truth, times and numbers where they do not belong: found when definitions are checked, not in a question."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from semantic_layer.definitions.expression import (
    Aggregate,
    Call,
    Case,
    Cast,
    Exists,
    Expr,
    Literal,
    Name,
    Parameter,
    children,
)
from semantic_layer.definitions.findings import Findings, Formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.model import Across, Dataset, Dimension, Metric, MetricValue, RankWithin
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.scope import Block, block_of, blocks_below, row_homes
from semantic_layer.definitions.shape_reader import Path
from semantic_layer.definitions.types import ColumnType, Kind


class What(StrEnum):
    """What a value is, as far as definitions alone say so; the words are those of messages."""

    TEXT = "text"
    TRUTH = "true or false"
    TIME = "a time"
    NUMBER = "a number"


_TAKES = {
    What.NUMBER: "calculates with numbers only",
    What.TRUTH: "counts what is true: a condition, such as a = 1",
    What.TEXT: "takes texts only",
    What.TIME: "takes times only",
}
_OF_NUMBERS = frozenset({"add", "subtract", "multiply", "divide", "modulo", "negate", "abs", "round", "floor", "ceil",
                         "sqrt", "ln", "exp", "power"})  # fmt: skip
_OF_TEXTS = frozenset({"lower", "upper", "trim", "contains", "starts_with", "ends_with", "like"})
_OF_TIMES = frozenset({"date_trunc", "date_part", "date_diff", "date_add"})
_MADE: dict[str, What] = dict.fromkeys(_OF_NUMBERS | {"length", "date_part", "date_diff"}, What.NUMBER)
_MADE |= dict.fromkeys(("lower", "upper", "trim", "substring", "concat", "replace"), What.TEXT)
_MADE |= dict.fromkeys(("date_trunc", "date_add"), What.TIME)
_SAME = frozenset({"coalesce", "nullif", "greatest", "least"})
_COMPARED = frozenset({"eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "between", "is_distinct_from",
                       "is_not_distinct_from"})  # fmt: skip
_CONDITIONS = _COMPARED | {"and", "or", "not", "is_null", "is_not_null", "like", "contains", "starts_with", "ends_with"}
_ADDED_UP = frozenset({"sum", "avg", "median", "percentile", "percentile_disc", "approx_percentile"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names of a formula are. Constants that are compared with a dimension are check_values.py's."""

    what: Callable[[Name], What | None]
    is_dimension: Callable[[Name], bool] = lambda _: False


def check_kinds(findings: Findings) -> None:
    """Needs a catalog whose metrics do not go in circles."""
    kinds = _Kinds(findings)
    for metric in findings.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            kinds.of_block(block)
            kinds.check_condition_of(block)
    for dataset in findings.catalog.datasets.values():
        for name, segment in dataset.segments.items():
            if segment.where is not None:
                path = ("datasets", dataset.name, "segments", name, "where")
                kinds.check_rows(dataset.name, Formula(segment.where, path), None)
        for name, dimension in dataset.dimensions.items():
            if isinstance(dimension.rule, MetricValue) and dimension.time is not None:
                kinds.check_event(dimension.rule.metric, ("datasets", dataset.name, "dimensions", name, "metric"))


class _Kinds:
    """What a block's value is; None where definitions do not say."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.known: dict[Path, What | None] = {}

    def of_block(self, block: Block) -> What | None:
        if block.path not in self.known:
            self.known[block.path] = None
            rule = block.rule
            if rule.home is not None and not isinstance(rule.modifier, Across):
                scope = self._rows_of(self.findings.catalog.datasets.get(rule.home))
            else:
                scope = self._metrics(block)
            formula = Formula(rule.value, (*block.path, "is"))
            kind = _Reading(self.findings, formula, scope, block.metric).of(rule.value)
            self.known[block.path] = What.NUMBER if isinstance(rule.modifier, RankWithin) else kind
        return self.known[block.path]

    def check_event(self, name: str, path: Path) -> None:
        """A dimension of time that is made of a metric: the first or last event of each of its rows."""
        metric = self.findings.catalog.metrics.get(name)
        kind = None if metric is None else self.of_block(block_of(metric))
        if kind is not None and kind is not What.TIME:
            message = f'{name} is {kind}; beside "type: time" the metric is a time, such as min(order_date)'
            self.findings.at_value(path, ProblemCode.UNITS, message)

    def check_condition_of(self, block: Block) -> None:
        rule = block.rule
        if rule.where is not None:
            formula = Formula(rule.where, (*block.path, "where"))
            for home in row_homes(self.findings.catalog, block) if rule.home is None else (rule.home,):
                self.check_rows(home, formula, block.metric)
        if isinstance(rule.modifier, Across) and rule.modifier.having is not None:
            formula = Formula(rule.modifier.having, (*block.path, "having"))
            _Reading(self.findings, formula, self._metrics(block), block.metric).of(formula.tree)

    def check_rows(self, home: str, formula: Formula, metric: Metric | None) -> None:
        """A condition over rows of a dataset."""
        dataset = self.findings.catalog.datasets.get(home)
        _Reading(self.findings, formula, self._rows_of(dataset), metric).of(formula.tree)

    def _metrics(self, block: Block) -> Scope:
        def of_name(name: Name) -> What | None:
            step = block.find(str(name))
            if step is not None:
                return self.of_block(step)
            metric = self.findings.catalog.metrics.get(str(name))
            return None if metric is None else self.of_block(block_of(metric))

        return Scope(of_name)

    def _rows_of(self, dataset: Dataset | None) -> Scope:
        """Dimensions that a dataset reaches, and its own columns as far as their types are declared."""
        if dataset is None:
            return Scope(lambda _: None)

        def dimension(name: Name) -> Dimension | None:
            found = find_dimension(self.findings.catalog, dataset.name, str(name))
            return found.dimension if isinstance(found, FoundDimension) else None

        def what(name: Name) -> What | None:
            found = dimension(name)
            if found is None:
                return _told(dataset.declared(str(name)))
            return What.TIME if found.time is not None else _told(found.type)

        return Scope(what, lambda name: dimension(name) is not None)


class _Reading:
    """One formula read through, with what its names are."""

    def __init__(self, findings: Findings, formula: Formula, scope: Scope, metric: Metric | None) -> None:
        self.findings = findings
        self.formula = formula
        self.scope = scope
        self.parameters = {} if metric is None else metric.parameters

    def of(self, node: Expr) -> What | None:
        match node:
            case Literal(value):
                return _of_literal(value)
            case Name():
                return self.scope.what(node)
            case Parameter(name):
                return _told(self.parameters[name].type) if name in self.parameters else None
            case Cast(operand, type_):
                self.of(operand)
                return _told(type_)
            case Case(branches, otherwise):
                results = [then for _, then in branches] + ([] if otherwise is None else [otherwise])
                for when, _ in branches:
                    self.of(when)
                return next((kind for kind in [self.of(one) for one in results] if kind), None)
            case Exists():
                return What.TRUTH  # names inside of it are another dataset's
            case Aggregate():
                return self._of_aggregate(node)
            case Call():
                return self._of_call(node)
            case _:
                for one in children(node):
                    self.of(one)
                return None

    def _of_aggregate(self, node: Aggregate) -> What | None:
        kinds = [self.of(one) for one in node.arguments]
        if node.function in _ADDED_UP:
            self._only(What.NUMBER, node.function, node.at, node.arguments, kinds)
        if node.function == "count_if":
            self._only(What.TRUTH, node.function, node.at, node.arguments, kinds)
        return kinds[0] if node.function in ("min", "max") else What.NUMBER

    def _of_call(self, node: Call) -> What | None:
        function, at = node.function, node.at
        kinds = [self.of(one) for one in node.arguments]
        if function in _OF_NUMBERS:
            self._only(What.NUMBER, function, at, node.arguments, kinds)
        elif function in _OF_TEXTS:
            self._only(What.TEXT, function, at, node.arguments, kinds)
        elif function in _OF_TIMES:
            moments = slice(0, 1) if function == "date_add" else slice(1, None)  # the rest are units and counts
            self._only(What.TIME, function, at, node.arguments[moments], kinds[moments])
        elif function in _COMPARED:
            self._alike(node, kinds)
        if function in _CONDITIONS:
            return What.TRUTH
        return kinds[0] if function in _SAME else _MADE.get(function)

    def _only(
        self, wanted: What, function: str, at: int, arguments: tuple[Expr, ...], kinds: list[What | None]
    ) -> None:
        for argument, kind in zip(arguments, kinds, strict=True):
            if kind is not None and kind is not wanted:
                message = f"{formula_text(argument)} is {kind}; {function} {_TAKES[wanted]}"
                self.findings.inside(self.formula, at, ProblemCode.UNITS, message)

    def _alike(self, node: Call, kinds: list[What | None]) -> None:
        """Both sides of a comparison are one kind of thing. A dimension and a constant: see check_values.py."""
        first, *rest = node.arguments
        for argument, kind in zip(rest, kinds[1:], strict=True):
            if kind is None or kinds[0] is None or kind is kinds[0]:
                continue
            if any(isinstance(one, Name) and self.scope.is_dimension(one) for one in (first, argument)) and any(
                isinstance(one, Literal) for one in (first, argument)
            ):
                continue
            message = (
                f"{formula_text(first)} is {kinds[0]} and {formula_text(argument)} is {kind}: they cannot be compared"
            )
            self.findings.inside(self.formula, node.at, ProblemCode.UNITS, message)


def _of_literal(value: object) -> What | None:
    match value:
        case bool():
            return What.TRUTH
        case str():
            return What.TEXT
        case date():
            return What.TIME
        case int() | float() | Decimal():
            return What.NUMBER
        case _:
            return None


def _told(type_: ColumnType | None) -> What | None:
    if type_ is None:
        return None
    if type_.is_time:
        return What.TIME
    return What.NUMBER if type_.is_number else {Kind.TEXT: What.TEXT, Kind.BOOLEAN: What.TRUTH}.get(type_.kind)
