"""Metrics of a manifest, in the form over measures and in the form with aggregation parameters, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from semantic_layer.definitions.problem import near_names
from semantic_layer.interchange.dbt.json_place import ObjectPlace, Problems
from semantic_layer.interchange.dbt.manifest import (
    AggregationKind,
    Conversion,
    ConversionCalculation,
    Cumulative,
    Derived,
    DimensionKind,
    Filter,
    InputMetric,
    JsonPath,
    Metric,
    MetricRule,
    NonAdditive,
    Percentile,
    PeriodAggregate,
    Ratio,
    SemanticModel,
    Simple,
    Window,
    WindowChoice,
)
from semantic_layer.interchange.dbt.read_filters import filters_of


class MetricKind(StrEnum):
    SIMPLE = "simple"
    RATIO = "ratio"
    CUMULATIVE = "cumulative"
    DERIVED = "derived"
    CONVERSION = "conversion"


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregate that a semantic model names, and whether it is a metric by itself."""

    name: str
    rule: Simple
    at: JsonPath
    is_metric: bool = False
    label: str | None = None
    description: str | None = None

    @property
    def metric(self) -> Metric:
        """The metric that `create_metric` asks for."""
        return Metric(self.name, self.rule, self.at, label=self.label, description=self.description)


def measures_of(place: ObjectPlace, model: SemanticModel) -> dict[str, Measure]:
    """The measures of a semantic model by name."""
    found: dict[str, Measure] = {}
    for one in place.objects("measures"):
        name = one.text("name")
        rule = _aggregate(one, model, one.some_text("expr") or name)
        words = (one.some_text("label"), one.some_text("description"))
        found[name] = Measure(name, rule, one.at, one.flag("create_metric"), *words)
    return found


def inputs_of(rule: MetricRule) -> tuple[InputMetric, ...]:
    """The metrics that a rule is made of, in order."""
    match rule:
        case Simple():
            return ()
        case Ratio(numerator, denominator):
            return (numerator, denominator)
        case Derived(_, inputs):
            return inputs
        case Cumulative(one):
            return (one,) if isinstance(one, InputMetric) else ()
        case Conversion(base, conversion):
            return tuple(one for one in (base, conversion) if isinstance(one, InputMetric))


class MetricReader:
    """Reads metrics against the semantic models and measures of the same manifest."""

    def __init__(self, models: Mapping[str, SemanticModel], measures: Mapping[str, Measure]) -> None:
        self._models = models
        self._measures = measures

    def metric(self, place: ObjectPlace) -> Metric | None:
        """The metric, or None if its rule cannot be read (what is wrong is noted)."""
        name, kind = place.text("name"), place.choice("type", MetricKind)
        params = place.required("type_params")
        rule = None if kind is None else self._rule(kind, params, name)
        if rule is None:
            return None
        granularity = place.some_text("time_granularity")
        filters = filters_of(place, "filter")
        if isinstance(rule, Simple):
            filters, rule = distinct_filters(filters, rule.filters), replace(rule, filters=())
        return Metric(
            name=name,
            rule=rule,
            at=place.at,
            filters=filters,
            time_granularity=granularity and granularity.lower(),
            is_private=params.flag("is_private"),
            label=place.some_text("label"),
            description=place.some_text("description"),
        )

    def check_inputs(self, metrics: Mapping[str, Metric], problems: Problems) -> None:
        """Notes every input metric that does not exist."""
        for metric in metrics.values():
            for one in inputs_of(metric.rule):
                if one.name and one.name not in metrics:
                    message = f'"{one.name}" is not a metric of this manifest'
                    problems.note((*one.at, "name"), message, near_names(one.name, metrics))

    def _rule(self, kind: MetricKind, params: ObjectPlace, name: str) -> MetricRule | None:
        match kind:
            case MetricKind.SIMPLE:
                return self._simple(params, name)
            case MetricKind.RATIO:
                return Ratio(_input(params.required("numerator")), _input(params.required("denominator")))
            case MetricKind.DERIVED:
                return Derived(params.text("expr"), tuple(_input(one) for one in params.objects("metrics")))
            case MetricKind.CUMULATIVE:
                return self._cumulative(params)
            case MetricKind.CONVERSION:
                return self._conversion(params.required("conversion_type_params"))

    def _simple(self, params: ObjectPlace, name: str) -> Simple | None:
        aggregation, taken = params.inner("metric_aggregation_params"), params.inner("measure")
        if aggregation is None:
            if taken is None:
                params.problems.note(params.at, "a simple metric needs metric_aggregation_params, or a measure")
                return None
            found = self._measure(taken)
            return None if found is None else _filled(found, params)
        model_name = aggregation.text("semantic_model")
        model = self._models.get(model_name)
        if model is None:
            message = f'"{model_name}" is not a semantic model of this manifest'
            params.problems.note((*aggregation.at, "semantic_model"), message, near_names(model_name, self._models))
            return None
        rule = _filled(_aggregate(aggregation, model, params.some_text("expr") or name), params)
        return rule if taken is None else _filled(replace(rule, filters=filters_of(taken, "filter")), taken)

    def _measure(self, place: ObjectPlace) -> Simple | None:
        name = place.text("name")
        found = self._measures.get(name)
        if found is None:
            message = f'"{name}" is not a measure of any semantic model'
            place.problems.note((*place.at, "name"), message, near_names(name, self._measures))
            return None
        return _filled(replace(found.rule, filters=filters_of(place, "filter")), place)

    def _cumulative(self, params: ObjectPlace) -> Cumulative | None:
        own = params.inner("cumulative_type_params") or ObjectPlace({}, params.at, params.problems)
        taken = self._metric_or_measure(own, "metric", params, "measure")
        if taken is None:
            return None
        grain = own.some_text("grain_to_date") or params.some_text("grain_to_date")
        return Cumulative(
            input=taken,
            window=_window(own, "window") or _window(params, "window"),
            grain_to_date=grain and grain.lower(),
            period_aggregate=own.choice("period_agg", PeriodAggregate, PeriodAggregate.FIRST) or PeriodAggregate.FIRST,
        )

    def _conversion(self, own: ObjectPlace) -> Conversion | None:
        base = self._metric_or_measure(own, "base_metric", own, "base_measure")
        conversion = self._metric_or_measure(own, "conversion_metric", own, "conversion_measure")
        if base is None or conversion is None:
            return None
        rate = ConversionCalculation.CONVERSION_RATE
        return Conversion(
            base=base,
            conversion=conversion,
            entity=own.text("entity"),
            calculation=own.choice("calculation", ConversionCalculation, rate) or rate,
            window=_window(own, "window"),
            constants=tuple(
                (one.text("base_property"), one.text("conversion_property"))
                for one in own.objects("constant_properties")
            ),
        )

    def _metric_or_measure(
        self, place: ObjectPlace, metric: str, older: ObjectPlace, measure: str
    ) -> InputMetric | Simple | None:
        """What a rule is computed from: a metric, or in the older form a measure."""
        found = place.inner(metric)
        if found is not None:
            return _input(found)
        taken = older.inner(measure)
        if taken is not None:
            return self._measure(taken)
        place.problems.note((*place.at, metric), "is missing")
        return None


def _filled(rule: Simple, place: ObjectPlace) -> Simple:
    """The rule with what a metric, or its input measure, says of missing values."""
    fill = place.number("fill_nulls_with")
    return replace(
        rule,
        fill_nulls_with=rule.fill_nulls_with if fill is None else fill,
        join_to_timespine=rule.join_to_timespine or place.flag("join_to_timespine"),
    )


def _aggregate(place: ObjectPlace, model: SemanticModel, expression: str) -> Simple:
    time = place.some_text("agg_time_dimension") or model.time
    times = [one.name for one in model.dimensions if one.kind is DimensionKind.TIME]
    if time is not None and time not in times and "agg_time_dimension" in place:
        message = f'"{time}" is no time dimension of semantic model "{model.name}"'
        place.problems.note((*place.at, "agg_time_dimension"), message, near_names(time, times))
    aggregation = place.choice("agg", AggregationKind) or AggregationKind.SUM
    return Simple(
        model=model.name,
        aggregation=aggregation,
        expression=expression,
        time=time,
        percentile=_percentile(place, aggregation),
        non_additive=_non_additive(place, model),
    )


def _percentile(place: ObjectPlace, aggregation: AggregationKind) -> Percentile | None:
    if aggregation is not AggregationKind.PERCENTILE:
        return None
    params = place.required("agg_params")
    share = params.number("percentile")
    if share is None or not 0 <= share <= 1:
        place.problems.note((*params.at, "percentile"), "expected a number from 0 to 1")
        share = Decimal("0.5")
    return Percentile(share, params.flag("use_discrete_percentile"), params.flag("use_approximate_percentile"))


def _non_additive(place: ObjectPlace, model: SemanticModel) -> NonAdditive | None:
    own = place.inner("non_additive_dimension")
    if own is None:
        return None
    choice = own.choice("window_choice", WindowChoice, WindowChoice.MIN) or WindowChoice.MIN
    found = NonAdditive(own.text("name"), choice, own.texts("window_groupings"))
    if model.dimension(found.dimension) is None:
        message = f'"{found.dimension}" is no dimension of semantic model "{model.name}"'
        near = near_names(found.dimension, [one.name for one in model.dimensions])
        place.problems.note((*own.at, "name"), message, near)
    return found


def _input(place: ObjectPlace) -> InputMetric:
    grain = place.some_text("offset_to_grain")
    return InputMetric(
        name=place.text("name"),
        at=place.at,
        alias=place.some_text("alias"),
        filters=filters_of(place, "filter"),
        offset_window=_window(place, "offset_window"),
        offset_to_grain=grain and grain.lower(),
    )


def _window(place: ObjectPlace, key: str) -> Window | None:
    """`{"count": 7, "granularity": "day"}`, or the text `7 days`."""
    value = place.fields.get(key)
    if isinstance(value, str):
        words = value.lower().split()
        if len(words) == 2 and words[0].isdigit():
            return Window(int(words[0]), words[1].removesuffix("s"))
        place.problems.note((*place.at, key), f'"{value}" is no window, such as 7 days')
        return None
    own = place.inner(key)
    if own is None:
        return None
    count, granularity = own.whole("count"), own.text("granularity").lower()
    if count is None or count < 1:
        place.problems.note((*own.at, "count"), "expected a whole number of at least 1")
        return None
    return Window(count, granularity)


def distinct_filters(*parts: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """All filters once: the newer form repeats those of a measure beside its metric."""
    found: dict[str, Filter] = {}
    for part in parts:
        for one in part:
            found.setdefault(one.template, one)
    return tuple(found.values())
