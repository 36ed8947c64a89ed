"""A JSON document that is read with its places: what is missing or of a wrong type is noted, and reading goes on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from semantic_layer.definitions.problem import near_names, said_near
from semantic_layer.errors import ErrorCode, Issue
from semantic_layer.interchange.dbt.manifest import JsonPath

Word = TypeVar("Word", bound=StrEnum)
Found = None | bool | int | float | str | Sequence["Found"] | Mapping[str, "Found"]


def said_path(path: JsonPath) -> str:
    """`metrics[3].type_params.expr`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "the document"


@dataclass(slots=True)
class Problems:
    """What is wrong with a document, collected while it is read."""

    issues: list[Issue] = field(default_factory=list)

    def note(self, at: JsonPath, message: str, near: tuple[str, ...] = ()) -> None:
        self.issues.append(Issue(ErrorCode.MANIFEST_INVALID, f"{said_path(at)}: {message}{said_near(near)}", at, near))


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """One JSON object and where it stands. A getter of what is not there, or not so, notes it and gives its default."""

    fields: Mapping[str, Found]
    at: JsonPath
    problems: Problems

    def __contains__(self, key: str) -> bool:
        return self.fields.get(key) is not None

    def text(self, key: str) -> str:
        """A text that must be there; "" where it is not."""
        if self.fields.get(key) in (None, ""):
            self.problems.note((*self.at, key), "is missing")
            return ""
        return self.some_text(key) or ""

    def some_text(self, key: str) -> str | None:
        value = self.fields.get(key)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)  # an expression `1` that was not put in quotes
        self._wrong(key, "a text")
        return None

    def flag(self, key: str) -> bool:
        value = self.fields.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._wrong(key, "true or false")
        return False

    def whole(self, key: str) -> int | None:
        value = self.fields.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self._wrong(key, "a whole number")
        return None

    def number(self, key: str) -> Decimal | None:
        value = self.fields.get(key)
        if value is None:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return Decimal(str(value))
        self._wrong(key, "a number")
        return None

    def choice(self, key: str, words: type[Word], default: Word | None = None) -> Word | None:
        """One of an enum's words, in any case; without `default` it must be there."""
        value = self.fields.get(key)
        if value is None and default is not None:
            return default
        text = self.text(key).lower()
        known = [word.value for word in words]
        if text in known:
            return words(text)
        if text:
            message = f'"{text}" is none of {", ".join(known)}'
            self.problems.note((*self.at, key), message, near_names(text, known))
        return default

    def inner(self, key: str) -> "ObjectPlace | None":
        """The object under `key`, None where there is none."""
        value = self.fields.get(key)
        if value is None:
            return None
        if isinstance(value, Mapping):
            return ObjectPlace(value, (*self.at, key), self.problems)
        self._wrong(key, "an object")
        return None

    def required(self, key: str) -> "ObjectPlace":
        """The object under `key`; an empty one where there is none."""
        if self.fields.get(key) is None:
            self.problems.note((*self.at, key), "is missing")
        return self.inner(key) or ObjectPlace({}, (*self.at, key), Problems())

    def objects(self, key: str) -> Iterator["ObjectPlace"]:
        """The objects of the list under `key`; none where there is no list."""
        for position, value in enumerate(self._listed(key)):
            if isinstance(value, Mapping):
                yield ObjectPlace(value, (*self.at, key, position), self.problems)
            else:
                self.problems.note((*self.at, key, position), "expected an object")

    def texts(self, key: str) -> tuple[str, ...]:
        found = []
        for position, value in enumerate(self._listed(key)):
            if isinstance(value, str):
                found.append(value)
            else:
                self.problems.note((*self.at, key, position), "expected a text")
        return tuple(found)

    def _listed(self, key: str) -> Sequence[Found]:
        value = self.fields.get(key)
        if value is None:
            return ()
        if isinstance(value, Sequence) and not isinstance(value, str):
            return value
        self._wrong(key, "a list")
        return ()

    def _wrong(self, key: str, wanted: str) -> None:
        self.problems.note((*self.at, key), f"expected {wanted}")
