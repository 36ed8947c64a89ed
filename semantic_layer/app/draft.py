"""Definitions as they stand in files, asked before anybody publishes them: a catalog of one revision, in memory."""

from dataclasses import dataclass
from datetime import UTC, datetime

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.registry.drafting import drafted

REVISION = 1
ACTOR = "not published"


@dataclass(frozen=True, slots=True)
class DraftCatalogs:
    """Implements serving's `Catalogs`: every metric has its first version, and there is no history."""

    current: PublishedCatalog

    async def at_revision(self, revision: int) -> PublishedCatalog:
        if revision != REVISION:
            raise refuse(ErrorCode.UNKNOWN_REVISION, "Definitions in files have no revisions; publish them first.")
        return self.current

    async def recorded_at(self, moment: datetime) -> PublishedCatalog:
        raise refuse(ErrorCode.UNKNOWN_REVISION, "Definitions in files have no history; publish them first.")

    async def wait_for(self, revision: int, timeout: float) -> PublishedCatalog:
        if revision > REVISION:
            raise refuse(ErrorCode.REVISION_NOT_LOADED, "Definitions in files have no revisions; publish them first.")
        return self.current


def draft_catalogs(catalog: Catalog) -> DraftCatalogs:
    """The catalog as a first publish would record it."""
    return DraftCatalogs(drafted(None, catalog, ACTOR, datetime.now(UTC)))
