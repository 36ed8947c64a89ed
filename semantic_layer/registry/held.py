"""A catalog kept in memory, and the next or an earlier one made from it by reading only what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import MetricVersion, PublishedCatalog
from semantic_layer.definitions.reader import SECTIONS, read_documents
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.registry.content import SETTINGS, ContentHash, Key
from semantic_layer.registry.revision_log import RevisionLog, RevisionRecord

Versions = Mapping[str, tuple[MetricVersion, ...]]


@dataclass(frozen=True, slots=True)
class Held:
    """A published catalog with the content of each of its definitions. Catalogs share what they have in common."""

    published: PublishedCatalog
    contents: Mapping[Key, ContentHash]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a store says that leads from one catalog to another. `documents` holds what has to be read."""

    record: RevisionRecord
    changes: Mapping[Key, ContentHash | None]
    documents: Mapping[ContentHash, Json]
    versions: Sequence[MetricVersion]  # recorded in between; empty on the way back


async def fetch_difference(log: RevisionLog, held: Held | None, record: RevisionRecord) -> Difference:
    """Reads from the store what leads from `held` (None: from nothing) to the catalog of `record`."""
    start = 0 if held is None else held.published.revision
    changes = await log.changes(start, record.number)
    contents = {**({} if held is None else held.contents), **changes}
    wanted = {content for content in (*changes.values(), contents.get(SETTINGS)) if content is not None}
    documents = await log.documents(wanted)
    versions = await log.versions(start, record.number) if record.number > start else ()
    return Difference(record, changes, documents, versions)


def rebuilt(held: Held | None, difference: Difference) -> Held:
    """The catalog that the difference leads to. Raises DefinitionErrors if this release cannot read a document."""
    record = difference.record
    contents = dict({} if held is None else held.contents)
    for key, content in difference.changes.items():
        if content is None:
            contents.pop(key, None)
        else:
            contents[key] = content
    catalog = _catalog(None if held is None else held.published.catalog, contents, difference)
    versions = _versions({} if held is None else held.published.versions, difference)
    return Held(PublishedCatalog(record.number, record.recorded_at, record.actor, catalog, versions), contents)


def _catalog(before: Catalog | None, contents: Mapping[Key, ContentHash], difference: Difference) -> Catalog:
    """Only the changed documents are read; the catalog's settings go with them, as they say how to read."""
    to_read = {key for key, content in difference.changes.items() if content is not None}
    if SETTINGS in contents:
        to_read.add(SETTINGS)
    read = read_documents({key: difference.documents[contents[key]] for key in sorted(to_read)})
    if before is None:
        return read
    sections: dict[str, Any] = {}
    for kind, section in SECTIONS.items():
        merged = {**getattr(before, section), **getattr(read, section)}
        gone = {name for of, name in difference.changes if of == kind and (of, name) not in contents}
        sections[section] = {name: merged[name] for name in sorted(merged.keys() - gone)}
    return replace(read, **sections)


def _versions(before: Versions, difference: Difference) -> Versions:
    """Those recorded up to the revision. A removed metric keeps its own: it may come back and goes on counting."""
    upto = difference.record.number
    known = {
        metric: kept
        for metric, versions in before.items()
        if (kept := versions if versions[-1].revision <= upto else tuple(v for v in versions if v.revision <= upto))
    }
    for version in difference.versions:
        known[version.metric] = (*known.get(version.metric, ()), version)
    return known
