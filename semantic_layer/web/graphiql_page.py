"""The page to try questions on: GraphiQL, served from here, as a user's desk may have no internet.

How its files were made stands in graphiql/README.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from starlette.types import Receive, Scope, Send

from semantic_layer.errors import ErrorCode
from semantic_layer.web.http_reply import HttpReply, code_reply

ASSETS_PATH = "/graphql/assets"
ASSETS = {
    "react.production.min.js": b"text/javascript; charset=utf-8",
    "react-dom.production.min.js": b"text/javascript; charset=utf-8",
    "graphiql.min.js": b"text/javascript; charset=utf-8",
    "graphiql.min.css": b"text/css; charset=utf-8",
    "start.js": b"text/javascript; charset=utf-8",
}
# Nothing from elsewhere: neither code nor data leaves this server. CodeMirror sets styles while it draws.
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class FirstQuestion:
    """What the page shows when it is opened for the first time."""

    query: str
    variables: Mapping[str, object]


class GraphiqlPage:
    """The page and its files, read once."""

    def __init__(self, first: FirstQuestion) -> None:
        folder = files("semantic_layer.web") / "graphiql"
        shown = json.dumps({"query": first.query, "variables": json.dumps(dict(first.variables), indent=2)})
        page = (folder / "page.html").read_text(encoding="utf-8").replace("{{first}}", shown.replace("<", "\\u003c"))
        headers = [(b"content-security-policy", POLICY), (b"vary", b"accept")]
        self.reply = HttpReply(200, page.encode(), b"text/html; charset=utf-8", headers)
        self._assets = {name: (folder / name).read_bytes() for name in ASSETS}
        self._tags = {name: sha256(asset).hexdigest()[:32].encode() for name, asset in self._assets.items()}

    async def assets(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application for the files below ASSETS_PATH."""
        name = str(scope["path"]).removeprefix(f"{ASSETS_PATH}/")
        await self._asset(name, dict(scope["headers"]).get(b"if-none-match")).send(send)

    def _asset(self, name: str, known: bytes | None) -> HttpReply:
        if name not in self._assets:
            return code_reply(ErrorCode.NOT_FOUND, "there is nothing at this address")
        tag = b'"' + self._tags[name] + b'"'
        headers = [(b"etag", tag), (b"cache-control", b"no-cache")]
        if known == tag:
            return HttpReply(304, b"", ASSETS[name], headers)
        return HttpReply(200, self._assets[name], ASSETS[name], headers)
