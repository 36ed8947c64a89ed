"""Filters of a question as conditions over looked-up names: `where` on rows, `having` on the answer's columns."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from semantic_layer.definitions.expression import Call, Expr, Literal, Name
from semantic_layer.definitions.model import Catalog, Dataset, Dimension, Segment
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.types import INTEGER, CalendarGrain, ColumnType, Grain, Kind, Part, resolution
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
from semantic_layer.query.declared_types import dimension_type
from semantic_layer.query.grain_words import bind_grain
from semantic_layer.query.measure import Asked, EntityCondition, Measure, Value, homes
from semantic_layer.query.problems import Problems, did_you_mean, listed, near_names
from semantic_layer.query.resolve_rule import measure_of, owned_segment, segment_condition
from semantic_layer.query.time_range import Bounds, after_end, one_of, within
from semantic_layer.query.values import NotThisType, moment, typed_value

_ORDERED = {"GT", "GTE", "LT", "LTE", "IN_RANGE"}
_LISTS = {"EQ", "NE", "IN", "NOT_IN", "IS_DISTINCT_FROM"}
_NULLS = {"IS_NULL", "IS_NOT_NULL"}
_PATTERNS = {"CONTAINS", "STARTS_WITH", "ENDS_WITH"}
OPERATORS = (
    "EQ", "NE", "IN", "NOT_IN", "GT", "GTE", "LT", "LTE", "IN_RANGE", "IS_NULL", "IS_NOT_NULL", "IS_DISTINCT_FROM",
    "CONTAINS", "STARTS_WITH", "ENDS_WITH",
)  # fmt: skip
_VALUE_COUNT = {
    "IS_NULL": (0, 0),
    "IS_NOT_NULL": (0, 0),
    "IN_RANGE": (2, 2),
    "IN": (0, None),
    "NOT_IN": (0, None),
}
UNITS = tuple(grain.name for grain in Grain)


@dataclass(frozen=True, slots=True)
class FilterNames:
    """How the names of filters are looked up; each look-up reports its own problems and then gives None."""

    dimension: Callable[[str, Path], FoundDimension | None]
    segment: Callable[[str, Dataset, Segment, Path], bool]
    last: Callable[[LastFilter], Bounds | None]
    zone: str
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class _Operand:
    """What values are compared with: an expression, its type, and how messages call it."""

    expr: Expr
    type: ColumnType
    called: str
    members: tuple[str | int, ...] | None = None


def where_condition(node: Filter, names: FilterNames, problems: Problems) -> Expr | None:
    """A `where` node as a condition; None when it (or something in it) is wrong, which is then in `problems`."""
    match node:
        case AllOf(nodes) | AnyOf(nodes):
            parts = [where_condition(part, names, problems) for part in nodes]
            return _joined(parts, "and" if isinstance(node, AllOf) else "or")
        case NotThis(inner):
            condition = where_condition(inner, names, problems)
            return None if condition is None else Call("not", (condition,))
        case DimensionFilter():
            return _dimension_condition(node, names, problems)
        case LastFilter():
            bounds = names.last(node)
            return None if bounds is None else within(Asked(node.dimension), bounds.start, bounds.end)
        case MetricFilter():
            return _metric_condition(node, names, problems)
        case SegmentFilter(segment, path):
            return _segment_condition(segment, path, names, problems)
        case KeyFilter(_, _, _, path):
            problems.add(ErrorCode.BAD_FILTER, "`key` stands in `having`; in `where` say `dimension`", path)
            return None


def _joined(parts: list[Expr | None], function: str) -> Expr | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if not known:
        return Literal(function == "and")
    return known[0] if len(known) == 1 else Call(function, tuple(known))


def _dimension_condition(node: DimensionFilter, names: FilterNames, problems: Problems) -> Expr | None:
    found = names.dimension(node.dimension, (*node.path, "dimension"))
    if not _operator_known(node.op, (*node.path, "op"), problems) or found is None:
        return None
    asked = Asked(node.dimension)
    if node.part is not None:
        part = part_of(node.part, found.dimension, (*node.path, "part"), problems)
        if part is None:
            return None
        operand = _Operand(Call("date_part", (Literal(part.value), asked)), INTEGER, f"{node.dimension} {part.name}")
        return _comparison(operand, node.op, node.values, node.path, problems)
    if node.grain is not None:
        return _period_condition(node, found, names, problems)
    if found.dimension.time is not None:
        return _time_comparison(asked, node, names.zone, problems)
    type_ = dimension_type(names.catalog, found)
    operand = _Operand(asked, type_, node.dimension, found.dimension.values)
    return _comparison(operand, node.op, node.values, node.path, problems)


def _period_condition(
    node: DimensionFilter, found: FoundDimension, names: FilterNames, problems: Problems
) -> Expr | None:
    """The first moment (of a calendar's period the label) of the period that holds the time, compared."""
    path = (*node.path, "grain")
    if found.dimension.time is None:
        problems.add(ErrorCode.BAD_GRAIN, f"{node.dimension} is no time dimension, so it has no grain", path)
        return None
    grain = bind_grain(str(node.grain), names.catalog, path, problems)
    if grain is None:
        return None
    finest = found.dimension.time.finest
    if resolution(grain).rank < finest.rank:
        message = f"{node.dimension} is recorded by {finest}; {grain} is finer"
        problems.add(ErrorCode.GRAIN_TOO_FINE, message, path, (finest.name,))
        return None
    words = grain.words if isinstance(grain, CalendarGrain) else grain.value
    return _time_comparison(Call("period_of", (Literal(words), Asked(node.dimension))), node, names.zone, problems)


def part_of(word: str, dimension: Dimension, path: Path, problems: Problems) -> Part | None:
    """A date part by its word, checked against what the dimension records."""
    if word not in Part.__members__:
        near = near_names(word, Part.__members__)
        problems.add(ErrorCode.BAD_PART, f"{word} is no date part; there are {listed(Part.__members__)}", path, near)
        return None
    part = Part[word]
    if dimension.time is None:
        problems.add(ErrorCode.BAD_PART, f"{dimension.name} is no time dimension, so it has no {word}", path)
        return None
    finest = dimension.time.finest
    needed = Grain.HOUR if part is Part.HOUR_OF_DAY else Grain.DAY
    if finest.rank > needed.rank:
        problems.add(ErrorCode.GRAIN_TOO_FINE, f"{dimension.name} is recorded by {finest}; {word} is finer", path)
        return None
    return part


def _operator_known(op: str, path: Path, problems: Problems) -> bool:
    if op in OPERATORS:
        return True
    near = near_names(op, OPERATORS)
    problems.add(ErrorCode.BAD_OPERATOR, f"{op} is no operator; there are {listed(OPERATORS)}", path, near)
    return False


def _allowed(type_: ColumnType) -> set[str]:
    if type_.kind is Kind.BOOLEAN:
        return _LISTS | _NULLS
    if type_.kind is Kind.TEXT:
        return _LISTS | _NULLS | _PATTERNS | (_ORDERED - {"IN_RANGE"})
    return _LISTS | _NULLS | _ORDERED


def _values_counted(op: str, count: int, path: Path, problems: Problems) -> bool:
    least, most = _VALUE_COUNT.get(op, (1, 1))
    if count >= least and (most is None or count <= most):
        return True
    expected = {(0, 0): "no values", (2, 2): "two values, from and to"}.get((least, most or 0), "one value")
    problems.add(ErrorCode.BAD_VALUE, f"{op} takes {expected}, got {count}", (*path, "values"))
    return False


def _comparison(
    operand: _Operand, op: str, values: tuple[JsonValue, ...], path: Path, problems: Problems
) -> Expr | None:
    if op not in _allowed(operand.type):
        fits = listed(name for name in OPERATORS if name in _allowed(operand.type))
        problems.add(
            ErrorCode.BAD_OPERATOR,
            f"{op} does not fit {operand.called} ({operand.type}); it takes {fits}",
            path,
        )
        return None
    if not _values_counted(op, len(values), path, problems):
        return None
    typed = list(_typed(operand, values, path, problems))
    if len(typed) < len(values):
        return None
    return _compared(operand.expr, op, typed)


def _typed(operand: _Operand, values: tuple[JsonValue, ...], path: Path, problems: Problems) -> Iterator[Value]:
    for place, value in enumerate(values):
        try:
            typed = typed_value(value, operand.type)
        except NotThisType as reason:
            problems.add(ErrorCode.BAD_VALUE, f"{operand.called}: {reason}", (*path, "values", place))
            continue
        if operand.members is not None and isinstance(value, str | int) and value not in operand.members:
            near = near_names(str(value), [str(member) for member in operand.members])
            message = f"{value!r} is no member of {operand.called}; there are {listed(str(m) for m in operand.members)}"
            problems.add(ErrorCode.UNKNOWN_MEMBER, message, (*path, "values", place), near)
            continue
        yield typed


def _compared(operand: Expr, op: str, values: list[Value]) -> Expr:
    if op in _NULLS:
        return Call(op.lower(), (operand,))
    if op in ("IN", "NOT_IN"):
        return Call(op.lower(), (operand, *values)) if values else Literal(op == "NOT_IN")
    if op == "IN_RANGE":
        return Call("and", (Call("gte", (operand, values[0])), Call("lt", (operand, values[1]))))
    return Call(op.lower(), (operand, values[0]))


# --- time --------------------------------------------------------------------------------------------------------


def _time_comparison(asked: Expr, node: DimensionFilter, zone: str, problems: Problems) -> Expr | None:
    """A date means the whole day: EQ and IN lie inside it, LTE reaches its end, GT starts after it (rule 12)."""
    if node.op in _PATTERNS:
        problems.add(ErrorCode.BAD_OPERATOR, f"{node.op} does not fit {node.dimension}, a time dimension", node.path)
        return None
    if not _values_counted(node.op, len(node.values), node.path, problems):
        return None
    values = []
    for place, value in enumerate(node.values):
        try:
            values.append(moment(value, zone))
        except NotThisType as reason:
            problems.add(ErrorCode.BAD_VALUE, f"{node.dimension}: {reason}", (*node.path, "values", place))
    if len(values) < len(node.values):
        return None
    match node.op, values:
        case (("IS_NULL" | "IS_NOT_NULL"), _):
            return Call(node.op.lower(), (asked,))
        case (("IN" | "NOT_IN"), []):
            return Literal(node.op == "NOT_IN")
        case (("EQ" | "IN"), _):
            return one_of(asked, values)
        case (("NE" | "NOT_IN"), _):
            return Call("not", (one_of(asked, values),))
        case "IS_DISTINCT_FROM", _:
            return Call("or", (Call("is_null", (asked,)), Call("not", (one_of(asked, values),))))
        case "IN_RANGE", [(start, _), (end, _)]:
            return within(asked, start, end)
        case "GTE", [(start, _)]:
            return within(asked, start, None)
        case "LT", [(end, _)]:
            return within(asked, None, end)
        case "GT", [(start, whole_day)]:
            return within(asked, after_end(start, whole_day), None)
        case _:
            end, whole_day = values[0]  # LTE, the last operator that is left
            return within(asked, None, after_end(end, whole_day))


# --- metrics and segments ----------------------------------------------------------------------------------------


def _metric_condition(node: MetricFilter, names: FilterNames, problems: Problems) -> Expr | None:
    catalog = names.catalog
    if node.over not in ("ALL_TIME", "RANGE"):
        problems.add(ErrorCode.BAD_FILTER, f"over is ALL_TIME or RANGE, not {node.over}", (*node.path, "over"))
    if node.metric not in catalog.metrics:
        near = near_names(node.metric, catalog.metrics)
        problems.add(
            ErrorCode.UNKNOWN_METRIC,
            f"no metric {node.metric}{did_you_mean(near)}",
            (*node.path, "metric"),
            near,
        )
    if not _operator_known(node.op, (*node.path, "op"), problems) or node.metric not in catalog.metrics:
        return None
    measure = measure_of(catalog, node.metric)
    found = names.dimension(node.per, (*node.path, "per"))
    own, key = (node.per, "per") if node.by is None else (node.by, "by")
    if found is not None and not reaches(catalog, measure, own):
        message = f"{node.metric} cannot be computed per {own}"
        problems.add(ErrorCode.UNREACHABLE_DIMENSION, message, (*node.path, key))
    elif found is not None and found.to_many_at is not None:
        message = f"{node.per} is across a to-many join, and a filter by a metric needs one of it for each row"
        problems.add(ErrorCode.BAD_FILTER, message, (*node.path, "per"))
    operand = _Operand(Name(("value",)), ColumnType(Kind.FLOAT), node.metric)
    condition = _comparison(operand, node.op, node.values, node.path, problems)
    if condition is None:
        return None
    by = () if node.by is None else (node.by,)
    return EntityCondition((node.per,), condition, {"value": measure}, node.over == "ALL_TIME", by)


def reaches(catalog: Catalog, measure: Measure, words: str) -> bool:
    return all(isinstance(find_dimension(catalog, home, words), FoundDimension) for home, _ in homes(measure))


def _segment_condition(name: str, path: Path, names: FilterNames, problems: Problems) -> Expr | None:
    found = owned_segment(names.catalog, name)
    if found is None:
        every = [one for dataset in names.catalog.datasets.values() for one in dataset.segments]
        near = near_names(name, every)
        problems.add(ErrorCode.UNKNOWN_SEGMENT, f"no segment {name}{did_you_mean(near)}", (*path, "segment"), near)
        return None
    if not names.segment(name, *found, (*path, "segment")):
        return None
    return segment_condition(found[1], names.catalog)


# --- having ------------------------------------------------------------------------------------------------------


def having_condition(
    node: Filter, columns: Mapping[str, ColumnType | None], zone: str, problems: Problems
) -> Expr | None:
    """A `having` node over Names of the answer's columns; a column of unknown type is taken as a number."""
    match node:
        case AllOf(nodes) | AnyOf(nodes):
            parts = [having_condition(part, columns, zone, problems) for part in nodes]
            return _joined(parts, "and" if isinstance(node, AllOf) else "or")
        case NotThis(inner):
            condition = having_condition(inner, columns, zone, problems)
            return None if condition is None else Call("not", (condition,))
        case KeyFilter(key, op, _, path):
            if key not in columns:
                near = near_names(key, columns)
                message = f"no column {key} in this answer; there are {listed(columns)}"
                problems.add(ErrorCode.UNKNOWN_KEY, message, (*path, "key"), near)
                return None
            if not _operator_known(op, (*path, "op"), problems):
                return None
            return _key_condition(key, columns[key] or ColumnType(Kind.FLOAT), node, zone, problems)
        case _:
            problems.add(
                ErrorCode.BAD_FILTER,
                "in `having` a condition names a column of the answer with `key`",
                node.path,
            )
            return None


def _key_condition(key: str, type_: ColumnType, node: KeyFilter, zone: str, problems: Problems) -> Expr | None:
    if type_.is_time:
        # the column is put in afterwards: time comparisons are written for dimensions
        condition = _time_comparison(
            Asked(key), DimensionFilter(key, node.op, node.values, None, node.path), zone, problems
        )
        return condition
    return _comparison(_Operand(Name((key,)), type_, key), node.op, node.values, node.path, problems)
