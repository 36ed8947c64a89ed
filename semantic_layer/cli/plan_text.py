"""A foretold change for a terminal: own changes in full with their numbers, what follows from them as a table."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from semantic_layer.cli.change_lines import CLASS_STYLE, INDENT, change_lines
from semantic_layer.cli.columns import columns
from semantic_layer.cli.consumer_rows import CONSUMER_HEAD, consumer_rows
from semantic_layer.cli.number_words import change_said, member_said, percent_said, step_said
from semantic_layer.cli.plan_words import (
    base_said,
    cells_said,
    completeness_said,
    cut_said,
    lowered_said,
    not_compared_said,
    place_said,
    relative_said,
    summary_said,
    through_said,
    verdict_said,
)
from semantic_layer.definitions.change import Change
from semantic_layer.definitions.published import VersionCause
from semantic_layer.impact.numeric_diff import MetricNumbers, NumericDiff
from semantic_layer.impact.preview import ChangePreview

FOLLOWING = ("metric", "uses", "cells that change", "", "in total", "")


def preview_lines(found: ChangePreview) -> Iterator[Text]:
    """Everything that is known, the verdict last."""
    yield Text(base_said(found))
    if not found.changes:
        yield Text("Nothing would change.", "green")
        return
    own = [one for one in found.changes if one.cause is not VersionCause.DEPENDENCY]
    following = [one for one in found.changes if one.cause is VersionCause.DEPENDENCY]
    yield Text()
    for change in own:
        version = found.versions.get(change.name) if change.kind == "metric" else None
        yield from change_lines(change, version, found.class_of(change))
        if change.kind == "metric" and change.name in found.numbers:
            yield from _numbers(found, change, found.numbers[change.name])
    if following:
        yield Text()
        yield from _following(found, following)
    if found.consumers is not None and found.before is not None and found.metrics:
        yield Text()
        yield from _consumers(found)
    yield Text()
    yield Text.assemble(
        f"{summary_said(found)}. ", (_capital(verdict_said(found)), CLASS_STYLE[found.change_class]), "."
    )


def _numbers(found: ChangePreview, change: Change, numbers: MetricNumbers) -> Iterator[Text]:
    why_not = not_compared_said(numbers)
    if why_not is not None:
        yield _said(why_not, "yellow")
    if numbers.diff is not None:
        yield from (_said(line) for line in _diff(numbers.diff, numbers.unit))
        yield from (_said(line, "dim") for line in numbers.diff.cut.said)
        completeness = completeness_said(numbers.diff)
        if completeness is not None:
            yield _said(completeness, "green" if numbers.diff.proves_nothing_moves else "yellow")
    lowered = lowered_said(found, change)
    if lowered is not None:
        yield _said(lowered, "green")


def _diff(diff: NumericDiff, unit: str | None) -> Iterator[str]:
    yield f"numbers {cut_said(diff.cut)}"
    yield f"  {cells_said(diff)}"
    if diff.total is not None:
        yield f"  in total {step_said(diff.total.before, diff.total.after, unit)}"
    if diff.relative is not None:
        yield f"  changed cells move {relative_said(diff)}"
    most = [
        (f"{one.dimension} {member_said(one.member)}", step_said(one.before, one.after, unit)) for one in diff.members
    ]
    cells = [(place_said(one.place), step_said(one.before, one.after, unit)) for one in diff.samples]
    for title, lines in (("members that move most", most), ("cells that move most", cells)):
        if lines:
            yield f"  {title}"
            width = max(len(name) for name, _ in lines)
            yield from (f"    {name:<{width}}  {step}" for name, step in lines)


def _following(found: ChangePreview, following: Sequence[Change]) -> Iterator[Text]:
    """What moves because of something below it, one line each."""
    yield Text("What follows, because it uses what changes:", "bold")
    rows = [FOLLOWING]
    notes: list[str] = []
    for change in following:
        numbers = found.numbers.get(change.name)
        diff = None if numbers is None else numbers.diff
        if numbers is None or diff is None:
            rows.append((change.name, through_said(found, change), "–", "", "–", ""))
        else:
            total = diff.total
            step = "–" if total is None else step_said(total.before, total.after, numbers.unit).partition("  (")[0]
            by = "" if total is None else change_said(total.before, total.after, numbers.unit)
            cells = f"{diff.counts.changed:,} of {diff.counts.cells:,}"
            share = percent_said(diff.counts.share)
            rows.append((change.name, through_said(found, change), cells, share, step, by))
        notes += _notes(found, change, numbers)
    yield from (Text(f"  {line}") for line in columns(rows, right=[2, 3, 5]))
    yield from (Text(f"  {note}", "yellow") for note in notes)


def _notes(found: ChangePreview, change: Change, numbers: MetricNumbers | None) -> Iterator[str]:
    """What a line of the table cannot say."""
    if numbers is not None:
        said = not_compared_said(numbers) or (None if numbers.diff is None else completeness_said(numbers.diff))
        if said is not None:
            yield f"{change.name}: {said}"
    lowered = lowered_said(found, change)
    if lowered is not None:
        yield f"{change.name}: {lowered}"


def _consumers(found: ChangePreview) -> Iterator[Text]:
    """Who is met, by recorded use."""
    consumers = found.consumers or ()
    if not consumers:
        yield Text("Nobody has asked any of these metrics in 90 days, as far as is recorded.")
        return
    yield Text("Who asks what changes, by recorded use:", "bold")
    yield from (Text(f"  {line}") for line in columns([CONSUMER_HEAD, *consumer_rows(consumers)], right=[1, 4, 5, 7]))


def _said(text: str, style: str = "") -> Text:
    return Text(f"{INDENT}{text}", style)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
