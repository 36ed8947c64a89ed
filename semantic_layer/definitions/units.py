"""Units of metrics, and their one rule: they add only to themselves. 5 EUR + 5 USD is no number."""

from semantic_layer.definitions.expression import Aggregate, Call, Case, Expr, Literal, Name
from semantic_layer.definitions.findings import Findings, Formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.model import Across, Catalog, RankWithin
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.scope import Block, block_of, blocks_below
from semantic_layer.definitions.shape_reader import Path, Places

_COUNTS = ("count", "count_distinct", "count_if", "approx_count_distinct")
_SAME = ("add", "subtract", "coalesce", "nullif", "greatest", "least", "modulo")
_COMPARED = (
    "eq",
    "ne",
    "lt",
    "lte",
    "gt",
    "gte",
    "in",
    "not_in",
    "between",
    "is_distinct_from",
    "is_not_distinct_from",
)
_KEEP = ("negate", "abs", "round", "floor", "ceil")
_PLAIN = {"percent": "ratio"}  # two ways to print one thing
Unit = str | None  # None: not known, or a bare number


class Units:
    """Infers units, each sentence once."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.known: dict[Path, Unit] = {}

    def of_block(self, block: Block) -> Unit:
        """The declared unit, else what follows from the rule."""
        if block.path not in self.known:
            self.known[block.path] = block.rule.unit  # also ends any circle
            inferred = self._inferred(block)
            declared = block.rule.unit
            self.known[block.path] = declared if declared is not None else inferred
            if _differ(declared, inferred) and _sure(block.rule.value):
                message = f'unit: {declared}, but "{formula_text(block.rule.value)}" is {inferred}'
                self.findings.at_value((*block.path, "unit"), ProblemCode.UNITS, message)
        return self.known[block.path]

    def _inferred(self, block: Block) -> Unit:
        rule = block.rule
        if isinstance(rule.modifier, RankWithin):
            self._of(rule.value, block)
            return None
        if rule.home is not None or isinstance(rule.modifier, Across):
            match rule.value:
                case Aggregate(function) if function in _COUNTS:
                    return "count"
                case Aggregate(function, (argument,), _, at) if isinstance(rule.modifier, Across):
                    if function == "sum" and self._is_ratio(argument, block):
                        self._say_sum_of_ratios(argument, at, block)
                    return self._of(argument, block)
                case _:
                    return None
        return self._of(rule.value, block)

    def _of(self, node: Expr, block: Block) -> Unit:
        match node:
            case Name():
                return self._of_name(str(node), block)
            case Call("divide", (left, right)):
                above, below = self._of(left, block), self._of(right, block)
                return "ratio" if above is not None and above == below else above if below is None else None
            case Call("multiply", (left, right)):
                units = [unit for unit in (self._of(left, block), self._of(right, block)) if unit is not None]
                return units[0] if len(units) == 1 else None
            case Call(function, arguments, at) if function in _SAME:
                return self._same(arguments, function, at, block)
            case Call(function, arguments, at) if function in _COMPARED:
                self._same(arguments, function, at, block)
                return None
            case Call(function, (operand, *_)) if function in _KEEP:
                return self._of(operand, block)
            case Call(_, arguments):
                for argument in arguments:
                    self._of(argument, block)
                return None
            case Case(branches, otherwise):
                for when, _ in branches:
                    self._of(when, block)
                results = [then for _, then in branches] + ([] if otherwise is None else [otherwise])
                return self._same(tuple(results), "case", 0, block)
            case _:
                return None

    def _same(self, operands: tuple[Expr, ...], function: str, at: int, block: Block) -> Unit:
        known: tuple[str, Expr] | None = None
        for operand in operands:
            unit = self._of(operand, block)
            if known is not None and _differ(known[0], unit):
                sign = {"add": "+", "subtract": "-"}.get(function, "and")
                do_not = "cannot be compared" if function in _COMPARED else "do not add"
                message = (
                    f"{formula_text(known[1])} ({known[0]}) {sign} {formula_text(operand)} ({unit}): "
                    f"units that {do_not}; division and multiplication are allowed"
                )
                self.findings.inside(Formula(block.rule.value, (*block.path, "is")), at, ProblemCode.UNITS, message)
            elif known is None and unit is not None:
                known = (unit, operand)
        return None if known is None else known[0]

    def _is_ratio(self, node: Expr, block: Block) -> bool:
        """Whether a value is a quotient: at more rows it is computed again, never added up (semantics rule 8)."""
        match node:
            case Call("divide"):
                return True
            case Call(function, arguments) if function in (*_SAME, *_KEEP):
                return any(self._is_ratio(one, block) for one in arguments)
            case Call("multiply", arguments):
                return all(isinstance(one, Literal) or self._is_ratio(one, block) for one in arguments)
            case Name():
                named = block.find(str(node)) or self._metric_block(str(node))
                if named is None or named.rule.home is not None or isinstance(named.rule.modifier, Across | RankWithin):
                    return False
                return self._is_ratio(named.rule.value, named)
            case _:
                return False

    def _say_sum_of_ratios(self, argument: Expr, at: int, block: Block) -> None:
        text = formula_text(argument)
        message = (
            f"sum({text}) would add up ratios; divide the sums ({text} without across), or say which of them is"
            " meant: avg, median, min or max"
        )
        self.findings.inside(Formula(block.rule.value, (*block.path, "is")), at, ProblemCode.UNITS, message)

    def _metric_block(self, name: str) -> Block | None:
        metric = self.findings.catalog.metrics.get(name)
        return None if metric is None else block_of(metric)

    def _of_name(self, name: str, block: Block) -> Unit:
        step = block.find(name)
        if step is not None:
            return self.of_block(step)
        metric = self._metric_block(name)
        return None if metric is None else self.of_block(metric)


def unit_of(catalog: Catalog, metric: str) -> Unit:
    """The unit of a metric's values: declared, or what follows from its rule; None if nothing says it."""
    return Units(Findings(catalog, Places(), frozenset())).of_block(block_of(catalog.metrics[metric]))


def check_units(findings: Findings) -> None:
    """Needs a catalog whose metrics do not go in circles."""
    units = Units(findings)
    for metric in findings.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            units.of_block(block)


def _differ(one: Unit, other: Unit) -> bool:
    return one is not None and other is not None and _PLAIN.get(one, one) != _PLAIN.get(other, other)


def _sure(value: Expr) -> bool:
    """Whether the unit follows from the formula alone: a quotient may be given any name (USD per basket, days)."""
    match value:
        case Name():
            return True
        case Call("add" | "subtract", (left, right)):
            return _sure(left) or _sure(right)
        case _:
            return False
