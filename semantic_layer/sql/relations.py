"""Blocks and steps of a plan as one SELECT tree: each step a CTE under its own name."""

from sqlglot import exp, parse_one

from semantic_layer.definitions.expression import Call, Expr
from semantic_layer.definitions.model import Table
from semantic_layer.plan.nodes import (
    Block,
    DatasetRows,
    Joined,
    JoinHow,
    Ordered,
    Plan,
    Relation,
    StepRows,
    UniqueCheck,
    UnitedRows,
)
from semantic_layer.plan.typed import type_of
from semantic_layer.sql.dialects import DUCKDB, function, null_safe_equal
from semantic_layer.sql.expressions import Writer
from semantic_layer.sql.identifiers import column, identifier, table


class Relations:
    """Writes blocks for one dialect; `writer` collects the values of the whole statement."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.writer = Writer(dialect, self._exists)

    def plan(self, plan: Plan) -> exp.Select:
        ctes = [
            exp.CTE(this=self.block(step.block), alias=exp.TableAlias(this=identifier(step.name)))
            for step in plan.steps
        ]
        select = self.block(plan.final)
        if ctes:
            select.set("with_", exp.With(expressions=ctes))
        return select

    def block(self, block: Block) -> exp.Select:
        select = exp.Select(
            expressions=[
                exp.alias_(self.writer.write(output.expr), identifier(output.name), copy=False)
                for output in block.columns
            ]
        )
        if block.relation is not None:
            select.set("from_", exp.From(this=self._relation(block.relation)))
        if block.joins:
            select.set("joins", [self._join(joined) for joined in block.joins])
        if block.where:
            select.set("where", exp.Where(this=self._all(block.where)))
        if block.grouped:
            numbers = [exp.Literal.number(place + 1) for place in range(block.grouped)]
            select.set("group", exp.Group(expressions=numbers))
        if block.distinct:
            select.set("distinct", exp.Distinct())
        if block.order:
            select.set("order", exp.Order(expressions=[self._ordered(ordered) for ordered in block.order]))
        if block.limit is not None:
            select.set("limit", exp.Limit(expression=exp.Literal.number(block.limit)))
        if block.offset:
            select.set("offset", exp.Offset(expression=exp.Literal.number(block.offset)))
        return select

    def _all(self, conditions: tuple[Expr, ...]) -> exp.Expression:
        condition = conditions[0] if len(conditions) == 1 else Call("and", conditions)
        return self.writer.write(condition)

    def _ordered(self, ordered: Ordered) -> exp.Ordered:
        return exp.Ordered(this=self.writer.write(ordered.expr), desc=ordered.descending, nulls_first=False)

    def _relation(self, relation: Relation) -> exp.Expression:
        match relation:
            case StepRows(step, alias):
                return table(step, alias)
            case DatasetRows(_, named, alias):
                if isinstance(named, Table):
                    return table(named.name, alias)
                return exp.Subquery(this=parse_one(named.text, dialect=DUCKDB), alias=_alias(alias))
            case UnitedRows(blocks, alias):
                first, *others = [self.block(block) for block in blocks]
                united: exp.Expression = first
                for other in others:
                    united = exp.Union(this=united, expression=other, distinct=False)
                return exp.Subquery(this=united, alias=_alias(alias))

    def _join(self, joined: Joined) -> exp.Join:
        relation = self._relation(joined.relation)
        if joined.how is JoinHow.CROSS:
            return exp.Join(this=relation, kind="CROSS")
        on = [self._on(condition) for condition in joined.on]
        side = {"side": "LEFT"} if joined.how is JoinHow.LEFT else {}
        return exp.Join(this=relation, on=exp.and_(*on, copy=False), **side)

    def _on(self, condition: Expr) -> exp.Expression:
        match condition:
            case Call("is_not_distinct_from", (left, right)):
                sides = self.writer.write(left), self.writer.write(right)
                return null_safe_equal(self.dialect, *sides, type_of(left))
            case _:
                return self.writer.write(condition)

    def _exists(self, block: Block) -> exp.Expression:
        select = self.block(block)
        select.set("expressions", [exp.Literal.number(1)])
        return select

    def duplicates(self, check: UniqueCheck) -> exp.Select:
        """The number of values that more than one row has, looked for until the first."""
        if check.valid is not None:
            return _counted(self._overlaps(check, *check.valid))
        alias = check.dataset
        keys = [column(alias, name) for name in check.columns]
        present = exp.and_(*(exp.Not(this=exp.Is(this=key.copy(), expression=exp.null())) for key in keys))
        more = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
        inner = exp.Select(
            expressions=[exp.alias_(exp.Literal.number(1), identifier("found"))],
            from_=exp.From(this=self._relation(DatasetRows(check.dataset, check.relation, alias))),
            where=exp.Where(this=present),
            group=exp.Group(expressions=keys),
            having=exp.Having(this=more),
            limit=exp.Limit(expression=exp.Literal.number(1)),
        )
        return _counted(inner)

    def _overlaps(self, check: UniqueCheck, start: Expr, end: Expr) -> exp.Select:
        """A row that still holds when the next one of the same values begins.

        Next to each other is enough: if a row overlaps any later one, it overlaps the first of them.
        """
        keys = [column(check.dataset, name) for name in check.columns]
        begins, ends = self.writer.write(start), self.writer.write(end)
        present = [exp.Not(this=exp.Is(this=key.copy(), expression=exp.null())) for key in keys]
        following = exp.Window(
            this=function("lead", begins.copy()),
            partition_by=keys,
            order=exp.Order(expressions=[exp.Ordered(this=begins.copy())]),
        )
        rows = exp.Select(
            expressions=[
                exp.alias_(ends.copy(), identifier("until")),
                exp.alias_(following, identifier("next_from")),
            ],
            from_=exp.From(this=self._relation(DatasetRows(check.dataset, check.relation, check.dataset))),
            where=exp.Where(this=exp.and_(*present, exp.LT(this=begins, expression=ends))),
        )
        later = exp.LT(this=column("times", "next_from"), expression=column("times", "until"))
        return exp.Select(
            expressions=[exp.alias_(exp.Literal.number(1), identifier("found"))],
            from_=exp.From(this=exp.Subquery(this=rows, alias=_alias("times"))),
            where=exp.Where(this=later),
            limit=exp.Limit(expression=exp.Literal.number(1)),
        )


def _counted(rows: exp.Select) -> exp.Select:
    count = exp.alias_(exp.Count(this=exp.Star()), identifier("duplicates"))
    return exp.Select(expressions=[count], from_=exp.From(this=exp.Subquery(this=rows, alias=_alias("repeated"))))


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=identifier(name))
