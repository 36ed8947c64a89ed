"""Pages of the dictionary: the metrics that fit a search, in an order that is the same everywhere."""

import base64
import binascii
from collections.abc import Sequence

from semantic_layer.api.dictionary_types import MetricConnection, MetricEdge, PageInfo, metric_shown
from semantic_layer.api.latest_of import LatestOf
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.registry.search import Dictionary

LARGEST_PAGE = 500


async def fitting_metrics(index: LatestOf[Dictionary], catalog: Catalog, search: str | None) -> list[str]:
    """Names of the metrics that fit, best first; of all of them, by name, if nothing is searched."""
    if not search or search.isspace():
        return sorted(catalog.metrics)
    dictionary = await index.of(catalog)
    return [hit.name for hit in dictionary.search(search)]


def metrics_page(
    published: PublishedCatalog, names: Sequence[str], first: int, after: str | None, language: str | None
) -> MetricConnection:
    """`first` of the names after a cursor. Raises BAD_LIMIT, LIMIT_TOO_LARGE or BAD_VALUE."""
    checked_size(first)
    start = 0 if after is None else _place_after(names, after)
    page = names[start : start + first]
    metrics = published.catalog.metrics
    edges = [MetricEdge(cursor=_cursor(name), node=metric_shown(published, metrics[name], language)) for name in page]
    return MetricConnection(
        total_count=len(names),
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(has_next_page=start + first < len(names), end_cursor=edges[-1].cursor if edges else None),
    )


def checked_size(first: int) -> None:
    if first < 1:
        raise refuse(ErrorCode.BAD_LIMIT, "`first` must be at least 1", path=("first",))
    if first > LARGEST_PAGE:
        raise refuse(ErrorCode.LIMIT_TOO_LARGE, f"`first` is at most {LARGEST_PAGE}", path=("first",))


def _cursor(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _place_after(names: Sequence[str], cursor: str) -> int:
    try:
        return names.index(base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()) + 1
    except (ValueError, binascii.Error):
        raise refuse(ErrorCode.BAD_VALUE, "`after` is no cursor of this list", path=("after",)) from None
