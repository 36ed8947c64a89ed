"""The SQL of the demo's questions in each dialect, as a person reads it in `meta.sql`."""

import re

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from sqlglot import exp
from syrupy.assertion import SnapshotAssertion

from semantic_layer.errors import SemanticLayerError
from semantic_layer.plan.nodes import Plan
from semantic_layer.sql.dialects import DIALECTS
from semantic_layer.sql.statement import Statement
from semantic_layer.sql.write import duplicates_statement, statement
from tests.plan.demo import QUESTIONS, QUESTIONS_OF_KINDS, Question, plans, plans_of_kinds
from tests.plan.random_questions import questions
from tests.plan.reading import every_plan

dialects = pytest.mark.parametrize("dialect", DIALECTS)


def statements(question: Question, dialect: str) -> list[Statement]:
    return [statement(plan, dialect) for plan in every_plan(plans(question))]


@dialects
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_text(question: str, dialect: str, snapshot: SnapshotAssertion) -> None:
    found = statements(QUESTIONS[question], dialect)
    values = [f"${place} = {one.value!r}: {one.type}" for place, one in enumerate(found[0].values, 1)]
    assert "\n\n".join([*(one.text for one in found), *values]) == snapshot


@dialects
@pytest.mark.parametrize("question", QUESTIONS_OF_KINDS)
def test_the_text_of_a_kind(question: str, dialect: str, snapshot: SnapshotAssertion) -> None:
    plan = plans_of_kinds(QUESTIONS_OF_KINDS[question]).rows
    found = statement(plan, dialect)
    as_asked(found, plan)
    assert found.text == snapshot


@dialects
def test_the_proof_of_a_join(dialect: str, snapshot: SnapshotAssertion) -> None:
    plan = plans(QUESTIONS["two_cuts"]).rows
    [check] = plan.checks
    proof = duplicates_statement(check, plan.source, dialect)
    assert (proof.source, proof.values, [column.name for column in proof.columns]) == ("RETAIL", (), ["duplicates"])
    assert proof.text == snapshot


def as_asked(found: Statement, plan: Plan) -> None:
    """What every statement keeps: one SELECT, its columns in order, its placeholders counted from 1."""
    [tree] = sqlglot.parse(found.text, read=found.dialect)
    assert isinstance(tree, exp.Select)
    assert [column.name for column in found.columns] == [one.alias_or_name for one in tree.expressions]
    assert [column.type for column in found.columns] == [one.type for one in plan.columns]
    placeholders = {int(number) for number in re.findall(r"\$(\d+)", found.text)}
    assert placeholders == set(range(1, len(found.values) + 1))
    assert (found.source, found.dialect) == (plan.source, found.dialect)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_whatever_is_asked_is_one_select(question: Question) -> None:
    try:
        found = plans(question)
    except SemanticLayerError:
        return
    for plan in every_plan(found):
        for dialect in DIALECTS:
            as_asked(statement(plan, dialect), plan)


@dialects
def test_the_same_question_gives_the_same_text(dialect: str) -> None:
    for question in QUESTIONS.values():
        assert statements(question, dialect) == statements(question, dialect)
