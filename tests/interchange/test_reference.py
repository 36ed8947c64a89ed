import pytest

from semantic_layer.interchange.dbt.reference import (
    GRANULARITIES,
    ElementReference,
    MetricReference,
    ReferenceKind,
    ReferenceMistake,
    read_call,
    read_name,
    read_template,
)

NAME, DIMENSION, TIME, ENTITY = (
    ReferenceKind.NAME,
    ReferenceKind.DIMENSION,
    ReferenceKind.TIME,
    ReferenceKind.ENTITY,
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("listing", ElementReference(NAME, (), "listing")),
        ("Listing__Country", ElementReference(NAME, ("listing",), "country")),
        ("listing__user__home_state", ElementReference(NAME, ("listing", "user"), "home_state")),
        ("metric_time__month", ElementReference(NAME, (), "metric_time", "month")),
        ("booking__ds__alien_day", ElementReference(NAME, ("booking",), "ds", "alien_day")),
        ("metric_time__extract_dow", ElementReference(NAME, (), "metric_time", None, "dow")),
        ("booking__ds__extract_nothing", ElementReference(NAME, ("booking", "ds"), "extract_nothing")),
        ("day", ElementReference(NAME, (), "day")),
    ],
)
def test_names(text: str, wanted: ElementReference) -> None:
    read = read_name(text, (*GRANULARITIES, "alien_day"))
    assert read == wanted
    assert read.column == text.lower()


@pytest.mark.parametrize("text", ["", "a____b", "__a", "a__"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(ReferenceMistake):
        read_name(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Dimension('user__state')", ElementReference(DIMENSION, ("user",), "state")),
        ("Dimension('state', entity_path=['a', 'b'])", ElementReference(DIMENSION, ("a", "b"), "state")),
        ("Dimension('state', ['listing__user'])", ElementReference(DIMENSION, ("listing", "user"), "state")),
        ("Dimension('user__ds').grain('MONTH')", ElementReference(DIMENSION, ("user",), "ds", "month")),
        ("Dimension('user__ds').date_part('dow')", ElementReference(DIMENSION, ("user",), "ds", None, "dow")),
        ("Dimension('a__b').descending(True)", ElementReference(DIMENSION, ("a",), "b", is_descending=True)),
        ("TimeDimension('metric_time', 'day')", ElementReference(TIME, (), "metric_time", "day")),
        ("TimeDimension('metric_time', entity_path=())", ElementReference(TIME, (), "metric_time")),
        ("TimeDimension('ds', time_granularity_name='year')", ElementReference(TIME, (), "ds", "year")),
        ("TimeDimension('listing__ds__week')", ElementReference(TIME, ("listing",), "ds", "week")),
        ("Entity('listing')", ElementReference(ENTITY, (), "listing")),
        ("Metric('bookings', ['listing'])", MetricReference("bookings", (ElementReference(NAME, (), "listing"),))),
        ("Metric('bookings').descending(True)", MetricReference("bookings", (), True)),
    ],
)  # fmt: skip
def test_calls(text: str, wanted: object) -> None:
    assert read_call(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "Dimension(state)",
        "Dimension()",
        "Dimension('a', colour='b')",
        "Dimension('a', [], True, 'too', 'many')",
        "Dimension('a').upper()",
        "Dimension('a' + 'b')",
        "Metric(['bookings'])",
        "TimeDimension('ds', 3)",
        "Measure('bookings')",
        "Dimension('a'",
        "(" * 5000,
    ],
)
def test_what_is_no_call_is_never_run(text: str) -> None:
    with pytest.raises(ReferenceMistake):
        read_call(text)


def test_a_template() -> None:
    template = read_template("{{ Dimension('a__b') }} > 2\n  AND {{Entity('c')}} IS NULL")
    assert template.sql == '"{0}" > 2\n  AND "{1}" IS NULL'
    assert [one for one in template.references.values()] == [read_call("Dimension('a__b')"), read_call("Entity('c')")]


@pytest.mark.parametrize("text", ["{% if true %} 1 {% endif %}", "{# said #} 1 = 1", "{{ 1 + 1 }} = 2"])
def test_other_jinja_is_refused(text: str) -> None:
    with pytest.raises(ReferenceMistake):
        read_template(text)
