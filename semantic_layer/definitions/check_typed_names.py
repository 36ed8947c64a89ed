"""Two definitions that would get one name in the typed GraphQL schema, and names that the schema keeps for itself."""

from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.typed_names import METRIC_WORDS, ROW_WORDS, TYPE_STEMS, TypedName, typed_names


def check_typed_names(findings: Findings) -> None:
    first: dict[tuple[str, str], TypedName] = {}
    for one in typed_names(findings.catalog):
        other = first.setdefault((one.scope, one.typed), one)
        if (other.kind, other.name) != (one.kind, one.name):
            _tell_clash(findings, one, other)
        elif one.typed in _kept(one):
            message = f'{one.kind} "{one.name}" would be "{one.typed}", which the typed schema keeps for itself'
            findings.at_key(one.path, ProblemCode.NAME_CLASH, message)


def _tell_clash(findings: Findings, one: TypedName, other: TypedName) -> None:
    place = findings.places.key(*other.path)
    both = f'{one.kind} "{one.name}" and {other.kind} "{other.name}" ({place})'
    findings.at_key(one.path, ProblemCode.NAME_CLASH, f'{both} would both be "{one.typed}" in the typed schema')


def _kept(one: TypedName) -> tuple[str, ...]:
    """The schema's own words in a name's scope. A metric stands in rows but not in their filter."""
    if one.kind == "metric":
        return ("time", "timePart")
    if one.kind == "parameter":
        return METRIC_WORDS
    return {"row": ROW_WORDS, "types": TYPE_STEMS}.get(one.scope, ())
