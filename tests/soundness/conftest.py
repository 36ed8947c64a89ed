"""What a soundness test asks for: one trap, its right SQL and the naive one."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.oracle.answers import Row, answer_order, assert_rows, expected_columns, page
from tests.oracle.databases import Oracle

Sql = str | dict[str, str]
Trap = Callable[..., Awaitable[None]]


Asked = Callable[[str, dict[str, Any]], Any]


@pytest.fixture
def trap(engine: str, oracle: Oracle, ask: Asked) -> Trap:
    """A trap for questions to the demo's definitions."""
    return _trap(engine, oracle, ask)


@pytest.fixture
def kinds_trap(engine: str, oracle: Oracle, ask_kinds: Asked) -> Trap:
    """A trap for questions to the definitions of `tests/golden/kinds`."""
    return _trap(engine, oracle, ask_kinds)


def _trap(engine: str, oracle: Oracle, ask: Asked) -> Trap:
    """`await trap(question, right=SQL, naive=SQL)`: the trap is alive in the data,
      and the product does not fall into it.

    The naive rows must differ from the right ones on this engine and this data; then the product's answer must be
    the right rows. Both texts give all rows of the answer, before order and limit.
    """

    async def check(question: dict[str, Any], *, right: Sql, naive: Sql) -> None:
        columns = expected_columns(question)
        truth = answer_order(question, oracle.rows(_text(right, engine)))
        wrong = answer_order(question, oracle.rows(_text(naive, engine)))
        expected, _ = page(question, truth)
        assert expected, "the right SQL finds nothing, so the test proves nothing"
        assert _differ(page(question, wrong)[0], expected), "the trap is not alive: the naive SQL is right here"
        answer = ask(engine, question)
        answer = await answer if inspect.isawaitable(answer) else answer
        assert_rows(answer["rows"], expected, columns)

    return check


def _text(sql: Sql, engine: str) -> str:
    return sql if isinstance(sql, str) else sql[engine]


def _differ(wrong: list[Row], right: list[Row]) -> bool:
    """Whether a reader would see another number: a float's last digits do not count."""
    return [[_seen(cell) for cell in row] for row in wrong] != [[_seen(cell) for cell in row] for row in right]


def _seen(cell: Any) -> Any:
    try:
        return round(float(cell), 7)
    except (TypeError, ValueError):
        return cell
