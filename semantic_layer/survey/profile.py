"""What tables hold, as far as first definitions need to know: columns, their first rows, what the source declares."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from semantic_layer.definitions.grammar import SOURCE_NAME
from semantic_layer.definitions.model import Catalog, Dataset, Source, Table
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.types import ColumnType, Kind
from semantic_layer.errors import SemanticLayerError
from semantic_layer.plan.data_checks import ROWS, RowCondition, conditions_plan, count_plan, row_scope
from semantic_layer.plan.draft import SourceColumns
from semantic_layer.plan.profile import columns_plan, is_finer, sample_of, together_plan
from semantic_layer.serving.ports import ForeignKey, SourceTable
from semantic_layer.serving.sources import Sources
from semantic_layer.survey.run import Look

AT_ONCE = 2
FIRST_ROWS = 50_000
MOST_COLUMNS = 400  # of one table: more would not be read by anybody, and make statements that no engine likes
Done = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column in the first rows. `finer` counts times within a day, and in all rows floats with more than two
    decimals.
    """

    name: str
    type: ColumnType
    known: int
    different: int
    finer: int


@dataclass(frozen=True, slots=True)
class TableProfile:
    """`dataset` is the name that definitions give it. `rows` None: nobody knows; `failure` says why."""

    table: SourceTable
    dataset: str
    columns: tuple[ColumnProfile, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)  # column -> why
    unique: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    rows: int | None = None
    sampled: int = 0
    failure: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the first rows are all."""
        return self.rows == self.sampled

    def column(self, name: str) -> ColumnProfile | None:
        return next((one for one in self.columns if one.name.lower() == name.lower()), None)


def can_be_said(name: str) -> bool:
    """Whether definitions can name a column or table of this name."""
    return re.fullmatch(SOURCE_NAME, name) is not None


class Survey:
    """One source, table by table. `named`: each table with the name that its dataset gets."""

    def __init__(
        self, sources: Sources, connection: str, named: Sequence[tuple[SourceTable, str]], seconds: float
    ) -> None:
        self._sources = sources
        self._connection = connection
        self._named = named
        self._seconds = seconds
        datasets = {
            dataset: Dataset(dataset, "source", Table(table.name or ""), None) for table, dataset in self._named
        }
        catalog = Catalog(sources={"source": Source("source", connection)}, datasets=datasets)
        self._published = PublishedCatalog(1, datetime.now(UTC), "", catalog, {})
        self._schemas: dict[str, SourceColumns] = {}

    async def profiles(self, done: Done) -> list[TableProfile]:
        """In the order of the tables; one that cannot be read says why."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(table: SourceTable, dataset: str) -> TableProfile:
            async with limit:
                try:
                    profile = await self._profile(table, dataset)
                except SemanticLayerError as error:
                    profile = TableProfile(table, dataset, failure=str(error.issues[0].message))
            done(f"first rows of {table.shown}")
            return profile

        return list(await asyncio.gather(*(one(*item) for item in self._named)))

    def look(self) -> Look:
        """For checks over the tables that were looked at."""
        schemas = {
            (self._connection, self._published.catalog.datasets[dataset].relation): known
            for dataset, known in self._schemas.items()
        }
        return Look(self._published, self._sources, self._connection, schemas, self._seconds)

    async def different(self, profile: TableProfile, sets: Sequence[Sequence[str]]) -> Sequence[int]:
        """How many different combinations of these columns the first rows have."""
        names = list(dict.fromkeys(name for one in sets for name in one))
        sample = sample_of(self._published, profile.dataset, names, self.look().schemas, FIRST_ROWS)
        places = [[names.index(name) for name in one] for one in sets]
        return list((await self.look().counts(together_plan(sample, places))).values())

    async def _profile(self, table: SourceTable, dataset: str) -> TableProfile:
        relation = self._published.catalog.datasets[dataset].relation
        found = await self._sources.engine(self._connection).describe(relation)
        said = {name: type_ for name, type_ in found.types.items() if can_be_said(name)}
        types = dict(list(said.items())[:MOST_COLUMNS])
        impossible = {name: True for name, type_ in types.items() if type_.kind is Kind.FLOAT or type_.is_time}
        self._schemas[dataset] = SourceColumns(found.types, found.unique, impossible)
        look = self.look()
        rows = (await look.counts(count_plan(self._published, dataset, look.schemas)))[ROWS]
        columns, sampled = await self._columns(look, dataset, types)
        if rows != sampled:
            columns = await self._floats_in_all_rows(look, dataset, columns)
        left_out = {name: f"of type {type_}" for name, type_ in found.others.items()}
        left_out |= {repr(name): "no name of the language" for name in found.types if name not in said}
        left_out |= {name: f"more than {MOST_COLUMNS} columns" for name in said if name not in types}
        return TableProfile(table, dataset, columns, left_out, found.unique, found.foreign_keys, rows, sampled)

    async def _floats_in_all_rows(
        self, look: Look, dataset: str, columns: tuple[ColumnProfile, ...]
    ) -> tuple[ColumnProfile, ...]:
        """A decimal that is declared for a float rounds it, so two decimals are counted in all rows and not guessed."""
        floats = [one for one in columns if one.type.kind is Kind.FLOAT and one.known and not one.finer]
        if not floats:
            return columns
        scope = row_scope(look.published, dataset, look.schemas)
        values = [scope.column(scope.dataset, scope.alias, one.name) for one in floats]
        conditions = [
            RowCondition(finer, value)
            for one, value in zip(floats, values, strict=True)
            if (finer := is_finer(value, one.type)) is not None
        ]
        try:
            counts = await look.counts(conditions_plan(look.published, dataset, conditions, look.schemas))
            found = dict(zip(floats, counts.values(), strict=True))
        except SemanticLayerError:
            found = {one: one.known for one in floats}  # nobody knows: they stay floats
        return tuple(replace(one, finer=found.get(one, one.finer)) for one in columns)

    async def _columns(
        self, look: Look, dataset: str, types: Mapping[str, ColumnType]
    ) -> tuple[tuple[ColumnProfile, ...], int]:
        if not types:
            return (), 0
        sample = sample_of(self._published, dataset, list(types), look.schemas, FIRST_ROWS)
        counts = await look.counts(columns_plan(sample, list(types.values())))
        columns = tuple(
            ColumnProfile(name, type_, counts[f"known_{place}"], counts[f"different_{place}"], counts[f"finer_{place}"])
            for place, (name, type_) in enumerate(types.items())
        )
        return columns, counts["sampled"]
