"""Reads one JSON object of a question key by key, and keeps every problem with the path that leads to it."""

from collections.abc import Iterator, Mapping

from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import Path
from semantic_layer.query.problems import MOST_ISSUES, Problems, did_you_mean, near_names

LONGEST_WORD = 1000
LARGEST_WHOLE = 2**31 - 1


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number with a fraction"
        case str():
            return "a text"
        case Mapping():
            return "an object"
        case _:
            return "a list"


def is_storable(text: str) -> bool:
    """False for what no source can compare with: NUL, and halves of surrogate pairs."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text))


class JsonObject:
    """One object of the input. A key that is null counts as absent; every problem is added to `problems`."""

    def __init__(self, data: Mapping[str, object], path: Path, problems: Problems) -> None:
        self.data = data
        self.path = path
        self.problems = problems

    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def wrong(self, key: str, wanted: str, code: ErrorCode = ErrorCode.BAD_QUESTION) -> None:
        found = self.data.get(key)
        message = f"`{key}` is missing" if found is None else f"`{key}` must be {wanted}, not {kind_of(found)}"
        self.problems.add(code, message, (*self.path, key))

    def text(self, key: str) -> str | None:
        found = self.data.get(key)
        if found is None:
            return None
        if not isinstance(found, str):
            self.wrong(key, "a text")
        elif not found or len(found) > LONGEST_WORD or not is_storable(found):
            message = f"`{key}` must be a text of 1 to {LONGEST_WORD:,} characters without NUL"
            self.problems.add(ErrorCode.BAD_QUESTION, message, (*self.path, key))
        else:
            return found
        return None

    def required_text(self, key: str) -> str:
        """The text, or "" after a problem was added (the question is refused anyway)."""
        if not self.has(key):
            self.wrong(key, "a text")
        return self.text(key) or ""

    def whole(
        self,
        key: str,
        least: int,
        code: ErrorCode = ErrorCode.BAD_QUESTION,
        most: int = LARGEST_WHOLE,
        above: ErrorCode | None = None,
    ) -> int | None:
        """A whole number from `least` to `most`; `code` is the problem's, `above` that of a too large one."""
        found = self.data.get(key)
        if found is None:
            return None
        if isinstance(found, float) and found.is_integer() and abs(found) > LARGEST_WHOLE:
            found = int(found)  # so large that readers of JSON make a float of it
        if isinstance(found, bool) or not isinstance(found, int):
            self.wrong(key, "a whole number", code)
        elif not least <= found <= most:
            message = f"`{key}` must be a whole number from {least:,} to {most:,}"
            self.problems.add(above if above and found > most else code, message, (*self.path, key))
        else:
            return found
        return None

    def flag(self, key: str) -> bool:
        found = self.data.get(key)
        if found is not None and not isinstance(found, bool):
            self.wrong(key, "true or false")
        return found is True

    def child(self, key: str) -> "JsonObject | None":
        found = self.data.get(key)
        if found is None:
            return None
        if not isinstance(found, Mapping):
            self.wrong(key, "an object")
            return None
        return JsonObject(found, (*self.path, key), self.problems)

    def items(self, key: str, most: int) -> Iterator[tuple[object, Path]]:
        """The members of a list with their paths; none if the key is absent."""
        found = self.data.get(key)
        if found is None:
            return
        if not isinstance(found, list | tuple):
            self.wrong(key, "a list")
        elif len(found) > most:
            message = f"`{key}` has {len(found):,} members; {most:,} are allowed"
            self.problems.add(ErrorCode.QUERY_TOO_COMPLEX, message, (*self.path, key))
        else:
            yield from ((member, (*self.path, key, place)) for place, member in enumerate(found))

    def objects(self, key: str, most: int) -> Iterator["JsonObject"]:
        for member, path in self.items(key, most):
            if isinstance(member, Mapping):
                yield JsonObject(member, path, self.problems)
            else:
                message = f"a member of `{key}` must be an object, not {kind_of(member)}"
                self.problems.add(ErrorCode.BAD_QUESTION, message, path)

    def only(self, *keys: str, code: ErrorCode = ErrorCode.BAD_QUESTION) -> None:
        """Adds a problem for every other key that is not null, with the keys that look like it."""
        for key, value in self.data.items():
            if len(self.problems.found) >= MOST_ISSUES:
                return  # looking for near names takes time, and they would not be told
            if value is not None and key not in keys:
                shown = str(key)[:100]
                near = near_names(shown, keys)
                message = f"there is no key `{shown}` here, only {', '.join(keys)}{did_you_mean(near)}"
                self.problems.add(code, message, (*self.path, shown), near)
