"""Semantic models as datasets: where their rows lie, what cuts them, and what they join."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from semantic_layer.definitions.expression import Expr, Name
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.types import TEXT, TIMESTAMP, ColumnType, Grain, Kind
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.interchange.dbt.column_types import type_of
from semantic_layer.interchange.dbt.columns import Columns, columns_in, quoted, quoted_table, select_with
from semantic_layer.interchange.dbt.imported import ImportIssue, Names, TableTypes, Tree, table_of
from semantic_layer.interchange.dbt.join_graph import Edge, is_history, is_time, validity_columns
from semantic_layer.interchange.dbt.manifest import Dimension, Entity, EntityKind, Manifest, SemanticModel
from semantic_layer.interchange.dbt.shared_elements import Element
from semantic_layer.interchange.dbt.shortcuts import Shortcut, partitions_of, shared_partitions

LANGUAGE = "en"
ROW_NUMBER = "row_number"
_TOO_FINE = ("nanosecond", "microsecond", "millisecond")


def words(text: str | None) -> Tree | None:
    """A text for people, in the one language that dbt has."""
    said = " ".join((text or "").split())
    return {LANGUAGE: said} if said else None


def grain_of(granularity: str) -> Grain:
    """The finest grain of ours that a time of this granularity can be asked at."""
    return Grain.SECOND if granularity in _TOO_FINE else Grain(granularity)


@dataclass(frozen=True, slots=True)
class DatasetWriter:
    """Writes datasets once all names are given."""

    manifest: Manifest
    source: str
    names: Names
    columns: Columns
    types: TableTypes
    guessed: Mapping[tuple[str, str], ColumnType]  # (model, column)
    edges: Sequence[Edge]
    homes: Mapping[Element, Element]  # where each thing is at home that several models have
    events: Collection[str]  # the models whose rows conversions count
    repeats: bool  # whether a row counts once for every partner that a join finds
    issues: list[ImportIssue]

    def dataset(self, model: SemanticModel) -> Tree:
        found: Tree = {"source": self.source, **self._relation(model)}
        if model.label:
            found["label"] = words(model.label)
        if model.description and " ".join(model.description.split()) != model.name:
            found["rows"] = words(model.description)
        found["key"] = self._key(model)
        if model.time is not None and (model.name, model.time) in self.names.elements:
            found["time"] = self.names.elements[model.name, model.time]
        if is_history(model):
            found["valid"] = self._validity(model)
        declared = self._declared(model)
        if declared:
            found["columns"] = declared
        dimensions = self._dimensions(model)
        if dimensions:
            found["dimensions"] = dimensions
        joins = {self.names.joins[edge]: self._join(edge) for edge in self.edges if edge.model == model.name}
        if joins:
            found["joins"] = joins
        return found

    # --- rows ----------------------------------------------------------------------------------------------------

    def _relation(self, model: SemanticModel) -> Tree:
        computed = self._computed(model)
        if computed:
            return {"sql": select_with(quoted_table(model.relation), computed)}
        return {"table": table_of(model.relation)}

    def _computed(self, model: SemanticModel) -> Mapping[str, str]:
        """What a SELECT computes beside the table's columns; a number of each row where events need a key."""
        computed = self.columns.computed.get(model.name, {})
        if model.name not in self.events or self._own_key(model) is not None:
            return computed
        elements = (*self.columns.dimensions.items(), *self.columns.entities.items())
        trees = (tree for (name, _), tree in elements if name == model.name)
        read = {column for tree in trees for column in columns_in(tree)} - set(computed)
        order = sorted(read | (self.columns.read_by_aggregates(model.name) - set(computed)))
        return {**computed, ROW_NUMBER: f"row_number() over (order by {', '.join(map(quoted, order))})"}

    def _key(self, model: SemanticModel) -> Json:
        own = self._own_key(model)
        return own if own is not None else ROW_NUMBER if model.name in self.events else "none"

    def _own_key(self, model: SemanticModel) -> Json:
        """The column of the primary entity, or of a unique one: unique by itself, so dbt says. None without any."""
        for kind in (EntityKind.PRIMARY, EntityKind.UNIQUE, EntityKind.NATURAL):
            for entity in model.entities:
                column = self.columns.keys.get((model.name, entity.name))
                if entity.kind is kind and column is not None:
                    start = validity_columns(model)[0] if kind is EntityKind.NATURAL else None
                    return [column, self._plain(model, start)] if start is not None else column
        return None

    def _validity(self, model: SemanticModel) -> Tree:
        start, end = validity_columns(model)
        return {said: self._plain(model, one) for said, one in (("from", start), ("until", end)) if one is not None}

    def _plain(self, model: SemanticModel, dimension: Dimension) -> str:
        """The column of a dimension that is one."""
        tree = self.columns.dimensions.get((model.name, dimension.name))
        return tree.path[0] if isinstance(tree, Name) else dimension.expression

    def _declared(self, model: SemanticModel) -> Tree:
        """Times that the source keeps as texts are read as times."""
        found: Tree = {}
        for dimension in model.dimensions:
            tree = self.columns.dimensions.get((model.name, dimension.name))
            if is_time(dimension) and isinstance(tree, Name) and self.column_type(model, tree.path[0]) == TEXT:
                found[tree.path[0]] = str(TIMESTAMP)
        return found

    def column_type(self, model: SemanticModel, column: str) -> ColumnType | None:
        known = self.types.get(table_of(model.relation), {}).get(column)
        return known or self.guessed.get((model.name, column))

    def _column_types(self, model: SemanticModel) -> dict[str, ColumnType]:
        guessed = {column: kind for (name, column), kind in self.guessed.items() if name == model.name}
        return {**guessed, **self.types.get(table_of(model.relation), {})}

    # --- dimensions ----------------------------------------------------------------------------------------------

    def _dimensions(self, model: SemanticModel, *, tell: bool = True) -> Tree:
        found: Tree = {}
        for entity in model.entities:
            if (model.name, entity.name) in self.columns.entities:
                found[self.names.elements[model.name, entity.name]] = self._entity(model, entity)
        for dimension in model.dimensions:
            if (model.name, dimension.name) in self.columns.dimensions:
                found[self.names.elements[model.name, dimension.name]] = self._dimension(model, dimension, tell)
        return found

    def _entity(self, model: SemanticModel, entity: Entity) -> Tree:
        """The key of an entity: the same thing in every model that has the entity."""
        name, tree = self.names.elements[model.name, entity.name], self.columns.entities[model.name, entity.name]
        found = self._said(name, tree, type_of(tree, self._column_types(model)))
        return found | self._conforming(model.name, entity.name) | _said_words(entity.label, entity.description)

    def _conforming(self, model: str, element: str) -> Tree:
        """At home an element conforms to nothing; elsewhere to the one at home."""
        home = self.homes.get((model, element))
        if home is None or home == (model, element):
            return {}
        return {"conforms": f"{self.names.datasets[home[0]]}.{self.names.elements[home]}"}

    def _dimension(self, model: SemanticModel, dimension: Dimension, tell: bool) -> Tree:
        name = self.names.elements[model.name, dimension.name]
        tree = self.columns.dimensions[model.name, dimension.name]
        if not is_time(dimension):
            found = self._said(name, tree, type_of(tree, self._column_types(model)))
            found |= self._conforming(model.name, dimension.name)
            return found | _said_words(dimension.label, dimension.description)
        found = {} if tree == Name((name,)) else {"sql": formula_text(tree)}
        found["type"] = "time"
        granularity = dimension.granularity or "day"
        finest = grain_of(granularity)
        if finest is not Grain.DAY:
            found["finest"] = finest.value
        if granularity in _TOO_FINE and tell:
            subject = f'dimension "{dimension.name}" of semantic model "{model.name}"'
            why = f"it is recorded by {granularity}, and the finest grain here is a second"
            self.issues.append(ImportIssue(subject, dimension.at, why, "It can be asked by second and coarser"))
        return found | _said_words(dimension.label, dimension.description)

    def _said(self, name: str, tree: Expr, kind: ColumnType | None) -> Tree:
        found: Tree = {} if tree == Name((name,)) else {"sql": formula_text(tree)}
        if kind is not None and kind.is_time:  # a categorical dimension may hold a date
            found["type"] = "time"
            if kind.kind is not Kind.DATE:
                found["finest"] = Grain.SECOND.value
        elif kind is not None and kind != TEXT:
            found["type"] = str(kind)
        return found

    # --- joins ---------------------------------------------------------------------------------------------------

    def _join(self, edge: Edge) -> Tree:
        model, to = self.manifest.models[edge.model], self.manifest.models[edge.to]
        name, dataset = self.names.joins[edge], self.names.datasets[edge.to]
        match = {self.columns.keys[edge.model, edge.entity]: self.columns.keys[edge.to, edge.entity]}
        match |= self._partitions(model, to, shared_partitions(model, to))
        return self._many_to_one(model, name, dataset, match, is_dated=is_history(to))

    def _many_to_one(
        self, model: SemanticModel, name: str, dataset: str, match: Mapping[str, str], *, is_dated: bool
    ) -> Tree:
        found: Tree = {} if name == dataset else {"to": dataset}
        found["kind"] = "many_to_one"
        found["match"] = _match(match)
        if is_dated and model.time is not None:
            found["valid_at"] = self.names.elements[model.name, model.time]
        if self.repeats:
            found["repeats"] = True
        return found

    def _partitions(self, model: SemanticModel, to: SemanticModel, names: Sequence[str]) -> dict[str, str]:
        ours, theirs = partitions_of(model), partitions_of(to)
        return {ours[name]: theirs[name] for name in names}

    # --- pairs of joins ------------------------------------------------------------------------------------------

    def shortcut_dataset(self, shortcut: Shortcut) -> Tree:
        """The rows of both models as one dataset, keyed by the entity of the first join."""
        between, last = self.manifest.models[shortcut.first.to], self.manifest.models[shortcut.second.to]
        key = f"{shortcut.first.entity}_key"
        found: Tree = {"source": self.source, "sql": self._shortcut_select(shortcut, key)}
        history = next((one for one in (between, last) if is_history(one)), None)
        start = None if history is None else validity_columns(history)[0]
        found["key"] = (
            [key, *partition_columns(last, shortcut.partitions)] if start is None else [key, self._plain(last, start)]
        )
        if history is not None:
            found["valid"] = self._validity(history)
        declared = self._declared(last)
        if declared:
            found["columns"] = declared
        found["dimensions"] = self._dimensions(last, tell=False)
        return found

    def _shortcut_select(self, shortcut: Shortcut, key: str) -> str:
        first, second = shortcut.first, shortcut.second
        between, last = self.manifest.models[first.to], self.manifest.models[second.to]
        matched = {self.columns.keys[second.model, second.entity]: self.columns.keys[second.to, second.entity]}
        matched |= self._partitions(between, last, shared_partitions(between, last))
        on = " and ".join(f"near.{quoted(ours)} = far.{quoted(theirs)}" for ours, theirs in matched.items())
        return (
            f"select\n  near.{quoted(self.columns.keys[first.to, first.entity])} as {quoted(key)},\n  far.*\n"
            f"from {self._table(between)} as near\nleft join {self._table(last)} as far on {on}"
        )

    def _table(self, model: SemanticModel) -> str:
        computed = self.columns.computed.get(model.name)
        table = quoted_table(model.relation)
        return f"({' '.join(select_with(table, computed).split())})" if computed else table

    def shortcut_join(self, shortcut: Shortcut, name: str, dataset: str) -> Tree:
        model, last = self.manifest.models[shortcut.first.model], self.manifest.models[shortcut.second.to]
        match = {self.columns.keys[model.name, shortcut.first.entity]: f"{shortcut.first.entity}_key"}
        match |= self._partitions(model, last, shortcut.partitions)
        is_dated = is_history(last) or is_history(self.manifest.models[shortcut.first.to])
        return self._many_to_one(model, name, dataset, match, is_dated=is_dated)


def partition_columns(model: SemanticModel, names: Sequence[str]) -> list[str]:
    found = partitions_of(model)
    return [found[name] for name in names]


def _match(pairs: Mapping[str, str]) -> Json:
    """`x` where both sides name the column alike, `{ours: theirs}` where not."""
    if all(ours == theirs for ours, theirs in pairs.items()):
        return list(pairs) if len(pairs) > 1 else next(iter(pairs))
    return dict(pairs)


def _said_words(label: str | None, description: str | None) -> Tree:
    found: Tree = {}
    for key, text in (("label", label), ("meaning", description)):
        said = words(text)
        if said is not None:
            found[key] = said
    return found
