"""The plan while it is being made: steps by name, names that are taken, what the sources' own catalogs say."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from semantic_layer.definitions.expression import Expr, walk
from semantic_layer.definitions.model import Catalog, Dataset, Select, Table
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.types import ColumnType, Kind
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.nodes import Block, DatasetRead, HasRow, Step, StepRows, UniqueCheck, UnitedRows
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.measure import Measure
from semantic_layer.query.problems import did_you_mean, near_names

MOST_STEPS = 100  # text and planning grow with steps times columns: beyond this one question holds up others
LONGEST_NAME = 50  # PostgreSQL cuts names at 63 bytes without a word; this leaves room for a suffix
Evaluate = Callable[[Measure, Context, "Draft", str], Evaluated]


@dataclass(frozen=True, slots=True)
class SourceColumns:
    """The columns of a dataset's relation as its source types them.

    `unique` are the column sets that the source itself keeps unique and not null. `impossible` says of the columns
    that were looked through whether they hold NaN, infinities or dates outside of the calendar. `declared_only`: the
    source does not answer, and these are the columns that definitions declare.
    """

    types: Mapping[str, ColumnType] = field(default_factory=dict)
    unique: tuple[tuple[str, ...], ...] = ()
    impossible: Mapping[str, bool] = field(default_factory=dict)
    declared_only: bool = False

    def keeps_unique(self, columns: Iterable[str]) -> bool:
        """Whether the source itself lets no two rows agree in the columns."""
        wanted = {column.lower() for column in columns}
        return any({column.lower() for column in one} <= wanted for one in self.unique)


RelationKey = tuple[str, Table | Select]  # (connection, relation)
Schemas = Mapping[RelationKey, SourceColumns]


class ColumnsNeeded(Exception):
    """The plan needs to know the columns of a relation as its source has them; plan again with them.

    `declared` are those that definitions declare, for a source that does not answer.
    """

    def __init__(self, key: RelationKey, declared: Mapping[str, ColumnType]) -> None:
        self.key = key
        self.declared = SourceColumns(declared, (), dict.fromkeys(declared, False), declared_only=True)
        super().__init__(f"columns of {key}")


class ValuesNeeded(Exception):
    """The plan needs to know whether columns hold values that are none (rule 9); plan again when they are judged."""

    def __init__(self, columns: Mapping[RelationKey, Mapping[str, ColumnType]]) -> None:
        self.columns = columns
        super().__init__(f"values of {columns}")


@dataclass(frozen=True, slots=True)
class DraftColumn:
    """A column of the question: its measure and where it is evaluated."""

    measure: Measure
    context: Context
    hint: str


class Unfinished(Protocol):
    """A step whose columns are still being added."""

    def finish(self) -> None: ...


@dataclass(slots=True)
class Draft:
    """Collects the steps of one row set.

    `where` are the question's own conditions. `evaluate` is the evaluator of measures, for those who need one;
    `columns` are the columns of the question, which say together which periods exist (rule 14).
    """

    schemas: Schemas
    row_rules: Mapping[str, Expr]
    zone: str | None
    where: tuple[Expr, ...]
    evaluate: Evaluate
    steps: dict[str, Step] = field(default_factory=dict)
    checks: dict[UniqueCheck, None] = field(default_factory=dict)
    datasets: dict[DatasetRead, None] = field(default_factory=dict)
    source: str | None = None
    taken: set[str] = field(default_factory=set)
    column_names: set[str] = field(default_factory=set)
    key_names: dict[str, str] = field(default_factory=dict)
    keys_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    evaluated: dict[object, Evaluated] = field(default_factory=dict)
    unfinished: dict[object, Unfinished] = field(default_factory=dict)
    columns: tuple[DraftColumn, ...] = ()
    shared: dict[str, Step] = field(default_factory=dict)
    unjudged: dict[RelationKey, dict[str, ColumnType]] = field(default_factory=dict)
    nulled: dict[str, None] = field(default_factory=dict)

    def name(self, hint: str) -> str:
        """A new name like `hint`, safe in every dialect."""
        return _new(hint, self.taken)

    def column_name(self, hint: str) -> str:
        """A new name for a column, not used by any step of this row set."""
        return _new(hint, self.column_names)

    def key_name(self, key: BoundKey) -> str:
        """The name that the column of a key has in every step."""
        if key.name not in self.key_names:
            self.key_names[key.name] = self.column_name(key.name.rpartition(" ")[2])
        return self.key_names[key.name]

    def step_keys(self, name: str) -> tuple[str, ...]:
        """The key columns of a step that may still be unfinished."""
        return self.keys_of[name]

    def add(self, step: Step) -> Step:
        self.steps[step.name] = step
        self.keys_of[step.name] = step.keys
        return step

    def share(self, name: str, step: Step) -> Step:
        """Remembers a step that others will ask for again under `name`."""
        self.shared[name] = step
        return step

    def columns_of(self, catalog: Catalog, dataset: Dataset) -> SourceColumns:
        key = (self.connection(catalog, dataset), dataset.relation)
        if key not in self.schemas:
            raise ColumnsNeeded(key, dataset.columns)
        return self.schemas[key]

    def connection(self, catalog: Catalog, dataset: Dataset) -> str:
        return catalog.sources[dataset.source].connection

    def read(self, published: PublishedCatalog, dataset: Dataset) -> None:
        """Notes that rows of a dataset are read, and that they lie in the same source as all others."""
        connection = self.connection(published.catalog, dataset)
        if self.source not in (None, connection):
            message = f"{dataset.name} is in source {connection}, other data of the question in {self.source}"
            raise refuse(ErrorCode.SOURCES_NOT_COMBINED, message)
        self.source = connection
        self.datasets[DatasetRead(published.revision, dataset.name)] = None

    def column_type(self, catalog: Catalog, dataset: Dataset, column: str) -> tuple[str, ColumnType]:
        """The column as the source names it, and its type there."""
        columns = self.columns_of(catalog, dataset)
        if column in columns.types:
            return column, columns.types[column]
        for name, type_ in columns.types.items():
            if name.lower() == column.lower():
                return name, type_
        if columns.declared_only:
            message = f"{dataset.name} does not answer, and no one declares the type of its column {column}"
            raise refuse(ErrorCode.SOURCE_UNAVAILABLE, message)
        near = near_names(column, columns.types)
        message = f"the source has no usable column {column} for dataset {dataset.name}{did_you_mean(near)}"
        raise refuse(ErrorCode.SOURCE_REFUSED, message, near=near)

    def holds_impossible(self, catalog: Catalog, dataset: Dataset, column: str, type_: ColumnType) -> bool:
        """Whether a column, as the source names it, holds values that must be null (rule 9).

        One that nobody has looked through yet is noted, and `raise_if_unjudged` asks for it.
        """
        if type_.kind is not Kind.FLOAT and not type_.is_time:
            return False
        judged = self.columns_of(catalog, dataset).impossible
        if column not in judged:
            key = (self.connection(catalog, dataset), dataset.relation)
            self.unjudged.setdefault(key, {})[column] = type_
            return False
        if judged[column]:
            self.nulled[f"{dataset.name}.{column}"] = None
        return judged[column]

    def raise_if_unjudged(self) -> None:
        """Raises ValuesNeeded for all columns at once."""
        if self.unjudged:
            raise ValuesNeeded(self.unjudged)

    def in_order(self, final: Block) -> tuple[Step, ...]:
        """The steps that `final` needs, each after those that it reads."""
        while self.unfinished:
            self.unfinished.pop(next(iter(self.unfinished))).finish()
        done: dict[str, Step] = {}

        def visit(name: str) -> None:
            if name not in done:
                step = self.steps[name]
                for needed in steps_read(step.block):
                    visit(needed)
                done[name] = step

        for name in steps_read(final):
            visit(name)
        if len(done) > MOST_STEPS:
            message = (
                f"the question needs {len(done)} steps, and at most {MOST_STEPS} are planned at once; ask in parts"
            )
            raise refuse(ErrorCode.QUERY_TOO_COMPLEX, message)
        return tuple(done.values())


def _new(hint: str, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9_]+", "_", in_small_words(hint)).strip("_") or "step"
    slug = (slug if not slug[0].isdigit() else f"n{slug}")[:LONGEST_NAME]
    name, count = slug, 1
    while name in taken:
        count += 1
        name = f"{slug}_{count}"
    taken.add(name)
    return name


def in_small_words(name: str) -> str:
    """`salesLastYear` as `sales_last_year`, the way that SQL is read."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def steps_read(block: Block) -> Iterator[str]:
    """The names of the steps that a block reads, also in blocks inside it."""
    for relation in (block.relation, *(joined.relation for joined in block.joins)):
        if isinstance(relation, StepRows):
            yield relation.step
        elif isinstance(relation, UnitedRows):
            for inner in relation.blocks:
                yield from steps_read(inner)
    for condition in block.where:
        for node in walk(condition):
            if isinstance(node, HasRow):
                yield from steps_read(node.block)
