"""The schema of the catalog in service."""

from semantic_layer.api.documents import PreparedSchema
from semantic_layer.api.schema import build_schema
from semantic_layer.serving.ports import Catalogs


class LatestSchema:
    """Builds the schema when a request first finds a new catalog, and drops the one before it."""

    def __init__(self, catalogs: Catalogs) -> None:
        self._catalogs = catalogs
        self._schema: PreparedSchema | None = None

    def __call__(self) -> PreparedSchema:
        """Raises NOT_READY before the first publish."""
        published = self._catalogs.current
        if self._schema is None or self._schema.published is not published:
            self._schema = build_schema(published)
        return self._schema
