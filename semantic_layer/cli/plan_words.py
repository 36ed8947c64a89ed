"""What is said of a foretold change, in the terminal and in Markdown alike."""

from collections.abc import Sequence

from semantic_layer.cli.change_lines import CLASSES
from semantic_layer.cli.number_words import NOTHING, percent_said, value_said
from semantic_layer.cli.outcome import counted
from semantic_layer.definitions.change import Change
from semantic_layer.impact.numeric_diff import Cut, MetricNumbers, NumericDiff, Window
from semantic_layer.impact.preview import ChangePreview

APPROVAL = {
    0: "nobody has to approve it; the steward is told",
    1: "a steward approves it",
    2: "the business owner and the data owner approve it",
}


def base_said(found: ChangePreview) -> str:
    """What it is compared with."""
    if found.before is None:
        return "Against an empty registry."
    when = f"{found.before.recorded_at:%Y-%m-%d %H:%M} UTC"
    return f"Against revision {found.before.revision}, recorded {when} by {found.before.actor}."


def summary_said(found: ChangePreview) -> str:
    versions = f", {counted(len(found.versions), 'new version')}" if found.versions else ""
    return f"{counted(len(found.changes), 'definition')} would change{versions}"


def verdict_said(found: ChangePreview) -> str:
    """The class of all of it, and what that class asks for."""
    heaviest = found.change_class
    return f"class {heaviest}, {CLASSES[heaviest]}: {APPROVAL[heaviest]}"


def cut_said(cut: Cut) -> str:
    by = ", ".join(cut.names)
    return f"by {by} over {window_said(cut.window)}" if by else f"as one number over {window_said(cut.window)}"


def window_said(window: Window) -> str:
    if window.is_all:
        return "all history"
    return f"{window.start or 'the beginning'} until {window.end or 'the end'}"


def cells_said(diff: NumericDiff) -> str:
    """How many cells change; what appears and vanishes is among them."""
    counts = diff.counts
    more = [
        f"{number:,} {word}" for number, word in ((counts.appeared, "appear"), (counts.vanished, "vanish")) if number
    ]
    inside = f", of which {' and '.join(more)}" if more else ""
    return f"{counts.changed:,} of {counts.cells:,} cells change ({percent_said(counts.share)}){inside}"


def relative_said(diff: NumericDiff) -> str:
    one = diff.relative
    if one is None:
        return NOTHING
    half, most, largest = (percent_said(share) for share in (one.p50, one.p95, one.largest))
    return f"half by up to {half}, 95 of 100 by up to {most}, at most {largest}"


def place_said(values: Sequence[object]) -> str:
    return ", ".join("(none)" if value is None else value_said(value) for value in values)  # type: ignore[arg-type]


def not_compared_said(numbers: MetricNumbers) -> str | None:
    """Why a metric has no comparison; None if it has one."""
    if numbers.left_out is not None:
        return f"not compared: {numbers.left_out}"
    if numbers.issues:
        return "not compared: " + "; ".join(f"{issue.code}: {issue.message}" for issue in numbers.issues)
    return None


def completeness_said(diff: NumericDiff) -> str | None:
    """What keeps the comparison from being a complete one, or what a complete one proves."""
    if diff.left_out:
        return "incomplete: " + "; ".join(diff.left_out)
    if not diff.cut.window.is_all:
        return f"incomplete: only {window_said(diff.cut.window)} was compared"
    if diff.proves_nothing_moves and diff.looked_closer is not None:
        return f"nothing moves, {cut_said(diff.looked_closer)} either"
    return None


def lowered_said(found: ChangePreview, change: Change) -> str | None:
    if not found.is_lowered(change):
        return None
    return "class 1 and not 2: the rule differs, and a complete comparison found no number that moves"


def through_said(found: ChangePreview, change: Change) -> str:
    """What a metric uses that changed."""
    return " and ".join(found.because.get(change.name, ())) or "something that it uses"
