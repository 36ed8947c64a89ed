"""The product under test: the real HTTP application over a real registry, one for each engine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from semantic_layer.api.request import Backend
from semantic_layer.api.schema import build_schema
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_files
from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.engines.opening import open_engine
from semantic_layer.registry.catalogs import CatalogService
from semantic_layer.serving.answers import Answers, Limits
from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.store.registry_database import RegistryDatabase
from semantic_layer.web.application import WebContext, create_app
from semantic_layer.web.keys import Keys
from semantic_layer.web.serving_address import answered_hosts
from tests.oracle.data import ROOT

QUERY = """query ($ask: AskInput!) { query(ask: $ask) {
  columns { name label type unit } rows totals { by rows }
  meta { revision semantics truncated limit { value setBy } sql warnings { code message }
    versions { column metric version fingerprint } dimensions { name fingerprint }
    freshness { dataset asOf changeToken }
    timeToLive resolved { column from to } parameters { metric name value } partialPeriods } } }"""

AskFunction = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class Refused(AssertionError):
    """The product refused a question; `errors` as GraphQL told them."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        self.errors = errors
        super().__init__(f"refused: {errors}")

    @property
    def codes(self) -> list[str]:
        return [issue["code"] for error in self.errors for issue in error["extensions"]["issues"]]


@asynccontextmanager
async def open_client(catalogs: CatalogService, url: str, **others: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole application whose source RETAIL is at `url`, and `others` by their connections."""
    engines = {connection: open_engine(where) for connection, where in {"RETAIL": url, **others}.items()}
    combiner = DuckDBCombiner()
    backend = Backend(Answers(catalogs, engines, combiner, Limits(seconds=120.0)), catalogs)
    schema = build_schema(catalogs.current)  # nothing is published meanwhile
    context = WebContext(
        backend=backend,
        schema=lambda: schema,
        status=lambda: catalogs.status,
        keys=Keys.of({}, anonymous_viewer=True),
        hosts=answered_hosts("127.0.0.1", ()),
    )
    transport = httpx.ASGITransport(create_app(context))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=120) as client:
        yield client
    for one in (*engines.values(), combiner):
        await one.close()


async def ask_over_http(client: httpx.AsyncClient, question: dict[str, Any]) -> dict[str, Any]:
    """The answer as a GraphQL client gets it; raises Refused."""
    reply = await client.post("/graphql", json={"query": QUERY, "variables": {"ask": question}})
    body = reply.json()
    if body.get("errors"):
        raise Refused(body["errors"])
    answer: dict[str, Any] = body["data"]["query"]
    return answer


DEMO_FILES = tuple(sorted((ROOT / "schema" / "demo").glob("*.yaml")))
KINDS_FILE = ROOT / "tests" / "golden" / "kinds" / "definitions.yaml"


@asynccontextmanager
async def published(server: EmbeddedPostgres, name: str, catalog: Catalog) -> AsyncIterator[CatalogService]:
    """Definitions as revision 1 of a registry of their own."""
    registry = RegistryDatabase(server.create_database(name))
    await registry.migrate()
    await registry.publisher.publish(catalog, actor="tests")
    catalogs = CatalogService(registry.revisions)
    await catalogs.refresh()
    yield catalogs
    await registry.close()


@pytest.fixture(scope="session")
async def demo_catalogs(postgres_server: EmbeddedPostgres) -> AsyncIterator[CatalogService]:
    """The demo's definitions, published as revision 1 of a registry."""
    async with published(postgres_server, "demo_registry", read_files(DEMO_FILES)) as catalogs:
        yield catalogs


@pytest.fixture(scope="session")
def source_urls(postgres_source_url: str, golden_data: Path) -> dict[str, str]:
    """Where each engine finds the demo's tables; PostgreSQL is asked as a role that may only read."""
    return {"duckdb": f"duckdb://{golden_data}", "postgres": postgres_source_url}


@pytest.fixture(scope="session")
async def clients(
    demo_catalogs: CatalogService, source_urls: dict[str, str]
) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    async with _clients(demo_catalogs, source_urls) as found:
        yield found


@asynccontextmanager
async def _clients(catalogs: CatalogService, urls: dict[str, str]) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield {engine: await stack.enter_async_context(open_client(catalogs, url)) for engine, url in urls.items()}


def _asked(clients: dict[str, httpx.AsyncClient]) -> AskFunction:
    async def asked(engine: str, question: dict[str, Any]) -> dict[str, Any]:
        return await ask_over_http(clients[engine], question)

    return asked


@pytest.fixture(scope="session")
def ask(clients: dict[str, httpx.AsyncClient]) -> AskFunction:
    """`await ask(engine, question)`: the answer over GraphQL and HTTP, from the demo's own definitions."""
    return _asked(clients)


@pytest.fixture(scope="session")
async def kinds_clients(
    postgres_server: EmbeddedPostgres, source_urls: dict[str, str]
) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Clients of the demo's definitions and those of kinds that the demo has no data for."""
    catalog = read_files((*DEMO_FILES, KINDS_FILE))
    async with (
        published(postgres_server, "kinds_registry", catalog) as catalogs,
        _clients(catalogs, source_urls) as found,
    ):
        yield found


@pytest.fixture(scope="session")
def ask_kinds(kinds_clients: dict[str, httpx.AsyncClient]) -> AskFunction:
    """As `ask`, from the definitions of `kinds_clients`."""
    return _asked(kinds_clients)
