"""Formulas of definitions, parsed a second time for the tests: a small recursive descent into plain tuples.

A node is ("value", v), ("name", "a.b"), ("case", [(when, then)...], otherwise) or ("call", function, [arguments]).
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Node = tuple[Any, ...]

AGGREGATES = frozenset(
    {"sum", "count", "count_distinct", "count_if", "min", "max", "avg", "median", "percentile", "percentile_disc"}
)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|'(?P<text>(?:[^']|'')*)'|(?P<name>[a-z_][a-z0-9_.]*)"
    r"|(?P<sign><>|<=|>=|!=|\|\||[-+*/%(),=<>]))"
)
_COMPARISONS = {"=": "eq", "<>": "ne", "!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


def parse(text: str) -> Node:
    """The tree of one formula; raises ValueError where it leaves the part of the language that the tests use."""
    parser = _Parser(text)
    node = parser.either()
    if parser.token is not None:
        raise ValueError(f"rest of {text!r} from {parser.token}")
    return node


def walk(node: Node) -> Iterator[Node]:
    """Every node, parents first."""
    yield node
    if node[0] == "call":
        for argument in node[2]:
            yield from walk(argument)
    elif node[0] == "case":
        for when, then in node[1]:
            yield from walk(when)
            yield from walk(then)
        yield from walk(node[2])


def names(node: Node) -> list[str]:
    """The names in a formula, each once; those inside `exists` belong to another dataset and are left out."""
    found: dict[str, None] = {}

    def visit(one: Node) -> None:
        if one[0] == "name":
            found[one[1]] = None
        elif one[0] == "call" and one[1] != "exists":
            for argument in one[2]:
                visit(argument)
        elif one[0] == "case":
            for when, then in one[1]:
                visit(when)
                visit(then)
            visit(one[2])

    visit(node)
    return list(found)


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text.rstrip()):
            match = _TOKEN.match(text, place)
            if match is None:
                raise ValueError(f"cannot read {text[place:]!r}")
            kind = match.lastgroup
            assert kind is not None
            self.tokens.append((kind, match.group(kind)))
            place = match.end()
        self.place = 0

    @property
    def token(self) -> tuple[str, str] | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def take(self, *words: str) -> str | None:
        """The next word or sign, if it is one of `words`."""
        token = self.token
        if token is not None and token[0] in ("name", "sign") and token[1] in words:
            self.place += 1
            return token[1]
        return None

    def need(self, word: str) -> None:
        if self.take(word) is None:
            raise ValueError(f"expected {word}, got {self.token}")

    def either(self) -> Node:
        parts = [self.every()]
        while self.take("or"):
            parts.append(self.every())
        return parts[0] if len(parts) == 1 else ("call", "or", parts)

    def every(self) -> Node:
        parts = [self.negated()]
        while self.take("and"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else ("call", "and", parts)

    def negated(self) -> Node:
        return ("call", "not", [self.negated()]) if self.take("not") else self.compared()

    def compared(self) -> Node:
        left = self.sum()
        if sign := self.take(*_COMPARISONS):
            return ("call", _COMPARISONS[sign], [left, self.sum()])
        if self.take("is"):
            function = "is_not_null" if self.take("not") else "is_null"
            self.need("null")
            return ("call", function, [left])
        negated = self.take("not") is not None
        if self.take("in"):
            node: Node = ("call", "in", [left, *self.arguments()])
        elif self.take("between"):
            low = self.sum()
            self.need("and")
            node = ("call", "between", [left, low, self.sum()])
        else:
            return left
        return ("call", "not", [node]) if negated else node

    def sum(self) -> Node:
        left = self.product()
        while sign := self.take("+", "-"):
            left = ("call", "add" if sign == "+" else "subtract", [left, self.product()])
        return left

    def product(self) -> Node:
        left = self.unary()
        while sign := self.take("*", "/"):
            left = ("call", "multiply" if sign == "*" else "divide", [left, self.unary()])
        return left

    def unary(self) -> Node:
        return ("call", "subtract", [("value", 0), self.unary()]) if self.take("-") else self.atom()

    def atom(self) -> Node:
        if self.take("("):
            inner = self.either()
            self.need(")")
            return inner
        if self.take("case"):
            return self.case()
        token = self.token
        if token is None:
            raise ValueError("a formula ends too early")
        self.place += 1
        kind, word = token
        if kind == "number":
            return ("value", Decimal(word) if "." in word else int(word))
        if kind == "text":
            return ("value", word.replace("''", "'"))
        if word in ("true", "false", "null"):
            return ("value", {"true": True, "false": False, "null": None}[word])
        following = self.token
        if word in ("date", "timestamp") and following is not None and following[0] == "text":
            self.place += 1
            read = date.fromisoformat if word == "date" else datetime.fromisoformat
            return ("value", read(following[1]))
        if following == ("sign", "("):
            return self.call(word)
        return ("name", word)

    def call(self, function: str) -> Node:
        if function == "count":
            self.need("(")
            if self.take("*"):
                self.need(")")
                return ("call", "count", [])
            distinct = self.take("distinct") is not None
            arguments = [self.either()]
            while self.take(","):
                arguments.append(self.either())
            self.need(")")
            return ("call", "count_distinct" if distinct else "count", arguments)
        return ("call", function, self.arguments())

    def arguments(self) -> list[Node]:
        self.need("(")
        found: list[Node] = []
        while not self.take(")"):
            found.append(self.either())
            self.take(",")
        return found

    def case(self) -> Node:
        branches = []
        while self.take("when"):
            when = self.either()
            self.need("then")
            branches.append((when, self.either()))
        otherwise = self.either() if self.take("else") else ("value", None)
        self.need("end")
        return ("case", branches, otherwise)
