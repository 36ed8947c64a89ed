"""What an import gives: our definitions as a tree, what each name of dbt became, and what could not be said."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.types import ColumnType
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.interchange.dbt.join_graph import Edge, Reached
from semantic_layer.interchange.dbt.json_place import said_path
from semantic_layer.interchange.dbt.manifest import JsonPath, Relation

Tree = dict[str, Json]
# The types of columns by table, as `table_of` names it, and by column. A table or column may be missing.
TableTypes = Mapping[str, Mapping[str, ColumnType]]


def table_of(relation: Relation) -> str:
    """The table as a source names it: its schema and name. The connection says the database."""
    return f"{relation.schema}.{relation.alias}"


@dataclass(frozen=True, slots=True)
class ImportIssue:
    """Something of the manifest that our definitions do not say: what, where, why, and what to do about it."""

    subject: str  # metric "bookings"
    at: JsonPath
    why: str
    what_to_do: str

    def __str__(self) -> str:
        return f"{self.subject} ({said_path(self.at)}): {self.why}. {self.what_to_do}"


@dataclass(frozen=True, slots=True)
class Names:
    """What names of dbt are here. `elements` are dimensions and entities, by the model that has them.

    `joins` are single joins; `shortcuts` pairs of joins that became one, because the second depends on the rows
    from which the first starts.
    """

    datasets: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)
    elements: Mapping[tuple[str, str], str] = field(default_factory=dict)
    joins: Mapping[Edge, str] = field(default_factory=dict)
    shortcuts: Mapping[tuple[Edge, Edge], str] = field(default_factory=dict)
    spines: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # granularity -> (dataset, dimension)
    grains: Mapping[str, str] = field(default_factory=dict)  # custom granularity -> grain
    calendar: str | None = None

    def words(self, reached: Reached) -> str:
        """The path by which rows of the first model ask for it: `listing.country_latest`."""
        own = self.elements[reached.model, reached.element]
        if len(reached.edges) == 2 and (reached.edges[0], reached.edges[1]) in self.shortcuts:
            return f"{self.shortcuts[reached.edges[0], reached.edges[1]]}.{own}"
        return ".".join((*(self.joins[edge] for edge in reached.edges), own))


@dataclass(frozen=True, slots=True)
class Imported:
    """Definitions that hold: as the tree of one file, in the order in which a person would read them, and as a catalog.

    `names` has also those of definitions that were left out; `issues` tell why they were.
    """

    tree: Mapping[str, Json]
    catalog: Catalog
    names: Names
    issues: tuple[ImportIssue, ...] = ()
