"""The text of a formula as our own tree: the one grammar of expressions, small enough to be read here.

Precedence, loosest first: or, and, not, comparison, ||, + and -, * / %, unary minus, ::type. What is not in this
grammar does not exist: no sub-selects, window functions, statements, or functions that read files or the network.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

from semantic_layer.definitions.expression import (
    AGGREGATES,
    Aggregate,
    Call,
    Case,
    Cast,
    Exists,
    Expr,
    Literal,
    Name,
    Parameter,
    children,
)
from semantic_layer.definitions.formula_calls import check_arity, number_literal, percentile_call, scalar_call
from semantic_layer.definitions.formula_cursor import Cursor
from semantic_layer.definitions.formula_tokens import FormulaError, Token, TokenKind, tokens_of
from semantic_layer.definitions.formula_words import (
    COLUMN_TYPE_FORMS,
    KEYWORDS,
    PART_FUNCTIONS,
    SPELLINGS,
    parse_column_type,
)
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.types import ColumnType, Grain

MAX_LENGTH = 10_000
MAX_DEPTH = 100  # of the finished tree, chains included: every later stage walks it by recursion

_COMPARISONS = {"=": "eq", "<>": "ne", "!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_ADDITIVE = {"+": "add", "-": "subtract"}
_MULTIPLICATIVE = {"*": "multiply", "/": "divide", "%": "modulo"}


def parse_formula(text: str) -> Expr:
    """The tree of one formula. Raises FormulaError with the offset of the first thing that is not understood."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(
            ProblemCode.TOO_LARGE,
            f"a formula has at most {MAX_LENGTH:,} characters, this has {len(text):,}",
            0,
        )
    parser = _Parser(tokens_of(text))
    tree = parser.expression()
    parser.expect_end()
    if _deeper_than(tree, MAX_DEPTH):
        message = f"a chain of more than {MAX_DEPTH} operators is too long; give parts of it a name"
        raise FormulaError(ProblemCode.TOO_LARGE, message, 0)
    return tree


def _deeper_than(tree: Expr, limit: int) -> bool:
    """Level by level, without recursion: the tree is not yet known to be shallow."""
    level: tuple[Expr, ...] = (tree,)
    for _ in range(limit):
        level = tuple(child for node in level for child in children(node))
        if not level:
            return False
    return True


class _Parser(Cursor):
    """Recursive descent over the tokens."""

    # --- operators, loosest first

    def expression(self) -> Expr:
        with self.deeper():
            return self._chain("or", lambda: self._chain("and", self._negation))

    def _chain(self, word: str, operand: Callable[[], Expr]) -> Expr:
        at = self.token.at
        operands = [operand()]
        while self.take_word(word):
            operands.append(operand())
        if len(operands) == 1:
            return operands[0]
        flat = [p for o in operands for p in (o.arguments if isinstance(o, Call) and o.function == word else (o,))]
        return Call(word, tuple(flat), at)

    def _negation(self) -> Expr:
        at = self.token.at
        if not self.take_word("not"):
            return self._comparison()
        with self.deeper():
            return Call("not", (self._negation(),), at)

    def _comparison(self) -> Expr:
        left = self._concat()
        token = self.token
        if token.kind is TokenKind.SIGN and token.text in _COMPARISONS:
            self.next()
            return Call(_COMPARISONS[token.text], (left, self._concat()), token.at)
        if self.take_word("is"):
            return self._is(left, token.at)
        negated = token.is_word("not") and self.take_word("not")
        for word, read in (("in", self._in), ("between", self._between), ("like", self._like)):
            if self.take_word(word):
                return read(left, negated, token.at)
        if negated:
            raise self.unexpected('"in", "between" or "like"')
        return left

    def _is(self, left: Expr, at: int) -> Expr:
        negated = self.take_word("not")
        if self.take_word("null"):
            return Call("is_not_null" if negated else "is_null", (left,), at)
        if self.take_word("distinct", "from"):
            return Call("is_not_distinct_from" if negated else "is_distinct_from", (left, self._concat()), at)
        raise self.unexpected('"null" or "distinct from"')

    def _in(self, left: Expr, negated: bool, at: int) -> Expr:
        self.expect_sign("(")
        members = self._arguments(")")
        if not members:
            raise FormulaError(ProblemCode.SYNTAX, "in () needs at least one member", at)
        return Call("not_in" if negated else "in", (left, *members), at)

    def _between(self, left: Expr, negated: bool, at: int) -> Expr:
        low = self._concat()
        self.expect_word("and")
        between = Call("between", (left, low, self._concat()), at)
        return Call("not", (between,), at) if negated else between

    def _like(self, left: Expr, negated: bool, at: int) -> Expr:
        like = Call("like", (left, self._concat()), at)
        return Call("not", (like,), at) if negated else like

    def _concat(self) -> Expr:
        return self._left(self._sum, {"||": "concat"})

    def _sum(self) -> Expr:
        return self._left(self._product, _ADDITIVE)

    def _product(self) -> Expr:
        return self._left(self._signed, _MULTIPLICATIVE)

    def _left(self, operand: Callable[[], Expr], signs: dict[str, str]) -> Expr:
        tree = operand()
        while self.token.kind is TokenKind.SIGN and self.token.text in signs:
            token = self.next()
            if signs is _ADDITIVE and self.token.is_word("interval"):
                tree = self._interval(tree, token)
            else:
                tree = Call(signs[token.text], (tree, operand()), token.at)
        return tree

    def _interval(self, left: Expr, sign: Token) -> Expr:
        """`x + interval 7 days` is Call("date_add", (x, count, unit))."""
        self.next()
        token = self.next()
        words = token.text.strip("'").split() if token.kind is TokenKind.TEXT else [token.text, self.next().text]
        unit = words[1].lower().removesuffix("s") if len(words) == 2 else ""
        if len(words) != 2 or not words[0].isdigit() or unit not in set(Grain):
            raise FormulaError(ProblemCode.SYNTAX, "expected interval N UNIT, such as interval 7 days", token.at)
        count = int(words[0]) * (-1 if sign.text == "-" else 1)
        return Call("date_add", (left, Literal(count), Literal(unit)), sign.at)

    def _signed(self) -> Expr:
        token = self.token
        if not self.take_sign("-"):
            return self._postfix()
        with self.deeper():
            operand = self._signed()
        if (
            isinstance(operand, Literal)
            and isinstance(operand.value, (int, Decimal))
            and not isinstance(operand.value, bool)
        ):
            return Literal(-operand.value)
        return Call("negate", (operand,), token.at)

    def _postfix(self) -> Expr:
        tree = self._primary()
        while self.take_sign("::"):
            tree = Cast(tree, self._type())
        return tree

    # --- what stands between operators

    def _primary(self) -> Expr:
        token = self.token
        match token.kind:
            case TokenKind.NUMBER:
                self.next()
                return number_literal(token)
            case TokenKind.TEXT:
                self.next()
                return Literal(_unquoted(token))
            case TokenKind.PARAMETER:
                self.next()
                return Parameter(token.text[1:], token.at)
            case TokenKind.QUOTED:
                return self._name()
            case TokenKind.WORD:
                return self._word()
            case TokenKind.SIGN if self.take_sign("("):
                tree = self.expression()
                self.expect_sign(")")
                return tree
            case _:
                raise self.unexpected("a name, a value or a function")

    def _word(self) -> Expr:
        token = self.token
        word = token.text.lower()
        if word in ("true", "false", "null"):
            self.next()
            return Literal({"true": True, "false": False, "null": None}[word])
        if word == "case":
            return self._case()
        if word == "cast" and self.ahead(1).is_sign("("):
            return self._cast()
        if word in ("date", "timestamp") and self.ahead(1).kind is TokenKind.TEXT:
            return self._moment(word)
        if self.ahead(1).is_sign("("):
            return self._call()
        if word in KEYWORDS:
            raise self.unexpected("a name, a value or a function")
        return self._name()

    def _name(self) -> Expr:
        at = self.token.at
        path = [_unquoted(self.next())]
        while self.take_sign("."):
            if self.token.kind not in (TokenKind.WORD, TokenKind.QUOTED):
                raise self.unexpected("a name after the dot")
            path.append(_unquoted(self.next()))
        if self.token.is_sign("("):
            dotted = ".".join(path)
            raise FormulaError(ProblemCode.NOT_ALLOWED, f'the function "{dotted}" is not in the language', at)
        return Name(tuple(path), at)

    def _case(self) -> Expr:
        self.next()
        subject = None if self.token.is_word("when") else self.expression()
        branches: list[tuple[Expr, Expr]] = []
        while self.take_word("when"):
            at = self.token.at
            condition = self.expression()
            if subject is not None:
                condition = Call("eq", (subject, condition), at)
            self.expect_word("then")
            branches.append((condition, self.expression()))
        if not branches:
            raise self.unexpected('"when"')
        otherwise = self.expression() if self.take_word("else") else None
        self.expect_word("end")
        return Case(tuple(branches), otherwise)

    def _cast(self) -> Expr:
        self.position += 2
        operand = self.expression()
        self.expect_word("as")
        wanted = self._type()
        self.expect_sign(")")
        return Cast(operand, wanted)

    def _type(self) -> ColumnType:
        token = self.next()
        text = token.text.lower() if token.kind is TokenKind.WORD else ""
        if text == "decimal" and self.take_sign("("):
            text += "(" + self.next().text
            self.expect_sign(",")
            text += "," + self.next().text + ")"
            self.expect_sign(")")
        found = parse_column_type(text)
        if found is None:
            message = f"expected a type ({', '.join(COLUMN_TYPE_FORMS)}), found {token.shown}"
            raise FormulaError(ProblemCode.SYNTAX, message, token.at)
        return found

    def _moment(self, word: str) -> Expr:
        self.next()
        token = self.next()
        text = _unquoted(token)
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None or (word == "date" and len(text) != len("2017-01-01")):
                raise ValueError(text)
        except ValueError:
            form = "date 'YYYY-MM-DD'" if word == "date" else "timestamp 'YYYY-MM-DD HH:MM:SS'"
            raise FormulaError(ProblemCode.SYNTAX, f"expected {form}, found '{text}'", token.at) from None
        return Literal(date(moment.year, moment.month, moment.day) if word == "date" else moment)

    # --- functions

    def _arguments(self, close: str) -> list[Expr]:
        arguments: list[Expr] = []
        if self.take_sign(close):
            return arguments
        arguments.append(self.expression())
        while self.take_sign(","):
            arguments.append(self.expression())
        self.expect_sign(close)
        return arguments

    def _call(self) -> Expr:
        token = self.next()
        self.next()
        name = token.text.lower()
        if name == "count":
            return self._count(token)
        if name == "extract":
            return self._extract(token)
        if name == "exists":
            return self._exists(token)
        arguments = self._arguments(")")
        if name in PART_FUNCTIONS:
            check_arity(name, (1, 1), arguments, token)
            return Call("date_part", (Literal(PART_FUNCTIONS[name]), arguments[0]), token.at)
        if name in ("percentile", "percentile_disc", "approx_percentile"):
            return percentile_call(name, arguments, token)
        if name in AGGREGATES and name != "count_distinct":
            check_arity(name, AGGREGATES[name], arguments, token)
            return Aggregate(name, tuple(arguments), at=token.at)
        return scalar_call(SPELLINGS.get(name, name), arguments, token)

    def _count(self, token: Token) -> Expr:
        if self.take_sign("*"):
            self.expect_sign(")")
            return Aggregate("count", at=token.at)
        distinct = self.take_word("distinct")
        arguments = self._arguments(")")
        name = "count_distinct" if distinct else "count"
        if not arguments:
            raise FormulaError(ProblemCode.SYNTAX, "count() needs an argument; count(*) counts rows", token.at)
        check_arity(name, AGGREGATES[name], arguments, token)
        return Aggregate(name, tuple(arguments), at=token.at)

    def _extract(self, token: Token) -> Expr:
        part = self.next()
        self.expect_word("from")
        operand = self.expression()
        self.expect_sign(")")
        return scalar_call("date_part", [Literal(part.text.strip("'").lower()), operand], token)

    def _exists(self, token: Token) -> Expr:
        if self.token.kind not in (TokenKind.WORD, TokenKind.QUOTED) or self.token.is_word("select"):
            raise self.unexpected("the name of a join")
        join = _unquoted(self.next())
        where = self.expression() if self.take_sign(",") else None
        self.expect_sign(")")
        return Exists(join, where, token.at)


def _unquoted(token: Token) -> str:
    match token.kind:
        case TokenKind.TEXT:
            return token.text[1:-1].replace("''", "'")
        case TokenKind.QUOTED:
            return token.text[1:-1].replace('""', '"')
        case _:
            return token.text
