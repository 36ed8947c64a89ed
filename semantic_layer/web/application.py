"""The HTTP application: `/graphql`, `/schema.graphql`, `/healthz`, `/readyz`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from semantic_layer.api.documents import PreparedSchema
from semantic_layer.api.error_words import internal_words, issue_words, log_fault
from semantic_layer.api.request import Backend
from semantic_layer.errors import CODES, ErrorCode, Issue
from semantic_layer.registry.catalogs import RegistryStatus
from semantic_layer.web.compression import Compressed
from semantic_layer.web.frame import Frame
from semantic_layer.web.graphiql_page import ASSETS_PATH, FirstQuestion, GraphiqlPage
from semantic_layer.web.graphql_endpoint import GraphqlEndpoint
from semantic_layer.web.keys import Keys
from semantic_layer.web.origins import Origins
from semantic_layer.web.schema_endpoint import SCHEMA_PATH, SchemaEndpoint
from semantic_layer.web.static_page import StaticPage

MAX_BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class WebContext:
    """What the HTTP door needs; made once, in `app`.

    `schema` gives the schema of the catalog in service, which a request keeps; it raises NOT_READY before the first.
    `hosts` are the host names served (see serving_address.answered_hosts), None any. `first_question` turns the
    GraphiQL page on, `pages` are served beside it. `lifespan` is an ASGI lifespan: what to start before the first
    request and stop after the last. `origins` are those whose pages may read from here (see Origins).
    """

    backend: Backend
    schema: Callable[[], PreparedSchema]
    status: Callable[[], RegistryStatus]
    keys: Keys
    hosts: frozenset[str] | None
    first_question: FirstQuestion | None = None
    pages: tuple[StaticPage, ...] = ()
    max_body_bytes: int = MAX_BODY_BYTES
    origins: tuple[str, ...] = ()
    lifespan: Callable[[FastAPI], Any] | None = None


def create_app(context: WebContext) -> FastAPI:
    page = None if context.first_question is None else GraphiqlPage(context.first_question)
    origins = Origins(context.origins)
    graphql = GraphqlEndpoint(context.backend, context.schema, context.keys, page, context.max_body_bytes, origins)
    schema = SchemaEndpoint(context.schema, context.keys)
    routes: list[BaseRoute] = [
        Route("/graphql", graphql, methods=None),
        Route(SCHEMA_PATH, schema, methods=["GET"]),
        Route("/healthz", _healthy, methods=["GET"]),
        Route("/readyz", _readiness(context.status, context.backend), methods=["GET"]),
    ]
    if page is not None:
        routes.append(Mount(ASSETS_PATH, page.assets))
    routes.extend(context.pages)
    return FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        routes=routes,
        middleware=[Middleware(Frame, hosts=context.hosts), *origins.middleware(), Middleware(Compressed)],
        exception_handlers={HTTPException: _refused, Exception: _failed},
        lifespan=context.lifespan,
    )


async def _healthy(_request: Request) -> JSONResponse:
    """The process runs; nothing else is looked at."""
    return JSONResponse({"status": "ok"})


def _readiness(status: Callable[[], RegistryStatus], backend: Backend) -> Callable[[Request], Any]:
    async def ready(_request: Request) -> JSONResponse:
        """200 as long as a revision is served, also when a newer one could not be built: `error` says so."""
        now = status()
        body = {
            "status": "ready" if now.serving is not None else "waiting for the first publish",
            "revision": now.serving,
            "newestRevision": now.newest,
            "registryReachable": now.reachable,
            "error": now.error,
            "usageLost": 0 if backend.usage is None else backend.usage.lost,
        }
        return JSONResponse(body, 200 if now.serving is not None else 503)

    return ready


async def _refused(_request: Request, error: Exception) -> Response:
    """What routing refuses: an unknown address or method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = ErrorCode.METHOD_NOT_ALLOWED if status == 405 else ErrorCode.NOT_FOUND
    return JSONResponse({"errors": [issue_words([Issue(code, CODES[code].text)])]}, status)


async def _failed(request: Request, error: Exception) -> Response:
    request_id = getattr(request.state, "request_id", "unknown")
    log_fault("request failed", request_id, error)
    return JSONResponse({"errors": [internal_words(request_id)]}, 500)
