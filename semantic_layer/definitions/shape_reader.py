"""A tree read by the grammar: every key known, every value of its shape, every mistake told with its place."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any as AnyValue

from semantic_layer.definitions import grammar
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.formula_tokens import FormulaError
from semantic_layer.definitions.grammar import Block, ByLanguage, Either, Keyed, Listing, Shape
from semantic_layer.definitions.problem import Place, Problem, ProblemCode, near_names
from semantic_layer.definitions.yaml_text import ListNode, MapNode, Node, Origin, ScalarNode

Path = tuple[str, ...]
Fields = dict[str, AnyValue]  # the readable keys of a block; what is missing or broken is absent

# What other products call a key -> what it is called here.
_HABITS = {
    "filter": "where", "filters": "where", "expr": "is", "expression": "is", "calculation": "is", "measure": "is",
    "agg": "is", "formula": "is", "dataset": "from", "model": "from", "description": "meaning", "window": "over",
    "offset": "ago",
    "shift": "ago", "entity": "across", "entities": "across", "per": "across", "title": "label", "alias": "with",
    "relationship": "kind", "primary_key": "key", "on": "match", "timestamp": "time",
}  # fmt: skip


_FORMS_SAID = {grammar.NAME_FORM: 'lower case letters, digits and single "_", starting with a letter'}


class _Broken:
    """The value of what could not be read; a problem says why."""


BROKEN = _Broken()


class Places:
    """Where each key and value of the definitions stands, by its path: ("metrics", "sales", "is")."""

    def __init__(self) -> None:
        self._keys: dict[Path, Origin] = {}
        self._values: dict[Path, Node] = {}

    def record(self, path: Path, node: Node, key: Origin | None) -> None:
        self._values[path] = node
        if key is not None:
            self._keys[path] = key

    def key(self, *path: str) -> Place:
        """The place of the key, or of the nearest thing above it that was written."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._keys:
                return self._keys[path[:length]].place
        return Place(" ".join(path[:2]))

    def value(self, *path: str, offset: int = -1) -> Place:
        """The place of the value; with an offset, of that character of a formula."""
        node = self._values.get(path)
        if node is None:
            return self.key(*path)
        if offset >= 0 and isinstance(node, ScalarNode) and isinstance(node.value, str):
            return node.origin.inside(node.value, offset)
        return node.origin.place


class ShapeReader:
    """Reads nodes by shape. `languages` are those that labels must have; None while they are not known."""

    def __init__(self, problems: list[Problem], places: Places, languages: tuple[str, ...] | None) -> None:
        self.problems = problems
        self.places = places
        self.languages = languages
        self.broken: set[Path] = set()  # keys whose values could not be read

    def read(self, node: Node, shape: Shape, path: Path, subject: str) -> AnyValue:
        """The value, or BROKEN. `subject` says in messages what is read: `"tier" of metric "sales"`."""
        match shape:
            case Block():
                return self._block(node, shape, path, subject)
            case Keyed():
                return self._keyed(node, shape, path, subject)
            case ByLanguage():
                return self._by_language(node, shape, path, subject)
            case Listing():
                return self._listing(node, shape, path, subject)
            case Either(block, other):
                return self.read(node, block if isinstance(node, MapNode) else other, path, subject)
            case grammar.Reference(name):
                return self.read(node, grammar.REFERENCES[name], path, subject)
            case _:
                return self._scalar(node, shape, subject)

    def _problem(self, place: Place, code: ProblemCode, message: str, near: tuple[str, ...] = ()) -> None:
        self.problems.append(Problem(place, code, message, near))

    def _bad(self, node: Node, subject: str, wanted: str) -> _Broken:
        self._problem(node.origin.place, ProblemCode.BAD_VALUE, f"{subject} is {_shown(node)}; expected {wanted}")
        return BROKEN

    # --- maps

    def _block(self, node: Node, block: Block, path: Path, subject: str) -> AnyValue:
        if isinstance(node, ScalarNode) and node.value is None:
            node = MapNode({}, {}, node.origin)
        if not isinstance(node, MapNode):
            return self._bad(node, subject, f"a map with the keys {', '.join(block.keys)}")
        fields: Fields = {}
        for name, value in node.entries.items():
            key = block.keys.get(name)
            inner = (*path, name)
            self.places.record(inner, value, node.keys[name])
            if key is None:
                self._unknown_key(node.keys[name], name, block, subject)
                continue
            read = self.read(value, key.shape, inner, f'"{name}" of {subject}')
            if read is BROKEN:
                self.broken.add(inner)
            else:
                fields[name] = read
        missing = [name for name, key in block.keys.items() if key.required and name not in node.entries]
        for name in missing:
            self.broken.add((*path, name))
            place = self.places.key(*path) if path else node.origin.place
            self._problem(place, ProblemCode.MISSING_KEY, f'{subject} needs "{name}": {block.keys[name].says}')
        return fields

    def _unknown_key(self, origin: Origin, name: str, block: Block, subject: str) -> None:
        for zone in ("about", "governance"):
            inner = block.keys.get(zone)
            if inner is not None and isinstance(inner.shape, Block) and name in inner.shape.keys:
                message = f'"{name}" of {subject} stands under "{zone}:"'
                self._problem(origin.place, ProblemCode.UNKNOWN_KEY, message, (zone,))
                return
        habit = _HABITS.get(name)
        near = (habit,) if habit in block.keys else near_names(name, block.keys, 1)
        hint = f'; did you mean "{near[0]}"?' if near else f"; the keys are {', '.join(block.keys)}"
        self._problem(
            origin.place,
            ProblemCode.UNKNOWN_KEY,
            f'{subject} has no key "{name}"{hint}',
            tuple(filter(None, near)),
        )

    def _keyed(self, node: Node, shape: Keyed, path: Path, subject: str) -> AnyValue:
        if isinstance(node, ScalarNode) and node.value is None:
            return {}
        if not isinstance(node, MapNode):
            return self._bad(node, subject, f"a map of {shape.noun} names")
        result: Fields = {}
        for name, value in node.entries.items():
            inner = (*path, name)
            self.places.record(inner, value, node.keys[name])
            if re.fullmatch(shape.form, name) is None:
                form = _FORMS_SAID.get(shape.form, "characters that are printed, without space at either end")
                self._problem(
                    node.keys[name].place,
                    ProblemCode.BAD_NAME,
                    f'{shape.noun} "{name}" is not a name: {form}',
                )
            read = self.read(value, shape.of, inner, f'{shape.noun} "{name}"')
            if read is BROKEN:
                self.broken.add(inner)
            else:
                result[name] = read
        return result

    def _by_language(self, node: Node, shape: ByLanguage, path: Path, subject: str) -> AnyValue:
        languages = self.languages
        said = ", ".join(languages or ("en",))
        if not isinstance(node, MapNode):
            return self._bad(node, subject, f"one text per language: {said}")
        result: Fields = {}
        for name, value in node.entries.items():
            self.places.record((*path, name), value, node.keys[name])
            if languages is not None and name not in languages:
                message = f'{subject} has a text in "{name}", which is none of the catalog\'s languages: {said}'
                self._problem(node.keys[name].place, ProblemCode.UNKNOWN_KEY, message, near_names(name, languages))
                continue
            read = self.read(value, shape.of, (*path, name), f'"{name}" of {subject}')
            if read is not BROKEN:
                result[name] = read
        missing = [name for name in languages or () if name not in node.entries] if shape.every else []
        if missing:
            message = f"{subject} has no text in {', '.join(missing)}"
            self._problem(self.places.key(*path), ProblemCode.MISSING_LANGUAGE, message)
        return result

    def _listing(self, node: Node, shape: Listing, path: Path, subject: str) -> AnyValue:
        if isinstance(node, ScalarNode) and shape.or_one and node.value is not None:
            self.places.record((*path, "0"), node, None)
            read = self.read(node, shape.of, path, subject)
            return BROKEN if read is BROKEN else (read,)
        if not isinstance(node, ListNode):
            return self._bad(node, subject, "a list in brackets: [a, b]")
        if not node.items and not shape.may_be_empty:
            return self._bad(node, subject, "a list with one item at least")
        items = []
        for index, item in enumerate(node.items):
            inner = (*path, str(index))
            self.places.record(inner, item, item.origin)
            items.append(self.read(item, shape.of, inner, f"item {index + 1} of {subject}"))
        seen: set[AnyValue] = set()
        for item, read in zip(node.items, items, strict=True):
            if read is not BROKEN and not isinstance(read, Mapping) and read in seen:
                self._problem(item.origin.place, ProblemCode.DUPLICATE, f"{_shown(item)} stands twice in {subject}")
            elif not isinstance(read, Mapping):
                seen.add(read)
        return BROKEN if any(item is BROKEN for item in items) else tuple(items)

    # --- scalars

    def _scalar(self, node: Node, shape: Shape, subject: str) -> AnyValue:
        if not isinstance(node, ScalarNode):
            return self._bad(node, subject, _wanted(shape))
        value = node.value
        match shape:
            case grammar.Text(form, wanted):
                if not isinstance(value, str):
                    return self._bad(node, subject, f"{wanted}{'' if value is None else ' (write it in quotes)'}")
                if not value.strip() or (form is not None and re.fullmatch(form, value) is None):
                    return self._bad(node, subject, wanted + _rephrased(value, wanted))
            case grammar.Choice(words):
                if not isinstance(value, str) or value not in words:
                    near = near_names(str(value), words, 1)
                    hint = f'; did you mean "{near[0]}"?' if near else ""
                    return self._bad(node, subject, f"one of {', '.join(words)}{hint}")
            case grammar.Whole(minimum, maximum):
                if isinstance(value, bool) or not isinstance(value, int) or not _within(value, minimum, maximum):
                    return self._bad(node, subject, _wanted(shape))
            case grammar.Number():
                return self._number(node, subject)
            case grammar.Flag():
                if not isinstance(value, bool):
                    return self._bad(node, subject, _wanted(shape))
            case grammar.Any():
                if value is None:
                    return self._bad(node, subject, _wanted(shape))
            case _:
                return self._formula(node, subject)
        return value

    def _number(self, node: ScalarNode, subject: str) -> AnyValue:
        value = node.value
        if isinstance(value, str) and isinstance(node.origin.source, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
            return Decimal(value)  # a registry document keeps fractions as text, so that they stay exact
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            return self._bad(node, subject, "a number")
        return value

    def _formula(self, node: ScalarNode, subject: str) -> AnyValue:
        if not isinstance(node.value, str):
            return self._bad(node, subject, "a formula, as a text")
        try:
            return parse_formula(node.value)
        except FormulaError as error:
            place = node.origin.inside(node.value, error.offset)
            self._problem(place, error.code, f"{subject}: {error.message}", error.near)
            return BROKEN


def _within(value: int, minimum: int | None, maximum: int | None) -> bool:
    return (minimum is None or value >= minimum) and (maximum is None or value <= maximum)


def _wanted(shape: Shape) -> str:
    match shape:
        case grammar.Text(_, wanted):
            return wanted
        case grammar.Choice(words):
            return f"one of {', '.join(words)}"
        case grammar.Whole(minimum, maximum) if minimum is not None and maximum is not None:
            return f"a whole number from {minimum} to {maximum}"
        case grammar.Whole():
            return "a whole number"
        case grammar.Flag():
            return "true or false"
        case grammar.Formula():
            return "a formula, as a text"
        case _:
            return "a single value"


def _shown(node: Node) -> str:
    match node:
        case MapNode():
            return "a map"
        case ListNode(items, _):
            return "a list" if items else "an empty list"
        case ScalarNode(None, _):
            return "empty"
        case ScalarNode(bool() as flag, _):
            return str(flag).lower()
        case ScalarNode(str() as text, _):
            return f'"{text if len(text) <= 60 else text[:57] + "..."}"'
        case ScalarNode(value, _):
            return str(value)


def _rephrased(value: str, wanted: str) -> str:
    """`; did you mean "trailing 28 days"?` for a phrase whose words are right and stand in another order."""
    length = re.search(grammar.DURATION_FORM, value)
    unit = re.search("|".join(grammar.GRAINS), value)
    candidates = [f"trailing {length.group()}", length.group()] if length else []
    candidates += [f"{unit.group()} to date", f"1 {unit.group()}"] if unit else []
    candidates += ["start to date", "all time"]
    fitting = [c for c in candidates if _fits(c, wanted) and set(c.split()) & set(value.split())]
    return f'; did you mean "{fitting[0]}"?' if fitting else ""


def _fits(candidate: str, wanted: str) -> bool:
    """Whether a candidate phrase is of the wanted kind: a window, or a plain length of time."""
    windows = candidate.startswith("trailing") or candidate.endswith("to date") or candidate == "all time"
    return ("trailing N UNIT" in wanted) if windows else wanted.startswith("N UNIT")
