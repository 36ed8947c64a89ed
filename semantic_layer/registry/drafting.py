"""Definitions that nobody has published, as a catalog that can be asked beside the one in force."""

from datetime import datetime

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import MetricVersion, PublishedCatalog
from semantic_layer.registry.publication import Publication, prepare


def drafted(
    head: PublishedCatalog | None, catalog: Catalog, draft: str, now: datetime, publication: Publication | None = None
) -> PublishedCatalog:
    """`catalog` as it would be published after `head`; `draft` names it in answers.

    `publication` is what `prepare` made of the two, if there is one already.
    """
    publication = publication or prepare(head, catalog)
    base = 0 if head is None else head.revision
    versions = {} if head is None else dict(head.versions)
    for new in () if publication is None else publication.versions:
        version = MetricVersion(
            new.metric, new.number, new.fingerprint, base + 1, new.change_class, new.cause, now, draft
        )
        versions[new.metric] = (*versions.get(new.metric, ()), version)
    return PublishedCatalog(base + 1, now, draft, catalog, versions, draft)
