"""A GraphQL request over HTTP with Python's own client: the command line starts five times faster without another."""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from semantic_layer.errors import CannotRun
from semantic_layer.web.serving_address import is_loopback


class Unreachable(CannotRun):
    """No server answers at the address, or what answers is none of ours."""


def post_graphql(
    url: str, document: str, variables: Mapping[str, object], *, key: str | None = None, seconds: float
) -> Mapping[str, Any]:
    """The reply as it came, with `errors` or `data`. `url` is the server's address, with or without `/graphql`.

    Blocks. Raises Unreachable.
    """
    address = url.rstrip("/").removesuffix("/graphql") + "/graphql"
    headers = {"content-type": "application/json", "accept": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    body = json.dumps({"query": document, "variables": variables}).encode()
    try:
        request = urllib.request.Request(address, body, headers, method="POST")
        with _opener(address).open(request, timeout=seconds) as response:
            content = response.read()
    except urllib.error.HTTPError as refused:  # a refusal has a body like any answer
        content = refused.read()
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise Unreachable(f"{address} does not answer: {reason}") from error
    try:
        reply = json.loads(content)
    except ValueError as error:
        raise Unreachable(f"{address} is no GraphQL address: what came back is no JSON.") from error
    if not isinstance(reply, dict):
        raise Unreachable(f"{address} is no GraphQL address: what came back is no reply.")
    return reply


def _opener(address: str) -> urllib.request.OpenerDirector:
    """A proxy of the environment is for other machines only."""
    if is_loopback(urllib.parse.urlsplit(address).hostname or ""):
        return urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener()
