"""Replies as they were sent, for requests that come again: sent once more while all that they rest on stands.

They live on the schema of one revision. A request that differs in a byte, or comes from somebody else, is another one;
and nothing is sent before every file, token and time that the reply rests on was looked at (semantics rules 25, 27).
"""

from collections.abc import Collection
from dataclasses import dataclass

from cachetools import LRUCache

from semantic_layer.access.principal import Principal
from semantic_layer.serving.answer import Grounds
from semantic_layer.serving.answers import Answers
from semantic_layer.serving.usage import Use

MOST_BYTES = 64 * 1024 * 1024  # requests and replies together
LARGEST = 1024 * 1024  # of one request and its reply: what is longer takes longer to send than to write
OVERHEAD = 1024


@dataclass(frozen=True, slots=True)
class ReadyReply:
    """`uses` are the metrics in it: they are used again each time that it is sent."""

    body: bytes
    grounds: tuple[Grounds, ...]
    uses: tuple[Use, ...]
    size: int


class ReadyReplies:
    """Of one schema, and so of one revision."""

    def __init__(self) -> None:
        self._replies: LRUCache[tuple[Principal, bytes], ReadyReply] = LRUCache(
            MOST_BYTES, getsizeof=lambda one: one.size
        )

    def find(self, principal: Principal, request: bytes, answers: Answers) -> ReadyReply | None:
        """The reply to these very bytes if it would be the same again."""
        ready = self._replies.get((principal, request))
        if ready is None:
            return None
        if not all(answers.stands(one) for one in ready.grounds):
            del self._replies[(principal, request)]
            return None
        return ready

    def keep(
        self,
        principal: Principal,
        request: bytes,
        body: bytes,
        grounds: Collection[Grounds],
        uses: Collection[Use] = (),
    ) -> None:
        size = len(request) + len(body)
        if size <= LARGEST:
            self._replies[(principal, request)] = ReadyReply(body, tuple(grounds), tuple(uses), size + OVERHEAD)
