"""Runs the numeric diff: one question for each changed metric, old and new beside each other in one snapshot.

It is asked of the one pipeline, with the rights of whoever looks.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from semantic_layer.access.principal import Principal
from semantic_layer.definitions.published import MetricVersion, PublishedCatalog
from semantic_layer.definitions.units import unit_of
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.impact.cut import FINEST, GRAINS, members_may_be_few, time_of
from semantic_layer.impact.numeric_diff import (
    ALL_HISTORY,
    Cell,
    Cut,
    Member,
    MetricNumbers,
    NumericDiff,
    Window,
    counted,
    most_moved,
    relative_of,
)
from semantic_layer.query.ask import Ask, AskDimension, AskMetric, DimensionFilter
from semantic_layer.registry.lineage import LineageGraph
from semantic_layer.serving.answer import Answer, TotalsSet
from semantic_layer.serving.answers import Answers

BEFORE, AFTER = "before", "after"  # columns of the question; and the keys: the period, and the dimensions by place
PERIOD, KEY = "period", "key"
FEW_MEMBERS = 50  # a dimension with more is not chosen by itself
MOST_DIMENSIONS = 2
MOST_CANDIDATES = 8  # dimensions whose members are counted
MOST_SHOWN = 5  # members of a dimension, and sample cells
OTHER_GRAIN = {ErrorCode.SHIFT_GRAIN, ErrorCode.BAD_GRAIN, ErrorCode.GRAIN_TOO_FINE}
NEEDS_TIME = {ErrorCode.SHIFT_NEEDS_RANGE, ErrorCode.WINDOW_NEEDS_TIME}

Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """How to cut; what is None is chosen by rule."""

    grain: str | None = None
    dimensions: tuple[str, ...] | None = None
    window: Window = ALL_HISTORY


@dataclass(frozen=True, slots=True)
class Cap:
    """What the comparison may cost: cells of each metric, metrics, and seconds together."""

    cells: int = 100_000
    metrics: int = 50
    seconds: float = 60.0


BY_RULE, USUAL_CAP = Wish(), Cap()


@dataclass
class NumberComparison:
    """Compares what two catalogs say of metrics that both have. To be used once: `cap.seconds` run from its making."""

    answers: Answers
    principal: Principal
    before: PublishedCatalog
    after: PublishedCatalog
    wish: Wish = BY_RULE
    cap: Cap = USUAL_CAP
    _few: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.cap.seconds
        self._both = beside(self.before, self.after)
        self._uses = LineageGraph(self.after.catalog)

    async def all(self, metrics: Sequence[str], told: Told = lambda metric, done, total: None) -> list[MetricNumbers]:
        """In the order given, so what matters most comes first; `told` after each. Cancelling stops the sources too."""
        found = []
        for place, metric in enumerate(metrics):
            if place >= self.cap.metrics:
                found.append(self._not_compared(metric, f"only {self.cap.metrics} metrics are compared at once"))
            else:
                found.append(await self.of(metric))
            told(metric, place + 1, len(metrics))
        return found

    async def of(self, metric: str) -> MetricNumbers:
        """Raises nothing that a source or a definition can cause: what went wrong stands in the result."""
        began = time.monotonic()
        if began >= self._until:
            return self._not_compared(metric, f"the {self.cap.seconds:.3g} s for all comparisons were used up")
        try:
            diff = await self._diff(metric)
        except SemanticLayerError as error:
            if error.code is ErrorCode.DEADLINE_EXCEEDED:
                return self._not_compared(
                    metric, f"it takes longer than the {time.monotonic() - began:.3g} s left for it"
                )
            return replace(self._not_compared(metric, None), issues=error.issues, milliseconds=_since(began))
        return replace(self._not_compared(metric, None), diff=diff, milliseconds=_since(began))

    def _not_compared(self, metric: str, left_out: str | None) -> MetricNumbers:
        was, now = self.before.version_in_force(metric), self.after.version_in_force(metric)
        unit = unit_of(self.after.catalog, metric)
        return MetricNumbers(
            metric, was.number, now.number, was.fingerprint, now.fingerprint, unit=unit, left_out=left_out
        )

    async def _diff(self, metric: str) -> NumericDiff:
        dimensions, said = await self._dimensions(metric)
        cut, answer = await self._asked(metric, Cut(dimensions=dimensions, window=self.wish.window, said=said))
        diff = self._read(cut, answer)
        if diff.moves or not diff.complete:
            return diff
        return await self._looked_closer(metric, diff)

    async def _looked_closer(self, metric: str, diff: NumericDiff) -> NumericDiff:
        """Months in which nothing moved may hide days that did."""
        if diff.cut.grain is None or diff.cut.grain == FINEST:
            return replace(diff, looked_closer=diff.cut)
        finer = replace(diff.cut, grain=FINEST)
        try:
            answer = await self._answer(metric, finer)
        except SemanticLayerError as error:
            if error.code in OTHER_GRAIN:  # the definition knows no finer one
                return replace(diff, looked_closer=diff.cut)
            raise
        closer = self._read(finer, answer)
        if closer.moves:
            said = f"by {diff.cut.grain.lower()} nothing changed, so it was compared by {FINEST.lower()}"
            return replace(closer, cut=replace(finer, said=(*finer.said, said)))
        return replace(diff, looked_closer=finer, left_out=closer.left_out)

    # --- how it is cut -------------------------------------------------------------------------------------------

    async def _dimensions(self, metric: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The dimensions and the sentence that says why these."""
        if self.wish.dimensions is not None:
            return self.wish.dimensions, ()
        chosen: list[str] = []
        candidates = list(members_may_be_few(self.before.catalog, self._uses, metric))[:MOST_CANDIDATES]
        for name in candidates:
            if len(chosen) < MOST_DIMENSIONS and await self._has_few_members(name):
                chosen.append(name)
        rule = f"the nearest dimensions of 2 to {FEW_MEMBERS} members, at most {MOST_DIMENSIONS}"
        return tuple(chosen), (f"{' and '.join(chosen)}: {rule}" if chosen else f"no dimension: {rule}",)

    async def _has_few_members(self, name: str) -> bool:
        if name not in self._few:
            ask = Ask(by=(AskDimension(name),), limit=FEW_MEMBERS + 1)
            try:
                answer = await self.answers.answer(ask, self.principal, timeout=self._left(), published=self._both)
                self._few[name] = 2 <= answer.rows.num_rows <= FEW_MEMBERS
            except SemanticLayerError as error:
                if error.code is ErrorCode.DEADLINE_EXCEEDED:
                    raise
                self._few[name] = False  # nobody can list its members, so nobody can count them
        return self._few[name]

    async def _asked(self, metric: str, cut: Cut) -> tuple[Cut, Answer]:
        """The answer at the wished grain, else at the first that the definition allows."""
        time_name = time_of(self.before.catalog, self.after.catalog, metric)
        if time_name is None:
            cut = replace(cut, window=ALL_HISTORY, said=(*cut.said, "no time dates its rows in both catalogs"))
            return cut, await self._answer(metric, cut)
        refusal: SemanticLayerError | None = None
        for grain in GRAINS if self.wish.grain is None else (self.wish.grain,):
            dated = replace(cut, time=time_name, grain=grain)
            if refusal is not None:
                dated = replace(
                    dated, said=(*cut.said, f"by {grain.lower()}: its definition allows no {GRAINS[0].lower()}s")
                )
            try:
                return dated, await self._answer(metric, dated)
            except SemanticLayerError as error:
                if error.code not in OTHER_GRAIN:
                    raise
                refusal = error
        assert refusal is not None
        raise refusal

    # --- asking --------------------------------------------------------------------------------------------------

    async def _answer(self, metric: str, cut: Cut) -> Answer:
        """The cut's names in order, then the old number and the new one. Totals as far as they mean something."""
        ask = self._ask(metric, cut)
        try:
            return await self._answered(ask)
        except SemanticLayerError as error:
            if error.code not in NEEDS_TIME or cut.grain is None:
                raise
            return await self._answered(replace(ask, totals=((PERIOD,),)))

    async def _answered(self, ask: Ask) -> Answer:
        return await self.answers.answer(ask, self.principal, timeout=self._left(), published=self._both)

    def _ask(self, metric: str, cut: Cut) -> Ask:
        periods = [AskDimension(cut.time or "", cut.grain, alias=PERIOD)] if cut.grain is not None else []
        keys = [AskDimension(name, alias=f"{KEY}{place}") for place, name in enumerate(cut.dimensions)]
        number = self.before.version_in_force(metric).number
        return Ask(
            metrics=(AskMetric(metric, BEFORE, version=number), AskMetric(metric, AFTER)),
            by=(*periods, *keys),
            where=_within(cut),
            totals=((), *((key.alias or "",) for key in (*periods, *keys))),
            limit=min(self.cap.cells, self.answers.limits.max_rows),
        )

    def _left(self) -> float:
        return max(self._until - time.monotonic(), 0.001)

    # --- reading -------------------------------------------------------------------------------------------------

    def _read(self, cut: Cut, answer: Answer) -> NumericDiff:
        cells = _cells(answer)
        totals = {one.by: _cells(one) for one in answer.totals}
        left_out = (f"only the first {answer.meta.limit.value:,} cells were compared",)
        return NumericDiff(
            cut=cut,
            counts=counted(cells),
            total=next(iter(totals.get((), ())), None),
            periods=tuple(totals.get((PERIOD,), ())),
            relative=relative_of(cells),
            members=tuple(
                Member(name, cell.place[0], cell.before, cell.after)
                for place, name in enumerate(cut.dimensions)
                for cell in most_moved(totals.get((f"{KEY}{place}",), ()), MOST_SHOWN)
            ),
            samples=most_moved(cells, MOST_SHOWN),
            left_out=left_out if answer.meta.truncated else (),
            watermarks=tuple((one.dataset, one.as_of) for one in answer.meta.freshness if one.as_of is not None),
            sql=answer.meta.sql,
        )


def _cells(rows: Answer | TotalsSet) -> list[Cell]:
    """Each row as its place, its old number and its new one."""
    *places, before, after = (column.to_pylist() for column in rows.rows.columns)
    placed = list(zip(*places, strict=True)) if places else [()] * len(before)
    return [Cell(*one) for one in zip(placed, before, after, strict=True)]


def _within(cut: Cut) -> DimensionFilter | None:
    """The window as a filter of the time that dates the rows."""
    start, end = cut.window.start, cut.window.end
    if cut.time is None or (start is None and end is None):
        return None
    if start is not None and end is not None:
        return DimensionFilter(cut.time, "IN_RANGE", (start.isoformat(), end.isoformat()))
    return DimensionFilter(cut.time, "LT" if start is None else "GTE", ((start or end).isoformat(),))  # type: ignore[union-attr]


def beside(before: PublishedCatalog, after: PublishedCatalog) -> PublishedCatalog:
    """`after`, in which the version that a metric has in `before` can be pinned, and means the whole of `before`.

    It is a draft to whoever answers: no catalog of these versions is recorded.
    """
    versions: dict[str, tuple[MetricVersion, ...]] = dict(after.versions)
    for metric in compared_metrics(before, after):
        was, now = before.version_in_force(metric), after.version_in_force(metric)
        others = [one for one in after.versions[metric] if one.number not in (was.number, now.number)]
        versions[metric] = (*others, replace(was, revision=before.revision), now)
    return replace(after, versions=versions, draft=after.draft or f"revision {after.revision}")


def compared_metrics(before: PublishedCatalog, after: PublishedCatalog) -> tuple[str, ...]:
    """The metrics of both whose rule is not the same, sorted."""
    both = before.catalog.metrics.keys() & after.catalog.metrics.keys()
    return tuple(sorted(one for one in both if _fingerprint(before.versions, one) != _fingerprint(after.versions, one)))


def _fingerprint(versions: Mapping[str, Sequence[MetricVersion]], metric: str) -> str:
    return versions[metric][-1].fingerprint


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000
