"""The words and signs of a formula, each with its offset; what is none of them is told where it stands."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from semantic_layer.definitions.problem import ProblemCode


class FormulaError(Exception):
    """A formula that is not in the language. `offset` leads into its text."""

    def __init__(self, code: ProblemCode, message: str, offset: int, near: tuple[str, ...] = ()) -> None:
        self.code, self.message, self.offset, self.near = code, message, offset, near
        super().__init__(message)


class TokenKind(Enum):
    WORD = auto()
    QUOTED = auto()
    TEXT = auto()
    NUMBER = auto()
    PARAMETER = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    kind: TokenKind
    text: str
    at: int

    def is_word(self, word: str) -> bool:
        return self.kind is TokenKind.WORD and self.text.lower() == word

    def is_sign(self, sign: str) -> bool:
        return self.kind is TokenKind.SIGN and self.text == sign

    @property
    def shown(self) -> str:
        return "its end" if self.kind is TokenKind.END else f'"{self.text}"'


_TOKEN = re.compile(
    r"""(?P<SPACE>\s+)|(?P<WORD>[^\W\d]\w*)|(?P<QUOTED>"(?:[^"]|"")+")|(?P<TEXT>'(?:[^']|'')*')
    |(?P<NUMBER>(?:\d+(?:\.\d*)?|\.\d+)(?![\w.]))|(?P<PARAMETER>:[a-z]\w*)|(?P<SIGN>::|<>|!=|<=|>=|\|\||-(?!-)|/(?!\*)|[+*%=<>(),.])""",
    re.VERBOSE,
)


def tokens_of(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _not_a_token(text, at)
        if found.lastgroup != "SPACE":
            tokens.append(Token(TokenKind[str(found.lastgroup)], found.group(), at))
        at = found.end()
    tokens.append(Token(TokenKind.END, "", len(text)))
    return tokens


def _not_a_token(text: str, at: int) -> FormulaError:
    if text[at] == ";":
        return FormulaError(ProblemCode.NOT_ALLOWED, '";" is not allowed: a formula is one expression', at)
    if text[at] in "-/":
        return FormulaError(ProblemCode.NOT_ALLOWED, "comments are written in YAML, with #, not inside a formula", at)
    if text[at] in "'\"":
        return FormulaError(ProblemCode.SYNTAX, f"the quote {text[at]} is not closed", at)
    if text[at].isdigit():
        return FormulaError(ProblemCode.SYNTAX, "this is no number; write it in full, without exponent or grouping", at)
    shown = f'"{text[at]}"' if text[at].isprintable() else f"the invisible character U+{ord(text[at]):04X}"
    return FormulaError(ProblemCode.SYNTAX, f"{shown} means nothing in a formula", at)
