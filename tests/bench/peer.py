"""Another semantic layer on the same question and files, in an environment of its own below `.demo`."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.questions import BY_MONTH
from tests.bench.section import Section
from tests.bench.timing import Spread, times
from tests.house.tree import ROOT

NAME = "boring-semantic-layer"
PACKAGES = (f"{NAME}==0.3.18", "ibis-framework[duckdb]==11.0.0", f"duckdb=={version('duckdb')}")
PLACE = ROOT / ".demo" / "peer"
NOT_ASKED = "Another semantic layer beside it: make bench PEER=yes"
READING = (
    "The first question of above in another open semantic layer, on the same DuckDB and files, again beside SQL "
    "written by hand: compare the ratios with those of the whole pipeline and of the compiler above."
)
NAMES = {"by_hand": "SQL by hand", "statement": f"{NAME}: to a statement", "answer": f"{NAME}: to an answer"}


def measure(bench: Bench) -> Section:
    try:
        python = _environment()
        command = [str(python), str(Path(__file__).with_name("peer_program.py")), str(bench.data), str(bench.rounds)]
        told = subprocess.run([*command, BY_MONTH.sql], stdout=subprocess.PIPE, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        return Section("Another semantic layer", f"Not measured: {error}", ("question",), [])
    costs = {name: Spread.of(seconds) for name, seconds in json.loads(told.splitlines()[-1]).items()}
    least = costs["by_hand"].median
    rows = [(NAMES[name], str(cost), times(cost.median, least)) for name, cost in costs.items()]
    return Section("Another semantic layer", READING, (BY_MONTH.name, "CPU", "of by hand"), rows)


def _environment() -> Path:
    """Its interpreter; the environment is made once."""
    python = PLACE / "bin" / "python"
    uv = str(Path(sys.executable).with_name("uv"))
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(PLACE)], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *PACKAGES], check=True)
    return python
