"""The plans of the demo's questions as text: read their differences as carefully as those of the code."""

import pytest
from syrupy.assertion import SnapshotAssertion

from semantic_layer.plan.printing import printed
from tests.plan.demo import QUESTIONS, plans


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_plan(question: str, snapshot: SnapshotAssertion) -> None:
    found = plans(QUESTIONS[question])
    assert "\n\n".join(printed(plan) for plan in (found.rows, *found.totals)) == snapshot
