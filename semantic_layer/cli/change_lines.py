"""The difference of two catalogs as lines: for `apply`, which publishes it, and `plan`, which foretells it."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from semantic_layer.definitions.change import Change, How, Leaf
from semantic_layer.definitions.published import VersionCause
from semantic_layer.registry.publication import NewVersion

CLASSES = {0: "words", 1: "compatible", 2: "changes numbers"}
CAUSES = {VersionCause.OWN_CHANGE: "its own rule", VersionCause.DEPENDENCY: "something that it uses"}
MOST_LEAVES = 6
LONGEST_VALUE = 60
INDENT = " " * 13
HOW_STYLE = {How.ADDED: "green", How.REMOVED: "red", How.CHANGED: "yellow"}
CLASS_STYLE = {0: "green", 1: "yellow", 2: "bold red"}


def console() -> Console:
    """Standard output: colours in a terminal, plain text elsewhere; lines are not broken."""
    return Console(soft_wrap=True, highlight=False, markup=False, emoji=False)


def change_lines(
    change: Change, version: NewVersion | None, change_class: int | None = None, because: Sequence[str] = ()
) -> Iterator[Text]:
    """What happens to one definition: its class, each line that differs with its own class, and the new version.

    `change_class` is another one than the computed (a comparison of the numbers may lower it); `because` names the
    definitions below it that changed.
    """
    found = change.change_class if change_class is None else change_class
    yield Text.assemble(
        "  ", (f"{change.how:<8}", HOW_STYLE[change.how]), f" {change.kind} ", (change.name, "bold"), "  ",
        (f"class {found}, {CLASSES[found]}", CLASS_STYLE[found]),
    )  # fmt: skip
    yield from (_leaf_line(leaf) for leaf in change.leaves[:MOST_LEAVES])
    if len(change.leaves) > MOST_LEAVES:
        yield Text(f"{INDENT}and {len(change.leaves) - MOST_LEAVES} more")
    if version is not None:
        why = " and ".join(because[:MOST_LEAVES]) or CAUSES[version.cause]
        said = "" if version.number == 1 else f", because {why} changed"
        yield Text(f"{INDENT}version {version.number}, {version.fingerprint[:15]}…{said}", "dim")


def all_change_lines(changes: Sequence[Change], versions: Mapping[str, NewVersion]) -> Iterator[Text]:
    for change in changes:
        yield from change_lines(change, versions.get(change.name) if change.kind == "metric" else None)


def _leaf_line(leaf: Leaf) -> Text:
    return Text.assemble(
        INDENT, (f"[{leaf.change_class}]", CLASS_STYLE[leaf.change_class]), f" {'.'.join(leaf.path)}: ",
        (shown(leaf.before), "red"), " -> ", (shown(leaf.after), "green"),
    )  # fmt: skip


def shown(value: object) -> str:
    """A value of a document, cut where it is long."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
