"""The bench runs, with tiny counts; what it measures is nothing that a test could say."""

import re
import subprocess
import sys

from tests.bench.section import Section, as_markdown, as_text
from tests.bench.timing import Cost, Spread, in_turns, shown, times
from tests.house.tree import ROOT

PARTS = (
    "A request over HTTP",
    "Beside SQL written by hand, on DuckDB",
    "From a question to its statement",
    "Rows as JSON",
    "A catalog of 60 metrics",
)


def test_every_part_is_measured() -> None:
    command = [sys.executable, "-m", "tests.bench", "--small"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for part in PARTS:
        _, found, after = done.stdout.partition(f"\n{part}\n")
        assert found, f"{part} is missing in: {done.stdout}"
        table = after.split("\n\n")[1]
        assert re.search(r"\d (?:µs|ms|s)\b", table), table


def test_figures() -> None:
    assert [shown(seconds) for seconds in (0.0000012345, 0.000123, 0.0345, 2.5, 123.4)] == [
        "1.23 µs", "123 µs", "34.5 ms", "2.50 s", "123 s",
    ]  # fmt: skip
    assert (times(3, 2), times(48, 2), times(2468, 2)) == ("1.50x", "24.0x", "1,234x")


def test_a_spread_is_the_median_and_its_quartiles() -> None:
    assert Spread.of([4, 1, 3, 2, 5]) == Spread(3, 2, 4)
    assert Spread.of([2]) == Spread(2, 2, 2)


async def test_what_is_compared_takes_turns_and_no_number_comes_twice() -> None:
    asked: list[tuple[str, int]] = []

    async def first(place: int) -> None:
        asked.append(("first", place))

    async def second(place: int) -> None:
        asked.append(("second", place))

    costs = await in_turns({"first": first, "second": second}, 2)
    assert asked == [(name, place) for place in range(5) for name in ("first", "second")]
    assert all(isinstance(cost, Cost) for cost in costs.values())


def test_a_section_as_text_and_as_markdown() -> None:
    section = Section("Title", "How to read it.", ("what", "CPU"), [("one", "1 ms"), ("another", "12 ms")])
    assert as_text(section).splitlines()[3:] == [
        "  what       CPU",
        "  ───────  ─────",
        "  one       1 ms",
        "  another  12 ms",
    ]
    assert as_markdown(section).splitlines()[3:] == [
        "| what | CPU |",
        "|---|--:|",
        "| one | 1 ms |",
        "| another | 12 ms |",
    ]
