"""PermittedQuery -> Plans: one for the rows, one for each set of totals."""

from collections.abc import Mapping
from dataclasses import dataclass

from semantic_layer.access.permit import PermittedQuery
from semantic_layer.definitions.expression import Expr, Name, rewrite, walk
from semantic_layer.definitions.model import Select
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.select_text import tables_of
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.across_sources import COMBINED, Across, connections, connections_of
from semantic_layer.plan.aggregates import filtered
from semantic_layer.plan.combine import Together, together
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.draft import LONGEST_NAME, Draft, DraftColumn, Schemas, in_small_words
from semantic_layer.plan.empty_members import empty_members, missing_periods
from semantic_layer.plan.evaluate import evaluate
from semantic_layer.plan.key_values import dates_compared
from semantic_layer.plan.nodes import Block, Ordered, Output, Plan, PlanColumn, Step
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.typed import by_code_point, typed
from semantic_layer.query.bound import BoundColumn, BoundKey, BoundQuery
from semantic_layer.query.measure import Asked
from semantic_layer.query.problems import listed


@dataclass(frozen=True, slots=True)
class Plans:
    """`rows` asks for one row more than the limit, which tells whether the answer is cut. `totals` follow the ask."""

    rows: Plan
    totals: tuple[Plan, ...]


def build(permitted: PermittedQuery, schemas: Schemas, missing: frozenset[str] = frozenset()) -> Plans:
    """Raises SemanticLayerError for what the catalog allows to ask but nothing can compute rightly.

    Columns that need a `missing` connection are null; some other column must be there.

    Raises ColumnsNeeded or ValuesNeeded when more must be known of the sources' columns first.
    """
    query = permitted.query
    if missing:
        _check_missing(query, missing)
    rows = _members(permitted, schemas) if query.members_of is not None else _rows(permitted, schemas, missing)
    totals = tuple(
        _totals(permitted, tuple(key for key in query.keys if key.name in kept), schemas, missing)
        for kept in query.totals
    )
    return Plans(rows, totals)


def _check_missing(query: BoundQuery, missing: frozenset[str]) -> None:
    """Something must be left, and which rows are shown must not hang on what is missing."""
    gone = {one.name for one in query.columns if connections_of(one.measure, one.published.catalog) & missing}
    if len(gone) == len(query.columns):
        message = f"{listed(missing)} does not answer, and every metric of the question needs it; try again"
        raise refuse(ErrorCode.SOURCE_UNAVAILABLE, message)
    compared = () if query.having is None else walk(query.having)
    asked = {
        node.dimension if isinstance(node, Asked) else str(node) for node in compared if isinstance(node, Asked | Name)
    }
    if asked & gone:
        message = f"{listed(missing)} does not answer, and having compares {listed(asked & gone)}; try again"
        raise refuse(ErrorCode.SOURCE_UNAVAILABLE, message, path=("having",))


def _draft(
    permitted: PermittedQuery, keys: tuple[BoundKey, ...], schemas: Schemas, missing: frozenset[str] = frozenset()
) -> tuple[Draft, Across | None]:
    """The draft, and what asks the parts when the rows lie in several sources."""
    query = permitted.query
    columns = tuple(
        DraftColumn(column.measure, Context(column.published, keys, query.where_in(column.published)), column.metric)
        for column in query.columns
    )
    catalogs = [query.published, *(column.published for column in query.columns)]
    taken = table_words(catalogs)
    across = Across(permitted, schemas, taken, missing) if len(connections(query)) > 1 else None
    by, source = (evaluate, None) if across is None else (across.evaluate, COMBINED)
    draft = Draft(schemas, permitted.row_rules, query.zone, query.where, by, source=source, columns=columns)
    draft.taken.update(taken)
    return draft, across


def table_words(catalogs: list[PublishedCatalog]) -> set[str]:
    """Names that no step may take: a step named like a table would hide it. Datasets too, which name relations."""
    words: set[str] = set()
    for published in {one.revision: one for one in catalogs}.values():
        for dataset in published.catalog.datasets.values():
            words.add(dataset.name.lower())
            if isinstance(dataset.relation, Select):
                words.update(tables_of(dataset.relation.text))
            else:
                table = dataset.relation.name.lower()
                words.update((table, table.rpartition(".")[2]))
    return words


def _evaluated(draft: Draft, across: Across | None) -> list[Evaluated]:
    values = [draft.evaluate(column.measure, column.context, draft, column.hint) for column in draft.columns]
    if across is None:
        return values
    columns = zip(values, draft.columns, strict=True)
    return [across.or_missing(value, column.measure, column.context.catalog) for value, column in columns]


# --- rows --------------------------------------------------------------------------------------------------------


def _rows(permitted: PermittedQuery, schemas: Schemas, missing: frozenset[str]) -> Plan:
    query = permitted.query
    draft, across = _draft(permitted, query.keys, schemas, missing)
    values = _evaluated(draft, across)
    extra: list[str] = []
    if query.include_empty and query.keys:
        if across is None:
            extra += empty_members(query, values, draft)
        else:
            across.include_empty(query)
    if _fills_time(query):
        extra += missing_periods(query, [*values], extra, draft)
    rows = together(query.keys, values, draft, extra)
    exprs = [rows.expr(value.expr) for value in values]
    columns = _columns(query.columns, query.keys, rows, exprs, values, draft)
    by_name = _by_name(query, rows, exprs)
    having = () if query.having is None else (_of_columns(query.having, by_name),)
    block = Block(
        rows.relation,
        columns,
        rows.joins,
        having,
        order=_order(query, by_name),
        limit=query.limit + 1,
        offset=query.offset,
    )
    return _plan(draft, block, query, values, across)


def _fills_time(query: BoundQuery) -> bool:
    declared = any(column.published.catalog.metrics[column.metric].fill_time for column in query.columns)
    grained = [key for key in query.keys if key.grain is not None]
    return (query.fill_time or declared) and len(grained) == 1


def _columns(
    metrics: tuple[BoundColumn, ...],
    keys: tuple[BoundKey, ...],
    rows: Together,
    exprs: list[Expr],
    values: list[Evaluated],
    draft: Draft,
) -> tuple[Output, ...]:
    dimensions = tuple(Output(draft.key_name(key), field, key.type) for key, field in zip(keys, rows.keys, strict=True))
    taken = {output.name for output in dimensions}
    outputs = []
    for column, expr, value in zip(metrics, exprs, values, strict=True):
        name = in_small_words(column.name)[:LONGEST_NAME]
        while name in taken:
            name = f"{name}_value"
        taken.add(name)
        outputs.append(Output(name, expr, value.type))
    return (*dimensions, *outputs)


def _by_name(query: BoundQuery, rows: Together, exprs: list[Expr]) -> dict[str, Expr]:
    keys: dict[str, Expr] = dict(zip(query.key_names, rows.keys, strict=True))
    return keys | dict(zip((column.name for column in query.columns), exprs, strict=True))


def _of_columns(condition: Expr, by_name: Mapping[str, Expr]) -> Expr:
    """A `having` condition over the expressions of the columns."""

    def look_up(node: Expr) -> Expr | None:
        match node:
            case Name(path):
                return by_name[path[0]]
            case Asked(key):
                return by_name[key]
            case _:
                return None

    return typed(dates_compared(rewrite(condition, look_up)))


def _order(query: BoundQuery, by_name: Mapping[str, Expr]) -> tuple[Ordered, ...]:
    """The asked keys, then all dimensions: a total order, the same on every engine (rule 22)."""
    asked: dict[str, bool] = {}
    for order in query.order:
        asked.setdefault(order.column, order.descending)  # of one key twice, the first decides
    rest = {name: False for name in query.key_names if name not in asked}
    return tuple(Ordered(by_code_point(by_name[name]), down) for name, down in (asked | rest).items())


def _plan(draft: Draft, block: Block, query: BoundQuery, values: list[Evaluated], across: Across | None) -> Plan:
    keys = [column for column in block.columns[: len(block.columns) - len(values)]]
    names = {draft.key_names[key.name]: key.name for key in query.keys if key.name in draft.key_names}
    dimensions = tuple(PlanColumn(names[one.name], one.name, one.type, False) for one in keys)
    metrics = tuple(
        PlanColumn(column.name, one.name, one.type, True)
        for column, one in zip(query.columns, block.columns[len(keys) :], strict=True)
    )
    steps = draft.in_order(block)
    draft.raise_if_unjudged()
    assert draft.source is not None
    parts = () if across is None else across.parts
    datasets = dict.fromkeys((*draft.datasets, *(read for part in parts for read in part.plan.datasets)))
    nulled = dict.fromkeys((*draft.nulled, *(name for part in parts for name in part.plan.nulled)))
    reads = tuple(draft.checks), tuple(datasets), tuple(nulled)
    return Plan(draft.source, steps, block, (*dimensions, *metrics), *reads, parts)


# --- totals and members ------------------------------------------------------------------------------------------


def _totals(permitted: PermittedQuery, keys: tuple[BoundKey, ...], schemas: Schemas, missing: frozenset[str]) -> Plan:
    """The same question with fewer dimensions; having, order, limit and offset act on rows only."""
    query = permitted.query
    draft, across = _draft(permitted, keys, schemas, missing)
    values = _evaluated(draft, across)
    rows = together(keys, values, draft)
    exprs = [rows.expr(value.expr) for value in values]
    columns = _columns(query.columns, keys, rows, exprs, values, draft)
    order = tuple(Ordered(by_code_point(field)) for field in rows.keys)
    return _plan(draft, Block(rows.relation, columns, rows.joins, order=order), query, values, across)


def _members(permitted: PermittedQuery, schemas: Schemas) -> Plan:
    """The distinct members of dimensions, no metric being asked."""
    query = permitted.query
    assert query.members_of is not None
    draft, _ = _draft(permitted, query.keys, schemas)
    context = Context(query.published, query.keys, query.where)
    scope = RowScope.of(draft, context, query.members_of)
    columns = tuple(Output(draft.key_name(key), scope.key(key), key.type) for key in query.keys)
    conditions = filtered(scope, context)
    scope.finish()
    step = draft.name("members")
    block = Block(scope.relation, columns, tuple(scope.joins), conditions.where, distinct=True)
    members = draft.add(Step(step, block, tuple(one.name for one in columns)))
    fields = {key.name: members.field(draft.key_name(key)) for key in query.keys}
    final = Block(
        members.rows(),
        tuple(Output(one.name, one, one.type) for one in fields.values()),
        where=() if query.having is None else (_of_columns(query.having, fields),),
        order=_order(query, fields),
        limit=query.limit + 1,
        offset=query.offset,
    )
    return _plan(draft, final, query, [], None)
