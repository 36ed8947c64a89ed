"""A request that comes again gets the bytes of before, while and only while they would be the same."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from semantic_layer.access.principal import Principal
from semantic_layer.api.documents import PreparedSchema
from semantic_layer.api.ready_replies import LARGEST
from semantic_layer.api.request import Backend
from semantic_layer.api.schema import build_schema
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.query.ask import Ask
from semantic_layer.serving.answer import Answer
from semantic_layer.serving.answers import Answers
from semantic_layer.web.application import WebContext, create_app
from semantic_layer.web.keys import Keys
from tests.serving.given import FILES, PublishedInMemory, WatchedEngine, more_orders, shop, write

QUERY = "query ($ask: AskInput!) { query(ask: $ask) { rows meta { revision freshness { changeToken } } } }"
SALES = {"query": QUERY, "variables": {"ask": {"metrics": [{"name": "sales"}]}}}
KEYS = {"anna": "the-key-of-anna-1", "bert": "the-key-of-bert-1"}


class CountedAnswers(Answers):
    """The pipeline, with the number of questions that came to it."""

    asked = 0

    async def answer(
        self,
        ask: Ask,
        principal: Principal,
        *,
        timeout: float | None = None,
        published: PublishedCatalog | None = None,
    ) -> Answer:
        self.asked += 1
        return await super().answer(ask, principal, timeout=timeout, published=published)


class Served:
    """The tiny shop over HTTP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalogs = PublishedInMemory()
        self.catalogs.publish(shop())
        self.engine = WatchedEngine(folder)
        self.answers = CountedAnswers(self.catalogs, {"LAKE": self.engine}, DuckDBCombiner())
        self._schema: PreparedSchema | None = None
        context = WebContext(
            backend=Backend(self.answers, self.catalogs),
            schema=self.schema,
            status=lambda: None,  # type: ignore[arg-type,return-value]
            keys=Keys.of(KEYS),
            hosts=None,
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(context)), base_url="http://shop")

    def schema(self) -> PreparedSchema:
        if self._schema is None or self._schema.published is not self.catalogs.current:
            self._schema = build_schema(self.catalogs.current)
        return self._schema

    async def post(self, body: object, client: str = "anna") -> bytes:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"Content-Type": "application/json", "X-API-Key": KEYS[client]}
        reply = await self.client.post("/graphql", content=content, headers=headers)
        assert reply.status_code == 200
        return reply.content

    async def sales(self) -> Any:
        return orjson.loads(await self.post(SALES))["data"]["query"]["rows"][0][0]


@pytest.fixture
async def served(tmp_path: Path, shop_folder: Path) -> AsyncIterator[Served]:
    served = Served(Path(shutil.copytree(shop_folder, tmp_path / "shop")))
    yield served
    await served.client.aclose()
    await served.engine.close()


@pytest.fixture(scope="module")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    for table, query in FILES.items():
        write(folder, table, query)
    return folder


async def test_the_same_bytes_come_without_asking(served: Served) -> None:
    first = await served.post(SALES)
    assert await served.post(SALES) == first
    assert served.answers.asked == 1


async def test_a_changed_file_is_seen_by_the_next_request(served: Served) -> None:
    assert await served.sales() == await served.sales() == "135.00"
    write(served.folder, "orders", more_orders("5, 1, 0.75, 1.0, TIMESTAMP '2026-03-01 12:00'"))
    assert await served.sales() == "135.75"
    assert served.answers.asked == 2


async def test_a_new_revision_begins_with_none(served: Served) -> None:
    assert b'"revision":1' in await served.post(SALES)
    served.catalogs.publish(shop(("    is: sum(amount)\n", "    is: sum(amount * 2)\n")))
    again = await served.post(SALES)
    assert b'"revision":2' in again and b'"270.00"' in again


async def test_the_typed_door_is_kept_by_its_variables_too(served: Served) -> None:
    document = (
        "query ($brand: String!) { all: metrics { rows { sales } } "
        "one: metrics(where: {product: {brand: {eq: $brand}}}) { rows { product { brand } sales } } }"
    )
    own, other = ({"query": document, "variables": {"brand": brand}} for brand in ("Own", "Other"))
    first, second = await served.post(own), await served.post(other)
    assert b'"14.75"' in first and b'"20.25"' in second
    assert (await served.post(own), await served.post(other), served.answers.asked) == (first, second, 4)
    write(served.folder, "products", "SELECT 1 AS product_id, 'Other' AS brand")
    assert b'"14.75"' in await served.post(other)


async def test_another_caller_asks_for_himself(served: Served) -> None:
    for client in ("anna", "bert", "anna", "bert"):
        await served.post(SALES, client)
    assert served.answers.asked == 2
    wrong = {"Content-Type": "application/json", "X-API-Key": "the-key-of-nobody"}
    reply = await served.client.post("/graphql", content=orjson.dumps(SALES), headers=wrong)
    assert reply.status_code == 401


async def test_several_questions_and_members_are_kept_together(served: Served) -> None:
    document = (
        "query ($ask: AskInput!) { a: query(ask: $ask) { rows } b: query(ask: $ask) { columns { name } } "
        'brands: dimensionValues(dimension: "product.brand") { values } }'
    )
    body = {**SALES, "query": document}
    first = await served.post(body)
    assert served.answers.asked == 3 and await served.post(body) == first and served.answers.asked == 3
    write(served.folder, "products", "SELECT 1 AS product_id, 'Renamed' AS brand")
    assert b"Renamed" in await served.post(body)


@pytest.mark.parametrize(
    "document",
    [
        "query ($ask: AskInput!) { query(ask: $ask) { rows } catalog { revision } }",
        "query ($ask: AskInput!) { query(ask: $ask) { rows } __typename }",
        'query ($ask: AskInput!) { query(ask: $ask) { rows } wrong: dimensionValues(dimension: "none") { values } }',
    ],
    ids=["a field that is no answer", "the type's name", "an error"],
)
async def test_a_reply_that_is_not_all_answers_is_not_kept(served: Served, document: str) -> None:
    body = {**SALES, "query": document}
    await served.post(body)
    asked = served.answers.asked
    await served.post(body)
    assert served.answers.asked == 2 * asked > 0


async def test_a_question_about_now_is_asked_each_time(served: Served) -> None:
    last = {"dimension": "ordered_at", "last": {"count": 1, "unit": "MONTH", "anchor": "NOW"}}
    body = {**SALES, "variables": {"ask": {"metrics": [{"name": "sales"}], "where": last}}}
    await served.post(body)
    await served.post(body)
    assert served.answers.asked == 2


async def test_many_at_once_get_what_is_true(served: Served) -> None:
    """While the file changes under them, each reply has the number of the token that it shows."""
    numbers: dict[str, set[str]] = {}

    async def caller() -> None:
        for _ in range(20):
            answer = orjson.loads(await served.post(SALES))["data"]["query"]
            numbers.setdefault(answer["meta"]["freshness"][0]["changeToken"], set()).add(answer["rows"][0][0])
            await asyncio.sleep(0.001)

    async def writer() -> None:
        for amount in range(1, 6):
            await asyncio.sleep(0.01)
            rows = more_orders(f"5, 1, {amount}.00, 1.0, TIMESTAMP '2026-03-01 12:00'")
            await asyncio.to_thread(write, served.folder, "orders", rows)

    await asyncio.gather(writer(), *(caller() for _ in range(4)))
    assert all(len(values) == 1 for values in numbers.values())
    assert await served.sales() == "140.00"


async def test_what_is_too_long_is_not_kept(served: Served) -> None:
    ready, anna = served.schema().ready, Principal("anna")
    for length, found in ((LARGEST - 1, b"r"), (LARGEST, None)):
        ready.keep(anna, b"q" * length, b"r", [])
        reply = ready.find(anna, b"q" * length, served.answers)
        assert (None if reply is None else reply.body) == found
