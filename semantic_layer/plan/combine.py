"""Values of several steps side by side at the same keys, null-safe, as a full outer join would (semantics rule 4).

UNION ALL and GROUP BY: no engine turns that into a nested loop, and null keys meet each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from semantic_layer.definitions.expression import Aggregate, Call, Expr, rewrite
from semantic_layer.definitions.types import Kind
from semantic_layer.plan.context import Evaluated
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import (
    Block,
    Field,
    Joined,
    JoinHow,
    Null,
    Output,
    RankOver,
    Relation,
    Step,
    StepRows,
    UnitedRows,
    fields_in,
)
from semantic_layer.query.bound import BoundKey


@dataclass(frozen=True, slots=True)
class Together:
    """A relation with one row per key, and where each field of the steps now stands in it."""

    relation: Relation
    joins: tuple[Joined, ...]
    keys: tuple[Field, ...]
    moved: dict[Field, Field]

    def expr(self, expr: Expr) -> Expr:
        """An expression over fields of the steps as one over this relation."""
        return rewrite(expr, lambda node: self.moved.get(node) if isinstance(node, Field) else None)


def together(
    keys: tuple[BoundKey, ...], values: Iterable[Evaluated], draft: Draft, extra: Iterable[str] = ()
) -> Together:
    """`values` at `keys`; the rows are the keys of any of their steps, and of the `extra` steps."""
    values = tuple(values)
    steps = tuple(dict.fromkeys([*(step for value in values for step in value.steps), *extra]))
    partial = tuple(dict.fromkeys(step for value in values for step in value.partial if step not in steps))
    used = fields_in(*(value.expr for value in values))
    key_outputs = [(draft.key_name(key), key) for key in keys]
    if len(steps) == 1:
        step = steps[0]
        relation = StepRows(step, step)
        key_fields = tuple(Field(step, name, key.type) for name, key in key_outputs)
        moved: dict[Field, Field] = {}
    else:
        united = _united(key_outputs, steps, used, draft)
        relation = united.rows()
        key_fields = tuple(united.field(name) for name, _ in key_outputs)
        moved = {one: united.field(one.name) for one in used if one.relation in steps}
    joins = tuple(_joined(step, key_fields, draft) for step in partial)
    return Together(relation, joins, key_fields, moved)


def _united(keys: list[tuple[str, BoundKey]], steps: tuple[str, ...], used: tuple[Field, ...], draft: Draft) -> Step:
    """Every step's rows one after the other, each with nulls for the others' columns, then one row per key."""
    columns = [one for one in used if one.relation in steps]
    blocks = []
    for step in steps:
        own = tuple(Output(name, Field(step, name, key.type), key.type) for name, key in keys)
        values = tuple(Output(one.name, one if one.relation == step else Null(one.type), one.type) for one in columns)
        blocks.append(Block(StepRows(step, step), (*own, *values)))
    name = draft.name("combined")
    alias = "parts"
    outputs = tuple(Output(key_name, Field(alias, key_name, key.type), key.type) for key_name, key in keys)
    picked = tuple(Output(one.name, only_value(Field(alias, one.name, one.type)), one.type) for one in columns)
    block = Block(UnitedRows(tuple(blocks), alias), (*outputs, *picked), grouped=len(keys))
    return draft.add(Step(name, block, tuple(key_name for key_name, _ in keys)))


def only_value(column: Field) -> Expr:
    """The one value that a key has among nulls."""
    return Aggregate("bool_or" if column.type.kind is Kind.BOOLEAN else "max", (column,))


def _joined(step: str, keys: tuple[Field, ...], draft: Draft) -> Joined:
    """A step with fewer keys, beside each row that shares them; nulls meet nulls."""
    shared = [key for key in keys if key.name in draft.step_keys(step)]
    if not shared:
        return Joined(JoinHow.CROSS, StepRows(step, step))
    on = tuple(Call("is_not_distinct_from", (key, Field(step, key.name, key.type))) for key in shared)
    return Joined(JoinHow.LEFT, StepRows(step, step), on)


def ranked(
    keys: tuple[BoundKey, ...], value: Evaluated, within: tuple[str, ...], descending: bool, draft: Draft, hint: str
) -> Step:
    """A step with the rank of each row's value among the rows with equal `within` (rule 19)."""
    rows = together(keys, (value,), draft)
    fixed = tuple(field for key, field in zip(keys, rows.keys, strict=True) if key.name in within)
    expr = rows.expr(value.expr)
    rank = RankOver(expr, fixed, descending)
    columns = tuple(Output(field.name, field, field.type) for field in rows.keys)
    output = Output(draft.column_name(hint), rank, rank.type)
    block = Block(rows.relation, (*columns, output), rows.joins)
    return draft.add(Step(draft.name(hint), block, tuple(field.name for field in rows.keys)))
