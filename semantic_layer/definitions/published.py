"""A catalog at one revision of the registry, with the versions that its metrics have had up to then.

The rule of versions (docs/governance.md, "fingerprint"): each (metric, version) has exactly one fingerprint, and a
new number is given exactly when the fingerprint differs from that of the version before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from semantic_layer.definitions.model import Catalog


class VersionCause(StrEnum):
    OWN_CHANGE = "own_change"
    DEPENDENCY = "dependency"  # a dataset, join, segment or metric below it changed


@dataclass(frozen=True, slots=True)
class MetricVersion:
    """One immutable state of one metric's rule. `revision` is the first one in which it was in force."""

    metric: str
    number: int
    fingerprint: str
    revision: int
    change_class: int
    cause: VersionCause
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class PublishedCatalog:
    """Revision `revision` as it was recorded. `versions[metric]` is oldest first; the last one is in force here.

    `draft` is what nobody has published yet: the name of a proposal or of files, whose `revision` is only the number
    that it would have; None for what is recorded.
    """

    revision: int
    recorded_at: datetime
    actor: str
    catalog: Catalog
    versions: Mapping[str, tuple[MetricVersion, ...]]
    draft: str | None = None

    def version_in_force(self, metric: str) -> MetricVersion:
        return self.versions[metric][-1]
