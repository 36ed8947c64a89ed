"""What differs between two revisions, line by line, and what it does to the numbers, as GraphQL types."""

import asyncio
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated

import orjson
import strawberry

from semantic_layer.api.members import Value
from semantic_layer.api.request import Info
from semantic_layer.api.version_cause import VersionCause
from semantic_layer.definitions.change import Change, How, Leaf
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.impact import numeric_diff
from semantic_layer.impact.comparing import Cap, NumberComparison, Wish
from semantic_layer.impact.numeric_diff import MetricNumbers, Window
from semantic_layer.impact.preview import ChangePreview, between

strawberry.enum(How, name="ChangeHow", description="What happened to a definition.")

By = Annotated[
    list[str] | None, strawberry.argument(description="The dimensions to cut by; left out, a few with few members.")
]
GrainWord = Annotated[str | None, strawberry.argument(description="MONTH if left out, or what the rule allows.")]


@strawberry.type(description="One value that differs.")
class ChangedLine:
    path: list[str] = strawberry.field(description="Where it stands in the definition.")
    change_class: int = strawberry.field(name="class", description="The weight of this line alone: 0, 1 or 2.")
    before: str | None = strawberry.field(description="As JSON; null where it was not written.")
    after: str | None = strawberry.field(description="As JSON; null where it is not written.")


@strawberry.type(description="A period and a member of each dimension, with the old number and the new one.")
class ComparedCell:
    place: list[Value | None]
    before: Value | None
    after: Value | None


@strawberry.type(description="A member of one dimension, with the metric over all of it.")
class ComparedMember:
    dimension: str
    member: Value | None
    before: Value | None
    after: Value | None


@strawberry.type(description="|after - before| / |before| of the changed cells that have both and no zero before.")
class RelativeChange:
    p50: float
    p95: float
    largest: float = strawberry.field(name="max")


@strawberry.type(description="By what the comparison is cut.")
class ComparedCut:
    time: str | None
    grain: str | None
    dimensions: list[str]
    start: date | None = strawberry.field(name="from", description="Null: from the beginning.")
    end: date | None = strawberry.field(name="until", description="Null: to the end.")
    said: list[str] = strawberry.field(description="By which rule it was chosen.")


@strawberry.type(description="Old numbers beside new ones, from one snapshot, with the rights of whoever asks.")
class NumericDiff:
    cut: ComparedCut
    complete: bool = strawberry.field(description="All history, and nothing was cut.")
    left_out: list[str] = strawberry.field(description="What was cut, and why.")
    proves_nothing_moves: bool = strawberry.field(
        description="Complete, and nothing moves, by day either: class 2 falls to 1."
    )
    cells: int = strawberry.field(description="Those with a value in at least one of the two.")
    changed: int = strawberry.field(description="Of these; with those that appeared and vanished.")
    appeared: int
    vanished: int
    total: ComparedCell | None = strawberry.field(description="Null where the metric means nothing without time.")
    relative: RelativeChange | None
    periods: list[ComparedCell] = strawberry.field(description="By time alone.")
    members: list[ComparedMember] = strawberry.field(description="Those of each dimension that move most.")
    samples: list[ComparedCell] = strawberry.field(description="The cells that move most.")
    sql: str


async def _numbers(
    root: strawberry.Parent["DefinitionChange"],
    by: By = None,
    grain: GrainWord = None,
    start: Annotated[date | None, strawberry.argument(name="from")] = None,
    until: date | None = None,
    cells: int = 100_000,
) -> NumericDiff | None:
    if root.kind != "metric" or root.name not in root.preview.found.compared:
        return None
    wish = Wish(grain, None if by is None else tuple(by), Window(start, until))
    return await root.preview.numbers(root.name, wish, cells)


@strawberry.type(description="A definition that differs.")
class DefinitionChange:
    preview: strawberry.Private["SharedComparison"]
    kind: str
    name: str
    how: How
    change_class: int = strawberry.field(name="class", description="That of its heaviest line; 2 if numbers may move.")
    cause: VersionCause | None = strawberry.field(description="Of a metric whose rule is another.")
    because: list[str] = strawberry.field(description="What it uses and was changed.")
    before: str | None = strawberry.field(description="The fingerprint that a metric had.")
    after: str | None = strawberry.field(description="The fingerprint that it has.")
    lines: list[ChangedLine]

    numbers: NumericDiff | None = strawberry.field(
        resolver=_numbers,
        description="How its numbers move; null for what is no metric of both revisions by another rule.",
    )


@strawberry.type(description="What leads from one revision to another.")
class CatalogChanges:
    start: int = strawberry.field(name="from")
    end: int = strawberry.field(name="to")
    change_class: int = strawberry.field(name="class", description="The heaviest of the changes.")
    changes: list[DefinitionChange]


@dataclass
class SharedComparison:
    """Compares one metric of a request after the other: many at once would only wait for the same source."""

    found: ChangePreview
    info: Info
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def numbers(self, metric: str, wish: Wish, cells: int) -> NumericDiff:
        """Raises what stood in the way, DEADLINE_EXCEEDED among it."""
        before, context = self.found.before, self.info.context
        assert before is not None  # there are numbers to compare
        async with self.turn:
            seconds = context.timeout or context.backend.answers.limits.seconds
            cap = Cap(cells=max(cells, 1), metrics=1, seconds=seconds)
            comparison = NumberComparison(
                context.backend.answers, context.principal, before, self.found.after, wish, cap
            )
            return _shown(await comparison.of(metric))


async def changes_between(info: Info, start: int, end: int | None) -> CatalogChanges:
    """Raises UNKNOWN_REVISION for one that is not recorded, REGISTRY_UNAVAILABLE."""
    catalogs, current = info.context.backend.catalogs, info.context.published
    after = current if end is None or end == current.revision else await catalogs.at_revision(end)
    before = current if start == current.revision else await catalogs.at_revision(start)
    found = await asyncio.to_thread(between, before, after)
    shared = SharedComparison(found, info)
    return CatalogChanges(
        start=before.revision,
        end=after.revision,
        change_class=found.change_class,
        changes=[_change(one, shared) for one in found.changes],
    )


def _change(change: Change, shared: SharedComparison) -> DefinitionChange:
    because = shared.found.because.get(change.name, ()) if change.kind == "metric" else ()
    return DefinitionChange(
        preview=shared,
        kind=change.kind,
        name=change.name,
        how=change.how,
        change_class=change.change_class,
        cause=change.cause,
        because=list(because),
        before=change.before,
        after=change.after,
        lines=[_line(leaf) for leaf in change.leaves],
    )


def _line(leaf: Leaf) -> ChangedLine:
    return ChangedLine(
        path=list(leaf.path), change_class=leaf.change_class, before=_json(leaf.before), after=_json(leaf.after)
    )


def _json(value: Json) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _shown(numbers: MetricNumbers) -> NumericDiff:
    numbers.raise_if_not_compared()
    diff = numbers.diff
    assert diff is not None
    relative = diff.relative
    return NumericDiff(
        cut=_cut(diff.cut),
        complete=diff.complete,
        left_out=list(diff.left_out),
        proves_nothing_moves=diff.proves_nothing_moves,
        cells=diff.counts.cells,
        changed=diff.counts.changed,
        appeared=diff.counts.appeared,
        vanished=diff.counts.vanished,
        total=None if diff.total is None else _cell(diff.total),
        relative=None if relative is None else RelativeChange(
            p50=relative.p50, p95=relative.p95, largest=relative.largest
        ),
        periods=[_cell(one) for one in diff.periods],
        members=[
            ComparedMember(
                dimension=one.dimension, member=_value(one.member), before=_value(one.before), after=_value(one.after)
            )
            for one in diff.members
        ],
        samples=[_cell(one) for one in diff.samples],
        sql=diff.sql,
    )  # fmt: skip


def _cut(cut: numeric_diff.Cut) -> ComparedCut:
    return ComparedCut(
        time=cut.time,
        grain=cut.grain,
        dimensions=list(cut.dimensions),
        start=cut.window.start,
        end=cut.window.end,
        said=list(cut.said),
    )


def _cell(cell: numeric_diff.Cell) -> ComparedCell:
    return ComparedCell(place=[_value(one) for one in cell.place], before=_value(cell.before), after=_value(cell.after))


def _value(value: numeric_diff.Value) -> Value | None:
    """Exact numbers and times as texts."""
    match value:
        case None:
            return None
        case Decimal():
            return Value(format(value, "f"))
        case date():
            return Value(value.isoformat())
        case _:
            return Value(value)
