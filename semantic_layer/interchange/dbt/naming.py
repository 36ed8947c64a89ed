"""What dbt's names become: the same names, unless two things would get one name here or a name has not our form."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count

from semantic_layer.definitions.expression import Expr, Name
from semantic_layer.definitions.formula_words import KEYWORDS
from semantic_layer.definitions.grammar import NAME_FORM
from semantic_layer.definitions.new_names import Names as FreeNames
from semantic_layer.definitions.new_names import name_like, singular
from semantic_layer.interchange.dbt.columns import aggregates_of
from semantic_layer.interchange.dbt.join_graph import Edge, is_time
from semantic_layer.interchange.dbt.manifest import EntityKind, Manifest, SemanticModel
from semantic_layer.interchange.dbt.shared_elements import Element

_KINDS = (EntityKind.PRIMARY, EntityKind.UNIQUE, EntityKind.NATURAL, EntityKind.FOREIGN)  # the home of an entity first


def in_our_form(name: str, otherwise: str) -> str:
    """The name as it is where it has our form; else the nearest that has."""
    plain = re.fullmatch(NAME_FORM, name) is not None and name not in KEYWORDS
    return name if plain else name_like(name, otherwise)


def short(entity: str) -> str:
    """What an entity is called in a path: customer_id leads to customer."""
    return re.sub(r"_(id|key|sk)$", "", entity) or entity


def facts_of(manifest: Manifest) -> set[str]:
    """The models whose rows some metric reads."""
    return {one.model for metric in manifest.metrics.values() for one in aggregates_of(metric.rule)}


class Naming:
    """Gives each thing of a manifest its name, in one order, so that the same manifest always gets the same names."""

    def __init__(self, manifest: Manifest, edges: Sequence[Edge]) -> None:
        self._manifest = manifest
        self._edges = edges
        self._row = FreeNames()  # what stands side by side in an answer
        self._inside: dict[str, FreeNames] = {}  # what stands side by side in a dataset that no metric reads
        self._numbers = count()
        self._facts = facts_of(manifest)
        self._joined = {edge.to for edge in edges}
        self.metrics = {
            name: self._row.take([in_our_form(name, "metric")], ("metric", name)) for name in manifest.metrics
        }
        self.datasets = self._dataset_names()

    def _dataset_names(self) -> dict[str, str]:
        kinds = FreeNames()
        found: dict[str, str] = {}
        for name in self._manifest.models:
            form = in_our_form(name, "model")
            candidates = [form, f"{form}_rows"]
            if name in self._joined:  # then the dataset stands in an answer beside metrics
                candidates = [one for one in candidates if self._row.is_free(one)] or [f"{form}_dataset"]
            found[name] = kinds.take(candidates, ("dataset", name))
            if name in self._joined:
                self._row.take([found[name]], ("dataset", found[name]))
        return found

    # --- what stands in a dataset --------------------------------------------------------------------------------

    def _scopes(self, model: str) -> FreeNames:
        """Names of a fact's own things stand in answers; those of any other dataset only beside one another."""
        if model in self._facts or model not in self._joined:
            return self._row
        return self._inside.setdefault(model, FreeNames())

    def shared(
        self,
        groups: Iterable[Sequence[Element]],
        columns: Mapping[Element, str],
        avoided: Mapping[str, Collection[str]],
    ) -> dict[Element, str]:
        """One name for each thing that several models have: that of its column at home, if it is one there.

        `avoided` are the columns that aggregates of a model read: no dimension may mean anything else by their names.
        """
        found: dict[Element, str] = {}
        for group in groups:
            form = in_our_form(group[0][1], "entity")
            column = columns.get(group[0])
            plain = (*([] if column is None else [in_our_form(column, "entity")]), form, f"{form}_id")
            unclear = {name for one in group for name in avoided.get(one[0], ()) if name != columns.get(one)}
            candidates = (one for one in chain(plain, numbered(f"{form}_key")) if one not in unclear)
            name = _free_in((self._scopes(model) for model, _ in group), candidates, ("shared", group[0]))
            found.update(dict.fromkeys(group, name))
        return found

    def joins(self) -> dict[Edge, str]:
        """One name for each pair of entity and joined model, wherever it stands."""
        models: dict[tuple[str, str], list[str]] = {}
        for edge in self._edges:
            models.setdefault((edge.entity, edge.to), []).append(edge.model)
        usual = {entity: self._usual(entity) for entity, _ in models}
        names: dict[tuple[str, str], str] = {}
        for pair in sorted(models, key=lambda one: usual[one[0]] != one[1]):  # who gets the short name comes first
            is_only = len([one for one in models if one[1] == pair[1]]) == 1
            names[pair] = self._join(*pair, models[pair], is_usual=usual[pair[0]] == pair[1], is_only=is_only)
        return {edge: names[edge.entity, edge.to] for edge in self._edges}

    def _usual(self, entity: str) -> str:
        """The model that one means by an entity where several are joined by it: named like it, else its home."""
        stem = singular(short(entity))

        def rank(name: str) -> tuple[bool, bool, int, int]:
            model = self._manifest.models[name]
            found = model.entity(entity)
            kind = len(_KINDS) if found is None else _KINDS.index(found.kind)
            is_partitioned = any(one.is_partition for one in model.dimensions)
            return singular(name.split("_")[0]) != stem, is_partitioned, kind, -len(model.dimensions)

        return min(dict.fromkeys(edge.to for edge in self._edges if edge.entity == entity), key=rank)

    def _join(self, entity: str, to: str, models: Sequence[str], *, is_usual: bool, is_only: bool) -> str:
        stem, dataset = in_our_form(short(entity), "join"), self.datasets[to]
        if is_only and (stem == dataset or not is_usual):
            return dataset  # it is in every scope already, and means the same there
        wanted = chain([stem] if is_usual else [], numbered(f"{stem}_{dataset}"))
        others = set(self.datasets.values())
        scopes = [self._row, *map(self._scopes, models)]
        return _free_in(scopes, (one for one in wanted if one not in others), ("join", entity, to))

    def dimension(self, model: SemanticModel, name: str, tree: Expr, avoided: Collection[str]) -> str:
        """The name of a model's own dimension. `avoided` are columns that aggregates read, if not as `tree` does."""
        dimension = model.dimension(name)
        form = in_our_form(name, "dimension")
        prefix = in_our_form(short(model.own_entity or singular(model.name)), "dimension")
        longer = chain([f"{prefix}_{form}"], numbered(f"{self.datasets[model.name]}_{form}"))
        scope = self._scopes(model.name)
        candidates = longer if scope is self._row and self._is_shared(name) else chain([form], longer)
        clear = (one for one in candidates if one not in avoided or tree == Name((one,)))
        is_a_time = dimension is not None and is_time(dimension)
        return _free_in([scope], clear, ("dimension", model.name, name), is_time=is_a_time)

    def segment(self, wanted: str) -> str:
        """The name of a segment: it is the only one in all definitions."""
        return self._row.take(numbered(wanted), ("segment", wanted, next(self._numbers)))

    def _is_shared(self, name: str) -> bool:
        """Whether several facts have a dimension of that name, each its own."""
        having = [one for one in self._manifest.models.values() if one.dimension(name) is not None]
        return len([one for one in having if self._scopes(one.name) is self._row]) > 1

    def shortcut(self, of: object, wanted: str) -> str:
        """The name of a dataset behind two joins, and of the join to it."""
        return self._row.take(numbered(wanted), ("shortcut", of))


def numbered(stem: str) -> Iterator[str]:
    """`stem`, `stem_2`, `stem_3`, …"""
    yield stem
    for number in count(2):
        yield f"{stem}_{number}"


def _free_in(scopes: Iterable[FreeNames], candidates: Iterable[str], owner: object, *, is_time: bool = False) -> str:
    """The first candidate that is free in each of the scopes, taken in all of them."""
    every = list({id(scope): scope for scope in scopes}.values())
    name = next(one for one in candidates if all(scope.is_free(one, is_time=is_time) for scope in every))
    for scope in every:
        scope.take([name], owner, is_time=is_time)
    return name
