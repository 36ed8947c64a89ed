"""A question over several sources: what lies in one source is asked of it whole, the rest is put together after it.

A part is a row set of one source, planned by the same evaluator as any question. The combining plan reads the parts
as tables, so that arithmetic, fills, shares, ranks, having, order and totals are those of a question over one source.
It is correct because a value never depends on what else is selected (selection invariance), and because the rows of
an answer are the keys of its columns (semantics rule 4).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from semantic_layer.access.permit import PermittedQuery
from semantic_layer.definitions.expression import Call, Cast, Expr, Leaf, Name, rewrite
from semantic_layer.definitions.expression import walk as walk_expression
from semantic_layer.definitions.model import AtStartOf, Catalog, Duration, Table
from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse
from semantic_layer.plan.combine import together
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.draft import Draft, Schemas
from semantic_layer.plan.empty_members import empty_members
from semantic_layer.plan.evaluate import evaluate, evaluate_anew
from semantic_layer.plan.nodes import Block, DatasetRows, Field, Null, Output, Part, Plan, PlanColumn, Step, fields_in
from semantic_layer.plan.time_keys import time_filter, time_keys
from semantic_layer.plan.typed import type_of
from semantic_layer.plan.window import pushed_down
from semantic_layer.query.bound import BoundKey, BoundQuery
from semantic_layer.query.measure import (
    Arithmetic,
    AtFewer,
    Filled,
    Filtered,
    Measure,
    PerEntity,
    Ranked,
    Shifted,
    Windowed,
    children,
    homes,
    walk,
)

COMBINED = "combined"  # stands for the place where parts are put together
MOST_PART_ROWS = 1_000_000
ROWS = "part"
_NULL_OF_ANY_NULL = ("add", "subtract", "multiply", "divide", "modulo", "negate", "nullif", "abs", "round")


def connections(query: BoundQuery) -> frozenset[str]:
    """The connections whose rows the question's metrics read."""
    return frozenset().union(*(connections_of(one.measure, one.published.catalog) for one in query.columns))


def connections_of(measure: Measure, catalog: Catalog) -> frozenset[str]:
    datasets = [catalog.datasets[home] for home, _ in homes(measure)]
    datasets += [catalog.datasets[node.home] for node in walk(measure) if isinstance(node, PerEntity)]
    return frozenset(catalog.sources[dataset.source].connection for dataset in datasets)


@dataclass(slots=True)
class _PartDraft:
    """What is asked of one source at some keys, while it is being made; `finish` makes it a step of the whole."""

    name: str
    source: str
    keys: tuple[BoundKey, ...]
    draft: Draft
    whole: Draft
    columns: dict[str, Evaluated] = field(default_factory=dict)
    given: dict[Expr, Field] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)

    @property
    def table(self) -> str:
        """Where the combining plan finds the part's rows."""
        return f"{self.name}_rows"

    def value(self, measure: Measure, context: Context, hint: str) -> Evaluated:
        """The measure over columns of the part's rows.

        The columns are what steps give. Expressions over them stay outside, where they also say something of keys
        that only other parts have: a fill, or `coalesce`.
        """
        value = self.draft.evaluate(measure, context, self.draft, hint)
        leaves: list[Expr] = [one for one in walk_expression(value.expr) if isinstance(one, Leaf) and fields_in(one)]
        given = {one: self._column(replace(value, expr=one, type=type_of(one)), hint) for one in leaves or [value.expr]}
        return Evaluated(rewrite(value.expr, lambda node: given.get(node)), value.type, (self.name,))

    def _column(self, value: Evaluated, hint: str) -> Field:
        if value.expr not in self.given:
            name = self.whole.column_name(hint)
            self.columns[name], self.given[value.expr] = value, Field(self.name, name, value.type)
        return self.given[value.expr]

    def finish(self) -> None:
        named = [(self.whole.key_name(key), self.draft.key_name(key), key.type) for key in self.keys]
        named += [(name, name, value.type) for name, value in self.columns.items()]
        outputs = tuple(Output(name, Field(ROWS, there, type_), type_) for name, there, type_ in named)
        keys = tuple(one.name for one in outputs[: len(self.keys)])
        self.whole.add(Step(self.name, Block(DatasetRows(self.name, Table(self.table), ROWS), outputs), keys))

    def plan(self) -> Plan:
        """One row more than can be combined, which tells that there are too many."""
        rows = together(self.keys, self.columns.values(), self.draft, self.extra)
        keys = zip(self.keys, rows.keys, strict=True)
        outputs = (
            *(Output(self.draft.key_name(key), expr, key.type) for key, expr in keys),
            *(Output(name, rows.expr(value.expr), value.type) for name, value in self.columns.items()),
        )
        block = Block(rows.relation, outputs, rows.joins, limit=MOST_PART_ROWS + 1)
        columns = tuple(
            PlanColumn(one.name, one.name, one.type, place >= len(self.keys)) for place, one in enumerate(outputs)
        )
        steps = self.draft.in_order(block)
        self.draft.raise_if_unjudged()
        reads = tuple(self.draft.checks), tuple(self.draft.datasets), tuple(self.draft.nulled)
        return Plan(self.source, steps, block, columns, *reads)


class Across:
    """The evaluator of measures for a question over several sources; `parts` is what it asks of each.

    Sources that are `missing` are asked nothing; see `or_missing`.
    """

    def __init__(self, permitted: PermittedQuery, schemas: Schemas, taken: set[str], missing: frozenset[str]) -> None:
        self._permitted = permitted
        self._missing = missing
        self._schemas = schemas
        self._taken = taken
        self._parts: dict[object, _PartDraft] = {}

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(Part(one.table, one.plan()) for one in self._parts.values() if one.source not in self._missing)

    def evaluate(self, measure: Measure, context: Context, draft: Draft, hint: str) -> Evaluated:
        """The value of a measure at every key of the context, as plan.evaluate's, over parts."""
        found = connections_of(measure, context.catalog)
        if len(found) == 1 and not _shows_fewer_keys(measure):
            _check_periods(measure, context)
            return self._part(next(iter(found)), context, draft).value(measure, context, hint)
        match measure:
            case Arithmetic() | Filtered() | Filled() | AtFewer() | Ranked():
                return evaluate_anew(measure, context, draft, hint)
            case Shifted():
                return self.evaluate(_shifted_apart(measure, context), context, draft, hint)
            case Windowed(inner, window) if not isinstance(inner, PerEntity):
                return self.evaluate(pushed_down(inner, window), context, draft, hint)
            case _:
                message = f"rows of {' and '.join(sorted(found))} would have to be joined per entity"
                raise refuse(ErrorCode.SOURCES_NOT_COMBINED, message)

    def or_missing(self, value: Evaluated, measure: Measure, catalog: Catalog) -> Evaluated:
        """Null for a column that a missing source is needed for: also where a fill would show a number."""
        if connections_of(measure, catalog).isdisjoint(self._missing):
            return value
        return Evaluated(Null(value.type), value.type, ())

    def include_empty(self, query: BoundQuery) -> None:
        """Members without facts come with the part that holds the first metric's rows, as in one source."""
        column = query.columns[0]
        home = column.published.catalog.datasets[homes(column.measure)[0][0]]
        source = column.published.catalog.sources[home.source].connection
        if source in self._missing:
            message = f"source {source}, which lists the members of {column.name}, does not answer"
            raise refuse(ErrorCode.SOURCE_UNAVAILABLE, message)
        part = next(one for one in self._parts.values() if one.source == source and one.keys == query.keys)
        part.extra += empty_members(query, list(part.columns.values()), part.draft)

    def _part(self, source: str, context: Context, whole: Draft) -> _PartDraft:
        # one for all conditions of definitions: they are inside of each value
        identity = (source, replace(context, inside=()).identity)
        if identity not in self._parts:
            query = self._permitted.query
            draft = Draft(self._schemas, self._permitted.row_rules, query.zone, query.where, evaluate)
            draft.taken.update(self._taken)
            part = _PartDraft(whole.name(source), source, context.keys, draft, whole)
            whole.keys_of[part.name] = tuple(whole.key_name(key) for key in context.keys)
            whole.unfinished[identity] = part
            whole.taken.add(part.table)
            self._parts[identity] = part
        return self._parts[identity]


def _shows_fewer_keys(measure: Measure) -> bool:
    """Whether a value at fewer keys stands beside rows that other parts may have too, and not inside a step."""
    match measure:
        case AtFewer():
            return True
        case Arithmetic() | Filtered() | Filled() | Windowed():
            return any(_shows_fewer_keys(inner) for inner in children(measure))
        case _:
            return False


def _shifted_apart(measure: Shifted, context: Context) -> Measure:
    """The shift put on what has rows: all read the same period, so the arithmetic is that of the earlier period.

    Where a period is a key, values at keys without rows would be more than the shift gives: only those of the
    earlier period.
    """
    if measure.steps is not None:
        raise _unshiftable()
    if time_keys(measure, context).finest is not None and not _is_null_without_rows(measure.inner):
        raise _unshiftable()
    return _pushed_inside(measure.inner, measure.by, context.catalog)


def _pushed_inside(measure: Measure, by: Duration | AtStartOf, catalog: Catalog) -> Measure:
    match measure:
        case Arithmetic(_, inputs):
            moved: Mapping[str, Measure] = {name: _pushed_inside(one, by, catalog) for name, one in inputs.items()}
            return replace(measure, inputs=moved)
        case Filtered() | Filled():
            return replace(measure, inner=_pushed_inside(measure.inner, by, catalog))
        case _ if len(connections_of(measure, catalog)) == 1:
            return Shifted(measure, by)
        case _:
            raise _unshiftable()


def _unshiftable() -> SemanticLayerError:
    message = "a shift of a value that is filled, a share, a rank or a window over several sources is not served"
    return refuse(ErrorCode.SOURCES_NOT_COMBINED, message)


def _is_null_without_rows(measure: Measure) -> bool:
    """Whether it shows nothing at a key where none of its inputs has a row; False for what nobody can tell."""
    match measure:
        case Arithmetic(value, inputs):
            return _is_null(value, {name for name, one in inputs.items() if _is_null_without_rows(one)})
        case Filled() | AtFewer():
            return False
        case _:
            return all(_is_null_without_rows(inner) for inner in children(measure))


def _is_null(value: Expr, nulls: Collection[str]) -> bool:
    match value:
        case Name():
            return str(value) in nulls
        case Cast(operand):
            return _is_null(operand, nulls)
        case Call(function, arguments) if function in _NULL_OF_ANY_NULL:
            return any(_is_null(one, nulls) for one in arguments)
        case Call("coalesce", arguments):
            return all(_is_null(one, nulls) for one in arguments)
        case _:
            return False


def _check_periods(measure: Measure, context: Context) -> None:
    """Which periods exist is said by all columns together (rule 14), and a source sees only its own."""
    for node in walk(measure):
        if not isinstance(node, Shifted) or time_keys(node, context).finest is None:
            continue
        if not time_filter(node, context.catalog, context.where).bounds.closed:
            message = "a shift beside metrics of other sources needs a time range with both ends"
            raise refuse(ErrorCode.SHIFT_NEEDS_RANGE, message, path=("where",))
