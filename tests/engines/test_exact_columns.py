import datetime
import json
from collections.abc import Mapping
from decimal import Decimal

import pyarrow as pa
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
from semantic_layer.engines.exact_columns import arrow_type, exact
from semantic_layer.errors import ErrorCode, SemanticLayerError
from semantic_layer.serving.ports import NULLED
from semantic_layer.sql.statement import StatementColumn

LAST_MOMENT = datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)


def made_exact(arrays: Mapping[str, pa.Array], *kinds: ColumnType) -> pa.Table:
    columns = [StatementColumn(name, kind) for name, kind in zip(arrays, kinds, strict=True)]
    return exact(pa.table(list(arrays.values()), names=list(arrays)), columns, "shop")


@pytest.mark.parametrize(
    ("came", "declared", "kept"),
    [
        (pa.array([5, None], pa.int64()), INTEGER, [5, None]),
        (pa.array([2**63 - 1], pa.uint64()), BIGINT, [2**63 - 1]),
        (pa.array([Decimal(2**63 - 1)], pa.decimal128(38, 0)), BIGINT, [2**63 - 1]),
        (pa.array([Decimal("1.50")], pa.decimal128(12, 2)), decimal(38, 4), [Decimal("1.5000")]),
        (pa.array([7], pa.int64()), decimal(38, 2), [Decimal("7.00")]),
        (pa.array([2**53 + 1], pa.int64()), FLOAT, [float(2**53 + 1)]),
        (pa.array([Decimal("0.25")], pa.decimal128(12, 2)), FLOAT, [0.25]),
        (pa.array(["x", None]).dictionary_encode(), TEXT, ["x", None]),
        (pa.array(["x"], pa.large_string()), TEXT, ["x"]),
        (pa.array([True, None]), BOOLEAN, [True, None]),
        (pa.nulls(2), DATE, [None, None]),
        (pa.array([1_001], pa.timestamp("ns")), TIMESTAMP, [datetime.datetime(1970, 1, 1, 0, 0, 0, 1)]),
        (pa.array([1], pa.timestamp("s")), TIMESTAMP, [datetime.datetime(1970, 1, 1, 0, 0, 1)]),
        (pa.array([1], pa.date32()), TIMESTAMP, [datetime.datetime(1970, 1, 2)]),
    ],
)
def test_values_that_fit_come_as_declared(came: pa.Array, declared: ColumnType, kept: list[object]) -> None:
    table = made_exact({"a": came}, declared)
    assert table.schema.field("a").type == arrow_type(declared)
    assert table.column("a").to_pylist() == kept
    assert table.schema.metadata is None


def test_names_and_order_are_those_of_the_statement() -> None:
    columns = [StatementColumn("b", INTEGER), StatementColumn("a", TEXT)]
    table = exact(pa.table([pa.array([1]), pa.array(["x"])], names=["sum(x)", "sum(x)"]), columns, "shop")
    assert table.column_names == ["b", "a"]


@pytest.mark.parametrize(
    ("came", "declared"),
    [
        (pa.array([2**31], pa.int64()), INTEGER),
        (pa.array([2**63], pa.uint64()), BIGINT),
        (pa.array([Decimal(2**63)], pa.decimal128(38, 0)), BIGINT),
        (pa.array([Decimal(10**37)], pa.decimal128(38, 0)), decimal(38, 2)),
        (pa.array([Decimal("1.5")], pa.decimal128(38, 1)), BIGINT),
    ],
)
def test_a_number_that_does_not_fit_is_an_error(came: pa.Array, declared: ColumnType) -> None:
    with pytest.raises(SemanticLayerError) as error:
        made_exact({"total": came}, declared)
    assert error.value.code is ErrorCode.NUMBER_OUT_OF_RANGE
    assert "total" in str(error.value)


@pytest.mark.parametrize(
    ("came", "declared"),
    [
        (pa.array([1.0]), BIGINT),
        (pa.array([1.0]), decimal(38, 2)),
        (pa.array(["1"]), INTEGER),
        (pa.array([1]), TEXT),
        (pa.array([0], pa.timestamp("us", "UTC")), TIMESTAMP),
        (pa.array([0], pa.timestamp("us")), TIMESTAMPTZ),
        (pa.array([0], pa.timestamp("us")), DATE),
        (pa.array([1]), BOOLEAN),
    ],
)
def test_another_kind_than_declared_is_refused(came: pa.Array, declared: ColumnType) -> None:
    with pytest.raises(SemanticLayerError) as error:
        made_exact({"a": came}, declared)
    assert error.value.code is ErrorCode.SOURCE_REFUSED


def test_a_missing_column_is_refused() -> None:
    with pytest.raises(SemanticLayerError) as error:
        exact(pa.table({"a": [1]}), [], "shop")
    assert error.value.code is ErrorCode.SOURCE_REFUSED


def test_impossible_values_become_null_and_are_told() -> None:
    table = made_exact(
        {
            "ratio": pa.array([1.5, float("nan"), float("inf"), None]),
            "fine": pa.array([1.0, 2.0, 3.0, None]),
            "day": pa.array([0, 2**31 - 1, -(2**31), None], pa.int32()).cast(pa.date32()),
            "moment": pa.array([0, 2**63 - 1, -(2**63) + 1, None], pa.int64()).cast(pa.timestamp("us")),
        },
        FLOAT, FLOAT, DATE, TIMESTAMP,
    )  # fmt: skip
    assert table.column("ratio").to_pylist() == [1.5, None, None, None]
    assert table.column("fine").to_pylist() == [1.0, 2.0, 3.0, None]
    assert table.column("day").to_pylist() == [datetime.date(1970, 1, 1), None, None, None]
    assert table.column("moment").to_pylist() == [datetime.datetime(1970, 1, 1), None, None, None]
    assert json.loads(table.schema.metadata[NULLED]) == ["ratio", "day", "moment"]


def test_the_first_and_last_days_are_possible() -> None:
    days = [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]
    moments = [datetime.datetime(1, 1, 1), LAST_MOMENT]
    table = made_exact({"day": pa.array(days), "moment": pa.array(moments, pa.timestamp("us"))}, DATE, TIMESTAMP)
    assert table.column("day").to_pylist() == days
    assert table.column("moment").to_pylist() == moments


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_infinity_of_every_resolution_is_impossible(unit: str) -> None:
    infinities = pa.array([2**63 - 1, 1 - 2**63], pa.int64()).cast(pa.timestamp(unit))
    assert made_exact({"a": infinities}, TIMESTAMP).column("a").to_pylist() == [None, None]
