"""How dbt speaks of things: `listing__user__ds__month`, and `{{ TimeDimension('metric_time', 'day') }}` in SQL.

A call is read as a Python expression and never run: what is no call of these four, with constants in it, is refused.
"""

import ast
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

METRIC_TIME = "metric_time"
SEPARATOR = "__"
DATE_PARTS = ("year", "quarter", "month", "day", "dow", "doy")
GRANULARITIES = (
    "nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year",
)  # fmt: skip
_EXTRACT = "extract_"


class ReferenceMistake(Exception):
    """A name or call that cannot be read; the message says what and why."""


class ReferenceKind(Enum):
    DIMENSION = auto()
    TIME = auto()
    ENTITY = auto()
    NAME = auto()  # a plain name, of which only the manifest knows what it means


@dataclass(frozen=True, slots=True)
class ElementReference:
    """An element of a semantic model, and how it is reached: (listing, user), then home_state."""

    kind: ReferenceKind
    path: tuple[str, ...]
    element: str
    grain: str | None = None
    part: str | None = None
    is_descending: bool = False

    @property
    def is_metric_time(self) -> bool:
        return self.element == METRIC_TIME and not self.path

    @property
    def name(self) -> str:
        """The name without grain: `listing__user__ds`."""
        return SEPARATOR.join((*self.path, self.element))

    @property
    def column(self) -> str:
        """The name of the output column: `listing__user__ds__month`, `metric_time__extract_dow`."""
        if self.part is not None:
            return f"{self.name}{SEPARATOR}{_EXTRACT}{self.part}"
        return self.name if self.grain is None else f"{self.name}{SEPARATOR}{self.grain}"


@dataclass(frozen=True, slots=True)
class MetricReference:
    """`Metric('bookings', group_by=['listing'])`: the metric's value for each of these entities."""

    metric: str
    group_by: tuple[ElementReference, ...] = ()
    is_descending: bool = False


Reference = ElementReference | MetricReference


def read_name(text: str, grains: Collection[str] = GRANULARITIES) -> ElementReference:
    """A dunder name: entities, the element, and a grain or date part if its last word is one.

    `grains` are the granularities that the project knows, its custom ones too. Raises ReferenceMistake.
    """
    words = text.lower().split(SEPARATOR)
    if not all(words):
        raise ReferenceMistake(f'"{text}" is no name: words are joined by two underscores')
    grain = part = None
    if len(words) > 1 and words[-1] in grains:
        grain = words.pop()
    elif len(words) > 1 and words[-1].removeprefix(_EXTRACT) in DATE_PARTS and words[-1].startswith(_EXTRACT):
        part = words.pop().removeprefix(_EXTRACT)
    return ElementReference(ReferenceKind.NAME, tuple(words[:-1]), words[-1], grain, part)


def read_call(text: str, grains: Collection[str] = GRANULARITIES) -> Reference:
    """A call of Dimension, TimeDimension, Entity or Metric, with its methods. Raises ReferenceMistake."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ReferenceMistake(f'"{_shown(text)}" is no call of Dimension, TimeDimension, Entity or Metric') from None
    return _reference(tree, text, frozenset(grains))


def _reference(tree: ast.expr, text: str, grains: frozenset[str]) -> Reference:
    match tree:
        case ast.Call(func=ast.Name(id=word), args=args, keywords=keywords) if word in _READERS:
            values = _Arguments(word, [_constant(one, text) for one in args], _named(keywords, text), text)
            return _READERS[word](values, grains)
        case ast.Call(func=ast.Attribute(value=inner, attr=method), args=args, keywords=keywords):
            values = _Arguments(method, [_constant(one, text) for one in args], _named(keywords, text), text)
            return _with_method(_reference(inner, text, grains), method, values)
        case _:
            raise ReferenceMistake(f'"{_shown(text)}" is no call of Dimension, TimeDimension, Entity or Metric')


Constant = str | bool | int | None | tuple[str, ...]


def _constant(tree: ast.expr, text: str) -> Constant:
    match tree:
        case ast.Constant(value=str() | bool() | int() | None as value):
            return value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            values = [_constant(item, text) for item in items]
            if all(isinstance(value, str) for value in values):
                return tuple(str(value) for value in values)
        case _:
            pass
    raise ReferenceMistake(f'"{_shown(text)}" has an argument that is neither a text nor a list of texts')


def _named(keywords: list[ast.keyword], text: str) -> dict[str, Constant]:
    return {str(one.arg): _constant(one.value, text) for one in keywords}


@dataclass(slots=True)
class _Arguments:
    """The arguments of one call, taken by place or by name."""

    word: str
    given: list[Constant]
    named: dict[str, Constant]
    text: str
    taken: int = field(default=0)

    def next(self, name: str) -> Constant:
        if self.taken < len(self.given):
            self.taken += 1
            return self.given[self.taken - 1]
        return self.named.pop(name, None)

    def text_of(self, name: str) -> str:
        value = self.next(name)
        if not isinstance(value, str) or not value:
            raise ReferenceMistake(f'"{_shown(self.text)}": {self.word} needs a {name}')
        return value

    def optional(self, name: str) -> str | None:
        value = self.next(name)
        if value is None or isinstance(value, str):
            return value.lower() if value else None
        raise ReferenceMistake(f'"{_shown(self.text)}": {name} of {self.word} is a text')

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.next(name)
        if value is None or isinstance(value, (tuple, str)):
            return (value,) if isinstance(value, str) else value or ()
        raise ReferenceMistake(f'"{_shown(self.text)}": {name} of {self.word} is a list of texts')

    def flag(self, name: str, default: bool) -> bool:
        value = self.next(name)
        return default if value is None else bool(value)

    def end(self) -> None:
        if self.named or self.taken < len(self.given):
            raise ReferenceMistake(f'"{_shown(self.text)}": {self.word} has arguments that are not known here')


def _element(arguments: _Arguments, kind: ReferenceKind, name: str, grains: frozenset[str]) -> ElementReference:
    """The name, which may hold the path and, of a time dimension, the grain; `entity_path` stands before it."""
    read = read_name(arguments.text_of(name), grains if kind is not ReferenceKind.ENTITY else ())
    grain = arguments.optional("time_granularity_name") if kind is ReferenceKind.TIME else None
    path = arguments.texts("entity_path")
    descending = arguments.flag("descending", False)
    part = arguments.optional("date_part_name") if kind is ReferenceKind.TIME else None
    arguments.end()
    before = tuple(step for one in path for step in one.lower().split(SEPARATOR))
    return ElementReference(
        kind, (*before, *read.path), read.element, grain or read.grain, part or read.part, descending
    )


def _dimension(arguments: _Arguments, grains: frozenset[str]) -> Reference:
    return _element(arguments, ReferenceKind.DIMENSION, "name", grains)


def _time_dimension(arguments: _Arguments, grains: frozenset[str]) -> Reference:
    return _element(arguments, ReferenceKind.TIME, "time_dimension_name", grains)


def _entity(arguments: _Arguments, grains: frozenset[str]) -> Reference:
    return _element(arguments, ReferenceKind.ENTITY, "entity_name", grains)


def _metric(arguments: _Arguments, grains: frozenset[str]) -> Reference:
    name, keys = arguments.text_of("metric_name"), arguments.texts("group_by")
    descending = arguments.flag("descending", False)
    arguments.end()
    return MetricReference(name.lower(), tuple(read_name(key, grains) for key in keys), descending)


_READERS = {"Dimension": _dimension, "TimeDimension": _time_dimension, "Entity": _entity, "Metric": _metric}


def _with_method(read: Reference, method: str, arguments: _Arguments) -> Reference:
    match read, method:
        case ElementReference(kind, path, element, grain, part, descending), "grain":
            return ElementReference(kind, path, element, arguments.text_of("grain").lower(), part, descending)
        case ElementReference(kind, path, element, grain, part, descending), "date_part":
            return ElementReference(kind, path, element, grain, arguments.text_of("date_part").lower(), descending)
        case ElementReference(kind, path, element, grain, part, _), "descending":
            return ElementReference(kind, path, element, grain, part, arguments.flag("descending", True))
        case MetricReference(metric, group_by, _), "descending":
            return MetricReference(metric, group_by, arguments.flag("descending", True))
        case _:
            raise ReferenceMistake(f'"{_shown(arguments.text)}": .{method}() is not known here')


# --- SQL with such calls in it -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Template:
    """SQL in which each call became a name in double quotes, and what each of these names stands for."""

    sql: str
    references: Mapping[str, Reference]


def read_template(text: str, grains: Collection[str] = GRANULARITIES) -> Template:
    """A filter as SQL and references. Raises ReferenceMistake, also for Jinja that computes (`{% if … %}`)."""
    references: dict[str, Reference] = {}

    def placed(found: re.Match[str]) -> str:
        name = f"{{{len(references)}}}"
        references[name] = read_call(found.group(1), grains)
        return f'"{name}"'

    sql = re.sub(r"\{\{(.*?)\}\}", placed, text, flags=re.DOTALL)
    if re.search(r"\{[%#{]|[%#}]\}", sql.replace('"{', "").replace('}"', "")):
        raise ReferenceMistake(
            "Jinja other than {{ Dimension(…) }} and its like cannot be read: write out what it gives"
        )
    return Template(sql.strip(), references)


def _shown(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 80 else f"{one_line[:77]}..."
