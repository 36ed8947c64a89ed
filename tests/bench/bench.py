"""What one run measures with: where its data is, and how often it measures."""

from dataclasses import dataclass
from pathlib import Path

from tests.house.tree import ROOT
from tests.oracle.data import SUBSET
from tests.oracle.load_retail import WHOLE_DATA

DEFINITIONS = ROOT / "schema" / "demo"


@dataclass(frozen=True, slots=True)
class Bench:
    """`requests` go to a server in one round; `rounds` of each question; `metrics` are in the large catalog."""

    data: Path
    rounds: int
    requests: int
    metrics: int
    encoded: tuple[tuple[int, int], ...]  # rows and columns


WHOLE = Bench(WHOLE_DATA, rounds=9, requests=200, metrics=10_000, encoded=((10_000, 5), (100_000, 6)))
SMALL = Bench(SUBSET, rounds=2, requests=3, metrics=60, encoded=((50, 5),))
