"""The schema that requests begin with."""

from collections.abc import Callable

from semantic_layer.api.documents import PreparedSchema
from semantic_layer.api.schema import build_schema
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, refuse


class SchemaInService:
    """One reference to a schema that holds its catalog: a request takes it once, and keeps both to its end."""

    def __init__(self) -> None:
        self._schema: PreparedSchema | None = None

    def current(self) -> PreparedSchema:
        """Raises NOT_READY before the first publish."""
        if self._schema is None:
            raise refuse(ErrorCode.NOT_READY, "Nothing is published yet.")
        return self._schema

    def prepare(self, published: PublishedCatalog) -> Callable[[], None]:
        """Builds the catalog's schema, in any thread; the result puts it in service, on the event loop."""
        schema = build_schema(published)

        def put_in_service() -> None:
            self._schema = schema

        return put_in_service
