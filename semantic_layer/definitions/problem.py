"""What is wrong with definitions, and where: `file:line:column CODE message`, all of it at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError, without_controls


class ProblemCode(StrEnum):
    """Codes of definition mistakes; docs/definition_language.md shows one example of each."""

    YAML = "YAML"
    TOO_LARGE = "TOO_LARGE"
    LANGUAGE_VERSION = "LANGUAGE_VERSION"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    MISSING_KEY = "MISSING_KEY"
    BAD_VALUE = "BAD_VALUE"
    BAD_NAME = "BAD_NAME"
    BAD_MEMBER = "BAD_MEMBER"
    SYNTAX = "SYNTAX"
    NOT_ALLOWED = "NOT_ALLOWED"
    UNKNOWN_SOURCE = "UNKNOWN_SOURCE"
    UNKNOWN_DATASET = "UNKNOWN_DATASET"
    UNKNOWN_DOMAIN = "UNKNOWN_DOMAIN"
    UNKNOWN_DIMENSION = "UNKNOWN_DIMENSION"
    UNKNOWN_JOIN = "UNKNOWN_JOIN"
    UNKNOWN_COLUMN = "UNKNOWN_COLUMN"
    UNKNOWN_METRIC = "UNKNOWN_METRIC"
    UNKNOWN_PARAMETER = "UNKNOWN_PARAMETER"
    MIXED_WORLDS = "MIXED_WORLDS"
    ONE_AGGREGATE = "ONE_AGGREGATE"
    TWO_MODIFIERS = "TWO_MODIFIERS"
    COMPANION = "COMPANION"
    AMBIGUOUS_PATH = "AMBIGUOUS_PATH"
    UNREACHABLE = "UNREACHABLE"
    CYCLE = "CYCLE"
    UNITS = "UNITS"
    FAN_OUT = "FAN_OUT"
    NOT_UNIQUE = "NOT_UNIQUE"
    DUPLICATE = "DUPLICATE"
    NAME_CLASH = "NAME_CLASH"
    MISSING_LANGUAGE = "MISSING_LANGUAGE"
    CROSS_SOURCE = "CROSS_SOURCE"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    FLOAT_MONEY = "FLOAT_MONEY"  # a warning


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a definition stands. A document of the registry has no lines: then `line` is 0 and only `file` is shown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. `near` are names that exist and look like the one that was written; the message has them too."""

    place: Place
    code: ProblemCode
    message: str
    near: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", without_controls(self.message))

    def __str__(self) -> str:
        return f"{self.place}  {self.code}  {self.message}"


class DefinitionErrors(SemanticLayerError):
    """All mistakes of a set of definitions, sorted by place; each is also an Issue of code DEFINITION_INVALID."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(Issue(ErrorCode.DEFINITION_INVALID, str(p), near=p.near) for p in self.problems)


def near_names(word: str, names: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """The names most like `word`, best first; none if nothing is alike. Deterministic: ties by name."""
    scored = sorted((-_likeness(word.lower(), name.lower()), name) for name in set(names))
    return tuple(name for score, name in scored[:limit] if -score >= _ALIKE)


_ALIKE = 60.0
_CONTAINED = 75.0  # a name that holds the whole word is alike, but less than one with a letter missing


def _likeness(word: str, name: str) -> float:
    ratio = fuzz.ratio(word, name, score_cutoff=_ALIKE)
    contained = (len(word) >= 3 and word in name) or (len(name) >= 3 and name in word)
    return max(ratio, _CONTAINED if contained else 0.0)


def said_near(near: tuple[str, ...]) -> str:
    """`; near: a, b`, or nothing."""
    return f"; near: {', '.join(near)}" if near else ""
