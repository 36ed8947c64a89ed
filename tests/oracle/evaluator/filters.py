"""The filter nodes of a question, asked of one row (semantics rules 2, 12, 20)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.evaluator.calendar import INSTANT, moment, part_of
from tests.oracle.evaluator.values import Cell, Type, compare, every, negated, some

Filter = dict[str, Any]
_ORDER = {"GT": "gt", "GTE": "gte", "LT": "lt", "LTE": "lte"}


@dataclass(frozen=True, slots=True)
class Asking:
    """How a filter learns of the row: the value and the type (None: time) of a name, entities, segments."""

    value: Callable[[str], Cell]
    type: Callable[[str], Type | None]
    entity: Callable[[Filter], bool | None]
    segment: Callable[[str], bool | None]


def truth(node: Filter, asking: Asking) -> bool | None:
    """Whether a row passes: true, false or unknown."""
    if "and" in node:
        return every(truth(one, asking) for one in node["and"])
    if "or" in node:
        return some(truth(one, asking) for one in node["or"])
    if "not" in node:
        return negated(truth(node["not"], asking))
    if "segment" in node:
        return asking.segment(node["segment"])
    if "metric" in node:
        return asking.entity(node)
    value, type_ = asking.value(node["dimension"]), asking.type(node["dimension"])
    if "part" in node:
        part = None if value is None else part_of(value, node["part"])
        return compared(part, node["op"], node.get("values", []), Type("INTEGER"))
    if type_ is None and node["op"] not in ("IS_NULL", "IS_NOT_NULL"):
        return _time_compared(value, node["op"], spans(node))
    return compared(value, node["op"], node.get("values", []), type_)


def compared(value: Cell, op: str, values: list[Any], type_: Type | None) -> bool | None:
    """One comparison of a value with the question's values; `type_` None means time."""
    if op in ("IS_NULL", "IS_NOT_NULL"):
        return (value is None) is (op == "IS_NULL")
    if type_ is None or type_.kind in ("DATE", "TIMESTAMP"):
        return _time_compared(value, op, [span(one) for one in values])
    return _compared(value, op, [typed(one, type_) for one in values])


def typed(value: Any, type_: Type) -> Cell:
    """A value of the question; numbers may come as text."""
    if type_.kind in ("DECIMAL", "BIGINT", "FLOAT") and isinstance(value, str):
        return Decimal(value)
    return value


def _compared(value: Cell, op: str, values: list[Cell]) -> bool | None:
    match op:
        case "EQ" | "IN":
            return some(compare("eq", value, one) for one in values)
        case "NE" | "NOT_IN":
            return every(compare("ne", value, one) for one in values)
        case "IS_DISTINCT_FROM":
            return value is None or compare("ne", value, values[0])
        case "IN_RANGE":
            return every([compare("gte", value, values[0]), compare("lt", value, values[1])])
        case "CONTAINS" | "STARTS_WITH" | "ENDS_WITH":
            return None if value is None else _matches(value, op, values[0])
        case _:
            return compare(_ORDER[op], value, values[0])


def _matches(value: str, op: str, part: str) -> bool:
    if op == "CONTAINS":
        return part in value
    return value.startswith(part) if op == "STARTS_WITH" else value.endswith(part)


# --- time --------------------------------------------------------------------------------------------------------


Span = tuple[datetime, datetime]


def span(value: str) -> Span:
    """What a value of the question means: a whole day, or an instant; [from, to)."""
    if "T" in value or " " in value:
        at = datetime.fromisoformat(value)
        return at, at + INSTANT
    day = moment(date.fromisoformat(value))
    return day, day + timedelta(days=1)


def spans(node: Filter) -> list[Span]:
    """What the values of a time comparison mean, moved or not."""
    return node["spans"] if "spans" in node else [span(one) for one in node.get("values", [])]


def _time_compared(value: Cell, op: str, spans: list[Span]) -> bool | None:
    if value is None:
        if op == "IS_DISTINCT_FROM":
            return True
        return {"IN": False, "NOT_IN": True}.get(op) if not spans else None
    at = moment(value)
    inside = any(start <= at < end for start, end in spans)
    match op:
        case "EQ" | "IN":
            return inside
        case "NE" | "NOT_IN" | "IS_DISTINCT_FROM":
            return not inside
        case "IN_RANGE":
            return spans[0][0] <= at < spans[1][0]
        case "GTE":
            return at >= spans[0][0]
        case "GT":
            return at >= spans[0][1]
        case "LT":
            return at < spans[0][0]
        case _:
            return at < spans[0][1]


@dataclass(frozen=True, slots=True)
class Bounds:
    """[start, end); None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def both(self, other: "Bounds") -> "Bounds":
        starts = [one for one in (self.start, other.start) if one is not None]
        ends = [one for one in (self.end, other.end) if one is not None]
        return Bounds(max(starts, default=None), min(ends, default=None))

    def either(self, other: "Bounds") -> "Bounds":
        start = None if self.start is None or other.start is None else min(self.start, other.start)
        end = None if self.end is None or other.end is None else max(self.end, other.end)
        return Bounds(start, end)


def bounds(node: Filter, is_time: Callable[[str], bool]) -> Bounds:
    """The range of time outside of which the filter is never true, as far as its form tells."""
    if "and" in node:
        found = Bounds()
        for one in node["and"]:
            found = found.both(bounds(one, is_time))
        return found
    if "or" in node:
        first, *others = [bounds(one, is_time) for one in node["or"]]
        for other in others:
            first = first.either(other)
        return first
    if "dimension" not in node or "part" in node or not is_time(node["dimension"]):
        return Bounds()
    found = spans(node)
    match node["op"]:
        case "EQ" | "IN" if found:
            return Bounds(min(start for start, _ in found), max(end for _, end in found))
        case "IN_RANGE":
            return Bounds(found[0][0], found[1][0])
        case "GTE":
            return Bounds(found[0][0], None)
        case "GT":
            return Bounds(found[0][1], None)
        case "LT":
            return Bounds(None, found[0][0])
        case "LTE":
            return Bounds(None, found[0][1])
        case _:
            return Bounds()


def conjuncts(node: Filter | None) -> tuple[Filter, ...]:
    """A filter as the parts that `and` joins."""
    if node is None:
        return ()
    if len(node.get("or", ())) == 1:
        return conjuncts(node["or"][0])
    return tuple(part for one in node["and"] for part in conjuncts(one)) if "and" in node else (node,)


def leaves(node: Filter) -> Iterator[Filter]:
    """The nodes without `and`, `or`, `not`."""
    if "not" in node:
        yield from leaves(node["not"])
    elif "and" in node or "or" in node:
        for one in node.get("and", node.get("or", [])):
            yield from leaves(one)
    else:
        yield node


def moved(
    node: Filter,
    start: Callable[[datetime], datetime],
    end: Callable[[datetime], datetime],
    is_time: Callable[[str], bool],
) -> Filter:
    """The filter with the moments of its time comparisons moved: first moments by `start`, ends by `end`."""
    if "not" in node:
        return {"not": moved(node["not"], start, end, is_time)}
    for joined in ("and", "or"):
        if joined in node:
            return {joined: [moved(one, start, end, is_time) for one in node[joined]]}
    if "dimension" not in node or "part" in node or not is_time(node["dimension"]):
        return node
    found = spans(node)
    match node["op"]:
        case "IN_RANGE":
            (first, _), (last, _) = found
            return {**node, "spans": [(start(first), start(first)), (end(last), end(last))]}
        case "LT":
            return {**node, "spans": [(end(found[0][0]), end(found[0][0]))]}
        case "GT":
            return {**node, "spans": [(start(found[0][1]), start(found[0][1]))]}
        case _:
            return {**node, "spans": [(start(first), end(last)) for first, last in found]}
