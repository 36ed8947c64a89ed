"""SQL expressions of semantic models: formulas of ours over the table, or columns that a SELECT computes beside it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from semantic_layer.definitions.expression import Aggregate, Exists, Expr, Name, walk
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.formula_tokens import FormulaError
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.select_text import select_mistake
from semantic_layer.interchange.dbt.imported import ImportIssue
from semantic_layer.interchange.dbt.manifest import (
    Conversion,
    Cumulative,
    JsonPath,
    Manifest,
    MetricRule,
    Relation,
    Simple,
)


@dataclass(frozen=True, slots=True)
class Columns:
    """What every expression of a manifest is over the columns of its model. What could not be said is missing.

    `computed` are the columns that a SELECT adds to a model's table: column -> SQL.
    """

    dimensions: Mapping[tuple[str, str], Expr]
    entities: Mapping[tuple[str, str], Expr]
    keys: Mapping[tuple[str, str], str]  # (model, entity) -> column, of entities that are one
    aggregated: Mapping[Simple, Expr]
    computed: Mapping[str, Mapping[str, str]]
    refused: Mapping[Simple, str]  # why an aggregate is missing

    def read_by_aggregates(self, model: str) -> set[str]:
        """The columns that aggregates of a model read: no dimension may mean anything else by their names."""
        trees = (tree for simple, tree in self.aggregated.items() if simple.model == model)
        return {column for tree in trees for column in columns_in(tree)}


def read_columns(manifest: Manifest, issues: list[ImportIssue]) -> Columns:
    """Reads every expression; tells those that neither a formula nor a SELECT may say."""
    return _Reader(manifest, issues).read()


@dataclass(slots=True)
class _Reader:
    manifest: Manifest
    issues: list[ImportIssue]
    computed: dict[str, dict[str, str]] = field(default_factory=dict)

    def read(self) -> Columns:
        dimensions: dict[tuple[str, str], Expr] = {}
        entities: dict[tuple[str, str], Expr] = {}
        keys: dict[tuple[str, str], str] = {}
        counted = Counter(entity.name for model in self.manifest.models.values() for entity in model.entities)
        joined = {name for name, models in counted.items() if models > 1}
        aggregated: dict[Simple, Expr] = {}
        refused: dict[Simple, str] = {}
        for model in self.manifest.models.values():
            for entity in model.entities:
                said = f'entity "{entity.name}" of semantic model "{model.name}"'
                tree = self._told(model.name, entity.expression, f"{entity.name}_key", said, entity.at)
                if tree is not None and not isinstance(tree, Name) and entity.name in joined:  # joins match columns
                    tree = self._add(model.name, entity.expression, f"{entity.name}_key")
                if tree is not None:
                    entities[model.name, entity.name] = tree
                if isinstance(tree, Name):
                    keys[model.name, entity.name] = tree.path[0]
            for dimension in model.dimensions:
                said = f'dimension "{dimension.name}" of semantic model "{model.name}"'
                found = self._told(model.name, dimension.expression, f"{dimension.name}_value", said, dimension.at)
                if found is not None:
                    dimensions[model.name, dimension.name] = found
        for metric in self.manifest.metrics.values():
            for simple in aggregates_of(metric.rule):
                try:
                    aggregated[simple] = self._formula(simple.model, simple.expression, f"{metric.name}_value")
                except FormulaError as error:
                    refused[simple] = not_ours(simple.expression, error)
        return Columns(dimensions, entities, keys, aggregated, self.computed, refused)

    def _told(self, model: str, sql: str, otherwise: str, said: str, at: JsonPath) -> Expr | None:
        """The formula, or None and an issue."""
        try:
            return self._formula(model, sql, otherwise)
        except FormulaError as error:
            todo = "It is left out: compute it in the dbt model, and name the column here"
            self.issues.append(ImportIssue(said, at, not_ours(sql, error), todo))
            return None

    def _formula(self, model: str, sql: str, otherwise: str) -> Expr:
        """The formula, or the column `otherwise` that a SELECT computes. Raises FormulaError where neither may be."""
        try:
            return row_formula(sql)
        except FormulaError:
            added = self._add(model, sql, otherwise)
            if added is None:
                raise
            return added

    def _add(self, model: str, sql: str, name: str) -> Name | None:
        """A column of that name that a SELECT computes; None if a SELECT may not say it either."""
        if select_mistake(select_with("a_table", {name: sql})) is not None:
            return None
        self.computed.setdefault(model, {})[name] = sql
        return Name((name,))


def aggregates_of(rule: MetricRule) -> tuple[Simple, ...]:
    """The aggregates over rows that a metric's own rule holds."""
    match rule:
        case Simple():
            return (rule,)
        case Cumulative(input=Simple() as one):
            return (one,)
        case Conversion(base, conversion):
            return tuple(one for one in (base, conversion) if isinstance(one, Simple))
        case _:
            return ()


def select_with(table: str, computed: Mapping[str, str]) -> str:
    """A SELECT of all columns of a table, and more."""
    lines = ("*", *(f"{sql.strip()} as {quoted(name)}" for name, sql in computed.items()))
    return "select\n" + ",\n".join(f"  {line}" for line in lines) + f"\nfrom {table}"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quoted_table(relation: Relation) -> str:
    return f"{quoted(relation.schema)}.{quoted(relation.alias)}"


def row_formula(sql: str) -> Expr:
    """A formula over the columns of one row. Raises FormulaError for anything else."""
    tree = parse_formula(sql.strip())
    for node in walk(tree):
        if isinstance(node, (Aggregate, Exists)):
            raise FormulaError(ProblemCode.NOT_ALLOWED, "it is computed from more than one row", 0)
        if isinstance(node, Name) and len(node.path) > 1:
            raise FormulaError(ProblemCode.NOT_ALLOWED, f'"{node}" has a table in front of its column', 0)
    return tree


def columns_in(tree: Expr) -> Iterator[str]:
    """The columns that a formula over one row reads."""
    return (node.path[0] for node in walk(tree) if isinstance(node, Name))


def not_ours(sql: str, error: FormulaError) -> str:
    return f"its SQL ({_short(sql)}) is not in our language: {error.message}"


def _short(sql: str) -> str:
    one_line = " ".join(sql.split())
    return one_line if len(one_line) <= 60 else f"{one_line[:57]}..."
