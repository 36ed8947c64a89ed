"""Metrics of dbt as sentences of ours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from semantic_layer.definitions.expression import Aggregate, Call, Case, Expr, Literal, Name, rewrite, walk
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.formula_tokens import FormulaError
from semantic_layer.definitions.types import Grain
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.interchange.dbt.columns import Columns, not_ours
from semantic_layer.interchange.dbt.filters import CannotSay, FilterReader
from semantic_layer.interchange.dbt.import_datasets import words
from semantic_layer.interchange.dbt.imported import ImportIssue, Names, Tree
from semantic_layer.interchange.dbt.manifest import (
    AggregationKind,
    Conversion,
    ConversionCalculation,
    Cumulative,
    Derived,
    Filter,
    InputMetric,
    Manifest,
    Metric,
    NonAdditive,
    Percentile,
    Ratio,
    Simple,
    Window,
    WindowChoice,
)
from semantic_layer.interchange.dbt.metric_homes import Home, homes_of, homes_of_input

_PLAIN = {
    AggregationKind.SUM: "sum",
    AggregationKind.MIN: "min",
    AggregationKind.MAX: "max",
    AggregationKind.AVERAGE: "avg",
    AggregationKind.MEDIAN: "median",
    AggregationKind.COUNT_DISTINCT: "count_distinct",
    AggregationKind.SUM_BOOLEAN: "count_if",
    AggregationKind.COUNT: "count",
}


def aggregate_of(simple: Simple, tree: Expr) -> Aggregate:
    """The aggregate as a person would write it: a sum of ones is a count."""
    if simple.percentile is not None:
        return _percentile(simple.percentile, tree)
    if simple.aggregation is AggregationKind.SUM:
        match tree:
            case Literal(1):
                return Aggregate("count")
            case Case(((Call("is_not_null", (Name() as counted,)), Literal(1)),), Literal(0)):
                return Aggregate("count", (counted,))
            case Case(((condition, Literal(1)),), Literal(0)):
                return Aggregate("count_if", (condition,))
            case _:
                return Aggregate("sum", (tree,))
    if simple.aggregation is AggregationKind.COUNT and isinstance(tree, Literal):
        return Aggregate("count")
    return Aggregate(_PLAIN[simple.aggregation], (tree,))


def _percentile(wanted: Percentile, tree: Expr) -> Aggregate:
    if wanted.is_approximate:
        return Aggregate("approx_percentile", (tree,), wanted.share)
    if wanted.is_discrete:
        return Aggregate("percentile_disc", (tree,), wanted.share)
    if wanted.share == Decimal("0.5"):
        return Aggregate("median", (tree,))
    return Aggregate("percentile", (tree,), wanted.share)


@dataclass(slots=True)
class MetricWriter:
    """Writes metrics once all names are given."""

    manifest: Manifest
    names: Names
    columns: Columns
    filters: FilterReader
    issues: list[ImportIssue]
    added: dict[str, Tree] = field(default_factory=dict)

    def metrics(self) -> dict[str, Tree]:
        """All metrics that could be said; what was not is an issue."""
        found: dict[str, Tree] = {}
        for metric in self.manifest.metrics.values():
            try:
                found[self.names.metrics[metric.name]] = self._metric(metric)
            except CannotSay as reason:
                todo = "It is left out: write it by hand where it is needed"
                self.issues.append(ImportIssue(f'metric "{metric.name}"', metric.at, str(reason), todo))
        return found | self.added

    def _metric(self, metric: Metric) -> Tree:
        rule = self._rule(metric)
        about: Tree = {}
        for key, text in (("label", metric.label), ("meaning", metric.description)):
            said = words(text)
            if said is not None:
                about[key] = said
        if metric.is_private:
            about["tags"] = ["private"]
        return {**rule, **({"about": about} if about else {})}

    def _rule(self, metric: Metric) -> Tree:
        match metric.rule:
            case Simple():
                return self._simple(metric.rule, metric.filters)
            case Ratio(numerator, denominator):
                return self._ratio(metric, numerator, denominator)
            case Derived():
                return self._derived(metric, metric.rule)
            case Cumulative():
                return self._cumulative(metric, metric.rule)
            case Conversion():
                return self._conversion(metric, metric.rule)

    # --- one aggregate -------------------------------------------------------------------------------------------

    def _simple(self, simple: Simple, filters: Sequence[Filter]) -> Tree:
        tree = self.columns.aggregated.get(simple)
        if tree is None:
            raise CannotSay(self.columns.refused[simple])
        aggregate = aggregate_of(simple, tree)
        found: Tree = {"is": formula_text(aggregate), "from": self.names.datasets[simple.model]}
        home = Home(simple.model, simple.time)
        self._where(found, (*simple.filters, *filters), [home])
        time = simple.time
        if simple.non_additive is not None:
            time = self._non_additive(found, simple, simple.non_additive)
        if time is not None and time != self.manifest.models[simple.model].time:
            found["time"] = self.names.elements[simple.model, time]
        self._shown_everywhere(found, simple)
        return found

    def _shown_everywhere(self, found: Tree, simple: Simple) -> None:
        """The rows that a metric has beside those with data, and the value in them."""
        if simple.join_to_timespine and self.names.calendar is not None:
            found["every_period"] = self.names.calendar
        if simple.fill_nulls_with is not None:
            found["fill"] = _number(simple.fill_nulls_with)

    def _stepped(self, found: Tree) -> None:
        """Windows and shifts of dbt stand at each day of its time spine."""
        if self.names.calendar is not None:
            found["steps"] = self.names.calendar

    def _non_additive(self, found: Tree, simple: Simple, rule: NonAdditive) -> str:
        found["take"] = "first recorded" if rule.choice is WindowChoice.MIN else "last recorded"
        if rule.groupings:
            found["take_each"] = [self.names.elements[simple.model, one] for one in rule.groupings]
        return rule.dimension

    def _where(self, found: Tree, filters: Sequence[Filter], homes: Sequence[Home]) -> None:
        condition = self.filters.condition(filters, homes)
        if condition is not None:
            found["where"] = formula_text(condition)

    # --- over other metrics --------------------------------------------------------------------------------------

    def _ratio(self, metric: Metric, numerator: InputMetric, denominator: InputMetric) -> Tree:
        steps = _Steps(self, metric)
        value = Call("divide", (steps.name(numerator), steps.name(denominator)))
        return steps.around(value)

    def _derived(self, metric: Metric, derived: Derived) -> Tree:
        steps = _Steps(self, metric)
        try:
            tree = parse_formula(derived.expression)
        except FormulaError as error:
            raise CannotSay(not_ours(derived.expression, error)) from None
        inputs = {one.said: one for one in derived.inputs}
        unknown = [str(node) for node in walk(tree) if isinstance(node, Name) and str(node) not in inputs]
        if unknown:
            raise CannotSay(f'"{unknown[0]}" is none of its inputs')
        if isinstance(tree, Name):  # one input, of another period or over fewer rows
            return steps.alone(inputs[str(tree)])
        value = rewrite(tree, lambda node: steps.name(inputs[str(node)]) if isinstance(node, Name) else None)
        return steps.around(value)

    def _cumulative(self, metric: Metric, rule: Cumulative) -> Tree:
        steps = _Steps(self, metric)
        found: Tree
        if isinstance(rule.input, Simple):
            found = {"is": "rows", "with": {"rows": self._simple(rule.input, ())}}
        else:
            found = steps.alone(rule.input) if rule.input.filters else {"is": self.names.metrics[rule.input.name]}
        self._where(found, metric.filters, homes_of(self.manifest, metric))
        found["over"] = _window_words(rule)
        found["take"] = rule.period_aggregate.value
        self._stepped(found)
        return found

    def _conversion(self, metric: Metric, rule: Conversion) -> Tree:
        (first,), (then,) = homes_of_input(self.manifest, rule.base), homes_of_input(self.manifest, rule.conversion)
        event = self._event(metric, rule.base, first)
        same = [self._same(first, then, rule.entity, rule.entity)]
        same += [self._same(first, then, ours, theirs) for ours, theirs in rule.constants]
        within = "unlimited" if rule.window is None else _duration(rule.window)
        converted: Tree = {"is": self._counted(rule.conversion)}
        self._where(converted, () if isinstance(rule.conversion, Simple) else rule.conversion.filters, [then])
        converted["after"] = {"event": event, "same": list[Json](same), "within": within, "match": "last"}
        counted = rule.conversion if isinstance(rule.conversion, Simple) else self._simple_of(rule.conversion)
        if counted is not None:
            self._shown_everywhere(converted, counted)
        # where nothing was converted dbt has no number, unless it is filled
        said = "converted" if counted is not None and counted.fill_nulls_with is not None else "nullif(converted, 0)"
        if rule.calculation is ConversionCalculation.CONVERSIONS:
            return converted if said == "converted" else {"is": said, "with": {"converted": converted}}
        return {"is": f"{said} / {event}", "with": {"converted": converted}}

    def _simple_of(self, one: InputMetric) -> Simple | None:
        rule = self.manifest.metrics[one.name].rule
        return rule if isinstance(rule, Simple) else None

    def _event(self, metric: Metric, base: InputMetric | Simple, home: Home) -> str:
        """The metric that counts the events; one of its own where they are fewer than those of another metric."""
        filters = (*metric.filters, *(base.filters if isinstance(base, InputMetric) else ()))
        if isinstance(base, InputMetric) and not filters:
            return self.names.metrics[base.name]
        found: Tree = self._simple(base, ()) if isinstance(base, Simple) else {"is": self.names.metrics[base.name]}
        self._where(found, filters, [home])
        name = self.filters.take_name(f"{self.names.metrics[metric.name]}_events")
        self.added[name] = {**found, "about": {"tags": ["private"]}}
        return name

    def _counted(self, one: InputMetric | Simple) -> str:
        if isinstance(one, Simple):
            raise CannotSay("a conversion of a measure has no words here")
        return self.names.metrics[one.name]

    def _same(self, first: Home, then: Home, ours: str, theirs: str) -> str:
        """The name by which both events mean what they have in common."""
        names = {self.names.elements.get((first.model, ours)), self.names.elements.get((then.model, theirs))}
        if None in names or len(names) > 1:
            raise CannotSay(f'"{ours}" of the one event and "{theirs}" of the other have not one name')
        return str(names.pop())


@dataclass(slots=True)
class _Steps:
    """The inputs of one metric: by their own name where they are taken as they are, else as named steps."""

    writer: MetricWriter
    metric: Metric
    steps: dict[str, Tree] = field(default_factory=dict)

    def name(self, one: InputMetric) -> Name:
        if not one.filters and one.offset_window is None and one.offset_to_grain is None:
            return Name((self.writer.names.metrics[one.name],))
        step = self._step(one)
        same = next((name for name, other in self.steps.items() if other == step), None)
        name = same or next(word for word in self._candidates(one) if self._is_free(word))
        self.steps[name] = step
        return Name((name,))

    def alone(self, one: InputMetric) -> Tree:
        """The whole metric is this input; the metric's own filters stand beside those of the input."""
        found = self._step(one)
        self.writer._where(found, (*one.filters, *self.metric.filters), homes_of(self.writer.manifest, self.metric))
        return found

    def around(self, value: Expr) -> Tree:
        found: Tree = {"is": formula_text(value)}
        self.writer._where(found, self.metric.filters, homes_of(self.writer.manifest, self.metric))
        if self.steps:
            found["with"] = dict(self.steps)
        return found

    def _step(self, one: InputMetric) -> Tree:
        metric = self.writer.manifest.metrics[one.name]
        found: Tree = {"is": self.writer.names.metrics[one.name]}
        self.writer._where(found, one.filters, homes_of(self.writer.manifest, metric))
        if one.offset_window is not None:
            found["ago"] = self._duration(one.offset_window)
        elif one.offset_to_grain is not None:
            found["at_start_of"] = _unit(one.offset_to_grain)
        if "ago" in found or "at_start_of" in found:
            self.writer._stepped(found)
        if isinstance(metric.rule, Simple):
            self.writer._shown_everywhere(found, metric.rule)  # a step does not inherit it
        return found

    def _duration(self, window: Window) -> str:
        grain = self.writer.names.grains.get(window.granularity)
        return _duration(window) if grain is None else f"{window.count} {grain}"

    def _candidates(self, one: InputMetric) -> Iterator[str]:
        own = self.writer.names.metrics[one.name]
        if one.alias is not None:
            yield one.alias
        if one.offset_window is not None:
            yield f"{own}_{self._duration(one.offset_window).replace(' ', '_')}_ago"
        elif one.offset_to_grain is not None:
            yield f"{own}_at_start_of_{one.offset_to_grain}"
        word = "before" if one.offset_window is not None else "at_start" if one.offset_to_grain else "some"
        yield from (word, f"{word}_{own}")
        yield from (f"{word}_{own}_{number}" for number in range(2, 1000))

    def _is_free(self, name: str) -> bool:
        return name not in self.writer.names.metrics.values() and name not in self.steps and "__" not in name


def _unit(granularity: str) -> str:
    if granularity not in set(Grain):
        raise CannotSay(f'"{granularity}" is no unit of time here')
    return granularity


def _duration(window: Window) -> str:
    return f"{window.count} {_unit(window.granularity)}{'' if window.count == 1 else 's'}"


def _window_words(rule: Cumulative) -> str:
    if rule.window is not None:
        return f"trailing {_duration(rule.window)}"
    return "start to date" if rule.grain_to_date is None else f"{_unit(rule.grain_to_date)} to date"


def _number(value: Decimal) -> int | str:
    return int(value) if value == value.to_integral_value() else format(value, "f")
