"""A validation rule that names near fields: graphql-core's own suggestions cost seconds on a large schema."""

from typing import Any

from graphql import FieldNode, GraphQLError, ValidationContext, ValidationRule, is_interface_type, is_object_type

from semantic_layer.query.problems import did_you_mean, near_names

MOST_SUGGESTED = 5  # unknown fields per document that get near names


class KnownFieldsRule(ValidationRule):
    """Every field exists on its type. The error's extensions hold `near`."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._suggested = 0

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        parent = self.context.get_parent_type()
        if parent is None or self.context.get_field_def() is not None:
            return
        near: tuple[str, ...] = ()
        if self._suggested < MOST_SUGGESTED and (is_object_type(parent) or is_interface_type(parent)):
            self._suggested += 1
            near = near_names(node.name.value, parent.fields)
        message = f"{parent} has no field {node.name.value}{did_you_mean(near)}"
        self.report_error(GraphQLError(message, node, extensions={"near": near}))
