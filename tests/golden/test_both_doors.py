"""Every golden question asked through the typed door too: the same rows, totals and columns, on both engines.

Its rows are proven against hand-written SQL by `test_golden` and its neighbours; here the two doors are compared.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from semantic_layer.store.embedded import EmbeddedPostgres
from tests.golden.cases import KINDS, Case, load_cases
from tests.golden.conftest import AnswerFunction
from tests.golden.two_sources import two_sources
from tests.golden.typed_document import Keys, TypedDocument, typed_document
from tests.oracle.product import AskFunction, ask_over_http, open_client, published

CASES = load_cases()
CASES_OF_KINDS = load_cases(KINDS)
OVER_TWO_SOURCES = {
    "by_month",
    "two_facts_by_month_and_income",
    "everything_of_transactions",
    "every_month_with_two_facts",
}


async def ask_typed(client: httpx.AsyncClient, document: TypedDocument) -> dict[str, Any]:
    reply = (await client.post("/graphql", json={"query": document.text, "variables": document.variables})).json()
    assert "errors" not in reply, (document.text, reply["errors"])
    answer: dict[str, Any] = reply["data"]["metrics"]
    return answer


def listed(rows: list[dict[str, Any]], keys: tuple[Keys, ...]) -> list[list[Any]]:
    """Row objects as the by-name door has them."""
    return [[value_at(row, one) for one in keys] for row in rows]


def value_at(row: Any, keys: Keys) -> Any:
    for key in keys:
        row = row[key]
    return row


@pytest.mark.parametrize("case", CASES, ids=[f"{case.file}-{case.id}" for case in CASES])
async def test_the_doors_agree(
    case: Case, engine: str, answers: AnswerFunction, clients: dict[str, httpx.AsyncClient]
) -> None:
    await assert_same(clients[engine], case.ask, await answers(engine, case))


@pytest.mark.parametrize("case", CASES_OF_KINDS, ids=[f"{case.file}-{case.id}" for case in CASES_OF_KINDS])
async def test_the_doors_agree_about_kinds(
    case: Case, engine: str, ask_kinds: AskFunction, kinds_clients: dict[str, httpx.AsyncClient]
) -> None:
    await assert_same(kinds_clients[engine], case.ask, await ask_kinds(engine, case.ask))


@pytest.fixture(scope="module")
async def over_both(
    postgres_server: EmbeddedPostgres, source_urls: dict[str, str]
) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Clients of one catalog over two sources, by which engine RETAIL has; and one whose office is down."""
    files, server = source_urls["duckdb"], source_urls["postgres"]
    nowhere = "postgresql://nobody@127.0.0.1:9/nothing"
    places = {"duckdb": (files, server), "postgres": (server, files), "office down": (files, nowhere)}
    async with AsyncExitStack() as stack:
        catalogs = await stack.enter_async_context(published(postgres_server, "both_registry", two_sources()))
        yield {
            name: await stack.enter_async_context(open_client(catalogs, retail, OFFICE=office))
            for name, (retail, office) in places.items()
        }


@pytest.mark.parametrize("case", [case for case in CASES if case.id in OVER_TWO_SOURCES], ids=lambda case: case.id)
async def test_the_doors_agree_over_two_sources(
    case: Case, engine: str, over_both: dict[str, httpx.AsyncClient]
) -> None:
    client = over_both[engine]
    by_name = await ask_over_http(client, case.ask)
    assert len({one["dataset"].startswith("office_") for one in by_name["meta"]["freshness"]}) == 2
    await assert_same(client, case.ask, by_name)


async def test_the_doors_agree_about_a_part(over_both: dict[str, httpx.AsyncClient]) -> None:
    """The office is down: its metrics are null and the warning names them as each door does."""
    month = {"dimension": "transaction_date", "grain": "MONTH"}
    question = {"metrics": [{"name": "sales"}, {"name": "units"}], "by": [month], "totals": [[]], "partial": True}
    client = over_both["office down"]
    by_name = await ask_over_http(client, question)
    assert [one["code"] for one in by_name["meta"]["warnings"]] == ["SOURCE_MISSING"]
    assert by_name["rows"] and all(row[1] is not None and row[2] is None for row in by_name["rows"])
    await assert_same(client, question, by_name)


async def assert_same(client: httpx.AsyncClient, question: dict[str, Any], by_name: dict[str, Any]) -> None:
    """The typed door answers as the door by name did."""
    document = typed_document(question)
    typed = await ask_typed(client, document)
    assert listed(typed["rows"], document.keys) == by_name["rows"]
    assert len(document.sets) == len(by_name["totals"])
    for (key, keys), totals in zip(document.sets, by_name["totals"], strict=True):
        rows = typed[key] if isinstance(typed[key], list) else [typed[key]]
        assert listed(rows, keys) == totals["rows"]
    names = [".".join(keys) for keys in document.keys]
    columns = typed["meta"].pop("columns")
    assert columns == [{**column, "name": name} for column, name in zip(by_name["columns"], names, strict=True)]
    assert_meta(typed["meta"], by_name, names)


def assert_meta(typed: dict[str, Any], by_name: dict[str, Any], names: list[str]) -> None:
    """Where the rows come from: the same, but that columns have the keys of the typed door."""
    keys = dict(zip([column["name"] for column in by_name["columns"]], names, strict=True))
    expected = {name: by_name["meta"][name] for name in typed}
    expected["versions"] = [{**one, "column": keys[one["column"]]} for one in expected["versions"]]
    expected["dimensions"] = [{**one, "name": keys[one["name"]]} for one in expected["dimensions"]]
    expected["warnings"] = [{**one, "message": renamed(one["message"], keys)} for one in expected["warnings"]]
    assert typed == expected


def renamed(message: str, keys: dict[str, str]) -> str:
    """A warning names the columns that it is about as its door does."""
    return " ".join(keys.get(word, word) for word in message.split(" "))
