"""Plans of checks run on a source, one statement at a time, through the gate and the engines of every question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.plan.draft import Schemas
from semantic_layer.plan.nodes import Plan, UniqueCheck
from semantic_layer.serving.sources import Sources
from semantic_layer.sql.write import duplicates_statement, statement
from semantic_layer.survey.finding import Example

MOST_EXAMPLES = 3
LONGEST_EXAMPLE = 40


@dataclass(frozen=True, slots=True)
class Look:
    """One source as the checks of a dataset see it; `seconds` is the deadline of each statement."""

    published: PublishedCatalog
    sources: Sources
    connection: str
    schemas: Schemas
    seconds: float

    async def rows(self, plan: Plan) -> Sequence[Mapping[str, Any]]:
        """Raises SemanticLayerError for a source that fails."""
        written = statement(plan, self.sources.engine(self.connection).dialect)
        [table] = await self.sources.run(self.connection, [written], self.seconds)
        found: Sequence[Mapping[str, Any]] = table.to_pylist()
        return found

    async def counts(self, plan: Plan) -> Mapping[str, int]:
        """The one row of a plan that counts; a sum of nothing is 0."""
        [row] = await self.rows(plan)
        return {name: 0 if value is None else int(value) for name, value in row.items()}

    async def is_repeated(self, check: UniqueCheck) -> bool:
        """Whether several rows are found where a join relies on one."""
        proof = duplicates_statement(check, self.connection, self.sources.engine(self.connection).dialect)
        [table] = await self.sources.run(self.connection, [proof], self.seconds)
        return bool(table.column(0)[0].as_py())

    async def examples(self, plan: Plan, *, quoted: bool = True) -> tuple[Example, ...]:
        """Rows of values with the number of rows that have them, in the last column; texts in quotes."""
        return tuple(
            Example(tuple(_shown(value, quoted) for value in values), int(rows))
            for row in await self.rows(plan)
            for *values, rows in (tuple(row.values()),)
        )


def _shown(value: object, quoted: bool) -> str:
    if value is None:
        return "null"
    text = repr(value) if quoted and isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST_EXAMPLE else f"{text[: LONGEST_EXAMPLE - 1]}…"
