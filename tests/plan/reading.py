"""What a plan reads and names, walked apart from the code that makes and writes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from semantic_layer.definitions.expression import Expr, walk
from semantic_layer.plan.build import Plans
from semantic_layer.plan.nodes import (
    Block,
    DatasetRows,
    Field,
    HasRow,
    Joined,
    JoinHow,
    Plan,
    Relation,
    StepRows,
    UnitedRows,
    inner_expressions,
)


def every_plan(plans: Plans) -> tuple[Plan, ...]:
    return (plans.rows, *plans.totals)


def named_blocks(plan: Plan) -> list[tuple[str, Block]]:
    """Each step's block, then the answer's."""
    return [*((step.name, step.block) for step in plan.steps), ("", plan.final)]


def expressions(block: Block) -> Iterator[Expr]:
    yield from (column.expr for column in block.columns)
    yield from block.where
    yield from (ordered.expr for ordered in block.order)
    yield from (condition for joined in block.joins for condition in joined.on)


def nodes(expr: Expr) -> Iterator[Expr]:
    """Every node, also inside of the plan's own leaves, but not inside of the blocks of HasRow."""
    for node in walk(expr):
        yield node
        if not isinstance(node, HasRow):
            for inner in inner_expressions(node):
                yield from nodes(inner)


def nested_blocks(block: Block) -> Iterator[Block]:
    """The block and every block inside of it: of united rows, of semi-joins."""
    yield block
    for relation in (block.relation, *(joined.relation for joined in block.joins)):
        if isinstance(relation, UnitedRows):
            for inner in relation.blocks:
                yield from nested_blocks(inner)
    for expr in expressions(block):
        for node in nodes(expr):
            if isinstance(node, HasRow):
                yield from nested_blocks(node.block)


def every_block(plan: Plan) -> Iterator[Block]:
    for _, block in named_blocks(plan):
        yield from nested_blocks(block)


def fields(exprs: Iterator[Expr]) -> set[Field]:
    return {node for expr in exprs for node in nodes(expr) if isinstance(node, Field)}


def relations(block: Block) -> Iterator[Relation]:
    if block.relation is not None:
        yield block.relation
    yield from (joined.relation for joined in block.joins)


@dataclass(frozen=True)
class Scope:
    """The columns of each relation in reach: None where a source has them."""

    columns: dict[str, frozenset[str] | None]

    @classmethod
    def of(cls, block: Block, steps: dict[str, Block], outer: "Scope | None" = None) -> "Scope":
        columns = {} if outer is None else dict(outer.columns)
        for relation in relations(block):
            match relation:
                case DatasetRows(_, _, alias):
                    columns[alias] = None
                case StepRows(step, alias):
                    columns[alias] = frozenset(column.name for column in steps[step].columns)
                case UnitedRows(blocks, alias):
                    columns[alias] = frozenset(column.name for column in blocks[0].columns)
        return cls(columns)

    def lacks(self, field: Field) -> bool:
        if field.relation not in self.columns:
            return True
        known = self.columns[field.relation]
        return known is not None and field.name not in known


def fields_from_nowhere(plan: Plan) -> list[Field]:
    """Fields of relations that their block does not have, or of columns that the step before it does not give."""
    steps: dict[str, Block] = {}
    lost: list[Field] = []

    def look(block: Block, outer: Scope | None) -> None:
        scope = Scope.of(block, steps, outer)
        lost.extend(field for field in fields(expressions(block)) if scope.lacks(field))
        for relation in relations(block):
            if isinstance(relation, UnitedRows):
                for inner in relation.blocks:
                    look(inner, None)
        for expr in expressions(block):
            for node in nodes(expr):
                if isinstance(node, HasRow):
                    look(node.block, scope)

    for name, block in named_blocks(plan):
        look(block, None)  # a step sees the steps before it only
        steps[name] = block
    return lost


def idle_joins(plan: Plan) -> list[str]:
    """Joined relations that neither lose nor add rows and that nothing reads."""
    found = []
    for block in every_block(plan):
        for joined in block.joins:
            if joined.how is JoinHow.LEFT and not _is_read(block, joined):
                found.append(joined.relation.alias)
    return found


def _is_read(block: Block, joined: Joined) -> bool:
    others = (condition for other in block.joins if other is not joined for condition in other.on)
    own = (column.expr for column in block.columns)
    ordered = (one.expr for one in block.order)
    alias = joined.relation.alias
    read = {field.relation for exprs in (own, iter(block.where), others, ordered) for field in fields(iter(exprs))}
    inner = {
        field.relation
        for expr in expressions(block)
        for node in nodes(expr)
        if isinstance(node, HasRow)
        for field in fields(expressions(node.block))
    }
    return alias in read | inner


def scans(plan: Plan) -> list[tuple[object, ...]]:
    """One entry per aggregation of a dataset's rows: what is read, joined, kept and grouped, without the aggregates."""
    found = []
    for block in every_block(plan):
        if isinstance(block.relation, DatasetRows) and block.grouped is not None:
            keys = tuple(column.expr for column in block.columns[: block.grouped])
            found.append((block.relation.dataset, repr(block.joins), repr(block.where), repr(keys)))
    return found
