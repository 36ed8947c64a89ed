"""Random questions whose metrics lie in two sources, against the evaluator, which knows of one place only.

The shop has refunds and stock in the office, a second source with every table; the rest stays where it was. A failing
case prints its seed and the smallest question that still fails, as in test_random_questions.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from semantic_layer.definitions.model import Catalog
from semantic_layer.registry.catalogs import CatalogService
from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.store.registry_database import RegistryDatabase
from tests.golden.two_sources import add_office, catalog_of
from tests.oracle.evaluator.answers import answer
from tests.oracle.evaluator.comparison import difference
from tests.oracle.evaluator.measures import Refused as Refusal
from tests.oracle.evaluator.rows import Tables
from tests.oracle.product import Refused, ask_over_http, open_client
from tests.random.data import declared, make_tables, write_parquet, write_postgres
from tests.random.questions import Ask, Asker
from tests.random.shrinking import shrunk
from tests.random.test_random_questions import CASES, CATALOG, FIRST, METRICS, SHOP

IN_OFFICE = ("refund", "stock")
LEFT_OUT = ("refunded_lines",)  # follows rows of one source by rows of the other
WORLD = 2
# Of both sources, or of the office and more than a sum: these meet each other often.
OF_BOTH = (
    "net", "refund_rate", "refunds_per_line", "filled_net", "filled_net_month_ago", "net_year_ago", "net_7d",
    "net_of_period", "net_everywhere", "netting_ever", "average_net_ytd", "refunds", "refunds_ytd", "refunds_month_ago",
    "new_refunders", "on_hand", "reach", "filled_stock", "usual_90d", "on_hand_share", "closing_month_ago", "revenue",
    "filled_revenue", "filled_7d", "repeaters_or_new", "top_note", "is_much", "share", "revenue_rank", "growth_year",
)  # fmt: skip
# What only one place can answer.
MAY_BE_REFUSED = {
    "UNREACHABLE_DIMENSION",
    "UNKNOWN_DIMENSION",
    "AMBIGUOUS_PATH",
    "BAD_FILTER",
    "SOURCES_NOT_COMBINED",
    "SHIFT_NEEDS_RANGE",
    "NOT_SUPPORTED",
}


def _two_sources() -> Catalog:
    whole: dict[str, Any] = YAML(typ="safe").load(SHOP.read_text("utf-8"))
    add_office(whole)
    for name in LEFT_OUT:
        del whole["metrics"][name]
    del whole["datasets"]["customer"]["dimensions"]["refunded"]  # an attribute made of the other source
    for metric in whole["metrics"].values():
        for one in (metric, *metric.get("with", {}).values()):
            if one.get("from") in IN_OFFICE:
                one["from"] = f"office_{one['from']}"
    return catalog_of(whole)


@pytest.fixture(scope="module")
async def two_sources(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Tables, list[httpx.AsyncClient]]]:
    """The rows, and clients with the office in DuckDB and in PostgreSQL."""
    registry = RegistryDatabase(postgres_server.create_database("random_two_registry"))
    await registry.migrate()
    await registry.publisher.publish(_two_sources(), actor="tests")
    catalogs = CatalogService(registry.revisions)
    await catalogs.refresh()
    postgres_server.create_role("reader")
    tables, folder = make_tables(WORLD), tmp_path_factory.mktemp("two_sources")
    write_parquet(tables, folder)
    await write_postgres(tables, postgres_server.create_database("two_sources"))
    files, server = f"duckdb://{folder}", postgres_server.url("two_sources", "reader")
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(open_client(catalogs, retail, OFFICE=office))
            for retail, office in ((server, files), (files, server))
        ]
        yield declared(tables), clients
    await registry.close()


@pytest.mark.parametrize("seed", range(FIRST, FIRST + CASES // 2))
async def test_a_random_question_over_two_sources(
    seed: int, two_sources: tuple[Tables, list[httpx.AsyncClient]]
) -> None:
    """Rows and totals as in one source, or a refusal where one of the sources cannot say enough."""
    tables, clients = two_sources
    question = Asker(CATALOG, seed, METRICS or OF_BOTH).question()
    for client in clients:
        if await _wrong(question, tables, client) is not None:

            async def fails(simpler: Ask, client: httpx.AsyncClient = client) -> bool:
                return await _wrong(simpler, tables, client) is not None

            small = await shrunk(question, fails)
            found = await _wrong(small, tables, client)
            pytest.fail(f"seed {seed}: {found}\n{json.dumps(small, ensure_ascii=False)}", pytrace=False)


async def _wrong(question: Ask, tables: Tables, client: httpx.AsyncClient) -> str | None:
    """What is wrong with the product's answer, None if nothing."""
    try:
        expected = answer(CATALOG, tables, question)
    except Refusal as refusal:
        due = refusal.code
    else:
        due = None
    try:
        got = await ask_over_http(client, question)
    except Refused as refused:
        right = "INTERNAL" not in refused.codes and (due is not None or MAY_BE_REFUSED & set(refused.codes))
        return None if right else f"refused with {refused.codes}"
    return difference(got, expected) if due is None else f"answered, but {due} is due"


async def test_refusals_do_not_hide_the_answers(two_sources: tuple[Tables, list[httpx.AsyncClient]]) -> None:
    """A metric of both sources is answered, by a statement that puts parts together."""
    _, [client, _] = two_sources
    asked = await ask_over_http(client, {"metrics": [{"name": "net"}], "by": [{"dimension": "product.department"}]})
    assert asked["rows"] and asked["meta"]["sql"].count(";\n\n") == 2
