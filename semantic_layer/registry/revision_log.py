"""What the registry needs from a store: the record of all revisions, which only grows.

Everything recorded is immutable, so the calls need no common snapshot: what was read once stays true.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from semantic_layer.definitions.published import MetricVersion
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.registry.content import ContentHash, Key


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    """Who recorded a revision, when (the registry's clock) and why. Numbers have no gaps; times always rise."""

    number: int
    recorded_at: datetime
    actor: str
    message: str = ""


class RevisionLog(Protocol):
    """All raise REGISTRY_UNAVAILABLE (retryable) when the registry does not answer."""

    async def newest(self) -> int:
        """The number of the newest revision; 0 when nothing was published yet."""
        ...

    async def revision(self, number: int) -> RevisionRecord | None: ...

    async def revision_at(self, moment: datetime) -> int | None:
        """The newest revision recorded up to a moment; None before the first one.

        Waits for a publisher in the act. Raises UNKNOWN_REVISION for a moment that the registry's clock has not
        reached: the answer could still change.
        """
        ...

    async def changes(self, start: int, end: int) -> Mapping[Key, ContentHash | None]:
        """What leads from the catalog at `start` to that at `end`, forward or back; None: not in it at `end`.

        From 0 it is the whole catalog.
        """
        ...

    async def versions(self, after: int, upto: int) -> Sequence[MetricVersion]:
        """The metric versions of the revisions after `after` up to `upto`, oldest first for each metric."""
        ...

    async def documents(self, hashes: Collection[ContentHash]) -> Mapping[ContentHash, Json]:
        """The definitions with these contents."""
        ...
