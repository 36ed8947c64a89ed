from decimal import Decimal
from typing import Any

import pytest

from semantic_layer.errors import ErrorCode
from semantic_layer.interchange.dbt.manifest import (
    AggregationKind,
    Conversion,
    ConversionCalculation,
    Cumulative,
    Derived,
    EntityKind,
    InputMetric,
    NonAdditive,
    Percentile,
    PeriodAggregate,
    Ratio,
    Simple,
    Validity,
    Window,
    WindowChoice,
)
from semantic_layer.interchange.dbt.read_manifest import ManifestErrors, read_manifest
from tests.interchange.manifests import NAMES, manifest_bytes, manifest_of, metric, model, simple

IS_INSTANT = "{{ Dimension('booking__is_instant') }}"


def shop(*metrics: dict[str, Any], measures: list[dict[str, Any]] | None = None, **rest: Any) -> dict[str, Any]:
    bookings = model("bookings", measures=measures or [], primary_entity="booking")
    return {"semantic_models": [bookings], "metrics": list(metrics), **rest}


def messages(document: bytes) -> list[str]:
    with pytest.raises(ManifestErrors) as refused:
        read_manifest(document)
    assert {issue.code for issue in refused.value.issues} == {ErrorCode.MANIFEST_INVALID}
    return [issue.message for issue in refused.value.issues]


@pytest.mark.parametrize("name", NAMES)
def test_every_manifest_of_metricflow_can_be_read(name: str) -> None:
    manifest = read_manifest(manifest_bytes(name))
    assert manifest.models and manifest.metrics
    assert [spine.granularity for spine in manifest.time_spines][-1] == "day"
    assert manifest.time_spines[-1].custom == {"alien_day": "alien_day"}


def test_the_parts_of_a_model() -> None:
    manifest = read_manifest(manifest_bytes("scd_manifest"))
    listings, companies = manifest.models["listings"], manifest.models["companies"]
    assert listings.relation.name == "mf_source.dim_listings"
    assert [(one.name, one.kind, one.expression) for one in listings.entities] == [
        ("listing", EntityKind.NATURAL, "listing_id"),
        ("user", EntityKind.FOREIGN, "user_id"),
    ]
    start, end, country = listings.dimensions[:3]
    assert (start.validity, start.expression, start.granularity) == (Validity.START, "active_from", "day")
    assert (end.validity, country.validity, country.granularity) == (Validity.END, None, None)
    assert companies.own_entity == "company" and listings.own_entity == "listing"
    assert manifest.models["bookings_source"].own_entity == "booking"  # it has no column
    assert [one.name for one in manifest.models["bookings_source"].dimensions if one.is_partition] == ["ds_partitioned"]


def test_both_forms_of_a_simple_metric_are_one_value() -> None:
    measure = {"name": "value", "agg": "sum", "expr": "amount * 2"}
    older = manifest_of(shop(metric("total", "simple", measure={"name": "value"}), measures=[measure]))
    newer = manifest_of(shop(simple("total", "bookings", "sum", "amount * 2")))
    wanted = Simple("bookings", AggregationKind.SUM, "amount * 2", "ds")
    assert older.metrics["total"].rule == newer.metrics["total"].rule == wanted


def test_a_measure_may_ask_for_its_metric() -> None:
    measures = [{"name": "bookings", "agg": "sum", "expr": 1, "create_metric": True}, {"name": "other", "agg": "max"}]
    manifest = manifest_of(shop(measures=measures))
    assert list(manifest.metrics) == ["bookings"]
    assert manifest.metrics["bookings"].rule == Simple("bookings", AggregationKind.SUM, "1", "ds")


def test_what_an_aggregate_carries() -> None:
    aggregation = {
        "agg_params": {"percentile": 0.99, "use_discrete_percentile": True},
        "non_additive_dimension": {"name": "ds", "window_choice": "max", "window_groupings": ["user"]},
    }
    params = {"fill_nulls_with": 0, "join_to_timespine": True}
    found = manifest_of(shop(simple("p", "bookings", "percentile", "x", aggregation=aggregation, **params)))
    rule = found.metrics["p"].rule
    assert isinstance(rule, Simple)
    assert rule.percentile == Percentile(Decimal("0.99"), is_discrete=True)
    assert rule.non_additive == NonAdditive("ds", WindowChoice.MAX, ("user",))
    assert (rule.fill_nulls_with, rule.join_to_timespine) == (0, True)


def test_filters_of_a_measure_and_of_its_metric_are_kept_once() -> None:
    second = "{{ Entity('listing') }} IS NOT NULL"
    both = {"where_filters": [{"where_sql_template": IS_INSTANT}, {"where_sql_template": second}]}
    measures = [{"name": "bookings", "agg": "sum", "expr": "1"}]
    taken = {"name": "bookings", "filter": both, "fill_nulls_with": 1}
    manifest = manifest_of(shop(metric("some", "simple", IS_INSTANT, measure=taken), measures=measures))
    some = manifest.metrics["some"]
    assert [one.template for one in some.filters] == [IS_INSTANT, second]
    assert some.filters[0].at == ("metrics", 0, "filter", "where_filters", 0, "where_sql_template")
    assert isinstance(some.rule, Simple) and some.rule.fill_nulls_with == 1


def test_ratio_derived_cumulative_and_conversion() -> None:
    window = {"count": 7, "granularity": "DAY"}
    shifted = {"name": "n", "alias": "before", "offset_window": window, "filter": IS_INSTANT}
    manifest = manifest_of(
        shop(
            simple("n", "bookings", "sum", "1"),
            metric("r", "ratio", numerator={"name": "n"}, denominator={"name": "n", "offset_to_grain": "month"}),
            metric("d", "derived", expr="n - before", metrics=[{"name": "n"}, shifted]),
            metric("c", "cumulative", cumulative_type_params={"metric": {"name": "n"}, "grain_to_date": "month"}),
            metric("v", "conversion", conversion_type_params={
                "base_metric": {"name": "n"}, "conversion_metric": {"name": "n"}, "entity": "user", "window": window,
                "calculation": "conversions",
                "constant_properties": [{"base_property": "session", "conversion_property": "session_id"}],
            }),
        )
    )  # fmt: skip
    rules = {name: one.rule for name, one in manifest.metrics.items()}
    at = ("metrics", 1, "type_params")
    assert rules["r"] == Ratio(
        InputMetric("n", (*at, "numerator")), InputMetric("n", (*at, "denominator"), offset_to_grain="month")
    )
    assert isinstance(rules["d"], Derived)
    before = rules["d"].inputs[1]
    assert (before.said, before.offset_window, before.filters[0].template) == ("before", Window(7, "day"), IS_INSTANT)
    assert isinstance(rules["c"], Cumulative)
    assert (rules["c"].grain_to_date, rules["c"].period_aggregate) == ("month", PeriodAggregate.FIRST)
    assert isinstance(rules["v"], Conversion)
    assert rules["v"].constants == (("session", "session_id"),)
    assert (rules["v"].calculation, rules["v"].window) == (ConversionCalculation.CONVERSIONS, Window(7, "day"))


def test_the_older_form_of_cumulative_and_conversion_takes_measures() -> None:
    measures = [{"name": "bookings", "agg": "count_distinct", "expr": "guest_id"}]
    taken = {"name": "bookings", "filter": {"where_sql_template": IS_INSTANT}, "join_to_timespine": True}
    manifest = manifest_of(
        shop(
            metric("c", "cumulative", measure=taken, window="2 months"),
            metric("v", "conversion", conversion_type_params={
                "base_measure": {"name": "bookings"}, "conversion_measure": {"name": "bookings"}, "entity": "user",
            }),
            measures=measures,
        )
    )  # fmt: skip
    cumulative, conversion = manifest.metrics["c"].rule, manifest.metrics["v"].rule
    assert isinstance(cumulative, Cumulative) and cumulative.window == Window(2, "month")
    assert isinstance(cumulative.input, Simple) and cumulative.input.aggregation is AggregationKind.COUNT_DISTINCT
    assert [one.template for one in cumulative.input.filters] == [IS_INSTANT] and cumulative.input.join_to_timespine
    assert isinstance(conversion, Conversion) and conversion.base == conversion.conversion


def test_spines_in_both_forms_and_saved_queries() -> None:
    older = {"location": "dwh.days", "column_name": "ds", "grain": "day"}
    query = {"metrics": ["n"], "group_by": ["TimeDimension('metric_time', 'day')"], "where": IS_INSTANT, "limit": 3}
    manifest = manifest_of(
        shop(
            simple("n", "bookings", "sum", "1"),
            project_configuration={"time_spine_table_configurations": [older]},
            saved_queries=[{"name": "q", "query_params": query, "exports": [{"name": "to_a_table"}]}],
        )
    )
    (spine,) = manifest.time_spines
    assert (spine.relation.name, spine.relation.alias, spine.column, spine.custom) == ("dwh.days", "days", "ds", {})
    saved = manifest.saved_queries["q"]
    assert (saved.metrics, saved.group_by, saved.limit) == (("n",), tuple(query["group_by"]), 3)
    assert ([one.template for one in saved.where], saved.exports) == ([IS_INSTANT], ("to_a_table",))


def test_everything_that_is_wrong_is_told_at_once_with_its_place() -> None:
    assert messages(
        b"""{"semantic_models": [{"name": "m", "node_relation": [], "defaults": {"agg_time_dimension": "dz"},
                 "dimensions": [{"name": "ds", "type": "time", "type_params": {"time_granularity": "dai"}},
                                {"name": "d", "type": "categorial"}]}],
             "metrics": [{"name": "x", "type": "simpl", "type_params": {}},
                         {"name": "y", "type": "ratio", "type_params": {"numerator": {"name": "yy"}}},
                         {"name": "z", "type": "simple", "type_params":
                             {"expr": "1", "metric_aggregation_params": {"semantic_model": "mm", "agg": "sum"}}},
                         {"name": "y", "type": "derived", "type_params": {"expr": "1", "metrics": {}}}]}"""
    ) == [
        "semantic_models[0].node_relation: expected an object",
        'semantic_models[0].dimensions[0].type_params.time_granularity: "dai" is none of nanosecond, microsecond, '
        "millisecond, second, minute, hour, day, week, month, quarter, year; near: day",
        'semantic_models[0].dimensions[1].type: "categorial" is none of categorical, time; near: categorical',
        'semantic_models[0].defaults.agg_time_dimension: "dz" is no time dimension of semantic model "m"',
        'metrics[0].type: "simpl" is none of simple, ratio, cumulative, derived, conversion; near: simple',
        "metrics[1].type_params.denominator: is missing",
        'metrics[2].type_params.metric_aggregation_params.semantic_model: "mm" is not a semantic model of this '
        "manifest; near: m",
        "metrics[3].type_params.metrics: expected a list",
        'metrics[3].name: metric "y" is defined twice',
        'metrics[1].type_params.numerator.name: "yy" is not a metric of this manifest; near: y',
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"{", "this is no JSON: unexpected end of data in line 1, column 2"),
        (b"\xff", "this is no JSON"),
        (b"[]", "this is no semantic manifest"),
        (b'{"nodes": {}, "sources": {}}', "this is no semantic manifest"),  # dbt's manifest.json
        (b'{"metrics": [1]}', "metrics[0]: expected an object"),
        (b'{"metrics": "none"}', "metrics: expected a list"),
    ],
)
def test_what_is_no_manifest_is_told(document: bytes, said: str) -> None:
    (message,) = messages(document)
    assert message.startswith(said)
