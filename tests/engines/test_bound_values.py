import datetime
from decimal import Decimal

import pytest

from semantic_layer.definitions.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    ColumnType,
    decimal,
)
from semantic_layer.engines.bound_values import driver_values
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.sql.statement import BoundScalar, BoundValue

DAY = datetime.date(2017, 3, 1)
MIDNIGHT = datetime.datetime(2017, 3, 1)


@pytest.mark.parametrize(
    ("value", "kind", "sent"),
    [
        ("x", TEXT, "x"),
        (True, BOOLEAN, True),
        (5, INTEGER, 5),
        (2**62, BIGINT, 2**62),
        (5, decimal(12, 2), Decimal(5)),
        (Decimal("1.50"), decimal(12, 2), Decimal("1.50")),
        (1, FLOAT, 1.0),
        (Decimal("0.5"), FLOAT, 0.5),
        (DAY, DATE, DAY),
        (DAY, TIMESTAMP, MIDNIGHT),
        (MIDNIGHT, TIMESTAMP, MIDNIGHT),
        (MIDNIGHT, TIMESTAMPTZ, MIDNIGHT.replace(tzinfo=datetime.UTC)),
        (None, DATE, None),
    ],
)
def test_a_value_is_sent_as_its_type(value: BoundScalar, kind: ColumnType, sent: BoundScalar) -> None:
    (found,) = driver_values([BoundValue(value, kind)])
    assert found == sent
    assert type(found) is type(sent)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, INTEGER),
        (1, BOOLEAN),
        ("1", INTEGER),
        (1, TEXT),
        (True, decimal(12, 2)),
        (1.5, decimal(12, 2)),
        (MIDNIGHT, DATE),
        ("2017-03-01", DATE),
        (MIDNIGHT.replace(tzinfo=datetime.UTC), TIMESTAMP),
    ],
)
def test_a_value_of_another_type_is_a_fault_of_ours(value: BoundScalar, kind: ColumnType) -> None:
    with pytest.raises(SemanticLayerError) as error:
        driver_values([BoundValue(value, kind)])
    assert error.value.code is ErrorCode.INTERNAL


@pytest.mark.parametrize("value", [Decimal(10**38), Decimal("1E+38"), Decimal("1E-39"), Decimal("NaN")])
def test_a_decimal_that_no_engine_holds_is_out_of_range(value: Decimal) -> None:
    """DuckDB would bind it as a float: wrong by a little, without a word."""
    with pytest.raises(SemanticLayerError) as error:
        driver_values([BoundValue(value, decimal(38, 0))])
    assert error.value.code is ErrorCode.NUMBER_OUT_OF_RANGE


def test_the_longest_decimal_is_kept() -> None:
    assert driver_values([BoundValue(Decimal(10**38 - 1), decimal(38, 0))]) == [Decimal(10**38 - 1)]
