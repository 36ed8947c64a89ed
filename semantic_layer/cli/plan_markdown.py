"""A foretold change as Markdown, for the comment of a pull request."""

from collections.abc import Iterator

from semantic_layer.cli.change_lines import CLASSES, MOST_LEAVES, shown
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


def markdown_lines(found: ChangePreview) -> Iterator[str]:
    """The verdict first: whoever reads a pull request looks at its head."""
    yield "### What these definitions change"
    yield ""
    if not found.changes:
        yield f"Nothing. {base_said(found)}"
        return
    yield f"**{summary_said(found)}: {verdict_said(found)}.**"
    yield base_said(found)
    yield ""
    yield from _changes(found)
    if found.numbers:
        yield ""
        yield from _numbers(found)
    if found.consumers:
        yield ""
        yield _row(*CONSUMER_HEAD)
        yield _row("---", "--:", "---", "---", "--:", "--:", "---", "--:")
        yield from (_row(*map(_cell, row)) for row in consumer_rows(found.consumers))
    for numbers in found.numbers.values():
        if numbers.diff is not None and numbers.diff.moves and _is_own(found, numbers.metric):
            yield ""
            yield from _details(numbers, numbers.diff)


def _changes(found: ChangePreview) -> Iterator[str]:
    yield "| | definition | class | what differs |"
    yield "|---|---|---|---|"
    for change in found.changes:
        class_ = found.class_of(change)
        yield _row(
            change.how, f"{change.kind} `{change.name}`", f"{class_}, {CLASSES[class_]}", _differs(found, change)
        )


def _differs(found: ChangePreview, change: Change) -> str:
    if change.cause is VersionCause.DEPENDENCY:
        return f"uses {through_said(found, change)}"
    lines = [
        f"[{leaf.change_class}] {'.'.join(leaf.path)}: {_code(leaf.before)} → {_code(leaf.after)}"
        for leaf in change.leaves[:MOST_LEAVES]
    ]
    if len(change.leaves) > MOST_LEAVES:
        lines.append(f"and {len(change.leaves) - MOST_LEAVES} more")
    return "<br>".join(_cell(line) for line in lines)


def _numbers(found: ChangePreview) -> Iterator[str]:
    yield "| metric | cells that change | in total | by | changed cells move |"
    yield "|---|--:|--:|--:|---|"
    notes = []
    for change in sorted(found.changes, key=lambda one: not _is_own(found, one.name)):
        numbers = found.numbers.get(change.name) if change.kind == "metric" else None
        if numbers is None:
            continue
        yield _number_row(numbers)
        said = not_compared_said(numbers) or (None if numbers.diff is None else completeness_said(numbers.diff))
        notes += [f"`{change.name}`: {_cell(one)}" for one in (said, lowered_said(found, change)) if one is not None]
    if notes:
        yield ""
        yield from (f"- {note}" for note in notes)


def _number_row(numbers: MetricNumbers) -> str:
    diff = numbers.diff
    if diff is None:
        return _row(f"`{numbers.metric}`", "–", "–", "", "")
    counts, total = diff.counts, diff.total
    step = "–" if total is None else step_said(total.before, total.after, numbers.unit).partition("  (")[0]
    return _row(
        f"`{numbers.metric}`",
        f"{counts.changed:,} of {counts.cells:,} ({percent_said(counts.share)})",
        step,
        "" if total is None else change_said(total.before, total.after, numbers.unit),
        relative_said(diff),
    )


def _details(numbers: MetricNumbers, diff: NumericDiff) -> Iterator[str]:
    yield f"<details><summary><code>{numbers.metric}</code> {cut_said(diff.cut)}: {cells_said(diff)}</summary>"
    yield ""
    rows = [(f"{one.dimension}: {member_said(one.member)}", one.before, one.after) for one in diff.members]
    rows += [(place_said(one.place), one.before, one.after) for one in diff.samples]
    yield "| moves most | from, to |"
    yield "|---|--:|"
    for name, before, after in rows:
        yield _row(_cell(name), step_said(before, after, numbers.unit))
    yield ""
    yield from (f"{line}  " for line in diff.cut.said)
    yield "</details>"


def _is_own(found: ChangePreview, metric: str) -> bool:
    own = (one for one in found.changes if one.kind == "metric" and one.cause is not VersionCause.DEPENDENCY)
    return any(one.name == metric for one in own)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _code(value: object) -> str:
    text = shown(value)
    return f"`{text}`" if "`" not in text and "\n" not in text else text


def _cell(text: str) -> str:
    """What stands in a table has no lines and no bars of its own."""
    return text.replace("|", "\\|").replace("\n", " ")
