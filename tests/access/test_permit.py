"""Only `permit` makes a PermittedQuery, and the row rules in it are on every reading of a dataset."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from semantic_layer.access.permit import EVERYTHING, PermittedQuery, Policy, permit
from semantic_layer.access.principal import ANONYMOUS, Principal
from semantic_layer.definitions.expression import Call, Expr
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.errors import SemanticLayerError
from semantic_layer.plan.nodes import Block, DatasetRows, Field, Plan, Relation, RowNumber, StepRows
from tests.house.tree import ROOT
from tests.plan.demo import QUESTIONS, Question, bound, plans
from tests.plan.random_questions import questions
from tests.plan.reading import every_block, every_plan, nodes

ONE_STORE = Policy({"transactions": parse_formula("store_id = 367"), "redemptions": parse_formula("household_id < 9")})
COLUMNS = {"transactions": "store_id", "redemptions": "household_id"}


def test_a_permitted_query_holds_who_asks_and_what_they_may_see() -> None:
    query, anna = bound(QUESTIONS["one_number"]), Principal("anna")
    permitted = permit(query, anna, ONE_STORE)
    assert (permitted.query, permitted.principal, permitted.row_rules) == (query, anna, ONE_STORE.row_rules)
    assert permit(query, ANONYMOUS).row_rules == EVERYTHING.row_rules == {}


@pytest.mark.parametrize("made_by", [None, object(), "permit"])
def test_nobody_else_makes_one(made_by: object) -> None:
    with pytest.raises(TypeError, match=r"only access\.permit makes"):
        PermittedQuery(bound(QUESTIONS["one_number"]), ANONYMOUS, {}, made_by)


def test_row_rules_cannot_be_changed_afterwards() -> None:
    permitted = permit(bound(QUESTIONS["one_number"]), ANONYMOUS, ONE_STORE)
    with pytest.raises(AttributeError):
        permitted.row_rules = {}  # type: ignore[misc]


def test_no_room_but_serving_permits() -> None:
    """One place in the pipeline decides; `dataclasses.replace` would copy the proof, so nobody uses it on one."""
    texts = {path: path.read_text("utf-8") for path in (ROOT / "semantic_layer").rglob("*.py")}
    callers = {
        path.parent.name for path, text in texts.items() if re.search(r"\b(permit|PermittedQuery)\((?!\)?:)", text)
    }
    assert callers == {"access", "serving"}
    assert [path for path, text in texts.items() if re.search(r"\breplace\(\s*(self\.)?_?permitted\b", text)] == []


# --- row rules in plans ----------------------------------------------------------------------------------------------


def unruled(plan: Plan) -> Iterator[str]:
    """Datasets with a row rule that are read without it. Rows that are only numbered are ruled by who reads them."""
    numbered = {step.name: step.block.relation for step in plan.steps if _only_numbers(step.block)}
    for block in every_block(plan):
        if not _only_numbers(block):
            yield from _unruled(block.relation, block.where, numbered)
        for joined in block.joins:
            yield from _unruled(joined.relation, joined.on, numbered)


def _only_numbers(block: Block) -> bool:
    return any(isinstance(column.expr, RowNumber) for column in block.columns)


def _unruled(
    read: Relation | None, conditions: tuple[Expr, ...], numbered: dict[str, Relation | None]
) -> Iterator[str]:
    source = numbered.get(read.step) if isinstance(read, StepRows) else read
    if read is None or not isinstance(source, DatasetRows) or source.dataset not in COLUMNS:
        return
    ruling = (read.alias, COLUMNS[source.dataset])
    for condition in conditions:
        if isinstance(condition, Call) and condition.function in ("eq", "lt"):
            fields = [node for node in nodes(condition) if isinstance(node, Field)]
            if [(field.relation, field.name) for field in fields] == [ruling]:
                return
    yield source.dataset


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_reading_of_a_dataset_applies_its_row_rule(question: str) -> None:
    for plan in every_plan(plans(QUESTIONS[question], policy=ONE_STORE)):
        assert list(unruled(plan)) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_whatever_is_asked(question: Question) -> None:
    try:
        found = plans(question, policy=ONE_STORE)
    except SemanticLayerError:
        return
    for plan in every_plan(found):
        assert list(unruled(plan)) == []


def test_the_check_can_fail() -> None:
    plan = plans(QUESTIONS["two_facts"]).rows
    assert sorted(unruled(plan)) == ["redemptions", "transactions"]
    ruled = plans(QUESTIONS["two_facts"], policy=ONE_STORE).rows
    bare = replace(ruled, steps=tuple(replace(step, block=replace(step.block, where=())) for step in ruled.steps))
    assert len(list(unruled(bare))) == 2


def test_a_rule_on_a_joined_dataset_hides_its_rows_and_not_the_facts() -> None:
    """A hidden product becomes the null group: the sums of lines stay whole."""
    plan = plans(
        QUESTIONS["ratio_of_a_filtered_part"], policy=Policy({"product": parse_formula("department <> 'FUEL'")})
    ).rows
    for step in plan.steps[:2]:
        [joined] = step.block.joins
        assert joined.how == "left" and len(joined.on) == 2
