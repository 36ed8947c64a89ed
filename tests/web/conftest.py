import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn

from semantic_layer.api.documents import PreparedSchema
from semantic_layer.registry.catalogs import RegistryStatus
from semantic_layer.web.application import WebContext, create_app
from semantic_layer.web.graphiql_page import FirstQuestion
from semantic_layer.web.keys import Keys
from semantic_layer.web.serving_address import answered_hosts
from tests.api.given import Door, GivenCatalogs

KEY = "a-key-of-some-length"


class Site:
    """The whole HTTP application over a given pipeline, as the demo serves it: loopback, anonymous viewer, GraphiQL."""

    def __init__(self, door: Door, **changes: object) -> None:
        self.door = door
        self.status = RegistryStatus(3, 3, True, None)
        settings: dict[str, object] = {
            "backend": door.backend,
            "schema": self.schema,
            "status": lambda: self.status,
            "keys": Keys.of({"reports": KEY}, anonymous_viewer=True),
            "hosts": answered_hosts("127.0.0.1", ()),
            "first_question": FirstQuestion("{ metrics { rows { sales } } }", {}),
            **changes,
        }
        self.app = create_app(WebContext(**settings))  # type: ignore[arg-type]

    def schema(self) -> PreparedSchema:
        _ = self.catalogs.current  # raises before the first publish
        return self.door.schema

    def client(self, host: str = "localhost:8000") -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=f"http://{host}")

    @property
    def catalogs(self) -> GivenCatalogs:
        assert isinstance(self.door.backend.catalogs, GivenCatalogs)
        return self.door.backend.catalogs


@pytest.fixture
def site() -> Site:
    return Site(Door())


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.client() as client:
        yield client


@pytest.fixture
async def served(site: Site) -> AsyncIterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(site.app, port=port, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"127.0.0.1:{port}"
    server.should_exit = True
    await task
