"""The one pipeline: Ask -> BoundQuery -> PermittedQuery -> Plan -> Statement -> Rows -> Answer."""

from dataclasses import dataclass

from semantic_layer.access.principal import Principal
from semantic_layer.query.ask import Ask
from semantic_layer.serving.answer import Answer


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a question would be answered, without running it: the plan as text and one SQL text per statement."""

    plan: str
    sql: tuple[str, ...]


class Answers:
    """Answers questions. Every door (GraphQL, command line, tests) calls `answer`; there is no second list of stages."""

    async def answer(self, ask: Ask, principal: Principal, *, timeout: float | None = None) -> Answer:
        """Raises SemanticLayerError with all issues of the question, or with the source's failure."""
        raise NotImplementedError

    async def explain(self, ask: Ask, principal: Principal) -> Explanation:
        raise NotImplementedError
