"""Names that a source, a definition and a statement use for different things, or write in different ways."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from semantic_layer.store.embedded import EmbeddedPostgres
from tests.oracle.own_world import OwnTable, OwnWorld, own_world

# The dataset's SELECT reads a table that is called as the metric is, and its column is declared with a capital.
DEFINITIONS = """\
catalog: {time_zone: UTC, languages: [en]}
domains:
  till: {label: {en: Till}, owner: o, tier: 3}
sources:
  till: {connection: RETAIL}
datasets:
  receipt:
    source: till
    sql: select * from turnover where valid
    key: none
    time: day
    columns: {Amount: "decimal(12,2)", shop: text, day: date}
    dimensions:
      shop: {}
      day: {type: time}
metrics:
  turnover: {is: sum(amount), from: receipt}
  receipts: {is: count(*), from: receipt, where: shop = 'A'}
  per_receipt: {is: turnover / receipts}
  share: {is: turnover / all_of_it, with: {all_of_it: {is: turnover, at_level: []}}}
"""
TURNOVER = OwnTable(
    "amount double precision, shop text, day date, valid boolean",
    [
        "(0.1, 'A', '2024-01-01', true)",
        "(0.2, 'A', '2024-01-02', true)",
        "(0.3, 'B', '2024-01-02', true)",
        "(9.9, 'B', '2024-01-02', false)",
    ],
)


@pytest.fixture(scope="module")
async def till(postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnWorld]:
    folder: Path = tmp_path_factory.mktemp("till")
    async with own_world("till", DEFINITIONS, {"turnover": TURNOVER}, postgres_server, folder) as world:
        yield world


def metrics(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names]


async def test_a_step_does_not_hide_a_table_that_a_select_reads(engine: str, till: OwnWorld) -> None:
    """By hand: A 0.30 of 0.60. A step called `turnover` would be read in the place of the table, or be refused."""
    question = {"metrics": metrics("turnover", "receipts", "share"), "by": [{"dimension": "shop"}]}
    assert await till.rows(engine, question) == [["A", "0.30", 2, 0.5], ["B", "0.30", None, 0.5]]


async def test_a_declared_type_holds_however_a_formula_writes_the_column(engine: str, till: OwnWorld) -> None:
    """0.1 + 0.2 is 0.30 in decimals; as the binary floats of the source it is a FLOAT, 0.30000000000000004."""
    answer = await till.ask(engine, {"metrics": metrics("turnover"), "where": {
        "dimension": "shop", "op": "EQ", "values": ["A"]}})  # fmt: skip
    assert [column["type"] for column in answer["columns"]] == ["DECIMAL"]
    assert answer["rows"] == [["0.30"]]
