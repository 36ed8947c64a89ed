"""Filters of a dbt question (SQL with Jinja) as nodes of an Ask: conditions on elements, or on metrics per entity."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from semantic_layer.definitions.expression import Call, Cast, Expr, Literal, Name
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.formula_tokens import FormulaError
from semantic_layer.definitions.types import Grain
from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse
from semantic_layer.interchange.dbt.question_names import Home, Meaning, Path, QuestionNames
from semantic_layer.interchange.dbt.reference import (
    ElementReference,
    MetricReference,
    Reference,
    ReferenceMistake,
    read_template,
)
from semantic_layer.query.ask import AllOf, AnyOf, DimensionFilter, Filter, JsonValue, MetricFilter, NotThis
from semantic_layer.query.calendar import add, midnight, start_of

PARTS = {
    "year": "YEAR",
    "quarter": "QUARTER_OF_YEAR",
    "month": "MONTH_OF_YEAR",
    "day": "DAY_OF_MONTH",
    "dow": "DAY_OF_WEEK",
    "doy": "DAY_OF_YEAR",
}
_OPERATORS = {"eq": "EQ", "ne": "NE", "lt": "LT", "lte": "LTE", "gt": "GT", "gte": "GTE"}
_TURNED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
_NULLS = {"is_null": "IS_NULL", "is_not_null": "IS_NOT_NULL"}
NOTHING, EVERYTHING = AnyOf(()), AllOf(())


@dataclass(frozen=True, slots=True)
class QuestionFilters:
    """`meaning` looks an element up for the question; `homes` are the rows that its metrics count."""

    names: QuestionNames
    homes: Sequence[Home]
    meaning: Callable[[ElementReference, Path], Meaning]

    def all_of(self, texts: Sequence[str]) -> tuple[Filter, ...]:
        return tuple(self._read(text, ("where", place)) for place, text in enumerate(texts))

    def _read(self, text: str, path: Path) -> Filter:
        try:
            template = read_template(text, self.names.grains)
            tree = parse_formula(template.sql)
        except ReferenceMistake as mistake:
            raise refuse(ErrorCode.BAD_FILTER, str(mistake), path=path) from None
        except FormulaError as error:
            raise refuse(ErrorCode.BAD_FILTER, f"the filter cannot be read: {error.message}", path=path) from None
        return _Reading(self, template.references, path).node(tree)


@dataclass(frozen=True, slots=True)
class _Reading:
    filters: QuestionFilters
    references: Mapping[str, Reference]
    path: Path

    def node(self, tree: Expr) -> Filter:
        match tree:
            case Literal(bool() as value):
                return EVERYTHING if value else NOTHING
            case Call("and", arguments):
                return AllOf(tuple(self.node(one) for one in arguments))
            case Call("or", arguments):
                return AnyOf(tuple(self.node(one) for one in arguments))
            case Call("not", (one,)):
                return NotThis(self.node(one))
            case Call(function, (one,)) if function in _NULLS:
                return self._compared(one, _NULLS[function], ())
            case Call("in", (one, *values)):
                return self._compared(one, "IN", values)
            case Call("not_in", (one, *values)):
                return self._compared(one, "NOT_IN", values)
            case Call("between", (one, low, high)):
                return AllOf((self._compared(one, "GTE", (low,)), self._compared(one, "LTE", (high,))))
            case Call("is_distinct_from", (one, value)):
                return self._compared(one, "IS_DISTINCT_FROM", (value,))
            case Call("like", (one, Literal(str() as pattern))):
                return self._like(one, pattern)
            case Call(function, (one, other)) if function in _OPERATORS:
                if self._reference(one) is None:
                    one, other, function = other, one, _TURNED.get(function, function)
                return self._compared(one, _OPERATORS[function], (other,))
            case _ if self._reference(tree) is not None:
                return self._compared(tree, "EQ", (Literal(True),))
            case _:
                raise self._unreadable()

    def _unreadable(self, why: str = "") -> SemanticLayerError:
        message = why or "a filter compares elements with values, joined by and, or, not"
        return refuse(ErrorCode.BAD_FILTER, message, path=self.path)

    def _reference(self, tree: Expr) -> Reference | None:
        while isinstance(tree, Cast):
            tree = tree.operand
        return self.references.get(tree.path[0]) if isinstance(tree, Name) and len(tree.path) == 1 else None

    def _compared(self, tree: Expr, op: str, values: Sequence[Expr]) -> Filter:
        reference = self._reference(tree)
        if isinstance(reference, MetricReference):
            return self._of_metric(reference, op, values)
        if reference is None:
            raise self._unreadable()
        meaning = self.filters.meaning(reference, self.path)
        if reference.part is not None:
            plain = tuple(self._value(one) for one in values)
            return DimensionFilter(meaning.words, op, plain, part=PARTS[reference.part])
        if isinstance(tree, Cast) and not tree.type.is_time:
            raise self._unreadable(f"{reference.name} is compared as another type than its own")
        if meaning.granularity is None:
            return DimensionFilter(meaning.words, op, tuple(self._value(one) for one in values))
        return self._of_time(reference, meaning, op, values)

    def _like(self, tree: Expr, pattern: str) -> Filter:
        inner = pattern.strip("%")
        if "%" in inner or "_" in pattern:
            raise self._unreadable("LIKE is read with % at the beginning or end only")
        starts, ends = pattern.startswith("%"), pattern.endswith("%")
        op = "CONTAINS" if starts and ends else "ENDS_WITH" if starts else "STARTS_WITH" if ends else "EQ"
        return self._compared(tree, op, (Literal(inner),))

    # --- values --------------------------------------------------------------------------------------------------

    def _value(self, tree: Expr) -> JsonValue:
        while isinstance(tree, Cast):
            tree = tree.operand
        match tree:
            case Literal(bool() | int() | str() as value):
                return value
            case Literal(Decimal() | float() as value):
                return float(value)
            case Literal(datetime() | date() as value):
                return value.isoformat()
            case Call("negate", (Literal(int() | Decimal() | float() as value),)):
                return -value if isinstance(value, int) else -float(value)
            case _:
                pass
        raise self._unreadable("what an element is compared with must be a value")

    def _moment(self, tree: Expr) -> datetime:
        while isinstance(tree, Cast):
            tree = tree.operand
        match tree:
            case Literal(datetime() as value):
                return value.replace(tzinfo=None)
            case Literal(date() as value):
                return midnight(value)
            case Literal(str() as text):
                try:
                    return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
                except ValueError:
                    pass
            case _:
                pass
        raise self._unreadable("what a time is compared with must be a moment, such as '2020-01-31'")

    # --- times ---------------------------------------------------------------------------------------------------

    def _of_time(self, reference: ElementReference, meaning: Meaning, op: str, values: Sequence[Expr]) -> Filter:
        words = meaning.words
        if op in ("IS_NULL", "IS_NOT_NULL"):
            return DimensionFilter(words, op)
        moments = [self._moment(one) for one in values]
        if reference.grain in self.filters.names.imported.names.grains:
            grain = self.filters.names.imported.names.grains[str(reference.grain)]
            said = tuple(_said(one) for one in moments)
            return DimensionFilter(words, op, said, grain=grain.upper())
        grain_word = reference.grain or meaning.granularity or "day"
        if grain_word not in set(Grain):
            raise refuse(ErrorCode.GRAIN_TOO_FINE, f"{reference.column} is finer than a second", path=self.path)
        return of_periods(words, Grain(grain_word), op, moments)

    # --- metrics -------------------------------------------------------------------------------------------------

    def _of_metric(self, reference: MetricReference, op: str, values: Sequence[Expr]) -> Filter:
        """The metric per entity, over all time; each side reaches the entity by its own way."""
        names = self.filters.names
        metric = names.metric(reference.metric, self.path)
        if len(reference.group_by) != 1:
            raise self._unreadable("a metric in a filter is computed per one entity (group_by)")
        [key] = reference.group_by
        last = ElementReference(key.kind, (), key.element)
        outer = self._entity(last, key)
        inner = names.meaning(key, names.homes(reference.metric), self.path)
        by = None if inner.words == outer.words else inner.words
        return MetricFilter(metric, outer.words, "ALL_TIME", op, tuple(self._value(one) for one in values), by=by)

    def _entity(self, last: ElementReference, key: ElementReference) -> Meaning:
        """The entity as the question's rows have it: by its own name, else by the whole path."""
        try:
            return self.filters.meaning(last, self.path)
        except SemanticLayerError:
            if not key.path:
                raise
            return self.filters.meaning(key, self.path)


def _said(moment: datetime) -> str:
    return moment.isoformat() if moment != midnight(moment) else moment.date().isoformat()


def of_periods(words: str, grain: Grain, op: str, moments: Sequence[datetime]) -> Filter:
    """A comparison of a period's first moment as one of moments: a month from 15 January on begins with February."""

    def at(operator: str, moment: datetime) -> Filter:
        # a timestamp means the instant, where a date would mean its whole day
        return DimensionFilter(words, operator, (moment.isoformat(),))

    def within(moment: datetime) -> Filter:
        start = start_of(moment, grain)
        if start != moment:
            return NOTHING
        return AllOf((at("GTE", start), at("LT", add(start, 1, grain))))

    def any_of() -> Filter:
        return AnyOf(tuple(within(one) for one in moments))

    if op in ("EQ", "IN"):
        return within(moments[0]) if len(moments) == 1 else any_of()
    if op in ("NE", "NOT_IN"):
        return AllOf((DimensionFilter(words, "IS_NOT_NULL"), NotThis(any_of())))
    if op == "IS_DISTINCT_FROM":
        return AnyOf((DimensionFilter(words, "IS_NULL"), NotThis(any_of())))
    [moment] = moments
    start = start_of(moment, grain)
    after = add(start, 1, grain)
    match op:
        case "GTE":
            return at("GTE", start if start == moment else after)
        case "GT":
            return at("GTE", after)
        case "LT":
            return at("LT", start if start == moment else after)
        case _:
            return at("LT", after)
