"""What grows with the catalog: reading, publishing, the schema, introspection, memory."""

import json
import subprocess
import sys

from tests.bench.bench import Bench
from tests.bench.section import Section
from tests.bench.timing import shown
from tests.house.tree import ROOT

READING = (
    "Once each, in a process of its own; memory is what it holds after the step. What grows with the catalog "
    "happens at a publish and beside the serving path; a question does not."
)


def measure(bench: Bench) -> Section:
    command = [sys.executable, "-m", "tests.bench.large_catalog_process", str(bench.metrics)]
    told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    steps = [json.loads(line) for line in told.splitlines()]
    rows = [
        (one["step"], shown(one["cpu"]), shown(one["wall"]), f"{one['memory']:,.0f} MB", one.get("note", ""))
        for one in steps
    ]
    return Section(
        f"A catalog of {bench.metrics:,} metrics", READING, ("step", "CPU", "by the clock", "memory", ""), rows
    )
