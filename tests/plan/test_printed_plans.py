"""The plans of the demo's questions as text: read their differences as carefully as those of the code."""

import pytest
from syrupy.assertion import SnapshotAssertion

from semantic_layer.plan.printing import printed
from tests.plan.demo import QUESTIONS, QUESTIONS_OF_KINDS, plans, plans_of_kinds


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_plan(question: str, snapshot: SnapshotAssertion) -> None:
    found = plans(QUESTIONS[question])
    assert "\n\n".join(printed(plan) for plan in (found.rows, *found.totals)) == snapshot


@pytest.mark.parametrize("question", QUESTIONS_OF_KINDS)
def test_the_plan_of_a_kind(question: str, snapshot: SnapshotAssertion) -> None:
    found = plans_of_kinds(QUESTIONS_OF_KINDS[question])
    assert "\n\n".join(printed(plan) for plan in (found.rows, *found.totals)) == snapshot
