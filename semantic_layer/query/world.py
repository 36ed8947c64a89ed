"""What a question is bound against, gathered before: catalogs, the clock, recorded ranges, limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from semantic_layer.definitions.published import MetricVersion, PublishedCatalog

RecordedKey = tuple[int, str, str]  # revision, dataset, time dimension


@dataclass(frozen=True, slots=True)
class World:
    """`pinned` holds the catalogs of pinned versions by revision. `recorded` is the first and last moment in
    the data of a time dimension, None when it has no rows; `now` is wall-clock time in the question's zone.
    """

    current: PublishedCatalog
    now: datetime
    default_limit: int
    max_limit: int
    pinned: Mapping[int, PublishedCatalog] = field(default_factory=dict)
    recorded: Mapping[RecordedKey, tuple[datetime, datetime] | None] = field(default_factory=dict)

    def version(self, metric: str, number: int | None) -> MetricVersion | None:
        """The asked version, or the one in force; None if there is no such number."""
        versions = self.current.versions[metric]
        if number is None:
            return versions[-1]
        return next((version for version in versions if version.number == number), None)
