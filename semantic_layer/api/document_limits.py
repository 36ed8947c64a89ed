"""How large a GraphQL document may be, measured in one pass before it is validated.

Each fragment is measured once and then counted wherever it is spread: a document whose fragments spread one another
a thousand million times over is refused in the time that it takes to read it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from semantic_layer.errors import ErrorCode, Issue


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Per document; fields, aliases and directives count as often as fragments repeat them."""

    characters: int = 100_000
    tokens: int = 4_000
    depth: int = 15
    fields: int = 2_000
    aliases: int = 500
    directives: int = 200
    definitions: int = 100
    root_fields: int = 50
    repeats: int = 20  # of one name in one selection: validation compares each with each


@dataclass(frozen=True, slots=True)
class Size:
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    depth: int = 0
    root_fields: int = 0
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class _Measured:
    """A definition by itself, and the fragments spread in it with the depth at which they stand."""

    own: Size
    spreads: tuple[tuple[str, int], ...]


def too_large(document: DocumentNode, limits: DocumentLimits) -> Issue | None:
    """The first limit that an operation of the document breaks; None if there is none."""
    if len(document.definitions) > limits.definitions:
        return _broken("definitions", len(document.definitions), limits.definitions)
    fragments = {
        node.name.value: _measured(node.selection_set)
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    totals: dict[str, Size] = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            size = _total(_measured(node.selection_set), fragments, totals, frozenset())
        elif isinstance(node, FragmentDefinitionNode):  # one that is not used is validated all the same
            size = _total(fragments[node.name.value], fragments, totals, frozenset())
        else:
            continue
        issue = _first_broken(size, limits)
        if issue is not None:
            return issue
    return None


def _first_broken(size: Size, limits: DocumentLimits) -> Issue | None:
    if size.depth > limits.depth:
        message = f"the document is nested {min(size.depth, 1_000)} deep; {limits.depth} is allowed"
        return Issue(ErrorCode.QUERY_TOO_DEEP, message)
    counted = [
        ("fields", size.fields, limits.fields),
        ("aliases", size.aliases, limits.aliases),
        ("directives", size.directives, limits.directives),
        ("fields at its root", size.root_fields, limits.root_fields),
        ("repetitions of one field", size.repeats, limits.repeats),
    ]
    return next((_broken(*one) for one in counted if one[1] > one[2]), None)


def _broken(what: str, found: int, most: int) -> Issue:
    shown = f"{found:,}" if found < 1_000_000 else "over a million"
    return Issue(ErrorCode.QUERY_TOO_COMPLEX, f"the document has {shown} {what}; {most:,} are allowed")


def _measured(selection_set: SelectionSetNode) -> _Measured:
    """Counts a definition; the parser has bounded how deep it is nested."""
    fields = aliases = directives = depth = repeats = 0
    spreads: list[tuple[str, int]] = []
    root = list(_flat(selection_set))
    pending = [(root, 1)]
    while pending:
        selections, level = pending.pop()
        names: Counter[str] = Counter()
        for node in selections:
            directives += len(node.directives or ())
            if isinstance(node, FragmentSpreadNode):
                spreads.append((node.name.value, level))
            elif isinstance(node, FieldNode):
                fields += 1
                aliases += node.alias is not None
                depth = max(depth, level)
                names[(node.alias or node.name).value] += 1
                if node.selection_set is not None:
                    pending.append((list(_flat(node.selection_set)), level + 1))
        repeats = max(repeats, *names.values(), 0)
    root_fields = sum(isinstance(node, FieldNode) for node in root)
    return _Measured(Size(fields, aliases, directives, depth, root_fields, repeats), tuple(spreads))


def _flat(selection_set: SelectionSetNode) -> Iterator[SelectionNode]:
    """The selections of a set; those of inline fragments stand beside the others."""
    for node in selection_set.selections:
        yield node
        inner: SelectionSetNode | None = getattr(node, "selection_set", None)
        if inner is not None and not isinstance(node, FieldNode):
            yield from _flat(inner)


def _total(
    measured: _Measured, fragments: dict[str, _Measured], totals: dict[str, Size], inside: frozenset[str]
) -> Size:
    """A definition with all that it spreads. A fragment that is not there or holds itself is validation's to refuse."""
    sizes = [measured.own]
    for name, level in measured.spreads:
        if name not in fragments or name in inside:
            continue
        if name not in totals:
            totals[name] = _total(fragments[name], fragments, totals, inside | {name})
        spread = totals[name]
        sizes.append(
            Size(
                spread.fields,
                spread.aliases,
                spread.directives,
                spread.depth + level - 1,
                spread.root_fields if level == 1 else 0,
                spread.repeats,
            )
        )
    return Size(
        fields=sum(size.fields for size in sizes),
        aliases=sum(size.aliases for size in sizes),
        directives=sum(size.directives for size in sizes),
        depth=max(size.depth for size in sizes),
        root_fields=sum(size.root_fields for size in sizes),
        repeats=max(size.repeats for size in sizes),
    )
