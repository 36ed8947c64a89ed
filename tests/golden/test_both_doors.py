"""Every golden question asked through the typed door too: the same rows, totals and columns, on both engines.

Its rows are proven against hand-written SQL by `test_golden`; here the two doors are compared.
"""

from typing import Any

import httpx
import pytest

from tests.golden.cases import Case, load_cases
from tests.golden.conftest import AnswerFunction
from tests.golden.typed_document import Keys, TypedDocument, typed_document

CASES = load_cases()


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
    by_name = await answers(engine, case)
    document = typed_document(case.ask)
    typed = await ask_typed(clients[engine], document)
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
