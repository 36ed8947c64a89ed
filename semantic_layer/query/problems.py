"""Collects everything wrong with a question, so that all of it is told at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from semantic_layer.definitions.problem import near_names as names_like
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError
from semantic_layer.query.ask import Path

MOST_ISSUES = 100  # a list of 10,000 wrong values tells one thing 10,000 times


@dataclass(slots=True)
class Problems:
    """Issues of one question in the order found."""

    found: list[Issue] = field(default_factory=list)

    def add(self, code: ErrorCode, message: str, path: Path = (), near: Iterable[str] = ()) -> None:
        issue = Issue(code, message, path, tuple(near))
        if len(self.found) < MOST_ISSUES and issue not in self.found:
            self.found.append(issue)

    def raise_if_any(self) -> None:
        if self.found:
            raise SemanticLayerError(self.found)


def near_names(word: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Existing names that `word` may have meant: those spelled alike first, then those that share words with it."""
    choices = list(names)
    alike = names_like(word[:200], choices)
    related = process.extract(word[:200], choices, scorer=fuzz.WRatio, limit=most, score_cutoff=60)
    return tuple(dict.fromkeys([*alike, *(str(hit[0]) for hit in related)]))[:most]


def did_you_mean(near: tuple[str, ...]) -> str:
    return f"; did you mean {' or '.join(near)}?" if near else ""


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names in one line, the rest counted."""
    every = list(names)
    shown = ", ".join(every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"
