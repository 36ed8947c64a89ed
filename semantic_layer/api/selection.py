"""What a `metrics` field selects: the columns of its rows and of its totals, with fragments and directives resolved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, GraphQLResolveInfo, get_argument_values, get_named_type
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields

from semantic_layer.api.columnar_rows import ResponseKeys
from semantic_layer.api.meanings import DimensionMeaning, JoinMeaning, MetricMeaning, meaning_of
from semantic_layer.serving.answer import OutputType

Details = list[FieldDetails]


@dataclass(frozen=True, slots=True)
class SelectedColumn:
    """A selected value: its keys in the response, what it asks in the JSON form of a question, what it reads as."""

    keys: ResponseKeys
    asked: Mapping[str, Any]
    output: OutputType | None
    is_metric: bool

    @property
    def name(self) -> str:
        """The column's name in the answer, and what `orderBy` and `having` call it."""
        return ".".join(self.keys)

    @property
    def content(self) -> str:
        """Equal for columns that ask the same thing under whatever keys."""
        return repr(self.asked)


@dataclass(frozen=True, slots=True)
class SelectedSet:
    """A `rows`, `totals` or `subtotals` field by its key in the response."""

    field: str
    key: str
    columns: tuple[SelectedColumn, ...]


def selected_sets(info: GraphQLResolveInfo[Any]) -> tuple[SelectedSet, ...]:
    """The fields of rows below the field that is being resolved, in the order of the document."""
    return tuple(_Reader(info).sets())


class _Reader:
    def __init__(self, info: GraphQLResolveInfo[Any]) -> None:
        self._info = info
        self._fragments = {name: FragmentDetails(one) for name, one in info.fragments.items()}

    def sets(self) -> Iterator[SelectedSet]:
        answer = _object(self._info.return_type)
        roots = [FieldDetails(node, None) for node in self._info.field_nodes]
        for key, details in self._below(answer, roots):
            name = details[0].node.name.value
            if name in ("rows", "totals", "subtotals"):
                row = _object(answer.fields[name].type)
                yield SelectedSet(name, key, tuple(self._columns(row, details, (), ())))

    def _columns(
        self, type_: GraphQLObjectType, details: Details, keys: ResponseKeys, words: tuple[str, ...]
    ) -> Iterator[SelectedColumn]:
        for key, below in self._below(type_, details):
            node = below[0].node
            field = type_.fields.get(node.name.value)
            meaning = None if field is None else meaning_of(field)
            if field is None or meaning is None:
                continue  # __typename
            here = (*keys, key)
            if isinstance(meaning, JoinMeaning):
                yield from self._columns(_object(field.type), below, here, (*words, meaning.name))
                continue
            given = get_argument_values(field, node, self._info.variable_values, hide_suggestions=True)
            yield _column(meaning, given, here, words)

    def _below(self, type_: GraphQLObjectType, details: Details) -> Iterator[tuple[str, Details]]:
        info = self._info
        collected = collect_subfields(
            info.schema, self._fragments, info.variable_values, info.operation, type_, details, hide_suggestions=True
        )
        return iter(collected.grouped_field_set.items())


def _column(
    meaning: MetricMeaning | DimensionMeaning, given: Mapping[str, Any], keys: ResponseKeys, words: tuple[str, ...]
) -> SelectedColumn:
    if isinstance(meaning, DimensionMeaning):
        asked = {"dimension": ".".join((*words, meaning.name)), **given}
        return SelectedColumn(keys, asked, meaning.output, is_metric=False)
    own = {name: value for name, value in given.items() if name not in meaning.parameters}
    parameters = {meaning.parameters[name]: value for name, value in given.items() if name in meaning.parameters}
    asked = {"name": meaning.name, **own, **({"parameters": parameters} if parameters else {})}
    return SelectedColumn(keys, asked, meaning.output, is_metric=True)


def _object(type_: Any) -> GraphQLObjectType:
    named = get_named_type(type_)
    assert isinstance(named, GraphQLObjectType)
    return named
