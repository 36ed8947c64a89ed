"""Filters of a manifest, in each of the forms in which the format has had them."""

from collections.abc import Mapping, Sequence

from semantic_layer.interchange.dbt.json_place import Found, ObjectPlace, Problems
from semantic_layer.interchange.dbt.manifest import Filter, JsonPath


def filters_of(place: ObjectPlace, key: str) -> tuple[Filter, ...]:
    """All filters under `key`, which are ANDed: an object with where_filters, one filter, a text, or a list of them."""
    return tuple(_filters(place.fields.get(key), (*place.at, key), place.problems))


def _filters(value: Found, at: JsonPath, problems: Problems) -> list[Filter]:
    match value:
        case None:
            return []
        case str():
            return [Filter(value.strip(), at)] if value.strip() else []
        case Mapping():
            if value.get("where_sql_template") is not None:
                return _filters(value["where_sql_template"], (*at, "where_sql_template"), problems)
            if "where_filters" in value:
                return _filters(value["where_filters"], (*at, "where_filters"), problems)
        case Sequence():
            return [one for step, inner in enumerate(value) for one in _filters(inner, (*at, step), problems)]
        case _:
            pass
    problems.note(at, "expected a filter, an object with where_sql_template")
    return []
