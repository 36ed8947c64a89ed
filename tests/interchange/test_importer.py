"""What each thing of a manifest becomes: whole definitions are compared, and every one of them is checked."""

from collections.abc import Mapping
from typing import Any

import pytest

from semantic_layer.definitions.reader import read_texts
from semantic_layer.definitions.types import BOOLEAN, DATE, INTEGER, TEXT, TIMESTAMP, ColumnType
from semantic_layer.interchange.dbt.files import definition_files
from semantic_layer.interchange.dbt.imported import Imported
from semantic_layer.interchange.dbt.importer import import_manifest
from semantic_layer.interchange.dbt.read_manifest import read_manifest
from tests.interchange.large import large_manifest
from tests.interchange.manifests import NAMES, manifest_bytes, manifest_of, metric, model, simple

Document = dict[str, Any]


def time(name: str, granularity: str = "day", **more: Any) -> Document:
    return {
        "name": name,
        "type": "time",
        "type_params": {"time_granularity": granularity, **more.pop("params", {})},
        **more,
    }


def word(name: str, expr: str | None = None, **more: Any) -> Document:
    return {"name": name, "type": "categorical", "expr": expr, **more}


def entity(name: str, kind: str, expr: str | None = None) -> Document:
    return {"name": name, "type": kind, "expr": expr}


def where(template: str) -> Document:
    return {"where_filters": [{"where_sql_template": template}]}


BOOKINGS = model(
    "bookings",
    primary_entity="booking",
    entities=[entity("listing", "foreign", "listing_id"), entity("guest", "foreign", "guest_id")],
    dimensions=[time("ds"), time("paid_at"), word("is_instant")],
)
LISTINGS = model(
    "listings",
    defaults=None,
    entities=[entity("listing", "primary", "listing_id"), entity("user", "foreign", "user_id")],
    dimensions=[word("country"), word("capacity")],
)
USERS = model("users", defaults=None, entities=[entity("user", "primary", "user_id")], dimensions=[word("state")])
BOOKED = simple("booked", "bookings", "sum", "1")


def imported(
    *metrics: Document,
    models: tuple[Document, ...] = (BOOKINGS, LISTINGS, USERS),
    types: Mapping[str, Mapping[str, ColumnType]] | None = None,
    **rest: Any,
) -> Imported:
    document = {"semantic_models": list(models), "metrics": [BOOKED, *metrics], **rest}
    return import_manifest(manifest_of(document), "shop", "SHOP", types)


def rule(*metrics: Document, **more: Any) -> Document:
    """What the last of the metrics became; all definitions hold, and nothing was left out."""
    found = imported(*metrics, **more)
    assert [one for one in found.issues if one.subject != "time spine"] == []
    read_texts(definition_files(found))
    return found.tree["metrics"][found.names.metrics[metrics[-1]["name"]]]  # type: ignore[index, call-overload, no-any-return]


def dataset(name: str, *metrics: Document, **more: Any) -> Document:
    found = imported(*metrics, **more)
    read_texts(definition_files(found))
    return found.tree["datasets"][name]  # type: ignore[index, call-overload, no-any-return]


def issues(*metrics: Document, **more: Any) -> list[str]:
    found = imported(*metrics, **more)
    read_texts(definition_files(found))
    return [str(one) for one in found.issues if one.subject != "time spine"]


# --- one aggregate -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agg", "expr", "wanted"),
    [
        ("sum", "amount", "sum(amount)"),
        ("sum", "1", "count(*)"),
        ("sum", "CASE WHEN is_instant THEN 1 ELSE 0 END", "count_if(is_instant)"),
        ("sum", "CASE WHEN referrer IS NOT NULL THEN 1 ELSE 0 END", "count(referrer)"),
        ("sum", "amount * (1 - discount)", "sum(amount * (1 - discount))"),
        ("count", "referrer", "count(referrer)"),
        ("count", "1", "count(*)"),
        ("sum_boolean", "is_instant", "count_if(is_instant)"),
        ("average", "amount", "avg(amount)"),
        ("min", "amount", "min(amount)"),
        ("max", "amount", "max(amount)"),
        ("median", "amount", "median(amount)"),
        ("count_distinct", "guest_id", "count(distinct guest_id)"),
    ],
)
def test_aggregates(agg: str, expr: str, wanted: str) -> None:
    assert rule(simple("m", "bookings", agg, expr)) == {"is": wanted, "from": "bookings"}


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"percentile": 0.5}, "median(amount)"),
        ({"percentile": 0.99}, "percentile(amount, 0.99)"),
        ({"percentile": 0.99, "use_discrete_percentile": True}, "percentile_disc(amount, 0.99)"),
        ({"percentile": 0.99, "use_approximate_percentile": True}, "approx_percentile(amount, 0.99)"),
    ],
)
def test_percentiles(params: Document, wanted: str) -> None:
    found = rule(simple("m", "bookings", "percentile", "amount", aggregation={"agg_params": params}))
    assert found["is"] == wanted


def test_another_time_fill_words_and_privacy() -> None:
    more = simple("m", "bookings", "sum", "amount", aggregation={"agg_time_dimension": "paid_at"}, fill_nulls_with=0)
    more |= {"label": "Paid", "description": "What was\n  paid."}
    more["type_params"]["is_private"] = True
    assert rule(more) == {
        "is": "sum(amount)", "from": "bookings", "time": "paid_at", "fill": 0,
        "about": {"label": {"en": "Paid"}, "meaning": {"en": "What was paid."}, "tags": ["private"]},
    }  # fmt: skip


def test_semi_additive() -> None:
    last = {"name": "ds", "window_choice": "max", "window_groupings": ["guest"]}
    found = rule(simple("m", "bookings", "sum", "amount", aggregation={"non_additive_dimension": last}))
    assert found == {"is": "sum(amount)", "from": "bookings", "take": "last recorded", "take_each": ["guest_id"]}
    first = {"name": "paid_at", "window_choice": "min"}
    found = rule(simple("m", "bookings", "sum", "amount", aggregation={"non_additive_dimension": first}))
    assert found == {"is": "sum(amount)", "from": "bookings", "take": "first recorded", "time": "paid_at"}


# --- over other metrics ------------------------------------------------------------------------------------------

INSTANT = where("{{ Dimension('booking__is_instant') }}")
WEEK = {"count": 1, "granularity": "week"}


def test_ratio_and_derived_take_inputs_by_their_own_names() -> None:
    guests = simple("guests", "bookings", "count_distinct", "guest_id")
    ratio = metric("r", "ratio", numerator={"name": "booked", "alias": "n"}, denominator={"name": "guests"})
    assert rule(guests, ratio) == {"is": "booked / guests"}
    inputs = [{"name": "booked", "alias": "b"}, {"name": "guests"}]
    derived = metric("d", "derived", expr="(b - guests) * 1.0 / NULLIF(guests, 0)", metrics=inputs)
    assert rule(guests, derived) == {"is": "(booked - guests) * 1.0 / nullif(guests, 0)"}


def test_inputs_with_filters_and_of_other_periods_are_steps() -> None:
    before = {"name": "booked", "alias": "before", "offset_window": WEEK}
    start = {"name": "booked", "offset_to_grain": "month"}
    instant = {"name": "booked", "alias": "instant", "filter": INSTANT}
    derived = metric("d", "derived", expr="before + instant + booked", metrics=[before, start, instant])
    assert rule(derived)["with"] == {
        "before": {"is": "booked", "ago": "1 week"},
        "instant": {"is": "booked", "where": "is_instant"},
        "booked_at_start_of_month": {"is": "booked", "at_start_of": "month"},
    }
    assert rule(derived)["is"] == "before + instant + booked_at_start_of_month"


def test_a_step_is_not_called_like_a_metric() -> None:
    shifted = {"name": "booked", "alias": "booked_before", "offset_window": WEEK}
    one = metric("booked_before", "derived", expr="2 * booked_before", metrics=[shifted])
    assert rule(one) == {
        "is": "2 * booked_1_week_ago", "with": {"booked_1_week_ago": {"is": "booked", "ago": "1 week"}},
    }  # fmt: skip


def test_a_metric_that_is_only_another_period_is_one_sentence() -> None:
    shifted = {"name": "booked", "alias": "x", "offset_window": WEEK, "filter": INSTANT}
    assert rule(metric("d", "derived", expr="x", metrics=[shifted])) == {
        "is": "booked", "where": "is_instant", "ago": "1 week",
    }  # fmt: skip


def test_a_step_keeps_what_its_metric_fills() -> None:
    filled = simple("filled", "bookings", "sum", "amount", fill_nulls_with=0)
    shifted = metric("d", "derived", expr="filled", metrics=[{"name": "filled", "offset_window": WEEK}])
    assert rule(filled, shifted) == {"is": "filled", "ago": "1 week", "fill": 0}


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({}, {"over": "start to date", "take": "first"}),
        ({"window": {"count": 7, "granularity": "day"}}, {"over": "trailing 7 days", "take": "first"}),
        ({"grain_to_date": "month", "period_agg": "last"}, {"over": "month to date", "take": "last"}),
        ({"window": {"count": 1, "granularity": "month"}, "period_agg": "average"},
         {"over": "trailing 1 month", "take": "average"}),
    ],
)  # fmt: skip
def test_cumulative(params: Document, wanted: Document) -> None:
    own = {"metric": {"name": "booked"}, **params}
    assert rule(metric("c", "cumulative", cumulative_type_params=own)) == {"is": "booked", **wanted}


# --- conversions -------------------------------------------------------------------------------------------------

VISITS = model(
    "visits",
    primary_entity="visit",
    entities=[entity("user", "foreign", "user_id"), entity("session", "foreign", "session_id")],
    dimensions=[time("ds"), word("referrer")],
)
BUYS = model(
    "buys",
    primary_entity="buy",
    entities=[entity("user", "foreign", "user_id"), entity("session_id", "foreign")],
    dimensions=[time("ds")],
)
EVENTS = (simple("visits_made", "visits", "sum", "1"), simple("bought", "buys", "sum", "1"))


def conversion(filter: str | None = None, **more: Any) -> Document:
    own = {"base_metric": {"name": "visits_made"}, "conversion_metric": {"name": "bought"}, "entity": "user", **more}
    return metric("converted_visits", "conversion", filter, conversion_type_params=own)


def test_conversions_share_entities_and_constants_by_one_name() -> None:
    window = {"count": 7, "granularity": "day"}
    constants = [{"base_property": "session", "conversion_property": "session_id"}]
    asked = conversion(window=window, calculation="conversions", constant_properties=constants)
    found = imported(*EVENTS, asked, models=(BOOKINGS, VISITS, BUYS, USERS))
    definitions = read_texts(definition_files(found)).catalog
    after = {"event": "visits_made", "same": ["user_id", "session_id"], "within": "7 days", "match": "last"}
    assert "'after': " + str(after) in str(found.tree["metrics"])
    assert definitions.datasets["buys"].dimensions["session_id"].conforms == ("visits", "session_id")
    assert definitions.datasets["visits"].key == ("row_number",)


def test_a_filter_of_a_conversion_chooses_its_events() -> None:
    asked = conversion("{{ Dimension('visit__referrer') }} = 'ad'")
    found = imported(*EVENTS, asked, models=(BOOKINGS, VISITS, BUYS, USERS))
    read_texts(definition_files(found))
    metrics: Any = found.tree["metrics"]
    assert metrics["converted_visits_events"] == {
        "is": "visits_made", "where": "referrer = 'ad'", "about": {"tags": ["private"]},
    }  # fmt: skip
    assert "'event': 'converted_visits_events'" in str(metrics["converted_visits"])


# --- filters -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{{ Dimension('booking__is_instant') }}", "is_instant"),
        ("NOT {{ Dimension('booking__is_instant') }}", "not is_instant"),
        ("{{ Entity('listing') }} IS NOT NULL", "listing_id is not null"),
        ("{{ Dimension('listing__country') }} in ('us', 'ca')", "listing.country in ('us', 'ca')"),
        ("{{Dimension('country', entity_path=['listing'])}} = 'us'", "listing.country = 'us'"),
        ("{{ Dimension('listing__user__state') }} = 'CA'", "listing.user.state = 'CA'"),
        ("{{ TimeDimension('metric_time', 'day') }} >= '2020-01-02'", "ds >= date '2020-01-02'"),
        ("{{ TimeDimension('metric_time') }} = CAST('2020-01-02' AS TIMESTAMP)", "ds = date '2020-01-02'"),
        ("{{ TimeDimension('booking__paid_at', 'month') }} > '2020-01-01'",
         "date_trunc('month', paid_at) > date '2020-01-01'"),
        ("{{ Dimension('booking__paid_at').grain('month') }} > '2020-01-01'",
         "date_trunc('month', paid_at) > date '2020-01-01'"),
        ("{{ TimeDimension('metric_time', 'day').date_part('dow') }} = 1", "isodow(ds) = 1"),
        ("({{ Dimension('listing__capacity') }} > 2) or {{ Dimension('listing__capacity') }} is null",
         "listing.capacity > 2 or listing.capacity is null"),
    ],
)  # fmt: skip
def test_filters(template: str, wanted: str) -> None:
    assert rule(simple("m", "bookings", "sum", "1", template))["where"] == wanted


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "{{ Dimension('listing__countri') }} = 'us'",
            '"listing__countri" cannot be reached from semantic model "bookings"',
        ),
        ("{% if x %} 1 {% endif %}", "Jinja other than"),
        (
            "{{ Dimension('booking__is_instant') }} = some_function(3)",
            'the function "some_function" is not in the language',
        ),
        ("{{ Dimension(name) }}", "has an argument that is neither a text nor a list of texts"),
        (
            "{{ Metric('booked', ['listing']) }} > {{ Dimension('listing__capacity') }}",
            "it compares a metric with something",
        ),
        ("{{ Metric('nothing', ['listing']) }} > 1", '"nothing" is not a metric'),
    ],
)
def test_filters_that_have_no_words(template: str, said: str) -> None:
    (issue,) = issues(simple("m", "bookings", "sum", "1", template))
    assert issue.startswith('metric "m" (metrics[1]): ') and said in issue


def test_a_metric_in_a_filter_is_a_segment() -> None:
    template = "{{ Metric('booked', ['listing']) }} > 2 AND {{ Dimension('listing__country') }} = 'us'"
    count = simple("n", "bookings", "sum", "1", template)
    assert rule(count)["where"] == "booked_over_2 and listing.country = 'us'"
    assert dataset("bookings", count)["segments"] == {
        "booked_over_2": {"members": "listing_id", "having": "booked > 2", "over": "all time"},
    }  # fmt: skip


def test_equal_segments_are_one_and_others_get_names_of_their_own() -> None:
    two = "{{ Metric('booked', group_by=['listing']) }} > 2"
    first, again = simple("a", "bookings", "sum", "1", two), simple("b", "bookings", "max", "amount", two)
    of_guests = simple("c", "bookings", "sum", "1", "{{ Metric('booked', group_by=['guest']) }} > 2")
    assert list(dataset("bookings", first, again, of_guests)["segments"]) == ["booked_over_2", "booked_over_2_2"]


# --- datasets ----------------------------------------------------------------------------------------------------


def test_a_dataset_and_its_joins() -> None:
    assert dataset("bookings") == {
        "source": "shop", "table": "shop.bookings", "key": "none", "time": "ds",
        "dimensions": {
            "listing_id": {"conforms": "listings.listing_id"}, "guest_id": {}, "ds": {"type": "time"},
            "paid_at": {"type": "time"}, "is_instant": {},
        },
        "joins": {"listing": {"to": "listings", "kind": "many_to_one", "match": "listing_id"}},
    }  # fmt: skip
    assert dataset("listings")["joins"] == {"user": {"to": "users", "kind": "many_to_one", "match": "user_id"}}


def test_types_of_the_source_are_taken() -> None:
    types = {
        "shop.bookings": {"ds": TEXT, "is_instant": BOOLEAN, "paid_at": TIMESTAMP},
        "shop.listings": {"capacity": INTEGER, "country": TEXT},
    }
    bookings, listings = dataset("bookings", types=types), dataset("listings", types=types)
    assert bookings["columns"] == {"ds": "timestamp"}  # kept as a text there, read as a time here
    assert bookings["dimensions"]["is_instant"] == {"type": "boolean"}
    assert listings["dimensions"] == {
        "listing_id": {}, "user_id": {"conforms": "users.user_id"}, "country": {}, "capacity": {"type": "integer"},
    }  # fmt: skip


def test_a_categorical_date_is_a_time() -> None:
    born = model("people", dimensions=[time("ds"), word("born")], primary_entity="person")
    found = dataset("people", models=(BOOKINGS, born), types={"shop.people": {"born": DATE}})
    assert found["dimensions"]["born"] == {"type": "time"}


def test_grains_of_time_dimensions() -> None:
    fine = model(
        "logins", dimensions=[time("ds"), time("at_hour", "hour"), time("at_month", "month"), time("at", "millisecond")]
    )
    found = dataset("logins", models=(BOOKINGS, fine))
    assert {name: one.get("finest") for name, one in found["dimensions"].items()} == {
        "login_ds": None, "at_hour": "hour", "at_month": "month", "at": "second",
    }  # fmt: skip
    (issue,) = issues(models=(BOOKINGS, fine))
    assert issue == (
        'dimension "at" of semantic model "logins" (semantic_models[1].dimensions[3]): it is recorded by millisecond, '
        "and the finest grain here is a second. It can be asked by second and coarser"
    )


def test_dimensions_of_one_name_say_whose_they_are() -> None:
    views = model("views", primary_entity="view", entities=[entity("listing", "foreign", "listing_id")])
    found = imported(simple("viewed", "views", "sum", "1"), models=(BOOKINGS, views, LISTINGS, USERS))
    assert found.names.elements["bookings", "ds"] == "booking_ds"
    assert found.names.elements["views", "ds"] == "view_ds"
    assert found.names.elements["views", "listing"] == found.names.elements["listings", "listing"] == "listing_id"
    read_texts(definition_files(found))


def test_a_metric_keeps_its_name_where_others_have_it_too() -> None:
    clashing = model("booked", primary_entity="b", dimensions=[time("ds"), word("booked")])
    found = imported(simple("n", "booked", "sum", "1"), models=(BOOKINGS, clashing))
    assert found.names.metrics["booked"] == "booked"
    assert found.names.elements["booked", "booked"] == "b_booked"
    read_texts(definition_files(found))


def test_a_dimension_does_not_hide_a_column_that_aggregates_read() -> None:
    taxed = model("sales", primary_entity="sale", dimensions=[time("ds"), word("amount", "amount * 2")])
    found = imported(simple("m", "sales", "sum", "amount"), models=(BOOKINGS, taxed))
    assert found.names.elements["sales", "amount"] == "sale_amount"


def test_expressions_that_only_a_select_may_say() -> None:
    odd = model(
        "odd",
        entities=[entity("listing", "foreign", "regexp_replace(code, 'x', '')")],
        dimensions=[time("ds"), word("first", "split_part(name, ' ', 1)")],
    )
    found = dataset("odd", models=(BOOKINGS, odd, LISTINGS, USERS))
    assert found["sql"].splitlines() == [
        "select",
        "  *,",
        "  regexp_replace(code, 'x', '') as \"listing_key\",",
        "  split_part(name, ' ', 1) as \"first_value\"",
        'from "shop"."odd"',
    ]
    assert found["dimensions"]["first"] == {"sql": "first_value"}
    assert found["joins"]["listing"]["match"] == {"listing_key": "listing_id"}


def test_an_entity_that_is_computed_and_joins_nothing_stays_a_formula() -> None:
    composite = entity("composite", "primary", "a || b")
    both = model("both", entities=[composite, entity("one", "unique", "1")], dimensions=[time("ds")])
    found = dataset("both", models=(BOOKINGS, both))
    assert (found["table"], found["key"]) == ("shop.both", "none")
    assert found["dimensions"]["composite"] == {"sql": "a || b"}
    assert found["dimensions"]["one"] == {"sql": "1", "type": "integer"}


def test_an_entity_that_nothing_may_say_joins_nothing() -> None:
    """Also where two joins would be one: the partition of the far model is that of the fact."""
    day = time("ds_partitioned", is_partition=True)
    bookings = {**BOOKINGS, "dimensions": [time("ds"), day]}
    users = {**USERS, "entities": [entity("user", "primary", "current_user()")], "dimensions": [word("state"), day]}
    (issue,) = issues(models=(bookings, LISTINGS, users))
    assert issue.startswith('entity "user" of semantic model "users" (semantic_models[2].entities[0]): its SQL')
    assert "joins" not in dataset("listings", models=(bookings, LISTINGS, users))


def test_expressions_that_nothing_may_say_are_told() -> None:
    odd = model("odd", dimensions=[time("ds"), word("now", "current_user()")])
    (issue,) = issues(models=(BOOKINGS, odd))
    assert issue.startswith(
        'dimension "now" of semantic model "odd" (semantic_models[1].dimensions[1]): its SQL (current_user())'
    )


# --- joins -------------------------------------------------------------------------------------------------------


def test_partitions_join_too() -> None:
    day = time("ds_partitioned", is_partition=True)
    bookings = {**BOOKINGS, "dimensions": [time("ds"), day]}
    listings = {**LISTINGS, "dimensions": [day]}
    found = dataset("bookings", models=(bookings, listings, USERS))
    assert found["joins"]["listing"]["match"] == ["listing_id", "ds_partitioned"]


def test_a_partition_behind_a_model_without_one_becomes_one_join() -> None:
    day = time("ds_partitioned", is_partition=True)
    bookings = {**BOOKINGS, "dimensions": [time("ds"), day]}
    users = {**USERS, "dimensions": [word("state"), day]}
    asked = simple("m", "bookings", "sum", "1", "{{ Dimension('listing__user__state') }} = 'CA'")
    found = imported(asked, models=(bookings, LISTINGS, users))
    read_texts(definition_files(found))
    datasets: Any = found.tree["datasets"]
    assert datasets["bookings"]["joins"]["listing_users"] == {
        "kind": "many_to_one", "match": {"listing_id": "listing_key", "ds_partitioned": "ds_partitioned"},
    }  # fmt: skip
    assert datasets["listing_users"]["sql"].splitlines()[-1] == (
        'left join "shop"."users" as far on near."user_id" = far."user_id"'
    )
    assert "listing_users.state = 'CA'" in str(found.tree["metrics"])


HISTORY = {
    **LISTINGS,
    "entities": [entity("listing", "natural", "listing_id")],
    "dimensions": [
        time("window_start", expr="active_from", params={"validity_params": {"is_start": True}}),
        time("window_end", expr="active_to", params={"validity_params": {"is_end": True}}),
        word("country"),
    ],
}


def test_history() -> None:
    assert dataset("bookings", models=(BOOKINGS, HISTORY))["joins"] == {
        "listing": {"to": "listings", "kind": "many_to_one", "match": "listing_id", "valid_at": "ds"},
    }  # fmt: skip
    listings = dataset("listings", models=(BOOKINGS, HISTORY))
    assert (listings["key"], listings["valid"]) == (
        ["listing_id", "active_from"], {"from": "active_from", "until": "active_to"},
    )  # fmt: skip


def test_history_behind_another_model_holds_at_the_time_of_the_fact() -> None:
    mapping = model(
        "mapping", defaults=None, dimensions=[],
        entities=[entity("guest", "primary", "guest_id"), entity("listing", "foreign", "listing_id")],
    )  # fmt: skip
    bookings = {**BOOKINGS, "entities": [entity("guest", "foreign", "guest_id")]}
    found = dataset("bookings", models=(bookings, mapping, HISTORY))
    assert found["joins"]["guest_listings"] == {
        "kind": "many_to_one", "match": {"guest_id": "guest_key"}, "valid_at": "ds",
    }  # fmt: skip


def test_one_entity_that_leads_to_several_models() -> None:
    extra = model(
        "listing_scores", defaults=None, entities=[entity("listing", "unique", "id")], dimensions=[word("score")]
    )
    both = "{{ Dimension('listing__score') }} = 'A' and {{ Dimension('listing__country') }} = 'us'"
    found = rule(simple("m", "bookings", "sum", "1", both), models=(BOOKINGS, extra, LISTINGS, USERS))
    assert found["where"] == "listing_scores.score = 'A' and listing.country = 'us'"


def test_what_means_several_things_is_told() -> None:
    other = {**LISTINGS, "name": "listings_again"}
    template = "{{ Dimension('listing__country') }} = 'us'"
    (issue,) = issues(simple("m", "bookings", "sum", "1", template), models=(BOOKINGS, LISTINGS, other, USERS))
    assert '"listing__country" means several things from semantic model "bookings"' in issue


# --- what has no place -------------------------------------------------------------------------------------------


def test_exports_default_grains_and_free_fields_are_told() -> None:
    coarse = {
        **simple("m", "bookings", "max", "amount"),
        "time_granularity": "month",
        "config": {"meta": {"owner": "ann"}},
    }
    saved = {"name": "q", "query_params": {"metrics": ["booked"]}, "exports": [{"name": "table_q"}]}
    found = issues(coarse, saved_queries=[saved])
    assert [one.partition(":")[0] for one in found] == [
        'metric "m" (metrics[1])', 'saved query "q" (saved_queries[0])', 'metric "m" (metrics[1].config.meta)',
    ]  # fmt: skip
    assert found[0].endswith(
        "asked by month, and metrics have no grain of their own here. Say the grain in the question"
    )


def test_a_metric_of_another_time_over_joins_to_history_is_told() -> None:
    paid = simple("paid", "bookings", "sum", "amount", aggregation={"agg_time_dimension": "paid_at"})
    (issue,) = issues(paid, models=(BOOKINGS, HISTORY))
    assert issue.startswith('metric "paid" (metrics[1]): its joins to listings meet what held at ds, not at paid_at')


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        ("a - before / NULLIF(before, 0)", "booked - cast(before / nullif(before, 0) as float)"),
        ("a + r", "cast(booked as float) + cast(rate as float)"),
        ("a - 10", "booked - 10"),
    ],
)
def test_counts_and_ratios_add_as_bare_numbers(expr: str, wanted: str) -> None:
    guests = simple("guests", "bookings", "count_distinct", "guest_id")
    rate = metric("rate", "ratio", numerator={"name": "booked"}, denominator={"name": "guests"})
    before = {"name": "booked", "alias": "before", "offset_window": WEEK}
    inputs = [{"name": "booked", "alias": "a"}, before, {"name": "rate", "alias": "r"}]
    assert rule(guests, rate, metric("d", "derived", expr=expr, metrics=inputs))["is"] == wanted


def test_definitions_that_do_not_hold_are_left_out_with_all_that_rests_on_them() -> None:
    amount = simple("amount", "visits", "sum", "amount")
    asked = conversion(base_metric={"name": "amount"})
    twice = metric("twice", "derived", expr="converted_visits * 2", metrics=[{"name": "converted_visits"}])
    found = imported(*EVENTS, amount, asked, twice, models=(BOOKINGS, VISITS, BUYS, USERS))
    assert set(found.catalog.metrics) == {"booked", "visits_made", "bought", "amount"}
    assert [(one.subject, one.at, one.why.partition(":")[0]) for one in found.issues] == [
        ('metric "converted_visits"', ("metrics", 4), '"amount" does not count the rows of one dataset'),
        ('metric "twice"', ("metrics", 5), '"converted_visits" is not a metric. (With "from'),
    ]


# --- whole manifests ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_manifest_of_metricflow_gives_definitions_that_hold(name: str) -> None:
    manifest = read_manifest(manifest_bytes(name))
    found = import_manifest(manifest, "warehouse", "WAREHOUSE")
    assert found.issues == ()
    files = definition_files(found)
    catalog = read_texts(files).catalog
    assert set(catalog.metrics) == set(found.names.metrics.values())
    assert set(found.names.datasets.values()) <= set(catalog.datasets)
    assert definition_files(import_manifest(read_manifest(manifest_bytes(name)), "warehouse", "WAREHOUSE")) == files


def test_a_large_manifest() -> None:
    found = import_manifest(manifest_of(large_manifest(200)), "shop", "SHOP")
    catalog = read_texts(definition_files(found)).catalog
    assert (len(catalog.metrics), len(catalog.datasets)) == (200, 6)
