"""What a question's names mean: by which words of ours each home of its metrics knows them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reach import TIME, FoundDimension, find_dimension
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.interchange.dbt.columns import aggregates_of
from semantic_layer.interchange.dbt.imported import Imported
from semantic_layer.interchange.dbt.join_graph import JoinGraph, NotReached, Reached, is_time
from semantic_layer.interchange.dbt.manifest import Conversion, Cumulative, InputMetric, Manifest, Metric, Simple
from semantic_layer.interchange.dbt.read_metrics import inputs_of
from semantic_layer.interchange.dbt.reference import GRANULARITIES, METRIC_TIME, SEPARATOR, ElementReference
from semantic_layer.query.problems import did_you_mean, listed, near_names

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """Rows that a metric counts: a semantic model, and the time dimension by which they are dated."""

    model: str
    time: str | None


@dataclass(frozen=True, slots=True)
class Meaning:
    """An element as our questions call it. `granularity` is the finest of a time dimension, None of anything else.

    `path` are all entities by which dbt reaches it, also those that the question left out.
    """

    words: str
    granularity: str | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionNames:
    """The names of one project."""

    manifest: Manifest
    imported: Imported
    graph: JoinGraph

    @property
    def catalog(self) -> Catalog:
        return self.imported.catalog

    @property
    def grains(self) -> tuple[str, ...]:
        return (*GRANULARITIES, *self.imported.names.grains)

    # --- metrics -------------------------------------------------------------------------------------------------

    def metric(self, name: str, path: Path) -> str:
        """Our name of a metric. Raises UNKNOWN_METRIC, and NOT_SUPPORTED for one that could not be imported."""
        if name not in self.manifest.metrics:
            near = near_names(name, self.manifest.metrics)
            raise refuse(ErrorCode.UNKNOWN_METRIC, f"no metric {name}{did_you_mean(near)}", path=path, near=near)
        ours = self.imported.names.metrics.get(name)
        if ours is None or ours not in self.catalog.metrics:
            subject = f'metric "{name}"'
            known = (one.why for one in self.imported.issues if one.subject == subject)
            why = next(known, "its definition was left out")
            raise refuse(ErrorCode.NOT_SUPPORTED, f"{name} could not be imported: {why}", path=path)
        return ours

    def homes(self, metric: str) -> tuple[Home, ...]:
        """The rows that a metric counts; of a conversion those of its events, by which it is cut."""
        found: dict[Home, None] = {}
        self._add_homes(self.manifest.metrics[metric], found, set())
        return tuple(found)

    def _add_homes(self, metric: Metric, found: dict[Home, None], seen: set[str]) -> None:
        if metric.name in seen:
            return
        seen.add(metric.name)
        rule = metric.rule
        if isinstance(rule, Conversion):
            if isinstance(rule.base, Simple):
                found[Home(rule.base.model, rule.base.time)] = None
            inputs: Sequence[InputMetric] = (rule.base,) if isinstance(rule.base, InputMetric) else ()
        else:
            found.update({Home(one.model, one.time): None for one in aggregates_of(rule)})
            inputs = inputs_of(rule)
        for one in inputs:
            if one.name in self.manifest.metrics:
                self._add_homes(self.manifest.metrics[one.name], found, seen)

    def is_windowed(self, metric: str) -> bool:
        """Whether a metric is cumulative, or made of one that is."""
        rule = self.manifest.metrics[metric].rule
        return isinstance(rule, Cumulative) or any(self.is_windowed(one.name) for one in inputs_of(rule))

    def time_granularity(self, homes: Sequence[Home]) -> str | None:
        """The finest granularity that the times of all homes have in common."""
        found = [self._granularity(home.model, home.time) for home in homes if home.time is not None]
        known = [one for one in found if one is not None]
        return max(known, key=GRANULARITIES.index, default=None)

    def _granularity(self, model: str, name: str) -> str | None:
        dimension = self.manifest.models[model].dimension(name)
        return (dimension.granularity or "day") if dimension is not None and is_time(dimension) else None

    # --- elements ------------------------------------------------------------------------------------------------

    def meaning(self, reference: ElementReference, homes: Sequence[Home], path: Path) -> Meaning:
        """What an element means for all homes at once. Raises if one of them has no, or another, such element."""
        if reference.is_metric_time:
            return self._metric_time(homes, path)
        full = self._full_name(reference, homes, path)
        found = [(home, self._reached(full, home, path)) for home in homes]
        words = self._common_words([reached for _, reached in found], [home for home, _ in found])
        if words is None:
            message = f"{reference.name} is not one dimension for all metrics of the question"
            raise refuse(ErrorCode.UNREACHABLE_DIMENSION, message, path=path)
        first = found[0][1]
        granularity = None if first.is_entity else self._granularity(first.model, first.element)
        return Meaning(words, granularity, full.path)

    def _metric_time(self, homes: Sequence[Home], path: Path) -> Meaning:
        missing = [home.model for home in homes if home.time is None]
        if missing:
            message = f"the rows of {missing[0]} have no time to be asked by"
            raise refuse(ErrorCode.UNREACHABLE_DIMENSION, message, path=path)
        return Meaning(TIME, self.time_granularity(homes))

    def _full_name(self, reference: ElementReference, homes: Sequence[Home], path: Path) -> ElementReference:
        """The name with all its entities. A name may leave out the first ones: it means the shortest way that ends so,
        of those that all homes have.
        """
        common: set[tuple[str, ...]] | None = None
        for home in homes:
            own = {(*steps, one.element) for steps, one in self.graph.reached(home.model)}
            ends = {one for one in own if one[-len(reference.path) - 1 :] == (*reference.path, reference.element)}
            common = ends if common is None else common & ends
        shortest = min((len(one) for one in common or ()), default=0)
        nearest = sorted(one for one in common or () if len(one) == shortest)
        if not nearest:
            return reference
        if len(nearest) > 1:
            said = [SEPARATOR.join(one) for one in nearest]
            message = f"{reference.name} can be {' or '.join(said)}; say which"
            raise refuse(ErrorCode.AMBIGUOUS_PATH, message, path=path, near=tuple(said))
        return replace(reference, path=nearest[0][:-1])

    def _reached(self, reference: ElementReference, home: Home, path: Path) -> Reached:
        found = self.graph.find(home.model, reference.path, reference.element)
        if isinstance(found, Reached):
            return found
        names = [SEPARATOR.join((*steps, one.element)) for steps, one in self.graph.reached(home.model)]
        if found is NotReached.SEVERAL:
            message = f"{reference.name} can be reached from {home.model} in several ways"
            raise refuse(ErrorCode.AMBIGUOUS_PATH, message, path=path)
        near = near_names(reference.name, names)
        if self._exists(reference):
            message = f"rows of {home.model} cannot reach {reference.name}; they reach {listed(names)}"
            raise refuse(ErrorCode.UNREACHABLE_DIMENSION, message, path=path, near=near)
        message = f"no dimension {reference.name}{did_you_mean(near)}"
        raise refuse(ErrorCode.UNKNOWN_DIMENSION, message, path=path, near=near)

    def _exists(self, reference: ElementReference) -> bool:
        models = self.manifest.models.values()
        return any(one.entity(reference.element) or one.dimension(reference.element) for one in models)

    def _common_words(self, reached: Sequence[Reached], homes: Sequence[Home]) -> str | None:
        """The words by which every home means just that: those of the home that has the longest way."""
        names = self.imported.names
        try:
            candidates = sorted({names.words(one) for one in reached}, key=lambda one: -one.count("."))
        except KeyError:
            return None
        own = [(home, self._own(one)) for home, one in zip(homes, reached, strict=True)]
        return next((words for words in candidates if all(self._means(home, words, aim) for home, aim in own)), None)

    def _own(self, reached: Reached) -> str:
        return self.imported.names.elements[reached.model, reached.element]

    def _means(self, home: Home, words: str, element: str) -> bool:
        """Whether rows of the home know that very element by these words."""
        dataset = self.imported.names.datasets[home.model]
        found = find_dimension(self.catalog, dataset, words)
        return isinstance(found, FoundDimension) and found.dimension.name == element

    # --- without metrics -----------------------------------------------------------------------------------------

    def owners(self, reference: ElementReference) -> Iterator[str]:
        """The models in whose rows an element stands by that name, the home of an entity first."""
        models = [one for one in self.manifest.models.values() if self._owns(one.name, reference)]
        yield from (one.name for one in sorted(models, key=lambda one: one.own_entity not in (reference.element, None)))

    def _owns(self, model: str, reference: ElementReference) -> bool:
        found = self.graph.find(model, reference.path, reference.element)
        return isinstance(found, Reached) and not found.edges

    def spine(self, granularity: str, path: Path) -> tuple[str, str]:
        """The dataset and dimension that list the moments of a granularity: the coarsest that is fine enough."""
        wanted = GRANULARITIES.index(granularity)
        spines = self.imported.names.spines
        fine = [one for one in spines if GRANULARITIES.index(one) <= wanted]
        if not fine:
            message = f"no time spine has {granularity}s"
            raise refuse(ErrorCode.GRAIN_TOO_FINE, message, path=path, near=tuple(spines))
        return spines[max(fine, key=GRANULARITIES.index)]


def column_name(reference: ElementReference, granularity: str | None) -> str:
    """How dbt names the column: a time dimension carries its granularity."""
    if reference.part is not None or reference.grain is not None or granularity is None:
        return reference.column
    return f"{reference.name}{SEPARATOR}{granularity}"


def is_metric_time(reference: ElementReference) -> bool:
    return reference.element == METRIC_TIME and not reference.path
