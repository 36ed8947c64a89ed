"""Definitions as YAML text in the one canonical layout: order of the grammar, one fact per line, quotes only if needed.

The same layout for a file that a person wrote (`format`, comments kept) and for documents of the registry (`export`).
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from semantic_layer.definitions import grammar
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.formula_tokens import FormulaError
from semantic_layer.definitions.grammar import Block, ByLanguage, Either, Keyed, Listing, Shape
from semantic_layer.definitions.problem import DefinitionErrors, Problem
from semantic_layer.definitions.shape_reader import Path
from semantic_layer.definitions.yaml_text import (
    Json,
    ListNode,
    MapNode,
    Node,
    Origin,
    ScalarNode,
    is_plain,
    read_json,
    read_yaml,
)

WIDTH = 110  # a longer formula is folded
INDENT = "  "
_ON_ONE_LINE = ("label", "rows", "match")  # short maps that read better on one line
_SPACED = ("datasets", "metrics")  # sections whose definitions stand apart


def format_text(file: str, text: str) -> str:
    """The file in canonical layout, with its comments. Idempotent. Raises DefinitionErrors if it is no readable YAML.

    Mistakes that only the reader knows (unknown keys and names) stay as they are: `validate` tells them.
    """
    problems: list[Problem] = []
    tree = read_yaml(file, text, problems)
    if problems:
        raise DefinitionErrors(problems)
    if tree is None:
        return text
    return _Layout(_comments_of(tree, text)).file(tree)


def yaml_of(section: str, documents: Mapping[str, Json]) -> str:
    """Documents of one section (`metrics`) as the text of a file."""
    tree = read_json("", {section: dict(documents)})
    assert isinstance(tree, MapNode)
    return _Layout(_Comments()).file(tree)


def commented_text(
    tree: Mapping[str, Json], head: Iterable[str], above: Mapping[Path, str], beside: Mapping[Path, str]
) -> str:
    """A file from its tree, with comments (without #) at its head, above keys and beside them."""
    node = read_json("", dict(tree))
    assert isinstance(node, MapNode)
    comments = _Comments(
        [f"# {line}".rstrip() for line in head],
        {path: [f"# {line}" for line in said.split("\n")] for path, said in above.items()},
        {path: f"# {said}" for path, said in beside.items() if said},
    )
    return _Layout(comments).file(node)


# --- comments ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Comments:
    """Comments by what they are about: the file, the key after them, or the key on their line."""

    head: list[str] = field(default_factory=list)
    above: dict[Path, list[str]] = field(default_factory=dict)
    beside: dict[Path, str] = field(default_factory=dict)
    tail: list[str] = field(default_factory=list)


def _comments_of(tree: MapNode, text: str) -> _Comments:
    anchors = sorted(_anchors(tree, ()))
    offsets = [offset for offset, _ in anchors]
    scalars = sorted((origin.start, origin.end) for origin in _scalar_spans(tree))
    starts = [start for start, _ in scalars]
    comments = _Comments()
    for found in re.finditer(r"(?m)(^[ \t]*|[ \t])(#.*)$", text):
        at = found.start(2)
        inside = bisect_right(starts, at) - 1
        if inside >= 0 and scalars[inside][0] <= at < scalars[inside][1]:
            continue  # a # inside a text
        line_start = text.rfind("\n", 0, at) + 1
        following = bisect_left(offsets, at)
        said = found.group(2).rstrip()
        if text[line_start:at].strip():
            first_on_line = bisect_left(offsets, line_start)
            path = anchors[first_on_line if first_on_line < following else max(following - 1, 0)][1]
            comments.beside[path] = f"{comments.beside[path]} {said}" if path in comments.beside else said
        elif following == 0:
            comments.head.append(said)
        elif following == len(anchors):
            comments.tail.append(said)
        else:
            comments.above.setdefault(anchors[following][1], []).append(said)
    return comments


def _anchors(node: Node, path: Path) -> Iterator[tuple[int, Path]]:
    """Where each key and item begins."""
    if isinstance(node, MapNode):
        for name, value in node.entries.items():
            yield node.keys[name].start, (*path, name)
            yield from _anchors(value, (*path, name))
    elif isinstance(node, ListNode):
        for index, item in enumerate(node.items):
            if isinstance(item, MapNode):
                yield from _anchors(item, (*path, str(index)))


def _scalar_spans(node: Node) -> Iterator[Origin]:
    match node:
        case ScalarNode(_, origin):
            yield origin
        case ListNode(items, _):
            for item in items:
                yield from _scalar_spans(item)
        case MapNode(entries, keys, _):
            for name, value in entries.items():
                yield keys[name]
                yield from _scalar_spans(value)


# --- the layout --------------------------------------------------------------------------------------------------


class _Layout:
    def __init__(self, comments: _Comments) -> None:
        self.comments = comments
        self.lines: list[str] = []

    def file(self, tree: MapNode) -> str:
        self.lines = list(self.comments.head)
        self._map(tree, grammar.FILE, (), "")
        return "\n".join([*self.lines, *self.comments.tail]) + "\n"

    def _map(self, node: MapNode, shape: Shape | None, path: Path, indent: str) -> None:
        for position, name in enumerate(_ordered(node, shape)):
            inner = (*path, name)
            if position and len(path) == 1 and path[0] in _SPACED:
                self.lines.append("")
            self.lines += [f"{indent}{comment}" for comment in self.comments.above.get(inner, ())]
            self._entry(name, node.entries[name], _shape_of(shape, name), inner, indent)

    def _entry(self, name: str, value: Node, shape: Shape | None, path: Path, indent: str) -> None:
        head = f"{indent}{_text(name, in_flow=False)}:"
        beside = f"  {self.comments.beside[path]}" if path in self.comments.beside else ""
        value = _canonical(value, shape)
        match value:
            case MapNode(entries, _, _) if entries and not self._fits_one_line(name, value, path):
                self.lines.append(head + beside)
                self._map(value, _block_shape(shape), path, indent + INDENT)
            case ListNode(items, _) if any(isinstance(item, (MapNode, ListNode)) for item in items):
                self.lines.append(head + beside)
                self.lines += [f"{indent}{INDENT}- {_flow(item)}" for item in items]
            case ScalarNode(str() as text, _) if _is_block(text):
                self.lines.append(f"{head} |{'' if text.endswith(chr(10)) else '-'}{beside}")
                self.lines += [f"{indent}{INDENT}{line}".rstrip() for line in text.removesuffix("\n").split("\n")]
            case ScalarNode(str() as text, _) if _folds(shape, text, len(head)):
                self.lines.append(f"{head} >-{beside}")
                self.lines += [f"{indent}{INDENT}{line}" for line in _folded(text, WIDTH - len(indent) - 2)]
            case ScalarNode(str() as text, _):
                self.lines.append(f"{head} {_text(text, in_flow=False)}{beside}")
            case _:
                self.lines.append(f"{head} {_flow(value)}{beside}")

    def _fits_one_line(self, name: str, node: MapNode, path: Path) -> bool:
        """A short map of single values, unless something is said about one of them."""
        commented = any(
            key[: len(path)] == path and key != path for key in (*self.comments.above, *self.comments.beside)
        )
        single = all(isinstance(value, ScalarNode) for value in node.entries.values())
        return name in _ON_ONE_LINE and single and not commented


def _ordered(node: MapNode, shape: Shape | None) -> list[str]:
    """Keys of a block in the grammar's order, unknown ones last; free names as they were written."""
    if not isinstance(shape, Block):
        return list(node.entries)
    known = [name for name in shape.keys if name in node.entries]
    return known + [name for name in node.entries if name not in shape.keys]


def _shape_of(shape: Shape | None, name: str) -> Shape | None:
    match shape:
        case Block(_, keys):
            found = keys[name].shape if name in keys else None
            return grammar.REFERENCES[found.name] if isinstance(found, grammar.Reference) else found
        case Keyed(_, of, _) | ByLanguage(of, _):
            return grammar.REFERENCES[of.name] if isinstance(of, grammar.Reference) else of
        case _:
            return None


def _block_shape(shape: Shape | None) -> Shape | None:
    return shape.block if isinstance(shape, Either) else shape


def _canonical(node: Node, shape: Shape | None) -> Node:
    """The one way to write a value: [x] as x where one may stand alone, an empty block as {}, a formula by its tree."""
    if isinstance(shape, Either):
        shape = shape.block if isinstance(node, MapNode) else shape.other
    match node, shape:
        case ListNode((ScalarNode() as only,), _), Listing(_, True, _):
            return only
        case ScalarNode(None, origin), (Block() | Keyed()):
            return MapNode({}, {}, origin)
        case ScalarNode(str() as text, origin), grammar.Number() if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return ScalarNode(Decimal(text), origin)  # a document keeps a fraction as text
        case ScalarNode(str() as text, origin), grammar.Formula():
            try:
                return ScalarNode(formula_text(parse_formula(text)), origin)
            except FormulaError:
                return node
        case _:
            return node


def _folds(shape: Shape | None, text: str, used: int) -> bool:
    return isinstance(shape, grammar.Formula) and used + len(text) > WIDTH and " " in text and "  " not in text


def _folded(text: str, width: int) -> list[str]:
    """Lines that fold back into the text: broken at single spaces only."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] += (" " if lines[-1] else "") + word
    return lines


def _flow(node: Node) -> str:
    """A value on one line."""
    match node:
        case MapNode(entries, _, _):
            return (
                "{" + ", ".join(f"{_text(key, in_flow=True)}: {_flow(value)}" for key, value in entries.items()) + "}"
            )
        case ListNode(items, _):
            return "[" + ", ".join(_flow(item) for item in items) + "]"
        case ScalarNode(None, _):
            return "null"
        case ScalarNode(bool() as flag, _):
            return str(flag).lower()
        case ScalarNode(str() as text, _):
            return _text(text, in_flow=True)
        case ScalarNode(value, _):
            return str(value)


# Words that YAML 1.1 takes for truth values: plain here, but quoted for other programs that read the file.
_OLD_WORDS = frozenset({"y", "n", "yes", "no", "on", "off"})
_UNSAFE_START = "!&*-?:,[]{}#|>@%\"'`"
_UNPRINTABLE = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
_SIGNS = re.compile(rf"{_UNPRINTABLE}|: |:$| #|^\s|\s$|^---|^\.\.\.")


def _is_block(text: str) -> bool:
    """Whether a text of several lines can stand as a literal block, line by line as it is."""
    lines = text.removesuffix("\n").split("\n")
    whole = all(line == line.rstrip() for line in lines) and lines[0][:1] not in ("", " ") and lines[-1] != ""
    return len(lines) > 1 and whole and re.search(_UNPRINTABLE, text.replace("\n", "")) is None


def _text(text: str, *, in_flow: bool) -> str:
    """A text without quotes where YAML reads it as the same text."""
    signs = _SIGNS.search(text)
    plain = is_plain(text) and text.lower() not in _OLD_WORDS and text[:1] not in _UNSAFE_START and signs is None
    if plain and not (in_flow and re.search(r"[,\[\]{}]", text)):
        return text
    if ('"' in text or "\\" in text) and re.search(_UNPRINTABLE, text) is None:
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return '"' + re.sub(_UNPRINTABLE, lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'
