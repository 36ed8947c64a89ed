"""Answers to golden cases, asked once for all tests of this folder."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.golden.cases import Case
from tests.oracle.product import AskFunction

AnswerFunction = Callable[[str, Case], Awaitable[dict[str, Any]]]


@pytest.fixture(scope="session")
def answers(ask: AskFunction) -> AnswerFunction:
    """The product's answer to a case by the by-name door; each question is asked once per engine."""
    known: dict[tuple[str, str], dict[str, Any]] = {}

    async def answer_of(engine: str, case: Case) -> dict[str, Any]:
        if (engine, case.id) not in known:
            known[engine, case.id] = await ask(engine, case.ask)
        return known[engine, case.id]

    return answer_of
