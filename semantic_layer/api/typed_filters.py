"""`where` and `having` of the typed door as the filter nodes of a question, each with the words that it was said in."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import GraphQLInputObjectType, get_named_type

from semantic_layer.api.comparisons import IS_NULL, LISTS, OPERATORS, PARTS, RANGE
from semantic_layer.api.meanings import GRAIN, DimensionMeaning, JoinMeaning, MetricMeaning, meaning_of
from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import Path
from semantic_layer.query.filter_reader import DEEPEST
from semantic_layer.query.problems import Problems

Said = dict[Path, Path]  # a path in the question's JSON form -> the path in the typed door's arguments


@dataclass(frozen=True, slots=True)
class _Condition:
    """A node without nodes inside; `said` leads from paths inside of it to the arguments that said them."""

    form: Mapping[str, Any]
    at: Path
    said: Mapping[Path, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Joined:
    """`word` is and, or, not; of not there is one member. `is_said` is false for the `and` of what stands together."""

    word: str
    members: tuple["_Node", ...]
    at: Path
    is_said: bool = True


_Node = _Condition | _Joined


class FilterWords:
    """Reads the filters of one question. `said` and `problems` are filled on the way.

    `words_of` gives a dimension's name for its name in the typed schema (household.kidsCount).
    """

    def __init__(self, said: Said, problems: Problems, words_of: Callable[[str], str]) -> None:
        self._words_of = words_of
        self._said = said
        self._problems = problems

    def where(self, type_: GraphQLInputObjectType, value: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return self._placed(self._object(type_, value, (), ("where",), 1), ("where",))

    def having(self, conditions: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        nodes = [self._row_condition(one, ("having", place), 1) for place, one in enumerate(conditions)]
        return self._placed(self._all_of(nodes, ("having",)), ("having",))

    # --- where

    def _object(
        self, type_: GraphQLInputObjectType, value: Mapping[str, Any], words: tuple[str, ...], at: Path, depth: int
    ) -> _Node | None:
        """All that an input object says; a null counts as left out."""
        if depth > 2 * DEEPEST:
            self._problems.add(ErrorCode.QUERY_TOO_DEEP, f"filters are nested at most {DEEPEST} deep", at)
            return None
        nodes = [
            node
            for key, inner in value.items()
            if inner is not None
            for node in self._field(type_, key, inner, words, (*at, key), depth)
        ]
        return self._all_of(nodes, at)

    def _field(
        self, type_: GraphQLInputObjectType, key: str, value: Any, words: tuple[str, ...], at: Path, depth: int
    ) -> Iterator[_Node | None]:
        described = type_.fields[key]
        inner = get_named_type(described.type)
        match meaning_of(described):
            case JoinMeaning(name) if isinstance(inner, GraphQLInputObjectType):
                yield self._object(inner, value, (*words, name), at, depth + 1)
            case DimensionMeaning(name):
                yield self._time_or_value(inner, ".".join((*words, name)), value, at)
            case MetricMeaning(name):
                yield self._metric(name, value, at)
            case _ if key == "segments":
                yield self._all_of([_Condition({"segment": name}, at) for name in value], at)
            case _ if key == "metric" and isinstance(inner, GraphQLInputObjectType):
                yield self._object(inner, value, (), at, depth)
            case _ if key == "not":
                negated = self._object(type_, value, (), at, depth + 1)
                yield None if negated is None else _Joined("not", (negated,), at)
            case _:
                members = [self._object(type_, one, (), (*at, place), depth + 1) for place, one in enumerate(value)]
                yield self._joined(key, members, at)

    def _time_or_value(self, type_: Any, dimension: str, value: Mapping[str, Any], at: Path) -> _Node | None:
        """What is compared with a dimension, and with periods that hold it."""
        nodes: list[_Node | None] = []
        for key, operand in value.items():
            grain = type_.fields[key].extensions.get(GRAIN)
            if grain is not None and operand is not None:
                form = {"dimension": dimension, "grain": grain}
                nodes.append(self._all_of(self._comparison(form, operand, (*at, key)), (*at, key)))
            else:
                nodes.append(self._operator({"dimension": dimension}, key, operand, (*at, key)))
        return self._all_of(nodes, at)

    def _metric(self, name: str, value: Mapping[str, Any], at: Path) -> _Node | None:
        form = {"metric": name, "per": self._words_of(value["per"]), "over": value["over"]}
        rest = {key: inner for key, inner in value.items() if key not in form}
        return self._all_of(self._comparison(form, rest, at), at)

    # --- having

    def _row_condition(self, value: Mapping[str, Any], at: Path, depth: int) -> _Node | None:
        if depth > 2 * DEEPEST:
            self._problems.add(ErrorCode.QUERY_TOO_DEEP, f"filters are nested at most {DEEPEST} deep", at)
            return None
        nodes: list[_Node | None] = []
        for word in ("and", "or"):
            if value.get(word) is not None:
                here = (*at, word)
                members = enumerate(value[word])
                inner = [self._row_condition(one, (*here, place), depth + 1) for place, one in members]
                nodes.append(self._joined(word, inner, here))
        if value.get("not") is not None:
            negated = self._row_condition(value["not"], (*at, "not"), depth + 1)
            nodes.append(None if negated is None else _Joined("not", (negated,), (*at, "not")))
        rest = {key: one for key, one in value.items() if key not in ("and", "or", "not", "key")}
        if rest and value.get("key") is None:
            message = "`key` is missing: which field of `rows` is compared"
            self._problems.add(ErrorCode.BAD_FILTER, message, (*at, "key"))
            return None
        if value.get("key") is not None:
            nodes.append(self._all_of(self._comparison({"key": value.get("key")}, rest, at), at))
        return self._all_of(nodes, at)

    # --- both

    def _comparison(self, form: Mapping[str, Any], value: Mapping[str, Any], at: Path) -> list[_Node | None]:
        """A condition for each operator."""
        return [self._operator(form, key, operand, (*at, key)) for key, operand in value.items()]

    def _operator(self, form: Mapping[str, Any], key: str, operand: Any, at: Path) -> _Node | None:
        if operand is None:
            message = "null is no value: leave the operator out, or ask with isNull"
            self._problems.add(ErrorCode.BAD_VALUE, message, at)
            return None
        if key in PARTS:
            return self._all_of(self._comparison({**form, "part": PARTS[key]}, operand, at), at)
        said: Said = {(word,): (*at[:-1], word) if word in ("per", "over", "key") else at[:-1] for word in form}
        if key == "last":
            return _Condition({**form, "last": operand}, at, {**said, ("last",): at})
        if key == IS_NULL:
            return _Condition({**form, "op": "IS_NULL" if operand else "IS_NOT_NULL"}, at, {**said, ("op",): at})
        values = operand if key in LISTS else [operand]
        said |= {("op",): at, ("values",): at}
        if key == RANGE:
            values = [operand["from"], operand["to"]]
            said |= {("values", 0): (*at, "from"), ("values", 1): (*at, "to")}
        elif key not in LISTS:
            said[("values", 0)] = at
        return _Condition({**form, "op": OPERATORS[key], "values": values}, at, said)

    def _all_of(self, nodes: Iterable[_Node | None], at: Path) -> _Node | None:
        """What stands together in an object: all of it holds, and what stands in objects of the object is one level."""
        flat: list[_Node | None] = []
        for node in nodes:
            if isinstance(node, _Joined) and not node.is_said:
                flat.extend(node.members)
            else:
                flat.append(node)
        joined = self._joined("and", flat, at)
        if len(flat) > 1 and isinstance(joined, _Joined):
            return replace(joined, is_said=False)
        return joined

    def _joined(self, word: str, nodes: list[_Node | None], at: Path) -> _Node | None:
        """The nodes joined; one alone is itself. None when something in it was wrong, which is then in `problems`."""
        known = tuple(node for node in nodes if node is not None)
        if not nodes:
            self._nothing(at)
            return None
        if len(known) < len(nodes):
            return None
        return known[0] if len(known) == 1 else _Joined(word, known, at)

    def _nothing(self, at: Path) -> None:
        name = next(word for word in reversed(at) if isinstance(word, str))
        message = f"`{name}` says nothing here: leave it out, or say a condition"
        self._problems.add(ErrorCode.BAD_FILTER, message, at)

    def _placed(self, node: _Node | None, path: Path) -> Mapping[str, Any] | None:
        """The JSON form of a node that stands at `path`; where it was said is noted."""
        if node is None:
            return None
        if len(path) > 1:  # a problem of the whole filter is none of its one condition
            self._said[path] = node.at
        if isinstance(node, _Condition):
            self._said.update({(*path, *inside): at for inside, at in node.said.items()})
            return node.form
        if node.word == "not":
            return {"not": self._placed(node.members[0], (*path, "not"))}
        inner = [self._placed(member, (*path, node.word, place)) for place, member in enumerate(node.members)]
        return {node.word: inner}
