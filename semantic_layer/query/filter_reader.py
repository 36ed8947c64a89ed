"""Reads the filter nodes of a question (`where`, `having`): each is exactly one of the forms that exist."""

from collections.abc import Mapping

from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import (
    AllOf,
    AnyOf,
    DimensionFilter,
    Filter,
    JsonValue,
    KeyFilter,
    LastFilter,
    MetricFilter,
    NotThis,
    Path,
    SegmentFilter,
)
from semantic_layer.query.json_object import JsonObject, is_storable, kind_of
from semantic_layer.query.problems import Problems, did_you_mean, near_names

DEEPEST = 15
MOST_NODES = 1_000
MOST_VALUES = 10_000
MOST_DIGITS = 38
WITHOUT_VALUES = ("IS_NULL", "IS_NOT_NULL")

# The key that tells a form -> all keys of that form.
JOINED = {"and": ("and",), "or": ("or",), "not": ("not",)}
WHERE_FORMS = {
    **JOINED,
    "dimension": ("dimension", "grain", "part", "op", "values", "last"),
    "metric": ("metric", "per", "by", "over", "op", "values"),
    "segment": ("segment",),
}
HAVING_FORMS = {**JOINED, "key": ("key", "op", "values")}
WHERE_SAID = (
    "{and}, {or}, {not}, {dimension, grain?, part?, op, values}, {dimension, last}, "
    "{metric, per, by?, over, op, values} or {segment}"
)
HAVING_SAID = "{and}, {or}, {not} or {key, op, values}"


def read_value(value: object, path: Path, problems: Problems) -> JsonValue:
    """A text, number, boolean or null as it came; whether it fits its column is the binder's to say."""
    match value:
        case None | bool():
            return value
        case str():
            if is_storable(value):
                return value
            problems.add(ErrorCode.BAD_VALUE, "a text must be valid Unicode without NUL", path)
        case int():
            if abs(value) < 10**MOST_DIGITS:
                return value
            problems.add(ErrorCode.BAD_VALUE, f"a whole number has at most {MOST_DIGITS} digits", path)
        case float():
            if value - value == 0:  # false for NaN and the infinities
                return value
            problems.add(ErrorCode.BAD_VALUE, "NaN and infinities are no values", path)
        case _:
            message = f"a value must be a text, a number or true or false, not {kind_of(value)}"
            problems.add(ErrorCode.BAD_VALUE, message, path)
    return None


class FilterReader:
    """Reads the filters of one question; nodes and values are counted over all of them."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._nodes = 0
        self._values = 0

    def where(self, question: JsonObject) -> Filter | None:
        node = question.child("where")
        return None if node is None else self._node(node, WHERE_FORMS, WHERE_SAID, 1)

    def having(self, question: JsonObject) -> Filter | None:
        node = question.child("having")
        return None if node is None else self._node(node, HAVING_FORMS, HAVING_SAID, 1)

    def _node(self, node: JsonObject, forms: Mapping[str, tuple[str, ...]], said: str, depth: int) -> Filter | None:
        if not self._counted(node, depth):
            return None
        told = [key for key in forms if node.has(key)]
        if len(told) != 1:
            self._no_form(node, told, forms, said)
            return None
        form = told[0]
        node.only(*forms[form], code=ErrorCode.BAD_FILTER)
        match form:
            case "and" | "or":
                nodes = self._members(node, form, forms, said, depth)
                return AllOf(nodes, node.path) if form == "and" else AnyOf(nodes, node.path)
            case "not":
                inner = node.child("not")
                negated = None if inner is None else self._node(inner, forms, said, depth + 1)
                return None if negated is None else NotThis(negated, node.path)
            case "dimension":
                return self._dimension(node)
            case "metric":
                return MetricFilter(
                    node.required_text("metric"), node.required_text("per"), node.required_text("over"),
                    node.required_text("op"), self._operands(node), node.path, node.text("by"),
                )  # fmt: skip
            case "segment":
                return SegmentFilter(node.required_text("segment"), node.path)
            case _:
                return KeyFilter(node.required_text("key"), node.required_text("op"), self._operands(node), node.path)

    def _counted(self, node: JsonObject, depth: int) -> bool:
        self._nodes += 1
        if depth > DEEPEST:
            message = f"filters are nested at most {DEEPEST} deep"
            self._problems.add(ErrorCode.QUERY_TOO_DEEP, message, node.path)
        elif self._nodes == MOST_NODES + 1:
            message = f"a question has at most {MOST_NODES:,} filter nodes"
            self._problems.add(ErrorCode.QUERY_TOO_COMPLEX, message, node.path)
        return depth <= DEEPEST and self._nodes <= MOST_NODES

    def _no_form(self, node: JsonObject, told: list[str], forms: Mapping[str, tuple[str, ...]], said: str) -> None:
        """No form can be told from the node, or several."""
        known = {key for keys in forms.values() for key in keys}
        strange = [str(key)[:100] for key in node.data if key not in known]
        near = tuple(dict.fromkeys(name for key in strange[:5] for name in near_names(key, sorted(known))))
        if told:
            found = "this one is several: " + ", ".join(f"`{key}`" for key in told)
        elif strange:
            found = "it has no key " + ", ".join(f"`{key}`" for key in strange[:5])
        else:
            found = "this one is none of them"
        self._problems.add(
            ErrorCode.BAD_FILTER, f"a filter node is {said}; {found}{did_you_mean(near)}", node.path, near
        )

    def _members(
        self, node: JsonObject, form: str, forms: Mapping[str, tuple[str, ...]], said: str, depth: int
    ) -> tuple[Filter, ...]:
        members = [self._node(member, forms, said, depth + 1) for member in node.objects(form, MOST_NODES)]
        if node.data[form] == []:
            path = (*node.path, form)
            self._problems.add(ErrorCode.BAD_FILTER, f"`{form}` needs at least one filter node", path)
        return tuple(member for member in members if member is not None)

    def _dimension(self, node: JsonObject) -> Filter | None:
        name = node.required_text("dimension")
        if not node.has("last"):
            operator = node.required_text("op")
            part, grain = node.text("part"), node.text("grain")
            if part is not None and grain is not None:
                message = "a condition is about a grain or a part, not both"
                self._problems.add(ErrorCode.BAD_FILTER, message, (*node.path, "part"))
            return DimensionFilter(name, operator, self._operands(node), part, node.path, grain)
        for key in ("op", "values", "grain", "part"):
            if node.has(key):
                message = f"`last` stands beside `dimension` alone, without `{key}`"
                self._problems.add(ErrorCode.BAD_FILTER, message, (*node.path, key))
        last = node.child("last")
        if last is None:
            return None
        last.only("count", "unit", "anchor", code=ErrorCode.BAD_FILTER)
        if not last.has("count"):
            last.wrong("count", "a whole number")
        count = last.whole("count", 1, ErrorCode.BAD_VALUE, most=100_000)
        unit, anchor = last.required_text("unit"), last.text("anchor")
        return LastFilter(name, count or 1, unit, anchor or "DATA", node.path)

    def _operands(self, node: JsonObject) -> tuple[JsonValue, ...]:
        """`values`, which an operator has unless it asks about null."""
        operator, path = node.data.get("op"), (*node.path, "values")
        if operator in WITHOUT_VALUES:
            if node.data.get("values"):
                self._problems.add(ErrorCode.BAD_FILTER, f"{operator} takes no `values`", path)
            return ()
        if not node.has("values"):
            if isinstance(operator, str):
                self._problems.add(ErrorCode.BAD_FILTER, "`values` is missing: a list of values", path)
            return ()
        members = list(node.items("values", MOST_VALUES))
        self._values += len(members)
        if self._values - len(members) <= MOST_VALUES < self._values:
            message = f"a question has at most {MOST_VALUES:,} filter values"
            self._problems.add(ErrorCode.QUERY_TOO_COMPLEX, message, path)
        if self._values > MOST_VALUES:
            return ()
        return tuple(read_value(member, where, self._problems) for member, where in members)
