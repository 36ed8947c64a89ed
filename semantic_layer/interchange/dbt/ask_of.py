"""A dbt question as an Ask of ours, and how the columns of its answer are called in dbt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from semantic_layer.definitions.types import Grain
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.interchange.dbt.question import OrderBy, Question
from semantic_layer.interchange.dbt.question_filters import PARTS, QuestionFilters
from semantic_layer.interchange.dbt.question_names import Home, Meaning, Path, QuestionNames, column_name
from semantic_layer.interchange.dbt.reference import ElementReference, read_name
from semantic_layer.query.ask import AllOf, Ask, AskDimension, AskMetric, DimensionFilter, Filter, OrderKey
from semantic_layer.query.calendar import add, start_of
from semantic_layer.query.problems import listed, near_names


@dataclass(frozen=True, slots=True)
class Translated:
    """`columns` pairs the answer's columns with dbt's names, in the order of the answer."""

    ask: Ask
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Key:
    reference: ElementReference
    meaning: Meaning
    asked: AskDimension
    column: str


def translated(question: Question, names: QuestionNames, most_rows: int) -> Translated:
    """Raises SemanticLayerError for what cannot be asked."""
    if not question.metrics and not question.group_by:
        raise refuse(ErrorCode.EMPTY_QUESTION, "ask for at least one metric or one group by")
    return _Translation(question, names, most_rows).translated()


class _Translation:
    def __init__(self, question: Question, names: QuestionNames, most_rows: int) -> None:
        self._question, self._names, self._most_rows = question, names, most_rows
        self._metrics = [names.metric(name, ("metrics", n)) for n, name in enumerate(question.metrics)]
        homes = dict.fromkeys(home for name in question.metrics for home in names.homes(name))
        self._homes: tuple[Home, ...] = tuple(homes)
        self._members = None if question.metrics else self._listed_model()

    def translated(self) -> Translated:
        keys = [self._key(one, place) for place, one in enumerate(self._question.group_by)]
        self._check(keys)
        metrics = [AskMetric(ours, f"m{place}") for place, ours in enumerate(self._metrics)]
        filters = QuestionFilters(self._names, self._homes, self._meaning)
        where = (*filters.all_of(self._question.where), *self._constraint(keys))
        columns = [(str(one.asked.alias), one.column) for one in keys]
        columns += [(str(one.alias), name) for one, name in zip(metrics, self._question.metrics, strict=True)]
        ask = Ask(
            metrics=tuple(metrics),
            by=tuple(one.asked for one in keys),
            where=None if not where else where[0] if len(where) == 1 else AllOf(where),
            order_by=tuple(self._order(one, keys, place) for place, one in enumerate(self._question.order_by)),
            limit=self._most_rows if self._question.limit is None else self._question.limit,
        )
        return Translated(ask, tuple(columns))

    def _check(self, keys: Sequence[_Key]) -> None:
        """What dbt refuses: two columns of one name, and windows by a date part."""
        names = [one.column for one in keys]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise refuse(ErrorCode.DUPLICATE_COLUMN, f"two columns would be named {twice}", path=("group_by",))
        by_part = next((one.column for one in keys if one.reference.is_metric_time and one.reference.part), None)
        for name in self._question.metrics:
            if by_part is not None and self._names.is_windowed(name):
                message = f"{name} is made of a window of time, which {by_part} cannot show"
                raise refuse(ErrorCode.BAD_PART, message, path=("group_by",))

    # --- group-bys -----------------------------------------------------------------------------------------------

    def _meaning(self, reference: ElementReference, path: Path) -> Meaning:
        if self._question.metrics:
            return self._names.meaning(reference, self._homes, path)
        return self._member(reference, path)

    def _key(self, reference: ElementReference, place: int) -> _Key:
        path: Path = ("group_by", place)
        meaning = self._meaning(reference, path)
        reference = replace(reference, path=meaning.path)
        alias = f"g{place}"
        if reference.part is not None:
            if meaning.granularity is None:
                message = f"{reference.name} is no time dimension, so it has no {reference.part}"
                raise refuse(ErrorCode.BAD_PART, message, path=path)
            asked = AskDimension(meaning.words, part=PARTS[reference.part], alias=alias)
            return _Key(reference, meaning, asked, reference.column)
        if meaning.granularity is None:
            if reference.grain is not None:
                message = f"{reference.name} is no time dimension, so it has no grain"
                raise refuse(ErrorCode.BAD_GRAIN, message, path=path)
            return _Key(reference, meaning, AskDimension(meaning.words, alias=alias), reference.column)
        grain = reference.grain or self._usual_grain(reference, meaning)
        asked = AskDimension(meaning.words, grain=self._grain_word(grain, path), alias=alias)
        return _Key(replace(reference, grain=grain), meaning, asked, column_name(reference, grain))

    def _usual_grain(self, reference: ElementReference, meaning: Meaning) -> str:
        """The grain of a time dimension that is asked without: of metric_time what the metrics say, if they say it."""
        assert meaning.granularity is not None
        if not reference.is_metric_time:
            return meaning.granularity
        said = [self._names.manifest.metrics[name].time_granularity for name in self._question.metrics]
        known = [one for one in said if one is not None]
        order = self._names.grains.index
        return max([*known, meaning.granularity], key=order)

    def _grain_word(self, grain: str, path: Path) -> str:
        if grain in set(Grain):
            return Grain(grain).name
        custom = self._names.imported.names.grains.get(grain)
        if custom is not None:
            return custom.upper()
        message = f"{grain} is finer than a second, which is the finest grain here"
        raise refuse(ErrorCode.GRAIN_TOO_FINE, message, path=path)

    # --- members -------------------------------------------------------------------------------------------------

    def _listed_model(self) -> str | None:
        """The model whose rows have every element of a question without metrics; None for the time spine."""
        references = [one for one in self._question.group_by if not one.is_metric_time]
        if len(references) < len(self._question.group_by):
            if references:
                message = "metric_time beside other group-bys needs a metric"
                raise refuse(ErrorCode.NOT_SUPPORTED, message, path=("group_by",))
            return None
        owners = [list(self._names.owners(one)) for one in references]
        for place, (one, found) in enumerate(zip(references, owners, strict=True)):
            if not found:
                self._names.meaning(
                    one, [Home(model, None) for model in self._names.manifest.models][:1], ("group_by", place)
                )
        shared = [model for model in owners[0] if all(model in found for found in owners)]
        if not shared:
            message = (
                f"{listed(one.name for one in references)} stand in rows of different models; ask a metric with them"
            )
            raise refuse(ErrorCode.NOT_SUPPORTED, message, path=("group_by",))
        return shared[0]

    def _member(self, reference: ElementReference, path: Path) -> Meaning:
        if reference.is_metric_time:
            granularity = self._spine_granularity()
            dataset, dimension = self._names.spine(granularity, path)
            return Meaning(f"{dataset}.{dimension}", granularity)
        if self._members is None:
            message = f"{reference.name} is nothing of a time spine"
            raise refuse(ErrorCode.UNREACHABLE_DIMENSION, message, path=path)
        found = self._names.meaning(reference, [Home(self._members, None)], path)
        dataset = self._names.imported.names.datasets[self._members]
        return Meaning(f"{dataset}.{found.words}", found.granularity, found.path)

    def _spine_granularity(self) -> str:
        """The finest that is asked of metric_time; a day where nothing finer is."""
        asked = [one.grain for one in self._question.group_by if one.grain is not None]
        fine = [one for one in asked if one in self._names.grains[: self._names.grains.index("day")]]
        return min(fine, key=self._names.grains.index, default="day")

    # --- time, order ---------------------------------------------------------------------------------------------

    def _constraint(self, keys: Sequence[_Key]) -> tuple[Filter, ...]:
        """Both ends are in, and widened to whole periods of the grain that is asked of metric_time."""
        if self._question.time_constraint is None:
            return ()
        path: Path = ("time_constraint",)
        asked = [one for one in keys if one.reference.is_metric_time]
        if not self._question.metrics and not asked:
            raise refuse(ErrorCode.BAD_FILTER, "a time constraint is about metric_time, which is not asked", path=path)
        meaning = asked[0].meaning if asked else self._names.meaning(METRIC_TIME_ITSELF, self._homes, path)
        grain = self._constrained_grain(asked, meaning)
        start, end = self._question.time_constraint
        first, last = start_of(start, grain), start_of(end, grain)
        return (_between(meaning.words, first, add(last, 1, grain)),)

    def _constrained_grain(self, asked: Sequence[_Key], meaning: Meaning) -> Grain:
        grains = [Grain(one.reference.grain) for one in asked if one.reference.grain in set(Grain)]
        if grains:
            return min(grains, key=lambda one: one.rank)
        granularity = meaning.granularity or "day"
        return Grain(granularity) if granularity in set(Grain) else Grain.SECOND

    def _order(self, order: OrderBy, keys: Sequence[_Key], place: int) -> OrderKey:
        path: Path = ("order_by", place)
        if isinstance(order.by, str) and order.by in self._question.metrics:
            return OrderKey(f"m{self._question.metrics.index(order.by)}", order.is_descending)
        said = order.by if isinstance(order.by, str) else order.by.column
        wanted = read_name(said, self._names.grains)
        for one in keys:
            plain = replace(one.reference, grain=None)
            if said == one.column or (wanted.grain is None and wanted.part is None and wanted.name == plain.name):
                return OrderKey(str(one.asked.alias), order.is_descending)
        names = [*(one.column for one in keys), *self._question.metrics]
        message = f"no column {said} in this answer; there are {listed(names)}"
        raise refuse(ErrorCode.UNKNOWN_KEY, message, path=path, near=near_names(said, names))


METRIC_TIME_ITSELF = read_name("metric_time")


def _between(words: str, start: datetime, end: datetime) -> Filter:
    return DimensionFilter(words, "IN_RANGE", (start.isoformat(), end.isoformat()))
