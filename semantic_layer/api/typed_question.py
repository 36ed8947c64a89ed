"""A selection and its arguments as a question: words only. What they mean is the binder's to say, as for every door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type

from semantic_layer.api.columnar_rows import ResponseKeys
from semantic_layer.api.meanings import DimensionMeaning, JoinMeaning, meaning_of
from semantic_layer.api.selection import SelectedColumn, SelectedSet
from semantic_layer.api.typed_filters import FilterWords, Said
from semantic_layer.definitions.typed_names import camel_case
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError
from semantic_layer.query.ask import Ask, Path
from semantic_layer.query.ask_reader import LONGEST_ALIAS, read_ask
from semantic_layer.query.problems import Problems, did_you_mean, near_names

PASSED_ON = (
    "limit", "offset", "includeEmpty", "fillTime", "timeZone", "language", "minRevision", "expect", "asOf", "strict",
    "partial",
)  # fmt: skip
_NAMES_NEAR = (
    ErrorCode.UNKNOWN_DIMENSION,
    ErrorCode.UNREACHABLE_DIMENSION,
    ErrorCode.AMBIGUOUS_PATH,
    ErrorCode.UNKNOWN_METRIC,
)


@dataclass(frozen=True, slots=True)
class TotalsPlace:
    """Which set of an answer's totals a field shows, and the column of each of its values by their keys."""

    kept: tuple[str, ...]
    columns: Mapping[ResponseKeys, SelectedColumn]


@dataclass(frozen=True, slots=True)
class TypedQuestion:
    """`ask`, where its values go in the response, and how to say a problem in the typed door's words."""

    ask: Ask
    rows: Mapping[ResponseKeys, SelectedColumn]
    totals: Mapping[str, TotalsPlace]
    said: Said

    def in_typed_words(self, refusal: SemanticLayerError) -> SemanticLayerError:
        return said_in_typed_words(refusal, self.said)


def typed_question(
    sets: Sequence[SelectedSet], arguments: Mapping[str, Any], row: GraphQLObjectType, where: GraphQLInputObjectType
) -> TypedQuestion:
    """Raises SemanticLayerError with every issue of the question's form, in the typed door's words."""
    problems = Problems()
    columns = _asked_columns(sets, problems)
    keys = [one for one in columns if not one.column.is_metric]
    metrics = [one for one in columns if one.column.is_metric]
    totals = _totals(sets, columns, problems)
    kept = dict.fromkeys(place.kept for place in totals.values())
    said = _said_of_columns(sets, keys, metrics) | _said_of_totals(totals, tuple(kept))
    question: dict[str, Any] = {name: arguments[name] for name in PASSED_ON if arguments.get(name) is not None}
    question |= {
        "by": [one.column.asked for one in keys],
        "metrics": [one.column.asked for one in metrics],
        "totals": [list(names) for names in kept],
        "orderBy": [_order_key(one) for one in arguments.get("orderBy") or ()],
    }
    words = FilterWords(said, problems, lambda typed: _dimension_words(row, typed))
    if arguments.get("where") is not None:
        question["where"] = words.where(where, arguments["where"])
    if arguments.get("having") is not None:
        question["having"] = words.having(arguments["having"])
    ask = _read(question, said, problems)
    named = replace(
        ask,
        by=tuple(replace(one, alias=key.column.name) for one, key in zip(ask.by, keys, strict=True)),
        metrics=tuple(replace(one, alias=key.column.name) for one, key in zip(ask.metrics, metrics, strict=True)),
    )
    rows = {one.keys: one for one_set in sets if one_set.field == "rows" for one in one_set.columns}
    return TypedQuestion(named, rows, totals, said)


def _read(question: Mapping[str, Any], said: Said, problems: Problems) -> Ask:
    try:
        ask = read_ask(question)
    except SemanticLayerError as refusal:
        for issue in said_in_typed_words(refusal, said).issues:
            problems.add(issue.code, issue.message, issue.path, issue.near)
    problems.raise_if_any()
    return ask


# --- columns -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _AskedColumn:
    """`at` leads to the field that asks it first."""

    column: SelectedColumn
    at: Path


def _asked_columns(sets: Sequence[SelectedSet], problems: Problems) -> list[_AskedColumn]:
    """What rows select; without rows, all that totals select, each column once."""
    rows = [one for one in sets if one.field == "rows"]
    if len(rows) > 1:
        message = f"a question has one set of rows, not {len(rows)}; ask `metrics` again under an alias"
        problems.add(ErrorCode.BAD_QUESTION, message, (rows[1].key,))
    if rows:
        asked = [_AskedColumn(column, (rows[0].key, *column.keys)) for column in rows[0].columns]
    else:
        first: dict[str, _AskedColumn] = {}
        for one in sets:
            for column in one.columns:
                first.setdefault(column.content, _AskedColumn(column, (one.key, *column.keys)))
        asked = list(first.values())
    for one_asked in asked:
        if len(one_asked.column.name) > LONGEST_ALIAS:
            message = f"the keys of a column have up to {LONGEST_ALIAS} characters together; give it a short alias"
            problems.add(ErrorCode.BAD_NAME, message, one_asked.at)
    return asked


def _totals(sets: Sequence[SelectedSet], columns: Sequence[_AskedColumn], problems: Problems) -> dict[str, TotalsPlace]:
    """By the response key of the field. Totals are of the question that rows ask, so they select from its columns:
    the one that asks the same thing, under the same keys if there are several.
    """
    asked: dict[str, SelectedColumn] = {}
    for one in columns:
        asked.setdefault(one.column.content, one.column)
    in_place = {(one.column.keys, one.column.content): one.column for one in columns}
    found: dict[str, TotalsPlace] = {}
    for one_set in sets:
        if one_set.field == "rows":
            continue
        places: dict[ResponseKeys, SelectedColumn] = {}
        for column in one_set.columns:
            same = in_place.get((column.keys, column.content)) or asked.get(column.content)
            if same is None:
                _tell_missing(one_set, column, list(asked.values()), problems)
            else:
                places[column.keys] = same
        names = {column.name for column in places.values() if not column.is_metric}
        kept = tuple(one.column.name for one in columns if one.column.name in names)
        found[one_set.key] = TotalsPlace(kept, places)
    return found


def _tell_missing(
    one_set: SelectedSet, column: SelectedColumn, asked: Sequence[SelectedColumn], problems: Problems
) -> None:
    near = near_names(column.name, [one.name for one in asked if one.is_metric is column.is_metric])
    message = f"`{one_set.field}` are of what `rows` ask, which is not {column.name} with these arguments"
    problems.add(ErrorCode.UNKNOWN_KEY, message + did_you_mean(near), (one_set.key, *column.keys), near)


def _order_key(one: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"key": one["key"], "descending": one.get("direction") == "DESC"}


def _dimension_words(row: GraphQLObjectType, typed: str) -> str:
    """`household_id` for householdId; what is no dimension stays as it is, and the binder says so."""
    words: list[str] = []
    type_: Any = row
    for part in typed.split("."):
        field = type_.fields.get(part) if isinstance(type_, GraphQLObjectType) else None
        meaning = None if field is None else meaning_of(field)
        if field is None or not isinstance(meaning, DimensionMeaning | JoinMeaning):
            return typed
        words.append(meaning.name)
        type_ = get_named_type(field.type)
    return ".".join(words)


# --- problems in the words of the typed door -----------------------------------------------------------------------


def said_in_typed_words(refusal: SemanticLayerError, said: Said) -> SemanticLayerError:
    """The same issues, with paths into selection and arguments. What is more than a refusal is left alone."""
    if type(refusal) is not SemanticLayerError:
        return refusal
    return SemanticLayerError([_in_typed_words(issue, said) for issue in refusal.issues], refusal.detail)


def _in_typed_words(issue: Issue, said: Said) -> Issue:
    near = issue.near
    if issue.code in _NAMES_NEAR:
        near = tuple(".".join(camel_case(word) for word in name.split(".")) for name in near)
    for length in range(len(issue.path), 0, -1):
        at = said.get(issue.path[:length])
        if at is not None:
            return Issue(issue.code, issue.message, (*at, *issue.path[length:]), near)
    return Issue(issue.code, issue.message, issue.path, near)


def _said_of_columns(
    sets: Sequence[SelectedSet], keys: Sequence[_AskedColumn], metrics: Sequence[_AskedColumn]
) -> Said:
    said: Said = {}
    for list_name, name, columns in (("by", "dimension", keys), ("metrics", "name", metrics)):
        if sets:
            said[(list_name,)] = (sets[0].key,)
        for place, one in enumerate(columns):
            said[(list_name, place)] = said[(list_name, place, name)] = one.at
            for parameter in one.column.asked.get("parameters", ()):
                said[(list_name, place, "parameters", parameter)] = (*one.at, camel_case(parameter))
    return said


def _said_of_totals(totals: Mapping[str, TotalsPlace], kept: Sequence[tuple[str, ...]]) -> Said:
    said: Said = {}
    for key, place in totals.items():
        said.setdefault(("totals", kept.index(place.kept)), (key,))
        said.setdefault(("totals",), (key,))
    return said
