"""The relational plan: named steps, each one block of rows, and the leaves that expressions have in it.

Few kinds, enough for the next stage to write a statement without any other input.
"""

from dataclasses import dataclass
from enum import StrEnum

from semantic_layer.definitions.expression import Aggregate, Expr, Leaf, walk
from semantic_layer.definitions.model import Select, Table
from semantic_layer.definitions.types import BIGINT, BOOLEAN, INTEGER, ColumnType, Grain

# --- leaves of expressions ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field(Leaf):
    """A column of a relation in the same block."""

    relation: str
    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Null(Leaf):
    """A null of a known type."""

    type: ColumnType


@dataclass(frozen=True, slots=True)
class PeriodStart(Leaf):
    """The first moment of the period that holds `operand`; a DATE for days and longer, else a TIMESTAMP."""

    operand: Expr
    grain: Grain
    week_start: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Moved(Leaf):
    """`operand` moved by calendar units; of the operand's own type."""

    operand: Expr
    count: int
    unit: Grain
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Series(Leaf):
    """As a column: one row per step from `first` to `last`, both in."""

    first: Expr
    last: Expr
    grain: Grain
    type: ColumnType


@dataclass(frozen=True, slots=True)
class ByCodePoint(Leaf):
    """Text that compares and orders by code point whatever the database's collation (rule 22)."""

    operand: Expr
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Possible(Leaf):
    """Whether a value of a source is a finite number, or lies in the years 1 to 9999 (rule 9); null for null."""

    operand: Field
    type: ColumnType = BOOLEAN


@dataclass(frozen=True, slots=True)
class Fits(Leaf):
    """Whether a text can be read as a type; null for null."""

    operand: Expr
    wanted: ColumnType
    type: ColumnType = BOOLEAN


@dataclass(frozen=True, slots=True)
class Kept(Leaf):
    """An aggregate over the rows of the group that pass a condition."""

    aggregate: Aggregate
    where: Expr
    type: ColumnType


@dataclass(frozen=True, slots=True)
class RankOver(Leaf):
    """The rank by `value` among the rows with equal `within`; nulls have none."""

    value: Expr
    within: tuple[Expr, ...]
    descending: bool
    type: ColumnType = INTEGER


@dataclass(frozen=True, slots=True)
class RowNumber(Leaf):
    """A number that tells rows apart: with an order from 1 on, apart within each combination of `within`."""

    type: ColumnType = BIGINT
    within: tuple[Expr, ...] = ()
    order: tuple["Ordered", ...] = ()


@dataclass(frozen=True, slots=True)
class HasRow(Leaf):
    """True if the block has a row for the outer row; fields of outer relations may stand in its conditions."""

    block: "Block"
    type: ColumnType = BOOLEAN


# --- relations ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DatasetRows:
    """The rows of a dataset of the source."""

    dataset: str
    relation: Table | Select
    alias: str


@dataclass(frozen=True, slots=True)
class StepRows:
    """The rows of an earlier step."""

    step: str
    alias: str


@dataclass(frozen=True, slots=True)
class UnitedRows:
    """The rows of several blocks with equal columns, one after the other."""

    blocks: tuple["Block", ...]
    alias: str


Relation = DatasetRows | StepRows | UnitedRows


class JoinHow(StrEnum):
    LEFT = "left"
    INNER = "inner"
    CROSS = "cross"


@dataclass(frozen=True, slots=True)
class Joined:
    how: JoinHow
    relation: Relation
    on: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """A column that a block gives."""

    name: str
    expr: Expr
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Ordered:
    expr: Expr
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of `relation`, joined, filtered, then given as `columns`.

    `grouped`: None for rows as they are; n groups by the first n columns, the others being aggregates (0: one row).
    """

    relation: Relation | None
    columns: tuple[Output, ...]
    joins: tuple[Joined, ...] = ()
    where: tuple[Expr, ...] = ()
    grouped: int | None = None
    distinct: bool = False
    order: tuple[Ordered, ...] = ()
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A named block; `keys` are the names of the columns that identify its rows."""

    name: str
    block: Block
    keys: tuple[str, ...] = ()

    def field(self, name: str, alias: str | None = None) -> Field:
        """Its column `name`, as a field of a relation called `alias`."""
        column = next(column for column in self.block.columns if column.name == name)
        return Field(alias or self.name, name, column.type)

    def rows(self) -> StepRows:
        return StepRows(self.name, self.name)


# --- the plan ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UniqueCheck:
    """Columns of a dataset that a many-to-one join relies on: no two rows may share their values (rule 3).

    With `valid`, the start and the end of each row's time (over the dataset's name), none that hold at one moment.
    """

    dataset: str
    relation: Table | Select
    columns: tuple[str, ...]
    join: str
    valid: tuple[Expr, Expr] | None = None


@dataclass(frozen=True, slots=True)
class DatasetRead:
    """A dataset whose rows a plan reads, as the catalog of `revision` defines it."""

    revision: int
    dataset: str


@dataclass(frozen=True, slots=True)
class PlanColumn:
    """A column of the answer: its name there, its name in the final block, and its type (rule 8)."""

    name: str
    output: str
    type: ColumnType
    is_metric: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """One row set of the answer: its steps in order, the final block, and what must be true of the data.

    `nulled` are the columns (as `dataset.column`) that hold values which are no numbers or dates: null where read.
    With `parts`, the steps read no source but the parts' rows, as tables of their names.
    """

    source: str
    steps: tuple[Step, ...]
    final: Block
    columns: tuple[PlanColumn, ...]
    checks: tuple[UniqueCheck, ...]
    datasets: tuple[DatasetRead, ...]
    nulled: tuple[str, ...] = ()
    parts: tuple["Part", ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What one source answers of a question over several: the rows of table `name` in the combining plan."""

    name: str
    plan: Plan


# --- walking -----------------------------------------------------------------------------------------------------


def inner_expressions(leaf: Expr) -> tuple[Expr, ...]:
    """The expressions inside a leaf of the plan; fields of outer rows are found in blocks this way."""
    match leaf:
        case PeriodStart() | Moved() | ByCodePoint() | Possible() | Fits():
            return (leaf.operand,)
        case Series(first, last):
            return (first, last)
        case Kept(aggregate, where):
            return (aggregate, where)
        case RankOver(value, within):
            return (value, *within)
        case RowNumber(_, within, order):
            return (*within, *(one.expr for one in order))
        case HasRow(block):
            return block_expressions(block)
        case _:
            return ()


def block_expressions(block: Block) -> tuple[Expr, ...]:
    """Every expression of a block itself: columns, join conditions, conditions."""
    on = tuple(condition for joined in block.joins for condition in joined.on)
    return (*(column.expr for column in block.columns), *on, *block.where)


def fields_in(*expressions: Expr) -> tuple[Field, ...]:
    """Every field that expressions use, each once, also inside leaves."""
    found: dict[Field, None] = {}
    pending = list(reversed(expressions))
    while pending:
        for node in walk(pending.pop()):
            if isinstance(node, Field):
                found[node] = None
            else:
                pending.extend(reversed(inner_expressions(node)))
    return tuple(found)
