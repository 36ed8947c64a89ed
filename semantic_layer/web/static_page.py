"""A page of plain files beside the questions, such as the demo's dashboard."""

from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

# Nothing from elsewhere, and nothing written into the page itself: neither code nor data leaves this server.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class StaticPage(Mount):
    """Serves the files of `folder` below `address`; `index.html` is the page itself. Anybody may read them."""

    def __init__(self, address: str, folder: Path) -> None:
        super().__init__(address, _Files(directory=folder, html=True))


class _Files(StaticFiles):
    def file_response(
        self, full_path: "PathLike[str] | str", stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["content-security-policy"] = POLICY
        response.headers["cache-control"] = "no-cache"  # kept, and asked for again: the entity tag answers
        return response
