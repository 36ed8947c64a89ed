"""A question in dbt's own words: metrics, group-bys, filters, order, time constraint, or the name of a saved query."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse
from semantic_layer.interchange.dbt.manifest import Manifest
from semantic_layer.interchange.dbt.reference import (
    ElementReference,
    MetricReference,
    ReferenceKind,
    ReferenceMistake,
    read_call,
    read_name,
)
from semantic_layer.query.problems import did_you_mean, near_names

Item = str | Mapping[str, object]
Moment = str | date | datetime


@dataclass(frozen=True, slots=True)
class OrderBy:
    """A column of the answer, by the name of a metric or by what is grouped by."""

    by: str | ElementReference
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Question:
    """`where` are filters in MetricFlow's Jinja, all of which hold. Both ends of the time constraint are in."""

    metrics: tuple[str, ...] = ()
    group_by: tuple[ElementReference, ...] = ()
    where: tuple[str, ...] = ()
    order_by: tuple[OrderBy, ...] = ()
    limit: int | None = None
    time_constraint: tuple[datetime, datetime] | None = None
    min_max_only: bool = False


def read_question(
    manifest: Manifest,
    grains: Collection[str],
    *,
    metrics: Sequence[str] = (),
    group_by: Sequence[Item] = (),
    where: str | Sequence[str] | None = None,
    order_by: Sequence[Item] = (),
    limit: int | None = None,
    time_constraint: Sequence[Moment] | None = None,
    saved_query: str | None = None,
    min_max_only: bool = False,
) -> Question:
    """The question as values; a saved query's own parts stand before those that are given beside it.

    Raises SemanticLayerError for what cannot be read.
    """
    wanted, grouped, ordered = list(metrics), list(group_by), list(order_by)
    filters = [where] if isinstance(where, str) else list(where or ())
    if saved_query is not None:
        saved = manifest.saved_queries.get(saved_query)
        if saved is None:
            near = near_names(saved_query, manifest.saved_queries)
            message = f"no saved query {saved_query}{did_you_mean(near)}"
            raise refuse(ErrorCode.UNKNOWN_KEY, message, path=("saved_query",), near=near)
        wanted, grouped = [*saved.metrics, *wanted], [*saved.group_by, *grouped]
        filters = [*(one.template for one in saved.where), *filters]
        ordered, limit = ordered or list(saved.order_by), saved.limit if limit is None else limit
    return Question(
        metrics=tuple(dict.fromkeys(name.lower() for name in wanted)),
        group_by=tuple(dict.fromkeys(_element(one, grains, ("group_by", n)) for n, one in enumerate(grouped))),
        where=tuple(filters),
        order_by=tuple(_order(one, grains, ("order_by", n)) for n, one in enumerate(ordered)),
        limit=limit,
        time_constraint=None if time_constraint is None else _range(time_constraint),
        min_max_only=min_max_only,
    )


Path = tuple[str | int, ...]


def _element(item: Item, grains: Collection[str], path: Path) -> ElementReference:
    """A dunder name, a call such as TimeDimension('metric_time', 'day'), or an object with name, grain, date_part."""
    try:
        if isinstance(item, str):
            read = read_call(item, grains) if "(" in item else read_name(item, grains)
        else:
            read = _object(item, grains)
    except ReferenceMistake as mistake:
        raise refuse(ErrorCode.UNKNOWN_DIMENSION, str(mistake), path=path) from None
    if isinstance(read, MetricReference):
        raise refuse(ErrorCode.UNKNOWN_DIMENSION, "a metric is no dimension to group by", path=path)
    return ElementReference(ReferenceKind.NAME, read.path, read.element, read.grain, read.part)


def _object(item: Mapping[str, object], grains: Collection[str]) -> ElementReference:
    name = item.get("name") or item.get("element")
    if not isinstance(name, str):
        raise ReferenceMistake("an object to group by needs a name")
    read = read_name(name, grains)
    given = item.get("entity_path") or ()
    before = (given,) if isinstance(given, str) else given
    if not isinstance(before, Sequence) or not all(isinstance(one, str) for one in before):
        raise ReferenceMistake(f"{name}: entity_path is a list of names")
    steps = tuple(step for one in before for step in str(one).lower().split("__"))
    if read.path[: len(steps)] == steps:
        steps = ()
    grain, part = item.get("grain") or item.get("time_granularity"), item.get("date_part")
    return ElementReference(
        ReferenceKind.NAME,
        (*steps, *read.path),
        read.element,
        str(grain).lower() if grain else read.grain,
        str(part).lower() if part else read.part,
    )


def _order(item: Item, grains: Collection[str], path: Path) -> OrderBy:
    """`name`, `-name`, a call with .descending(True), or an object with name and descending."""
    descending = False
    if isinstance(item, Mapping):
        descending = bool(item.get("descending", False))
        if set(item) <= {"name", "descending"} and isinstance(item.get("name"), str):
            item = str(item["name"])
    if isinstance(item, str) and item.startswith("-"):
        item, descending = item[1:], True
    if isinstance(item, str) and "(" in item:
        try:
            read = read_call(item, grains)
        except ReferenceMistake as mistake:
            raise refuse(ErrorCode.UNKNOWN_KEY, str(mistake), path=path) from None
        descending = descending or read.is_descending
        if isinstance(read, MetricReference):
            return OrderBy(read.metric, descending)
        plain = ElementReference(ReferenceKind.NAME, read.path, read.element, read.grain, read.part)
        return OrderBy(plain, descending)
    if isinstance(item, str):
        return OrderBy(item.lower(), descending)
    return OrderBy(_element(item, grains, path), descending)


def _range(ends: Sequence[Moment]) -> tuple[datetime, datetime]:
    if len(ends) != 2:
        raise _no_range()
    start, end = (_moment(one) for one in ends)
    if end < start:
        raise refuse(ErrorCode.BAD_VALUE, "the time constraint ends before it begins", path=("time_constraint",))
    return start, end


def _moment(value: Moment) -> datetime:
    match value:
        case datetime():
            return value.replace(tzinfo=None)
        case date():
            return datetime(value.year, value.month, value.day)
        case str():
            try:
                return datetime.fromisoformat(value.strip()).replace(tzinfo=None)
            except ValueError:
                pass
    raise _no_range()


def _no_range() -> SemanticLayerError:
    message = "time_constraint is a first and a last moment, such as 2020-01-01 and 2020-01-31"
    return refuse(ErrorCode.BAD_VALUE, message, path=("time_constraint",))
