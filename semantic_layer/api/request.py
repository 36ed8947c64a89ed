"""What a GraphQL request carries: the pipeline and the catalogs, who asks, and the catalog that it is pinned to."""

import time
from dataclasses import dataclass, field
from typing import Any

import strawberry
from strawberry.dataloader import DataLoader

from semantic_layer.access.principal import Principal
from semantic_layer.api.latest_of import LatestOf
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.impact.consumers import UsageHistory
from semantic_layer.query.ask import Ask
from semantic_layer.registry.lineage import LineageGraph
from semantic_layer.registry.search import Dictionary
from semantic_layer.serving.answer import Answer, Grounds
from semantic_layer.serving.answers import Answers
from semantic_layer.serving.ports import Catalogs
from semantic_layer.serving.usage import UsageRecorder, Use, uses_of

UNKNOWN_CLIENT = "unknown"


@dataclass(frozen=True, slots=True)
class Backend:
    """What the GraphQL door calls; made once, in `app`. Without a registry, nothing is recorded of who uses what."""

    answers: Answers
    catalogs: Catalogs
    usage: UsageRecorder | None = None
    consumers: UsageHistory | None = None
    search: LatestOf[Dictionary] = field(default_factory=lambda: LatestOf(Dictionary))
    lineage: LatestOf[LineageGraph] = field(default_factory=lambda: LatestOf(_lineage_of))


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request. `published` was current when it came: everything that it says of definitions is of one revision.

    `deadline` is the caller's own, in seconds of time.monotonic(); None: only the server's limit holds. `grounds` are
    those of the answers so far, by root field, and `uses` the metrics in them. `client` is the program that asks.
    """

    backend: Backend
    published: PublishedCatalog
    principal: Principal
    request_id: str
    deadline: float | None = None
    grounds: dict[str | int, list[Grounds | None]] = field(default_factory=dict, compare=False)
    client: str = UNKNOWN_CLIENT
    uses: list[Use] = field(default_factory=list, compare=False)
    loaders: dict[str, DataLoader[Any, Any]] = field(default_factory=dict, compare=False)

    @property
    def timeout(self) -> float | None:
        """Seconds that a question may take from now on, at least a moment: the pipeline says that it is over."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), 0.001)

    async def answer(self, ask: Ask, root_field: str | int) -> Answer:
        """The answer for a root field of the request, by its key in the reply, with what it rests on noted.

        Every door asks here. Raises what Answers.answer raises.
        """
        began = time.perf_counter()
        answer = await self.backend.answers.answer(ask, self.principal, timeout=self.timeout, published=self.published)
        self._count(ask, answer, (time.perf_counter() - began) * 1000)
        self.grounds.setdefault(root_field, []).append(answer.grounds)
        return answer

    def _count(self, ask: Ask, answer: Answer, milliseconds: float) -> None:
        if self.backend.usage is None:
            return
        uses = uses_of(ask, answer)
        self.backend.usage.record(uses, self.client, self.principal.name, milliseconds)
        self.uses.extend(uses)


def _lineage_of(catalog: Catalog) -> LineageGraph:
    graph = LineageGraph(catalog)
    _ = graph.above  # walks all definitions, which is to happen here and not on the event loop
    return graph


Info = strawberry.Info[RequestContext, None]
