"""A GraphQL request out of an HTTP body: its size, its encoding, its JSON and its form, each refused with a code."""

from collections.abc import Mapping

import orjson
from starlette.types import Receive

from semantic_layer.api.execution import GraphqlRequest
from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse

DEEPEST_JSON = 100
MOST_JSON_NODES = 30_000  # the largest question that is served has about 20,000


class ClientGone(Exception):
    """The caller hung up before its body was complete."""


async def read_body(receive: Receive, declared: bytes | None, most: int) -> bytes:
    """The body, counted while it comes. Raises BODY_TOO_LARGE, BAD_REQUEST or ClientGone."""
    if declared is not None and declared.isdigit() and int(declared[:20]) > most:
        raise _too_large(most)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def read_request(body: bytes) -> GraphqlRequest:
    """The request of a JSON body. Raises BAD_REQUEST, QUERY_TOO_DEEP or QUERY_TOO_COMPLEX."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _bad(f"the body is no JSON in UTF-8: {error.msg} (line {error.lineno}, column {error.colno})") from None
    if isinstance(data, list):
        raise _bad("several requests in one body are not served; send them one by one")
    if not isinstance(data, dict):
        raise _bad("the body must be a JSON object with `query`")
    return checked_request(
        data, suspect=body.count(b"[") + body.count(b"{") > DEEPEST_JSON or len(body) > MOST_JSON_NODES
    )


def checked_request(data: Mapping[str, object], *, suspect: bool) -> GraphqlRequest:
    """The request of its parameters. `suspect`: they may be nested too deeply, or be too many."""
    if suspect:
        _check_nesting(data)
    query, variables, name = data.get("query"), data.get("variables"), data.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise _bad("`query` must be the text of a GraphQL document")
    if variables is not None and not isinstance(variables, dict):
        raise _bad("`variables` must be an object")
    if name is not None and not isinstance(name, str):
        raise _bad("`operationName` must be a text")
    if data.get("extensions") is not None and not isinstance(data["extensions"], dict):
        raise _bad("`extensions` must be an object")
    return GraphqlRequest(query, variables or {}, name or None)


def _check_nesting(data: Mapping[str, object]) -> None:
    """Later steps recurse into variables, and take time for each node: both are bounded here."""
    pending: list[tuple[object, int]] = [(data, 1)]
    seen = 0
    while pending:
        value, depth = pending.pop()
        members: list[object] = list(value.values()) if isinstance(value, Mapping) else value  # type: ignore[assignment]
        seen += len(members)
        if depth > DEEPEST_JSON:
            raise refuse(ErrorCode.QUERY_TOO_DEEP, f"JSON is nested at most {DEEPEST_JSON} deep")
        if seen > MOST_JSON_NODES:
            raise refuse(ErrorCode.QUERY_TOO_COMPLEX, f"JSON has at most {MOST_JSON_NODES:,} values")
        pending.extend((member, depth + 1) for member in members if isinstance(member, dict | list))


def _bad(message: str) -> SemanticLayerError:
    return refuse(ErrorCode.BAD_REQUEST, message)


def _too_large(most: int) -> SemanticLayerError:
    return refuse(ErrorCode.BODY_TOO_LARGE, f"the body may have {most:,} bytes")
