"""Ask -> BoundQuery: every name, grain, value and version looked up in one catalog; all problems told at once."""

from collections.abc import Callable
from datetime import datetime

from semantic_layer.definitions.expression import Call, Expr
from semantic_layer.definitions.expression import walk as walk_expression
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.reach import FoundDimension
from semantic_layer.definitions.types import ColumnType, Grain
from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import Ask, LastFilter
from semantic_layer.query.bind_columns import bind_columns
from semantic_layer.query.bind_keys import bind_keys
from semantic_layer.query.bound import BoundColumn, BoundKey, BoundOrder, BoundQuery, ResolvedTime
from semantic_layer.query.declared_types import declared_type
from semantic_layer.query.expectation import check_expectation
from semantic_layer.query.filters import UNITS, FilterNames, having_condition, where_condition
from semantic_layer.query.lookup import Lookup, Root
from semantic_layer.query.measure import Asked, homes
from semantic_layer.query.members import members_root
from semantic_layer.query.problems import Problems, listed, near_names
from semantic_layer.query.promises import check_promises, check_totals, is_time
from semantic_layer.query.time_range import OPEN, Bounds, bounds_of, last_units
from semantic_layer.query.world import World


def bind(ask: Ask, world: World) -> BoundQuery:
    """Raises SemanticLayerError with every issue of the question."""
    problems = Problems()
    catalog = world.current.catalog
    if not ask.metrics and not ask.by:
        problems.add(ErrorCode.EMPTY_QUESTION, "ask for at least one metric or one dimension")
    language = _language(ask, catalog, problems)
    zone = ask.time_zone or catalog.settings.time_zone
    columns = bind_columns(ask, language, world, problems)
    lookup = _lookup(ask, world, columns, problems)
    keys = bind_keys(ask, language, lookup, problems)
    where = _where(ask, lookup, columns, world.current, zone, problems)
    pinned = {
        column.published.revision: column.published for column in columns if column.published is not world.current
    }
    pinned_where = {number: _where(ask, lookup, columns, one, zone, problems) for number, one in pinned.items()}
    _check_names_differ(ask, problems)
    order, totals = _order(ask, problems), _totals(ask, problems)
    having = _having(ask, columns, keys, zone, problems)
    limit, set_by = _limit(ask, world, problems)
    check_promises(columns, keys, problems)
    check_totals(columns, keys, totals, problems)
    _check_fill(ask, keys, problems)
    check_expectation(ask.expect, world.current, columns, problems)
    problems.raise_if_any()
    return BoundQuery(
        published=world.current,
        zone=ask.time_zone,
        language=language,
        keys=keys,
        columns=columns,
        where=where,
        pinned_where=pinned_where,
        having=having,
        order=order,
        limit=limit,
        limit_set_by=set_by,
        offset=ask.offset,
        totals=totals,
        include_empty=ask.include_empty,
        fill_time=ask.fill_time,
        resolved=_resolved(where, lookup),
        members_of=None if ask.metrics else lookup.roots[0].dataset,
    )


def _language(ask: Ask, catalog: Catalog, problems: Problems) -> str:
    """That of the labels."""
    settings = catalog.settings
    language = settings.usual_language if ask.language is None else settings.language_for(ask.language)
    if language is None:
        message = f"no labels in language {ask.language}; there are {listed(settings.languages)}"
        problems.add(ErrorCode.UNKNOWN_LANGUAGE, message, ("language",), settings.languages)
    return language or settings.usual_language


def _lookup(ask: Ask, world: World, columns: tuple[BoundColumn, ...], problems: Problems) -> Lookup:
    """Names are looked up from the homes of all metrics, or from the dataset whose members are asked."""
    if not ask.metrics:
        root = members_root(ask, world.current.catalog, problems) if ask.by else None
        members = () if root is None else (Root(world.current, root.dataset),)
        return Lookup(world, members, problems, "" if root is None else root.prefix)
    asked_by: dict[tuple[int, str, str | None], dict[str, None]] = {}
    published = {column.published.revision: column.published for column in columns}
    for column in columns:
        for home, time in homes(column.measure):
            asked_by.setdefault((column.published.revision, home, time), {})[column.metric] = None
    roots = tuple(
        Root(published[revision], home, tuple(names), time) for (revision, home, time), names in asked_by.items()
    )
    return Lookup(world, roots, problems)


# --- filters -----------------------------------------------------------------------------------------------------


def _where(
    ask: Ask,
    lookup: Lookup,
    columns: tuple[BoundColumn, ...],
    published: PublishedCatalog,
    zone: str,
    problems: Problems,
) -> tuple[Expr, ...]:
    """The conditions; segments and metrics in them are those of `published`."""
    if ask.where is None or not lookup.roots:
        return ()
    names = FilterNames(lookup.find, lookup.takes_segment, _last(lookup, columns, problems), zone, published.catalog)
    condition = where_condition(ask.where, names, problems)
    return () if condition is None else conjuncts(lookup.shortened(condition))


def conjuncts(condition: Expr) -> tuple[Expr, ...]:
    """A condition as the parts that `and` joins."""
    if isinstance(condition, Call) and condition.function == "and":
        return tuple(part for argument in condition.arguments for part in conjuncts(argument))
    return (condition,)


def _last(
    lookup: Lookup, columns: tuple[BoundColumn, ...], problems: Problems
) -> Callable[[LastFilter], Bounds | None]:
    def resolve(node: LastFilter) -> Bounds | None:
        before = len(problems.found)
        if node.unit not in UNITS:
            near = near_names(node.unit, UNITS)
            message = f"{node.unit} is no unit of time; there are {listed(UNITS)}"
            problems.add(ErrorCode.BAD_GRAIN, message, (*node.path, "last", "unit"), near)
        if node.anchor not in ("DATA", "NOW"):
            message = f"anchor is DATA or NOW, not {node.anchor}"
            problems.add(ErrorCode.BAD_FILTER, message, (*node.path, "last", "anchor"))
        if not 1 <= node.count <= 100_000:
            problems.add(ErrorCode.BAD_VALUE, "count is between 1 and 100000", (*node.path, "last", "count"))
        found = lookup.find(node.dimension, (*node.path, "dimension"))
        if found is not None and not _dates_the_rows(node.dimension, lookup, columns):
            message = f"{node.dimension} does not date the rows of every metric asked"
            problems.add(ErrorCode.BAD_FILTER, message, (*node.path, "dimension"))
        if found is None or len(problems.found) > before:
            return None
        recorded = lookup.last_recorded(node.dimension) if node.anchor == "DATA" else None
        return _last_range(node, recorded or lookup.world.now, lookup, problems)

    return resolve


def _dates_the_rows(words: str, lookup: Lookup, columns: tuple[BoundColumn, ...]) -> bool:
    """Whether a name is the time that dates every metric, or the members listed: only that one's end is known."""
    if columns:
        return all(is_time(column.published.catalog, column.measure, words) for column in columns)
    for root, found in lookup.each(words):
        own = root.published.catalog.datasets[root.dataset].time
        if not isinstance(found, FoundDimension) or found.hops or found.dimension.name != own:
            return False
    return True


def _last_range(node: LastFilter, anchor: datetime, lookup: Lookup, problems: Problems) -> Bounds | None:
    try:
        return last_units(node.count, Grain[node.unit], anchor, lookup.world.current.catalog.settings.week_start)
    except OverflowError:
        problems.add(ErrorCode.BAD_VALUE, "the range begins before the calendar does", (*node.path, "last", "count"))
        return None


def _resolved(where: tuple[Expr, ...], lookup: Lookup) -> tuple[ResolvedTime, ...]:
    """The range that the filters leave of each time dimension in them."""
    names = {
        node.dimension: None
        for condition in where
        for node in walk_expression(condition)
        if isinstance(node, Asked) and _is_time(node.dimension, lookup)
    }
    ranges = []
    for name in names:
        bounds = OPEN
        for condition in where:
            bounds = bounds.both(bounds_of(condition, Asked(name).__eq__))
        if bounds != OPEN:
            ranges.append(ResolvedTime(name, bounds.start, bounds.end))
    return tuple(ranges)


def _is_time(words: str, lookup: Lookup) -> bool:
    return any(
        isinstance(found, FoundDimension) and found.dimension.time is not None for _, found in lookup.each(words)
    )


# --- the answer's columns ----------------------------------------------------------------------------------------


def _column_names(ask: Ask) -> list[tuple[str, tuple[str | int, ...]]]:
    keys = [(one.alias or one.dimension, ("by", place)) for place, one in enumerate(ask.by)]
    return [*keys, *((one.alias or one.name, ("metrics", place)) for place, one in enumerate(ask.metrics))]


def _check_names_differ(ask: Ask, problems: Problems) -> None:
    seen: set[str] = set()
    for name, path in _column_names(ask):
        if name in seen:
            message = f"two columns would be named {name}; give one an alias"
            problems.add(ErrorCode.DUPLICATE_COLUMN, message, path)
        seen.add(name)


def _having(
    ask: Ask, columns: tuple[BoundColumn, ...], keys: tuple[BoundKey, ...], zone: str, problems: Problems
) -> Expr | None:
    """Column names that could not be bound are known all the same, so that one mistake is told once."""
    if ask.having is None:
        return None
    types: dict[str, ColumnType | None] = {name: None for name, _ in _column_names(ask)}
    types |= {key.name: key.type for key in keys} | {column.name: declared_type(column) for column in columns}
    return having_condition(ask.having, types, zone, problems)


def _order(ask: Ask, problems: Problems) -> tuple[BoundOrder, ...]:
    names = [name for name, _ in _column_names(ask)]
    for place, order in enumerate(ask.order_by):
        if order.key not in names:
            near = near_names(order.key, names)
            message = f"no column {order.key} in this answer; there are {listed(names)}"
            problems.add(ErrorCode.UNKNOWN_KEY, message, ("orderBy", place, "key"), near)
    return tuple(BoundOrder(order.key, order.descending) for order in ask.order_by)


def _totals(ask: Ask, problems: Problems) -> tuple[tuple[str, ...], ...]:
    """Each set in asked order of the dimensions, whatever its own order."""
    names = [one.alias or one.dimension for one in ask.by]
    for place, kept in enumerate(ask.totals):
        for inner, name in enumerate(kept):
            if name not in names:
                near = near_names(name, names)
                there_are = f"{name} is none of {listed(names)}" if names else f"there is none, so no {name}"
                message = f"totals keep dimensions of the question; {there_are}"
                problems.add(ErrorCode.UNKNOWN_KEY, message, ("totals", place, inner), near)
    if ask.totals and not ask.metrics:
        problems.add(ErrorCode.EMPTY_QUESTION, "totals need a metric", ("totals",))
    return tuple(tuple(name for name in names if name in kept) for kept in ask.totals)


def _limit(ask: Ask, world: World, problems: Problems) -> tuple[int, str]:
    if ask.limit is not None and ask.limit > world.max_limit:
        message = f"limit {ask.limit} is above the maximum of {world.max_limit} rows; page with offset"
        problems.add(ErrorCode.LIMIT_TOO_LARGE, message, ("limit",))
    if ask.limit is not None and ask.limit < 1:
        problems.add(ErrorCode.BAD_LIMIT, f"limit is at least 1, got {ask.limit}", ("limit",))
    if ask.offset < 0 or ask.offset >= 2**63:
        problems.add(ErrorCode.BAD_LIMIT, f"offset is between 0 and 2^63 - 1, got {ask.offset}", ("offset",))
    return (world.default_limit, "server") if ask.limit is None else (ask.limit, "question")


def _check_fill(ask: Ask, keys: tuple[BoundKey, ...], problems: Problems) -> None:
    grains = [key for key in keys if key.grain is not None]
    if ask.fill_time and not ask.metrics and ask.by:
        message = "fillTime fills rows of metrics; without one, the members that exist are listed"
        problems.add(ErrorCode.FILL_NEEDS_RANGE, message, ("fillTime",))
    elif ask.fill_time and len(grains) != 1 and len(keys) == len(ask.by):
        message = "fillTime needs exactly one time dimension with a grain among the dimensions"
        problems.add(ErrorCode.FILL_NEEDS_RANGE, message, ("fillTime",))
