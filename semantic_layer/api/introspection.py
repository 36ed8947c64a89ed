"""Questions about the schema itself. They depend on nothing else, so their replies are kept with the schema.

On a large catalog one takes seconds to make: it runs in a thread, which it can only when nothing else is asked with it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    get_operation_ast,
)

ROOTS = frozenset({"__schema", "__type"})
BESIDE = ROOTS | {"__typename"}
MOST_ROOTS = 10

FragmentOf = Callable[[str], FragmentDefinitionNode | None]


class IntrospectionAloneRule(ValidationRule):
    """`__schema` and `__type` stand in operations of their own, only a few times, and without aliases below.

    Each alias would list a large schema once more.
    """

    def enter_operation_definition(self, node: OperationDefinitionNode, *_args: Any) -> None:
        roots = list(_root_fields(node.selection_set, self._fragment, set()))
        names = [field.name.value for field in roots]
        introspecting = sum(name in ROOTS for name in names)
        if introspecting and not BESIDE.issuperset(names):
            self.report_error(GraphQLError("ask __schema and __type in an operation of their own", node))
        if introspecting > MOST_ROOTS or names.count("__schema") > 1:
            message = f"ask __schema once, and __type at most {MOST_ROOTS} times in one operation"
            self.report_error(GraphQLError(message, node))
        seen: set[str] = set()
        below = (root.selection_set for root in roots if root.name.value in ROOTS and root.selection_set is not None)
        if any(_has_alias(selections, self._fragment, seen) for selections in below):
            self.report_error(GraphQLError("fields of __schema and __type take no aliases", node))

    def _fragment(self, name: str) -> FragmentDefinitionNode | None:
        context: ValidationContext = self.context
        return context.get_fragment(name)


def introspects(document: DocumentNode, operation_name: str | None) -> bool:
    """Whether the operation asks about the schema, of a document that the rule above let pass."""
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        return False
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    names = (field.name.value for field in _root_fields(operation.selection_set, fragments.get, set()))
    for name in names:
        if name != "__typename":
            return name in ROOTS
    return False


def _root_fields(selections: SelectionSetNode, fragment_of: FragmentOf, seen: set[str]) -> Iterator[FieldNode]:
    """Through fragments, each once: before validation they may be unknown, or spread one another in a circle."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node
        elif not isinstance(node, FragmentSpreadNode):
            yield from _root_fields(node.selection_set, fragment_of, seen)  # type: ignore[attr-defined]
        elif node.name.value not in seen:
            seen.add(node.name.value)
            fragment = fragment_of(node.name.value)
            if fragment is not None:
                yield from _root_fields(fragment.selection_set, fragment_of, seen)


def _has_alias(selections: SelectionSetNode, fragment_of: FragmentOf, seen: set[str]) -> bool:
    """Whether a field at any depth has one; `seen` are the fragments that were looked into."""
    for field in _root_fields(selections, fragment_of, seen):
        if field.alias is not None:
            return True
        if field.selection_set is not None and _has_alias(field.selection_set, fragment_of, seen):
            return True
    return False
