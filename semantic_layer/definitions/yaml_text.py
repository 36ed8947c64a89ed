"""YAML 1.2 text, or a JSON document of the registry, as one tree in which everything knows its place.

Strict on purpose: no anchors, merges, tags or duplicate keys, and a word is never guessed to be something else.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from semantic_layer.definitions.problem import Place, Problem, ProblemCode

MAX_FILE = 4_000_000
MAX_DEPTH = 40

# A value of a JSON document, as orjson reads it.
Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
ScalarValue = str | int | Decimal | bool | None

# The core schema of YAML 1.2: what is not one of these is a text.
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of characters
_SPACES = re.compile(r"\s+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file's text and where its lines begin, so that an offset can be told as line and column."""

    file: str
    text: str
    line_starts: tuple[int, ...]

    def place(self, offset: int) -> Place:
        line = bisect_right(self.line_starts, offset)
        return Place(self.file, line, offset - self.line_starts[line - 1] + 1)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node stands: a span of a text, or only the name of a document."""

    source: SourceText | str
    start: int = 0
    end: int = 0

    @property
    def place(self) -> Place:
        return Place(self.source) if isinstance(self.source, str) else self.source.place(self.start)

    def inside(self, value: str, offset: int) -> Place:
        """The place of character `offset` of a scalar's value, through quotes, folds and indents."""
        if isinstance(self.source, str):
            return self.place
        return self.source.place(self.start + _raw_offset(self.source.text[self.start : self.end], value, offset))


@dataclass(frozen=True, slots=True)
class ScalarNode:
    value: ScalarValue
    origin: Origin


@dataclass(frozen=True, slots=True)
class ListNode:
    items: tuple["Node", ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class MapNode:
    entries: Mapping[str, "Node"]
    keys: Mapping[str, Origin]
    origin: Origin


Node = ScalarNode | ListNode | MapNode


class Unreadable(Exception):
    """The text is no YAML of the kind that is read here; holds the one problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def read_yaml(file: str, text: str, problems: list[Problem]) -> MapNode | None:
    """The tree of one file, or None if it is empty or unreadable. What is wrong is added to `problems`."""
    if len(text) > MAX_FILE:
        problems.append(
            Problem(Place(file, 1, 1), ProblemCode.TOO_LARGE, f"a file has at most {MAX_FILE:,} characters")
        )
        return None
    starts = (0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text)))
    source = SourceText(file, text, starts)
    try:
        tree = _TreeBuilder(source, problems).build()
    except Unreadable as unreadable:
        problems.append(unreadable.problem)
        return None
    if tree is None:
        return None
    if not isinstance(tree, MapNode):
        problems.append(
            Problem(
                tree.origin.place,
                ProblemCode.YAML,
                "a file is a map of language, catalog, datasets, metrics, …",
            )
        )
        return None
    return tree


def read_json(name: str, document: Json) -> Node:
    """The tree of a JSON document; it has no positions, so every place is the document's name."""
    origin = Origin(name)
    match document:
        case None | bool() | int() | str():
            return ScalarNode(document, origin)
        case float():
            return ScalarNode(Decimal(repr(document)), origin)
        case Mapping():
            return MapNode(
                {key: read_json(name, value) for key, value in document.items()},
                dict.fromkeys(document, origin),
                origin,
            )
        case _:
            return ListNode(tuple(read_json(name, item) for item in document), origin)


class _TreeBuilder:
    """Builds the tree from the events of one text, with a limit on depth and no way to refer to anything."""

    def __init__(self, source: SourceText, problems: list[Problem]) -> None:
        self.source = source
        self.problems = problems
        self.events = iter(YAML(typ="safe", pure=True).parse(source.text))

    def build(self) -> Node | None:
        tree: Node | None = None
        documents = 0
        while (event := self._next()) is not None:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._unreadable(event, "one file holds one YAML document")
            elif isinstance(event, (ScalarEvent, MappingStartEvent, SequenceStartEvent, AliasEvent)):
                tree = self._node(event, 1)
        if isinstance(tree, ScalarNode) and tree.value is None:
            return None
        return tree

    def _next(self) -> Event | None:
        try:
            return next(self.events, None)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            offset = min(mark.index, len(self.source.text)) if mark is not None else 0
            said = " ".join(filter(None, (error.context, error.problem)))
            raise Unreadable(Problem(self.source.place(offset), ProblemCode.YAML, said or "this is no YAML")) from None
        except (YAMLError, ValueError):
            raise Unreadable(Problem(self.source.place(0), ProblemCode.YAML, "this is no YAML text")) from None

    def _unreadable(self, event: Event, message: str, code: ProblemCode = ProblemCode.YAML) -> Unreadable:
        return Unreadable(Problem(self.source.place(event.start_mark.index), code, message))

    def _origin(self, event: Event) -> Origin:
        return Origin(self.source, event.start_mark.index, event.end_mark.index)

    def _node(self, event: Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._unreadable(event, f"nested more than {MAX_DEPTH} deep", ProblemCode.TOO_LARGE)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise self._unreadable(
                event, "anchors and aliases are not in the language; write it out, or give it a name"
            )
        if getattr(event, "tag", None):
            raise self._unreadable(event, "tags are not in the language; a text is written in quotes")
        if isinstance(event, ScalarEvent):
            if (found := _NO_TEXT.search(event.value)) is not None:
                message = f"a text cannot hold U+{ord(found.group()):04X}, which no database can keep"
                raise self._unreadable(event, message)
            return ScalarNode(_resolve(event), self._origin(event))
        if isinstance(event, SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(item := self._inner(), SequenceEndEvent):
                items.append(self._node(item, depth + 1))
            return ListNode(tuple(items), self._origin(event))
        return self._mapping(event, depth)

    def _inner(self) -> Event:
        event = self._next()
        assert event is not None  # the parser closes every collection or raises
        return event

    def _mapping(self, event: Event, depth: int) -> MapNode:
        entries: dict[str, Node] = {}
        keys: dict[str, Origin] = {}
        while not isinstance(key := self._inner(), MappingEndEvent):
            if not isinstance(key, ScalarEvent):
                raise self._unreadable(key, "a key is a word")
            if key.value == "<<" and not key.style:
                raise self._unreadable(key, "merges are not in the language; write it out")
            self._node(key, depth)
            origin = self._origin(key)
            value = self._node(self._inner(), depth + 1)
            if key.value in keys:
                first = keys[key.value].place
                message = f'"{key.value}" is already written in {first}'
                self.problems.append(Problem(origin.place, ProblemCode.DUPLICATE, message))
            else:
                entries[key.value], keys[key.value] = value, origin
        return MapNode(entries, keys, self._origin(event))


def _resolve(event: ScalarEvent) -> ScalarValue:
    """The value of a scalar by the core schema of YAML 1.2; a quoted or block scalar is always a text."""
    text: str = event.value
    if event.style:
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text) and len(text) < 400:
        return int(text)
    if _FLOAT.fullmatch(text) and len(text) < 400:
        return Decimal(text)
    return text


def is_plain(text: str) -> bool:
    """Whether an unquoted scalar of this text would be read as a text (and not as null, a number or a truth value)."""
    return not any(form.fullmatch(text) for form in (_NULL, _BOOL, _INT, _FLOAT))


def _raw_offset(raw: str, value: str, offset: int) -> int:
    """The offset in a scalar's raw text at which character `offset` of its value stands.

    Both are walked together: what the raw text has more (quotes, block headers, indents, line ends) is skipped.
    """
    at = 0
    if raw[:1] in ("|", ">"):
        at = raw.find("\n") + 1
    elif raw[:1] in ("'", '"'):
        at = 1
    for character in value[: max(offset, 0)]:
        if character.isspace():
            run = _SPACES.match(raw, at)
            if run is not None and "\n" in run.group():
                at = run.end()
            elif run is not None:
                at += 1
            continue
        while at < len(raw) and raw[at] != character:
            at += 1
        at += 2 if raw[:1] == "'" and character == "'" else 1
    while at < len(raw) and offset < len(value) and raw[at] != value[offset] and raw[at].isspace():
        at += 1
    return min(at, len(raw))
