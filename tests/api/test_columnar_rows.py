"""Rows as objects, cell by cell: what the short-cut has to equal."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
from graphql import graphql_sync

from semantic_layer.api.columnar_rows import ColumnarRows
from semantic_layer.serving.answer import AnswerColumn, OutputType
from tests.api.columnar_schema import answering

TABLE = pa.table(
    {
        "m": pa.array([date(2017, 1, 1), None], pa.date32()),
        "b": pa.array(["Kiwi", "é\n"]),
        "s": pa.array([Decimal("1.50"), None], pa.decimal128(38, 2)),
        "t": pa.array([Decimal("-0.05"), Decimal(7)], pa.decimal128(38, 2)),
    }
)
ROWS = ColumnarRows(
    (
        AnswerColumn("m", "M", OutputType.DATE),
        AnswerColumn("b", "B", OutputType.TEXT),
        AnswerColumn("s", "S", OutputType.DECIMAL, scale=2),
        AnswerColumn("t", "T", OutputType.DECIMAL, scale=2),
    ),
    TABLE,
    {("month",): 0, ("product", "brand"): 1, ("sales",): 2, ("before",): 3},
)


def test_aliases_lead_to_their_own_columns() -> None:
    document = "{ metrics { rows { month: day(grain: MONTH) product { brand } sales before: sales(version: 1) } } }"
    result = graphql_sync(answering(ROWS), document)
    assert result.errors is None
    assert result.data == {
        "metrics": {
            "rows": [
                {"month": "2017-01-01", "product": {"brand": "Kiwi"}, "sales": "1.50", "before": "-0.05"},
                {"month": None, "product": {"brand": "é\n"}, "sales": None, "before": "7.00"},
            ]
        }
    }
