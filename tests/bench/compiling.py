"""A question up to its statement: no rows are read."""

import asyncio
import time

from semantic_layer.access.principal import Principal
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.definitions.reader import read_files
from semantic_layer.engines.opening import open_engine
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.compiler import Compiled, Compiler, Limits
from semantic_layer.serving.sources import Sources
from tests.bench.bench import DEFINITIONS, Bench
from tests.bench.questions import FIRST_DAY, WHOLE_YEAR, until
from tests.bench.section import Section
from tests.bench.timing import in_turns, shown

READING = (
    "From the question's value to the text of its SQL. New: a question that was not asked before, of a shape "
    "that was. Known: one that was asked in the last minute."
)
MONTH = {"dimension": "transaction_date", "grain": "MONTH"}
SHAPES: dict[str, dict[str, object]] = {
    "one metric by month": {"metrics": ["sales"], "by": [MONTH]},
    "three metrics by month and department": {
        "metrics": ["sales", "average_basket_value", "private_label_share"],
        "by": [MONTH, {"dimension": "product.department"}],
    },
    "growth and year to date by month": {"metrics": ["sales_mom_growth", "sales_ytd"], "by": [MONTH]},
    "share of the total by department, with totals": {
        "metrics": ["sales_share"],
        "by": [{"dimension": "product.department"}],
        "totals": [[]],
    },
    "repeat purchase rate by income": {"metrics": ["repeat_purchase_rate"], "by": [{"dimension": "household.income"}]},
}


def measure(bench: Bench) -> Section:
    columns = ("shape", "CPU, new", "CPU, known", "characters of SQL")
    return Section("From a question to its statement", READING, columns, asyncio.run(_measured(bench)))


async def _measured(bench: Bench) -> list[tuple[str, ...]]:
    engine = open_engine(f"duckdb:{bench.data}")
    compiler = Compiler(draft_catalogs(read_files([DEFINITIONS])), Sources({"RETAIL": engine}), Limits(), "duckdb")
    rows = []
    try:
        for name, shape in SHAPES.items():

            async def compiled(end: str, shape: dict[str, object] = shape) -> Compiled:
                return await compiler.compile(
                    read_ask(_question(shape, end)), Principal("bench"), time.monotonic() + 60
                )

            costs = await in_turns(
                {
                    "new": lambda place, one=compiled: one(until(place)),
                    "known": lambda _, one=compiled: one(WHOLE_YEAR),
                },
                bench.rounds * 3,
            )
            size = sum(len(statement.text) for statement in (await compiled(WHOLE_YEAR)).statements)
            rows.append((name, str(costs["new"].cpu), shown(costs["known"].cpu.median), f"{size:,}"))
    finally:
        await engine.close()
    return rows


def _question(shape: dict[str, object], end: str) -> dict[str, object]:
    where = {"dimension": "transaction_date", "op": "IN_RANGE", "values": [FIRST_DAY, end]}
    metrics = [{"name": name} for name in shape["metrics"]]  # type: ignore[attr-defined]
    return {**shape, "metrics": metrics, "where": where}
