"""Every GraphQL document of the documents is sent: it is answered, with rows wherever it asks for some."""

import re
from typing import Any

import httpx
import pytest

from semantic_layer.demo.first_question import DOCUMENT, VARIABLES
from tests.oracle.data import ROOT

FENCED = re.compile(r"^```graphql\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = ("docs/graphql.md", "README.md", "README.zh.md")
ASK = {"metrics": [{"name": "sales"}]}  # for documents that show how a question is passed


def documents() -> list[Any]:
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for one in FENCED.finditer(text):
            line = text.count("\n", 0, one.start()) + 1
            found.append(pytest.param(one[1], id=f"{page}:{line}"))
    return found


@pytest.mark.parametrize("document", documents())
async def test_the_document_is_answered(document: str, clients: dict[str, httpx.AsyncClient]) -> None:
    body = {"query": document, "variables": {"now": ASK, "before": ASK}}
    reply = (await clients["duckdb"].post("/graphql", json=body)).json()
    assert "errors" not in reply, reply
    for name, answer in reply["data"].items():
        assert answer, name
        if "rows" in answer:
            assert answer["rows"], f"{name}: an example that finds nothing shows nothing"


async def test_what_the_page_shows_first_is_answered(clients: dict[str, httpx.AsyncClient]) -> None:
    reply = await clients["duckdb"].post("/graphql", json={"query": DOCUMENT, "variables": VARIABLES})
    answer = reply.json()["data"]["metrics"]
    assert len(answer["rows"]) == 7 and answer["rows"][0]["product"]["department"] == "GROCERY"


def test_there_are_documents() -> None:
    assert len(documents()) >= 5
