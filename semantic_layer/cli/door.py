"""Two ways to the one pipeline: a running server over HTTP, or the pipeline in this process. Both speak GraphQL."""

import getpass
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import orjson

from semantic_layer.access.principal import Principal
from semantic_layer.api.documents import PreparedSchema
from semantic_layer.api.execution import GraphqlRequest, run
from semantic_layer.api.request import Backend, RequestContext
from semantic_layer.api.schema import build_schema
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError
from semantic_layer.web.serving_address import is_loopback

CONNECT_SECONDS = 5.0
EXTRA_SECONDS = 10.0  # beyond the server's own deadline, which tells more than ours would


class Unreachable(Exception):
    """No server answers at the address, or what answers is none of ours; the text is for the command line."""


class Door(Protocol):
    async def send(self, document: str, variables: Mapping[str, object]) -> Mapping[str, Any]:
        """The reply's data. Raises SemanticLayerError with the issues that came back, or Unreachable."""
        ...


@dataclass(frozen=True, slots=True)
class LocalDoor:
    """The pipeline in this process, as the person who runs the command."""

    backend: Backend
    schema: PreparedSchema
    principal: Principal

    async def send(self, document: str, variables: Mapping[str, object]) -> Mapping[str, Any]:
        context = RequestContext(self.backend, self.backend.catalogs.current, self.principal, uuid.uuid4().hex)
        reply = await run(self.schema, GraphqlRequest(document, variables), context)
        return _data(orjson.loads(reply.body))


def local_door(backend: Backend) -> LocalDoor:
    return LocalDoor(backend, build_schema(), Principal(person()))


def person() -> str:
    """Who runs the command, as the system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose account has no name
        return "unknown"


@dataclass(frozen=True, slots=True)
class HttpDoor:
    client: httpx.AsyncClient
    address: str

    async def send(self, document: str, variables: Mapping[str, object]) -> Mapping[str, Any]:
        try:
            response = await self.client.post(
                self.address, content=orjson.dumps({"query": document, "variables": variables})
            )
            reply = orjson.loads(response.content)
        except httpx.HTTPError as error:
            raise Unreachable(f"{self.address} does not answer: {str(error) or type(error).__name__}") from error
        except orjson.JSONDecodeError as error:
            raise Unreachable(
                f"{self.address} is no GraphQL address (HTTP {response.status_code}, no JSON)"
            ) from error
        return _data(reply)


@asynccontextmanager
async def http_door(url: str, key: str | None, seconds: float) -> AsyncIterator[HttpDoor]:
    """`url` is the server's address, with or without `/graphql`."""
    headers = {"content-type": "application/json", "accept": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    timeout = httpx.Timeout(seconds + EXTRA_SECONDS, connect=CONNECT_SECONDS)
    beyond_this_machine = not is_loopback(httpx.URL(url).host)  # a proxy of the environment is for the others
    async with httpx.AsyncClient(headers=headers, timeout=timeout, trust_env=beyond_this_machine) as client:
        yield HttpDoor(client, url.rstrip("/").removesuffix("/graphql") + "/graphql")


def _data(reply: Any) -> Mapping[str, Any]:
    if not isinstance(reply, dict):
        raise Unreachable("what came back is no GraphQL reply")
    if reply.get("errors"):
        raise SemanticLayerError(_issues(reply["errors"]))
    data: Mapping[str, Any] = reply["data"]
    return data


def _issues(errors: list[dict[str, Any]]) -> list[Issue]:
    """Every issue of every error; a code that this release does not know is shown as INTERNAL with its words."""
    issues = []
    for error in errors:
        for one in error.get("extensions", {}).get("issues") or [{"code": "", "message": error.get("message", "")}]:
            known = one["code"] in ErrorCode.__members__
            code = ErrorCode[one["code"]] if known else ErrorCode.INTERNAL
            message = one["message"] if known or not one["code"] else f"{one['code']}: {one['message']}"
            issues.append(Issue(code, message, tuple(one.get("path", ())), tuple(one.get("near", ()))))
    return issues
