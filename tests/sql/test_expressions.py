"""Written expressions against a computation in Python: parentheses stand where they change something."""

import math
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings

from semantic_layer.definitions.expression import Aggregate, Call, Expr, Literal
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.types import BIGINT, DATE, FLOAT, INTEGER, TEXT, TIMESTAMP, Grain, Part, decimal
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.plan.nodes import ByCodePoint, Field, Fits, Kept, Moved, Null, PeriodStart, RankOver
from semantic_layer.plan.typed import typed
from semantic_layer.query.calendar import WEEKDAYS, add, start_of
from semantic_layer.query.measure import Value
from semantic_layer.sql.dialects import DIALECTS
from semantic_layer.sql.expressions import Writer
from tests.query.test_calendar import counts, grains, moments
from tests.sql.expressions import Known, known_expressions

CONNECTION = duckdb.connect()


def written(expr: Expr, dialect: str = "duckdb") -> tuple[str, list[Any]]:
    writer = Writer(dialect, lambda block: pytest.fail("no block here"))
    text = writer.write(expr).sql(dialect)
    return text, [one.value for one in writer.values]


def computed(expr: Expr) -> Any:
    text, values = written(expr)
    return CONNECTION.execute(f"SELECT {text}", values).fetchall()[0][0]


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(known_expressions)
def test_duckdb_computes_what_was_meant(known: Known) -> None:
    found = computed(typed(known.expr))
    if isinstance(known.value, float):
        assert math.isclose(float(found), known.value, rel_tol=1e-12, abs_tol=1e-12)
    else:
        assert found == known.value


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("1 - (2 - 3)", "1 - (2 - 3)"),
        ("(1 - 2) - 3", "1 - 2 - 3"),
        ("2 * (3 + 4)", "2 * (3 + 4)"),
        ("2 * 3 + 4", "2 * 3 + 4"),
        ("-(1 - 2)", "-(1 - 2)"),
        ("1 - -2", "1 - -2"),
        ("not (true and false)", "NOT (TRUE AND FALSE)"),
        ("not true and false", "NOT TRUE AND FALSE"),
        ("true and (false or true)", "TRUE AND (FALSE OR TRUE)"),
        ("(1 < 2) = (3 < 4)", "(1 < 2) = (3 < 4)"),
        ("(1 = 2) is null", "(1 = 2) IS NULL"),
        ("not (1 is null)", "NOT 1 IS NULL"),
        ("(1 in (2, 3)) = true", "(1 IN (2, 3)) = TRUE"),
        ("'a' || 'b' = 'ab'", "'a' || 'b' = 'ab'"),
        ("1 between 0 and 1 + 1", "1 BETWEEN 0 AND 1 + 1"),
        ("case when true then 1 end + 2", "CASE WHEN TRUE THEN 1 END + 2"),
        ("7 % (2 * 3)", "7 % (2 * 3)"),
    ],
)
def test_parentheses_stand_only_where_they_are_needed(formula: str, text: str) -> None:
    assert written(parse_formula(formula))[0] == text


# --- division and quantiles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_division_is_real_and_safe_on_every_engine(dialect: str) -> None:
    division = typed(parse_formula("5 / 2"))
    double = "DOUBLE" if dialect == "duckdb" else "DOUBLE PRECISION"
    assert written(division, dialect)[0] == f"CAST(5 AS {double}) / NULLIF(CAST(2 AS {double}), 0)"
    assert computed(division) == 2.5 and computed(typed(parse_formula("5 / 0"))) is None


AMOUNT = Field("t", "amount", BIGINT)


@pytest.mark.parametrize(
    ("aggregate", "on_duckdb", "on_postgres"),
    [
        (Aggregate("count"), "COUNT(*)", "COUNT(*)"),
        (Aggregate("count_distinct", (AMOUNT,)), "COUNT(DISTINCT t.amount)", "COUNT(DISTINCT t.amount)"),
        (
            Aggregate("count_distinct", (AMOUNT, Field("t", "b", TEXT))),
            "COUNT(DISTINCT (t.amount, t.b)) FILTER(WHERE t.amount IS NOT NULL AND t.b IS NOT NULL)",
            "COUNT(DISTINCT (t.amount, t.b)) FILTER(WHERE t.amount IS NOT NULL AND t.b IS NOT NULL)",
        ),
        (
            Aggregate("count_if", (Call("gt", (AMOUNT, Literal(1))),)),
            "COUNT(*) FILTER(WHERE t.amount > 1)",
            "COUNT(*) FILTER(WHERE t.amount > 1)",
        ),
        (
            Aggregate("median", (Field("t", "f", FLOAT),)),
            "QUANTILE_CONT(t.f, 0.5)",
            "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY t.f)",
        ),
    ],
    ids=["count", "count distinct", "count distinct pairs", "count if", "median"],
)
def test_an_aggregate_in_both_dialects(aggregate: Aggregate, on_duckdb: str, on_postgres: str) -> None:
    assert written(aggregate, "duckdb")[0] == on_duckdb
    assert written(aggregate, "postgres")[0] == on_postgres


def test_a_kept_aggregate_joins_its_conditions() -> None:
    kept = Kept(
        Aggregate("count_if", (Call("or", (Literal(True), Literal(False))),)),
        Call("or", (Call("is_null", (AMOUNT,)), Literal(False))),
        INTEGER,
    )
    assert written(kept)[0] == "COUNT(*) FILTER(WHERE (t.amount IS NULL OR FALSE) AND (TRUE OR FALSE))"


def test_a_rank_leaves_what_is_missing_without_a_place() -> None:
    rank = RankOver(AMOUNT, (Field("t", "region", TEXT),), True)
    window = "RANK() OVER (PARTITION BY t.region ORDER BY t.amount DESC{})"
    case = "CASE WHEN t.amount IS NULL THEN NULL ELSE {} END"
    assert written(rank)[0] == case.format(window.format(""))
    assert written(rank, "postgres")[0] == case.format(window.format(" NULLS LAST"))


def test_an_aggregate_that_an_engine_lacks_is_refused_for_it() -> None:
    approximate = Aggregate("approx_count_distinct", (AMOUNT,))
    assert written(approximate)[0] == "APPROX_COUNT_DISTINCT(t.amount)"
    with pytest.raises(SemanticLayerError) as caught:
        written(approximate, "postgres")
    assert caught.value.code is ErrorCode.NOT_SUPPORTED and "postgres" in str(caught.value)


# --- text ------------------------------------------------------------------------------------------------------------


def test_text_orders_by_code_point_on_every_engine() -> None:
    name = Field("t", "name", TEXT)
    assert written(ByCodePoint(name, TEXT))[0] == "t.name"
    assert written(ByCodePoint(name, TEXT), "postgres")[0] == 't.name COLLATE "C"'


def test_a_text_fits_a_type_that_can_be_made_of_it() -> None:
    for text, type_, fits in (
        ("12", INTEGER, True), ("x", INTEGER, False), ("99999999999", INTEGER, False), ("12.5", decimal(4, 2), True),
        ("123.5", decimal(4, 2), False), ("2026-02-29", DATE, False), ("2028-02-29", DATE, True),
    ):  # fmt: skip
        assert computed(Fits(Literal(text), type_)) is fits
    assert computed(Fits(Null(TEXT), DATE)) is None
    name = Field("t", "name", TEXT)
    assert written(Fits(name, decimal(4, 2)), "postgres")[0] == "PG_INPUT_IS_VALID(t.name, 'DECIMAL(4, 2)')"


def test_patterns_take_percent_signs_literally() -> None:
    part = Value("100%_", TEXT)
    assert computed(Call("contains", (Value("a 100%_ b", TEXT), part))) is True
    assert computed(Call("contains", (Value("a 100xy b", TEXT), part))) is False
    name = Field("t", "name", TEXT)
    assert written(Call("contains", (name, part)), "postgres")[0] == "STRPOS(t.name, CAST($1 AS TEXT)) > 0"
    assert written(Call("ends_with", (name, part)), "postgres")[0] == (
        "RIGHT(t.name, LENGTH(CAST($1 AS TEXT))) = CAST($1 AS TEXT)"
    )


# --- time, against the calendar of the query room --------------------------------------------------------------------


@settings(max_examples=40)
@given(moments, grains)
def test_a_period_starts_where_the_calendar_says(moment: Any, grain: Grain) -> None:
    for first_day in WEEKDAYS if grain is Grain.WEEK else ("monday",):
        period = PeriodStart(Value(moment, TIMESTAMP), grain, first_day, TIMESTAMP if grain.is_clock else DATE)
        expected = start_of(moment, grain, first_day)
        assert computed(period) == (expected if grain.is_clock else expected.date())
        if not grain.is_clock:
            of_day = PeriodStart(Value(moment.date(), DATE), grain, first_day, DATE)
            assert computed(of_day) == expected.date()


@settings(max_examples=40)
@given(moments, counts, grains)
def test_a_moment_moves_as_the_calendar_says(moment: Any, count: int, unit: Grain) -> None:
    assert computed(Moved(Value(moment, TIMESTAMP), count, unit, TIMESTAMP)) == add(moment, count, unit)
    if not unit.is_clock:
        start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        assert computed(Moved(Value(moment.date(), DATE), count, unit, DATE)) == add(start, count, unit).date()


PARTS = {
    Part.HOUR_OF_DAY: lambda at: at.hour,
    Part.DAY_OF_WEEK: lambda at: at.isoweekday(),
    Part.DAY_OF_MONTH: lambda at: at.day,
    Part.DAY_OF_YEAR: lambda at: at.timetuple().tm_yday,
    Part.WEEK_OF_YEAR: lambda at: at.isocalendar().week,
    Part.MONTH_OF_YEAR: lambda at: at.month,
    Part.QUARTER_OF_YEAR: lambda at: (at.month + 2) // 3,
}


@settings(max_examples=40)
@given(moments)
def test_parts_of_a_moment(moment: Any) -> None:
    for part, expected in PARTS.items():
        found = computed(Call("date_part", (Literal(part.value), Value(moment, TIMESTAMP))))
        assert found == expected(moment), part


@settings(max_examples=40)
@given(moments, moments)
def test_days_between(one: Any, other: Any) -> None:
    days = Call("date_diff", (Literal("day"), Value(one, TIMESTAMP), Value(other.date(), DATE)))
    assert computed(days) == (other.date() - one.date()).days


def test_a_moment_with_a_zone_is_shown_in_another() -> None:
    at = Field("t", "moment", TIMESTAMP)
    stored = Call("at_zone", (at, Literal("UTC"), Literal("Asia/Shanghai")))
    assert written(stored)[0] == "t.moment AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Shanghai'"
