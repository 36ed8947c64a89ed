"""Plans that check what definitions say of rows: keys, joins, declared types, closed lists (semantics rule 3).

Each counts in one scan per dataset; a plan of examples is for whoever found something.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from semantic_layer.definitions.expression import Aggregate, Call, Expr, Literal
from semantic_layer.definitions.model import Dataset, Join
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.reach import Hop
from semantic_layer.definitions.types import BIGINT, TEXT, ColumnType
from semantic_layer.plan.build import table_words
from semantic_layer.plan.calendar_joins import DAY
from semantic_layer.plan.context import Context
from semantic_layer.plan.draft import Draft, Schemas
from semantic_layer.plan.evaluate import evaluate
from semantic_layer.plan.nodes import (
    Block,
    Field,
    Joined,
    JoinHow,
    Kept,
    Ordered,
    Output,
    Plan,
    PlanColumn,
    Step,
    UniqueCheck,
)
from semantic_layer.plan.row_scope import RowScope, calendar_rows
from semantic_layer.plan.typed import by_code_point, cast

ROWS, WITHOUT, KEYS = "row_count", "rows_without_value", "value_count"
REPEATED, REPEATED_ROWS = "repeated_values", "repeated_rows"
ORPHANS, ORPHAN_ROWS, EXTRA_ROWS = "orphan_values", "orphan_rows", "extra_rows"
_LINES = "line_count"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a join, or a key: columns of a dataset, as the source has them."""

    dataset: str
    columns: tuple[str, ...]


@dataclass(slots=True)
class _Check:
    """A plan of checks in the making, over one catalog."""

    published: PublishedCatalog
    draft: Draft
    steps: list[Step] = field(default_factory=list)

    @classmethod
    def of(cls, published: PublishedCatalog, schemas: Schemas) -> "_Check":
        draft = Draft(schemas, {}, None, (), evaluate)
        draft.taken.update(table_words([published]))
        return cls(published, draft)

    def scope(self, dataset: str) -> RowScope:
        return RowScope.of(self.draft, Context(self.published, ()), dataset)

    def dataset(self, name: str) -> Dataset:
        return self.published.catalog.datasets[name]

    def add(self, hint: str, block: Block, keys: tuple[str, ...] = ()) -> Step:
        self.steps.append(self.draft.add(Step(self.draft.name(hint), block, keys)))
        return self.steps[-1]

    def values(self, hint: str, side: Side) -> Step:
        """One row per combination of the columns' values, with the number of rows that have it."""
        scope = self.scope(side.dataset)
        raw = [scope.raw(scope.dataset, scope.alias, column) for column in side.columns]
        keys = [Output(f"value_{place}", one, one.type) for place, one in enumerate(raw)]
        lines = _count(_LINES)
        return self.add(hint, Block(scope.relation, (*keys, lines), grouped=len(keys)), tuple(key.name for key in keys))

    def plan(self, final: Block) -> Plan:
        assert self.draft.source is not None
        columns = tuple(PlanColumn(one.name, one.name, one.type, True) for one in final.columns)
        return Plan(self.draft.source, self.draft.in_order(final), final, columns, (), tuple(self.draft.datasets))


# --- plans -------------------------------------------------------------------------------------------------------


def count_plan(published: PublishedCatalog, dataset: str, schemas: Schemas) -> Plan:
    """One row: ROWS."""
    check = _Check.of(published, schemas)
    return check.plan(Block(check.scope(dataset).relation, (_count(ROWS),), grouped=0))


def key_plan(published: PublishedCatalog, key: Side, schemas: Schemas) -> Plan:
    """One row: ROWS; WITHOUT, rows that have no value in a column; KEYS, values; REPEATED of them, in REPEATED_ROWS."""
    check = _Check.of(published, schemas)
    values = check.values("key_values", key)
    outputs = (_sum(ROWS, values), *_without(values), *_repeated(values))
    return check.plan(Block(values.rows(), outputs, grouped=0))


def calendar_plan(published: PublishedCatalog, name: str, schemas: Schemas) -> Plan:
    """The rows of a calendar in the order of their days, with the label of each grain by its name."""
    check = _Check.of(published, schemas)
    rows = calendar_rows(name, Context(published, ()), check.draft)
    columns = tuple(Output(one.name, rows.field(one.name), one.type) for one in rows.block.columns)
    return check.plan(Block(rows.rows(), columns, order=(Ordered(rows.field(DAY)),)))


def repeated_plan(published: PublishedCatalog, key: Side, schemas: Schemas, most: int) -> Plan:
    """The values that most rows have: a column for each of the key, then the number of rows."""
    check = _Check.of(published, schemas)
    values = check.values("key_values", key)
    return check.plan(_examples(values, (*_present(values), _is_repeated(values)), most))


def one_row_checks(published: PublishedCatalog, home: str, join: Join, schemas: Schemas) -> tuple[UniqueCheck, ...]:
    """What a join to one row relies on, as a question over it would prove it."""
    check = _Check.of(published, schemas)
    check.scope(home).joined((Hop(home, join),))
    return tuple(check.draft.checks)


def join_plan(published: PublishedCatalog, here: Side, there: Side, schemas: Schemas) -> Plan:
    """One row: ROWS and WITHOUT of the side that joins; ORPHANS, its values without a partner, in ORPHAN_ROWS;
    EXTRA_ROWS that a plain join would add; KEYS, REPEATED and REPEATED_ROWS of the joined side.
    """
    check = _Check.of(published, schemas)
    values, partners, joined = _sides(check, here, there)
    found = partners.field(_LINES)
    orphan = _all([*_present(values), Call("is_null", (found,))])
    doubled = Call("multiply", (values.field(_LINES), Call("subtract", (found, Literal(1)))))
    ours = (
        _sum(ROWS, values),
        *_without(values),
        Output(ORPHANS, cast(Kept(Aggregate("count"), orphan, BIGINT), BIGINT), BIGINT),
        Output(ORPHAN_ROWS, _kept_sum(values.field(_LINES), orphan), BIGINT),
        Output(EXTRA_ROWS, cast(Aggregate("sum", (doubled,)), BIGINT), BIGINT),
    )
    mine = check.add("joining_side", Block(values.rows(), ours, (joined,), grouped=0))
    theirs = check.add("joined_side", Block(partners.rows(), (_keys(partners), *_repeated(partners)[1:]), grouped=0))
    outputs = tuple(
        Output(one.name, step.field(one.name), one.type) for step in (mine, theirs) for one in step.block.columns
    )
    return check.plan(Block(mine.rows(), outputs, (Joined(JoinHow.CROSS, theirs.rows()),)))


def orphans_plan(published: PublishedCatalog, here: Side, there: Side, schemas: Schemas, most: int) -> Plan:
    """The values without a partner that most rows have, and the number of rows."""
    check = _Check.of(published, schemas)
    values, partners, joined = _sides(check, here, there)
    lonely = Call("is_null", (partners.field(_LINES),))
    return check.plan(_examples(values, (*_present(values), lonely), most, (joined,)))


@dataclass(frozen=True, slots=True)
class RowCondition:
    """Something that rows of a dataset should not be; `shown` is the value to show of those that are."""

    condition: Expr
    shown: Expr


def conditions_plan(
    published: PublishedCatalog, dataset: str, conditions: Iterable[RowCondition], schemas: Schemas
) -> Plan:
    """One row: for each condition, in order, the number of rows that meet it."""
    check = _Check.of(published, schemas)
    scope = check.scope(dataset)
    outputs = tuple(
        Output(f"found_{place}", cast(Kept(Aggregate("count"), one.condition, BIGINT), BIGINT), BIGINT)
        for place, one in enumerate(conditions)
    )
    return check.plan(Block(scope.relation, outputs, grouped=0))


def examples_plan(published: PublishedCatalog, dataset: str, one: RowCondition, schemas: Schemas, most: int) -> Plan:
    """The values that most rows with the condition have, as text, and the number of rows."""
    check = _Check.of(published, schemas)
    scope = check.scope(dataset)
    shown = Output("value_0", cast(one.shown, TEXT), TEXT)
    values = check.add("values", Block(scope.relation, (shown, _count(_LINES)), where=(one.condition,), grouped=1),
                       ("value_0",))  # fmt: skip
    return check.plan(_examples(values, (), most))


def row_scope(published: PublishedCatalog, dataset: str, schemas: Schemas) -> RowScope:
    """The names of a dataset's rows as these plans use them, to write conditions by."""
    return _Check.of(published, schemas).scope(dataset)


# --- parts -------------------------------------------------------------------------------------------------------


def _sides(check: _Check, here: Side, there: Side) -> tuple[Step, Step, Joined]:
    values, partners = check.values("joining_values", here), check.values("joined_values", there)
    on = tuple(Call("eq", (values.field(name), partners.field(name))) for name in values.keys)
    return values, partners, Joined(JoinHow.LEFT, partners.rows(), on)


def _examples(values: Step, where: tuple[Expr, ...], most: int, joins: tuple[Joined, ...] = ()) -> Block:
    lines = values.field(_LINES)
    keys = [values.field(name) for name in values.keys]
    outputs = tuple(Output(one.name, one, one.type) for one in (*keys, lines))
    order = (Ordered(lines, descending=True), *(Ordered(by_code_point(key)) for key in keys))
    return Block(values.rows(), outputs, joins, where, order=order, limit=most)


def _count(name: str) -> Output:
    return Output(name, cast(Aggregate("count"), BIGINT), BIGINT)


def _keys(values: Step) -> Output:
    return Output(KEYS, cast(Kept(Aggregate("count"), _all(_present(values)), BIGINT), BIGINT), BIGINT)


def _sum(name: str, values: Step) -> Output:
    return Output(name, cast(Aggregate("sum", (values.field(_LINES),)), BIGINT), BIGINT)


def _kept_sum(value: Field, condition: Expr) -> Expr:
    return Kept(Aggregate("sum", (value,)), condition, BIGINT)


def _without(values: Step) -> tuple[Output]:
    missing = [Call("is_null", (values.field(name),)) for name in values.keys]
    condition = missing[0] if len(missing) == 1 else Call("or", tuple(missing))
    return (Output(WITHOUT, _kept_sum(values.field(_LINES), condition), BIGINT),)


def _repeated(values: Step) -> tuple[Output, Output, Output]:
    """KEYS, REPEATED and REPEATED_ROWS. A value with a null in it joins nothing and repeats nothing."""
    repeated = _all([*_present(values), _is_repeated(values)])
    return (
        _keys(values),
        Output(REPEATED, cast(Kept(Aggregate("count"), repeated, BIGINT), BIGINT), BIGINT),
        Output(REPEATED_ROWS, _kept_sum(values.field(_LINES), repeated), BIGINT),
    )


def _is_repeated(values: Step) -> Expr:
    return Call("gt", (values.field(_LINES), Literal(1)))


def _present(values: Step) -> list[Expr]:
    return [Call("is_not_null", (values.field(name),)) for name in values.keys]


def _all(conditions: list[Expr]) -> Expr:
    return conditions[0] if len(conditions) == 1 else Call("and", tuple(conditions))


def kind_of(type_: ColumnType) -> str:
    """What values compare with: a number with a number, a text with a text."""
    if type_.is_number:
        return "number"
    return "time" if type_.is_time else type_.kind.value
