"""`python -m tests.bench` (or `make bench`): what things cost here and now, as ratios, in one run of a few minutes."""

import argparse
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime

from semantic_layer.engines.worker import cores
from tests.bench import compiling, door, encoding, engine, large_catalog, peer
from tests.bench.bench import SMALL, WHOLE, Bench
from tests.bench.section import Section, as_markdown, as_text
from tests.golden import subset
from tests.oracle.data import SUBSET
from tests.oracle.whole_data import fetch_if_needed

PARTS: dict[str, Callable[[Bench], Section]] = {
    "door": door.measure,
    "engine": engine.measure,
    "compile": compiling.measure,
    "encode": encoding.measure,
    "catalog": large_catalog.measure,
}


def main() -> None:
    options = _options()
    began = time.monotonic()
    if not options.small:
        fetch_if_needed()
    elif not SUBSET.exists():
        subset.make_if_needed()
    written = as_markdown if options.markdown else as_text
    print(f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}")
    parts = {**PARTS, "peer": peer.measure}
    for name in options.only or [*PARTS, *(["peer"] if options.peer else [])]:
        print(f"\n{written(parts[name](SMALL if options.small else WHOLE))}", flush=True)
    print(f"\nMeasured in {time.monotonic() - began:.0f} s.", "" if options.peer else peer.NOT_ASKED)


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {cores()} cores, Python {platform.python_version()}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="PART", help=f"only these: {', '.join([*PARTS, 'peer'])}")
    parser.add_argument("--small", action="store_true", help="tiny counts on the tests' data: shows that it runs")
    parser.add_argument("--peer", action="store_true", help="also another semantic layer, in an environment of its own")
    parser.add_argument("--markdown", action="store_true", help="tables for a document")
    return parser.parse_args()


if __name__ == "__main__":
    main()
