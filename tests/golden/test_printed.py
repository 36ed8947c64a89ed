"""The curated cases: a change of a plan or of a statement is read in the diff of `printed/`."""

from pathlib import Path

import pytest

from tests.golden.cases import KINDS, SHOWN, Case, curated
from tests.golden.conftest import AnswerFunction
from tests.golden.printed_case import PRINTED, page_of, path_of, sql_of
from tests.oracle.data import is_whole
from tests.oracle.databases import DuckDbOracle
from tests.oracle.product import AskFunction

CURATED = curated()
each_case = pytest.mark.parametrize(("folder", "case"), CURATED, ids=[case.id for _, case in CURATED])
UPDATE = "after `python -m tests.golden.write`, read the diff"


@each_case
def test_the_page_is_as_written(folder: Path, case: Case, golden_data: Path, duckdb_oracle: DuckDbOracle) -> None:
    if is_whole(golden_data):
        pytest.skip("pages show rows of the subset")
    assert path_of(case).exists(), UPDATE
    assert page_of(folder, case, duckdb_oracle) == path_of(case).read_text("utf-8"), UPDATE


@each_case
async def test_what_is_run_is_what_is_printed(
    folder: Path, case: Case, engine: str, answers: AnswerFunction, ask_kinds: AskFunction
) -> None:
    """Pages are made without a source; the statement that a source was sent is the same, to the letter."""
    answer = await ask_kinds(engine, case.ask) if folder == KINDS else await answers(engine, case)
    assert answer["meta"]["sql"] == sql_of(folder, case, engine)


def test_every_kind_is_shown() -> None:
    shown = {kind for _, case in CURATED for kind in case.shows}
    assert sorted(set(SHOWN) - shown) == []


def test_no_page_is_of_a_case_that_is_gone() -> None:
    assert {path.name for path in PRINTED.glob("*.md")} == {path_of(case).name for _, case in CURATED}
