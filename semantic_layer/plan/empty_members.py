"""Rows that are there only when asked for: members without facts (`includeEmpty`) and empty periods (`fillTime`)."""

from collections.abc import Iterable
from dataclasses import replace

from semantic_layer.definitions.expression import Aggregate, Exists, Expr, Name, rewrite, walk
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.types import TIMESTAMP
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import Block, Field, Joined, JoinHow, Output, Step, StepRows, UnitedRows
from semantic_layer.plan.periods import series
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.time_keys import TimeFilter
from semantic_layer.plan.typed import cast
from semantic_layer.query.bound import BoundKey, BoundQuery
from semantic_layer.query.measure import Asked, EntityCondition, homes
from semantic_layer.query.time_range import OPEN, bounds_of


def empty_members(query: BoundQuery, values: list[Evaluated], draft: Draft) -> list[str]:
    """A step with every combination of members: of joined datasets all that exist, of the rest those that occur.

    The question's filters on a joined dataset's own dimensions apply to its members.
    """
    column = query.columns[0]
    home = homes(column.measure)[0][0]
    by_path: dict[str, list[BoundKey]] = {}
    for key in query.keys:
        by_path.setdefault(key.dimension.rpartition(".")[0], []).append(key)
    parts = [_joined_members(home, path, keys, query, draft) for path, keys in by_path.items() if path]
    if not parts:
        return []
    own = by_path.get("", [])
    if own:
        parts.append(occurring(own, [step for value in values for step in value.steps], draft, "occurring"))
    return [_crossed(query.keys, parts, draft, "every_member").name]


def _joined_members(home: str, path: str, keys: list[BoundKey], query: BoundQuery, draft: Draft) -> Step:
    """The distinct members of the dataset that a path leads to."""
    catalog = query.published.catalog
    found = find_dimension(catalog, home, keys[0].dimension)
    assert isinstance(found, FoundDimension)
    prefix = f"{path}."
    context = Context(query.published, ())
    scope = RowScope.of(draft, context, found.dataset)
    short = [replace(key, dimension=key.dimension.removeprefix(prefix)) for key in keys]
    columns = tuple(Output(draft.key_name(key), scope.key(key), key.type) for key in short)
    own = tuple(condition for condition in query.where if _speaks_of(condition, prefix))
    where = tuple(scope.condition(_shortened(condition, prefix)) for condition in own)
    scope.finish()
    block = Block(scope.relation, columns, tuple(scope.joins), (*scope.row_rule(), *where), distinct=True)
    return draft.add(Step(draft.name(f"{path}_members"), block, tuple(one.name for one in columns)))


def _speaks_of(condition: Expr, prefix: str) -> bool:
    """Whether a condition is about the members alone: nothing in it needs rows of a fact."""
    nodes = tuple(walk(condition))
    if any(isinstance(node, Name | Exists | EntityCondition) for node in nodes):
        return False
    asked = [node.dimension for node in nodes if isinstance(node, Asked)]
    return bool(asked) and all(words.startswith(prefix) for words in asked)


def _shortened(condition: Expr, prefix: str) -> Expr:
    def change(node: Expr) -> Expr | None:
        return Asked(node.dimension.removeprefix(prefix)) if isinstance(node, Asked) else None

    return rewrite(condition, change)


def occurring(keys: Iterable[BoundKey], steps: Iterable[str], draft: Draft, hint: str) -> Step:
    """The distinct combinations of some keys in the rows of several steps."""
    names = [(draft.key_name(key), key.type) for key in keys]
    blocks = tuple(
        Block(StepRows(step, step), tuple(Output(name, Field(step, name, type_), type_) for name, type_ in names))
        for step in dict.fromkeys(steps)
    )
    alias = "every_row"
    columns = tuple(Output(name, Field(alias, name, type_), type_) for name, type_ in names)
    block = Block(UnitedRows(blocks, alias), columns, distinct=True)
    return draft.add(Step(draft.name(hint), block, tuple(name for name, _ in names)))


def _crossed(keys: tuple[BoundKey, ...], parts: list[Step], draft: Draft, hint: str) -> Step:
    """Every row of each part with every row of the others; together they have all keys."""
    where = {name: part for part in parts for name in part.keys}
    columns = tuple(Output(name, where[name].field(name), key.type) for key in keys for name in (draft.key_name(key),))
    joins = tuple(Joined(JoinHow.CROSS, part.rows()) for part in parts[1:])
    names = tuple(one.name for one in columns)
    return draft.add(Step(draft.name(hint), Block(parts[0].rows(), columns, joins), names))


def missing_periods(query: BoundQuery, values: list[Evaluated], extra: list[str], draft: Draft) -> list[str]:
    """A step with every period of the asked range for every combination of the other keys that occurs (rule 13).

    Without a range, from the first period that occurs to the last.
    """
    key = next(key for key in query.keys if key.grain is not None)
    assert key.grain is not None
    column = query.columns[0]
    catalog = column.published.catalog
    home = homes(column.measure)[0][0]
    filters = _filters_of(key, home, catalog, query.where)
    steps = [*(step for value in values for step in value.steps), *extra]
    span = None if filters.bounds.closed else _span(key, steps, draft)
    context = Context(column.published, query.keys, query.where)
    spine = series(key, home, filters.bounds, span, filters, context, draft, "time_spine")
    name = draft.key_name(key)
    period = Output(name, spine.field("period"), key.type)
    parts = [draft.add(Step(draft.name("every_period"), Block(spine.rows(), (period,)), (name,)))]
    others = [other for other in query.keys if other is not key]
    if others:
        parts.append(occurring(others, steps, draft, "occurring"))
    return [_crossed(query.keys, parts, draft, "every_cell").name]


def _filters_of(key: BoundKey, home: str, catalog: Catalog, where: tuple[Expr, ...]) -> TimeFilter:
    """The conditions about the key's own dimension, by whatever name, and the range that they leave of it."""
    target = find_dimension(catalog, home, key.dimension)

    def same(asked: Asked) -> bool:
        return find_dimension(catalog, home, asked.dimension) == target

    bounds, own = OPEN, []
    for condition in where:
        bounds = bounds.both(bounds_of(condition, same))
        nodes = tuple(walk(condition))
        asked = [node for node in nodes if isinstance(node, Asked)]
        only = asked and all(same(node) for node in asked)
        if only and not any(isinstance(node, Name | Exists | EntityCondition) for node in nodes):
            own.append(condition)
    return TimeFilter(tuple(own), (), bounds)


def _span(key: BoundKey, steps: list[str], draft: Draft) -> Step:
    """The first and last period that occur."""
    periods = occurring([key], steps, draft, "occurring_periods")
    field = periods.field(draft.key_name(key))
    first = Output("first_time", cast(Aggregate("min", (field,)), TIMESTAMP), TIMESTAMP)
    last = Output("last_time", cast(Aggregate("max", (field,)), TIMESTAMP), TIMESTAMP)
    return draft.add(Step(draft.name("span"), Block(periods.rows(), (first, last), grouped=0)))
