"""Conditions as they are typed in a shell (`product.department != FUEL and sales > 100`), read into the JSON form.

The grammar is in docs/cli.md. Only the form is read here; what the words mean is the binder's, as for any door.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from semantic_layer.cli.words import Json, Node, Unreadable, split_cut

TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")
            |(?P<sign>!=|<>|>=|<=|=|>|<|\(|\)|,)
            |(?P<word>(?:[^\s(),=<>!'"]|!(?!=))(?:[^\s(),=<>!]|!(?!=))*))""",
    re.VERBOSE,
)
COMPARISONS = {"=": "EQ", "!=": "NE", "<>": "NE", ">": "GT", ">=": "GTE", "<": "LT", "<=": "LTE"}
OPERATORS_SAID = (
    "one of = != > >= < <=, in (…), not in (…), from … until …, is null, is not null, is distinct from, "
    "contains, starts with, ends with"
)
WHOLE = re.compile(r"[+-]?\d{1,38}", re.ASCII)
DEEPEST = 15


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is quoted, sign or word; `text` is without quotes."""

    text: str
    kind: str
    start: int

    def says(self, *words: str) -> bool:
        return self.kind != "quoted" and self.text.lower() in words


def read_condition(text: str, *, of_answer: bool = False) -> Node:
    """The filter node of one condition. `of_answer` reads a `having`: its names are columns of the answer.

    Raises Unreadable.
    """
    reader = _ConditionReader(text, of_answer)
    node = reader.any_of()
    reader.must_end()
    return node


class _ConditionReader:
    """Recursive descent over one text: `or` binds weakest, then `and`, then `not`."""

    def __init__(self, text: str, of_answer: bool) -> None:
        self._text = text
        self._of_answer = of_answer
        self._tokens = self._split()
        self._at = 0
        self._depth = 0

    def any_of(self) -> Node:
        return self._joined("or", self._all_of)

    def must_end(self) -> None:
        if (token := self._peek()) is not None:
            raise self._mistake("this was not expected", token)

    def _split(self) -> list[Token]:
        tokens, at = [], 0
        while self._text[at:].strip():
            found = TOKEN.match(self._text, at)
            if found is None:
                raise Unreadable(f"{self._text!r}: a quote is not closed, or a sign stands alone")
            kind = str(found.lastgroup)
            text = found[kind]
            if kind == "quoted":
                text = text[1:-1].replace(text[0] * 2, text[0])
            tokens.append(Token(text, kind, found.start(kind)))
            at = found.end()
        return tokens

    def _all_of(self) -> Node:
        return self._joined("and", self._one)

    def _joined(self, word: str, read: Callable[[], Node]) -> Node:
        nodes = [read()]
        while self._take(word):
            nodes.append(read())
        return nodes[0] if len(nodes) == 1 else {word: list[Json](nodes)}

    def _one(self) -> Node:
        if self._take("not"):
            return {"not": self._deeper(self._one)}
        if self._take("("):
            node = self._deeper(self.any_of)
            self._must_take(")")
            return node
        if not self._of_answer and self._take("segment"):
            return {"segment": self._name()}
        return self._comparison()

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unreadable(f"a condition is nested at most {DEEPEST} deep")
        node = read()
        self._depth -= 1
        return node

    def _comparison(self) -> Node:
        word = self._name()
        if self._of_answer:
            return {"key": word, **self._operation()}
        if self._take("per"):
            entity = self._name()
            self._must_take("over")
            return {"metric": word, "per": entity, "over": self._extent(), **self._operation()}
        cut = split_cut(word)
        if self._take("last"):
            if cut.grain is not None or cut.part is not None:
                raise Unreadable(f"{word}: `last` takes the dimension alone, {cut.name}")
            return {"dimension": cut.name, "last": self._last()}
        period = {"grain": cut.grain, "part": cut.part}
        given = {key: value for key, value in period.items() if value is not None}
        return {"dimension": cut.name, **given, **self._operation()}

    def _extent(self) -> str:
        if self._take("range"):
            return "RANGE"
        self._must_take("all")
        self._must_take("time")
        return "ALL_TIME"

    def _last(self) -> Node:
        """`last 28 days`, counted back from the data's last recorded time, or `last 28 days until now`."""
        count = self._next("a whole number")
        if not count.text.isdecimal():
            raise self._mistake("a whole number was expected", count)
        unit = self._next("a unit such as days").text.upper().removesuffix("S")
        if self._take("until"):
            self._must_take("now")
            return {"count": int(count.text), "unit": unit, "anchor": "NOW"}
        return {"count": int(count.text), "unit": unit, "anchor": "DATA"}

    def _operation(self) -> Node:
        """The operator and its values."""
        sign = self._next(OPERATORS_SAID)
        if sign.kind == "sign" and sign.text in COMPARISONS:
            return {"op": COMPARISONS[sign.text], "values": [self._value()]}
        if sign.says("in"):
            return {"op": "IN", "values": self._values()}
        if sign.says("not"):
            self._must_take("in")
            return {"op": "NOT_IN", "values": self._values()}
        if sign.says("from"):
            start = self._value()
            self._must_take("until")
            return {"op": "IN_RANGE", "values": [start, self._value()]}
        if sign.says("contains"):
            return {"op": "CONTAINS", "values": [self._value()]}
        if sign.says("starts", "ends"):
            self._must_take("with")
            return {"op": f"{sign.text.upper()}_WITH", "values": [self._value()]}
        if sign.says("is"):
            return self._is()
        raise self._mistake(f"{OPERATORS_SAID} was expected", sign)

    def _is(self) -> Node:
        if self._take("distinct"):
            self._must_take("from")
            return {"op": "IS_DISTINCT_FROM", "values": [self._value()]}
        negated = self._take("not")
        self._must_take("null")
        return {"op": "IS_NOT_NULL" if negated else "IS_NULL"}

    def _values(self) -> list[Json]:
        enclosed = self._take("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        if enclosed:
            self._must_take(")")
        return values

    def _value(self) -> Json:
        """One value; words that stand side by side are one text (`= FROZEN GROCERY`)."""
        first = self._next("a value")
        if first.kind == "sign":
            raise self._mistake("a value was expected", first)
        if first.kind == "quoted":
            return first.text
        words = [first.text]
        while (token := self._peek()) and token.kind == "word" and not token.says("and", "or", "until"):
            words.append(token.text)
            self._at += 1
        return _typed(words[0]) if len(words) == 1 else " ".join(words)

    def _name(self) -> str:
        token = self._next("a name")
        if token.kind != "word":
            raise self._mistake("a name was expected", token)
        return token.text

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self, wanted: str) -> Token:
        token = self._peek()
        if token is None:
            raise Unreadable(f"{self._text!r} ends where {wanted} was expected")
        self._at += 1
        return token

    def _take(self, word: str) -> bool:
        token = self._peek()
        if token is None or not token.says(word):
            return False
        self._at += 1
        return True

    def _must_take(self, word: str) -> None:
        token = self._next(f"`{word}`")
        if not token.says(word):
            raise self._mistake(f"`{word}` was expected", token)

    def _mistake(self, said: str, token: Token) -> Unreadable:
        return Unreadable(f"{self._text!r}: at `{token.text}`, {said}")


def _typed(word: str) -> Json:
    """Unquoted whole numbers are numbers, `true` and `false` booleans; everything else is a text."""
    if WHOLE.fullmatch(word):
        return int(word)
    return word == "true" if word in ("true", "false") else word
