"""A place in the tokens of a formula: what stands there, going on, and how deep the reading is."""

from collections.abc import Iterator
from contextlib import contextmanager

from semantic_layer.definitions.formula_tokens import FormulaError, Token, TokenKind
from semantic_layer.definitions.problem import ProblemCode

MAX_NESTING = 30  # parentheses, functions, cases inside one another: each costs the parser a dozen frames


class Cursor:
    """The tokens and a place in them, with a count of its own depth: no text can exhaust the stack."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def next(self) -> Token:
        token = self.token
        if token.kind is not TokenKind.END:
            self.position += 1
        return token

    def ahead(self, count: int) -> Token:
        return self.tokens[min(self.position + count, len(self.tokens) - 1)]

    def take_word(self, *words: str) -> bool:
        """Whether the next tokens are exactly these words; then they are consumed."""
        if all(self.ahead(index).is_word(word) for index, word in enumerate(words)):
            self.position += len(words)
            return True
        return False

    def take_sign(self, sign: str) -> bool:
        if self.token.is_sign(sign):
            self.position += 1
            return True
        return False

    def expect_sign(self, sign: str) -> None:
        if not self.take_sign(sign):
            raise self.unexpected(f'"{sign}"')

    def expect_word(self, word: str) -> None:
        if not self.take_word(word):
            raise self.unexpected(f'"{word}"')

    def expect_end(self) -> None:
        token = self.token
        if token.is_word("over") or token.is_word("filter"):
            hint = 'the key "over:"' if token.is_word("over") else 'the key "where:"'
            raise FormulaError(
                ProblemCode.NOT_ALLOWED, f'"{token.text} (…)" is not in the language; use {hint}', token.at
            )
        if token.kind is not TokenKind.END:
            raise self.unexpected("an operator or the end")

    def unexpected(self, wanted: str) -> FormulaError:
        token = self.token
        if token.is_word("select") or token.is_word("with"):
            return FormulaError(
                ProblemCode.NOT_ALLOWED,
                "sub-selects are not in the language; use a dataset or exists(join)",
                token.at,
            )
        return FormulaError(ProblemCode.SYNTAX, f"expected {wanted}, found {token.shown}", token.at)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise FormulaError(ProblemCode.TOO_LARGE, f"a formula is nested at most {MAX_NESTING} deep", self.token.at)
        yield
        self.depth -= 1
