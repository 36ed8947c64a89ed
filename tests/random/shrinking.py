"""Simpler forms of a question, so that a failing one can be shown without what does not matter."""

from collections.abc import Awaitable, Callable, Iterator
from copy import deepcopy
from typing import Any

Ask = dict[str, Any]
_PLAIN = ("totals", "having", "orderBy", "limit", "offset", "includeEmpty", "fillTime", "where")


async def shrunk(ask: Ask, fails: Callable[[Ask], Awaitable[bool]]) -> Ask:
    """The smallest question found that still fails."""
    for simpler in _simpler(ask):
        if await fails(simpler):
            return await shrunk(simpler, fails)
    return ask


def _simpler(ask: Ask) -> Iterator[Ask]:
    for key in _PLAIN:
        if key in ask:
            yield {name: value for name, value in ask.items() if name != key}
    for key, least in (("metrics", 1), ("by", 0), ("totals", 1)):
        for place in range(len(ask.get(key, []))):
            if len(ask[key]) > least:
                yield {**ask, key: ask[key][:place] + ask[key][place + 1 :]}
    for place, metric in enumerate(ask["metrics"]):
        if "shift" in metric:
            simpler = deepcopy(ask)
            del simpler["metrics"][place]["shift"]
            yield simpler
    for key in ("where", "having"):
        if key in ask:
            yield from ({**ask, key: node} for node in _simpler_filter(ask[key]))


def _simpler_filter(node: Ask) -> Iterator[Ask]:
    for joined in ("and", "or"):
        for place, part in enumerate(node.get(joined, [])):
            yield part
            before, after = node[joined][:place], node[joined][place + 1 :]
            if before or after:
                yield {joined: before + after}
            yield from ({joined: [*before, one, *after]} for one in _simpler_filter(part))
    if "not" in node:
        yield node["not"]
        yield from ({"not": one} for one in _simpler_filter(node["not"]))
    if node.get("op") in ("IN", "NOT_IN"):
        for place in range(len(node["values"])):
            yield {**node, "values": node["values"][:place] + node["values"][place + 1 :]}
