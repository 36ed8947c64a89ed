"""Aggregates over the rows of one dataset: one block per dataset, keys and conditions, however many aggregates."""

from dataclasses import dataclass, field, replace

from semantic_layer.definitions.expression import Aggregate, Expr, children, rewrite
from semantic_layer.definitions.types import ColumnType
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import Block, Field, Output, RowNumber, Step, StepRows, block_expressions, fields_in
from semantic_layer.plan.row_filter import FilteredRows, filter_rows, to_many_path
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.typed import type_of, typed_aggregate
from semantic_layer.query.measure import Base
from semantic_layer.query.typing import aggregate_type


def base(measure: Base, context: Context, draft: Draft, hint: str) -> Evaluated:
    """One aggregate at the keys of the context; aggregates over the same rows share one step."""
    identity = ("base", measure.home, context.identity)
    group = draft.unfinished.get(identity)
    if not isinstance(group, _Group):
        group = _Group.of(measure.home, context, draft, hint)
        draft.unfinished[identity] = group
    return group.add(measure.value, hint)


@dataclass(slots=True)
class _Group:
    """The aggregates asked of the same rows at the same keys; a step when it is finished."""

    name: str
    draft: Draft
    scope: RowScope
    keys: tuple[Output, ...]
    rows: FilteredRows
    aggregates: dict[Aggregate, Output] = field(default_factory=dict)

    @classmethod
    def of(cls, home: str, context: Context, draft: Draft, hint: str) -> "_Group":
        scope = RowScope.of(draft, context, home)
        keys = tuple(Output(draft.key_name(key), scope.key(key), key.type) for key in context.keys)
        name = draft.name(hint)
        draft.keys_of[name] = tuple(key.name for key in keys)
        return cls(name, draft, scope, keys, filtered(scope, context))

    def add(self, aggregate: Aggregate, hint: str) -> Evaluated:
        if aggregate not in self.aggregates:
            resolved = self.scope.value(aggregate)
            assert isinstance(resolved, Aggregate)
            type_ = aggregate_result(resolved)
            self.aggregates[aggregate] = Output(self.draft.column_name(hint), resolved, type_)
        column = self.aggregates[aggregate]
        return Evaluated(Field(self.name, column.name, column.type), column.type, (self.name,))

    def finish(self) -> None:
        aggregates = tuple(self.aggregates.values())
        self.scope.finish()
        if self.rows.repeated:
            block = self._once_per_row(aggregates)
        else:
            columns = (*self.keys, *(_aggregated(one, one.expr) for one in aggregates))
            joins = tuple(self.scope.joins)
            block = Block(self.scope.relation, columns, joins, self.rows.where, grouped=len(self.keys))
        self.draft.add(Step(self.name, block, tuple(key.name for key in self.keys)))

    def _once_per_row(self, aggregates: tuple[Output, ...]) -> Block:
        """Rows that a to-many condition repeats are numbered before it and made distinct after it."""
        scope, draft = self.scope, self.draft
        arguments = dict.fromkeys(argument for one in aggregates for argument in children(one.expr))
        values = {argument: f"value_{place}" for place, argument in enumerate(arguments)}
        line = Field(scope.alias, "line", RowNumber().type)
        columns = (
            Output("line", line, line.type),
            *self.keys,
            *(Output(name, argument, type_of(argument)) for argument, name in values.items()),
        )
        rows = Block(scope.relation, columns, tuple(scope.joins), self.rows.where, distinct=True)
        lines = draft.add(Step(draft.name(f"{self.name}_lines"), _numbered(self.name, scope, rows, draft)))
        keys = tuple(Output(key.name, lines.field(key.name), key.type) for key in self.keys)
        outer = {argument: lines.field(name) for argument, name in values.items()}
        measures = tuple(_aggregated(one, rewrite(one.expr, outer.get)) for one in aggregates)
        return Block(lines.rows(), (*keys, *measures), grouped=len(keys))


def _aggregated(column: Output, aggregate: Expr) -> Output:
    assert isinstance(aggregate, Aggregate)
    return Output(column.name, typed_aggregate(aggregate), column.type)


def filtered(scope: RowScope, context: Context) -> FilteredRows:
    """The conditions of the question, of the definitions and of row rules on the scope's rows."""
    paths = (to_many_path(scope, key.dimension) for key in context.keys)
    grouped = frozenset(path for path in paths if path is not None)
    rows = filter_rows(scope, (*context.where, *context.inside), grouped)
    return FilteredRows((*scope.row_rule(), *rows.where), rows.repeated)


def aggregate_result(resolved: Aggregate) -> ColumnType:
    """The type of an aggregate whose names are resolved."""
    found = aggregate_type(resolved, lambda name: None)
    assert found is not None
    return found


def _numbered(name: str, scope: RowScope, rows: Block, draft: Draft) -> Block:
    """`rows` read from the dataset with a number for each of its rows."""
    used = (one for one in fields_in(*block_expressions(rows)) if one.relation == scope.alias and one.name != "line")
    columns = (Output("line", RowNumber(), RowNumber().type), *(Output(one.name, one, one.type) for one in used))
    numbered = draft.add(Step(draft.name(f"{name}_numbered"), Block(scope.relation, columns)))
    return replace(rows, relation=StepRows(numbered.name, scope.alias))
