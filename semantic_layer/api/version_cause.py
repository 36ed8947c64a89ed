"""Why a version came, as a GraphQL enum: made before any type that has it."""

import strawberry

from semantic_layer.definitions.published import VersionCause

__all__ = ["VersionCause"]

strawberry.enum(VersionCause, description="Why a version came: the metric's own change, or one below it.")
