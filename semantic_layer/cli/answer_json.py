"""An answer as it came over GraphQL: the same JSON from a server far away and from the pipeline in this process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ASK_DOCUMENT = """
query Ask($ask: AskInput!) {
  query(ask: $ask) {
    columns { name label type unit }
    rows
    totals { by rows }
    meta {
      revision semantics recordedAt truncated limit { value setBy } timeToLive partialPeriods sql
      warnings { code message }
      versions { column metric version fingerprint }
      dimensions { name fingerprint }
      freshness { dataset asOf changeToken }
      resolved { column from to }
      parameters { metric name value }
    }
  }
}
"""
NUMBERS = ("INTEGER", "BIGINT", "DECIMAL", "FLOAT")

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """`type` is one of the eight output types of docs/ask.md."""

    name: str
    label: str
    type: str
    unit: str | None

    @property
    def is_number(self) -> bool:
        return self.type in NUMBERS


@dataclass(frozen=True, slots=True)
class ShownTotals:
    by: tuple[str, ...]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """`meta` and `whole` stay as they came: the one is read for the footer, the other printed for machines."""

    columns: tuple[ShownColumn, ...]
    rows: Sequence[Row]
    totals: tuple[ShownTotals, ...]
    meta: Mapping[str, Any]
    whole: Mapping[str, Any]


def shown_answer(data: Mapping[str, Any]) -> ShownAnswer:
    """Reads `data.query` of the reply to ASK_DOCUMENT."""
    return ShownAnswer(
        columns=tuple(ShownColumn(**column) for column in data["columns"]),
        rows=data["rows"],
        totals=tuple(ShownTotals(tuple(one["by"]), one["rows"]) for one in data["totals"]),
        meta=data["meta"],
        whole=data,
    )
