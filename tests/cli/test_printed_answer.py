import io
from datetime import date
from decimal import Decimal

import orjson
import pyarrow as pa

from semantic_layer.cli.answer_json import ShownAnswer, shown_answer
from semantic_layer.cli.formats import arrow_bytes, csv_text
from semantic_layer.cli.table import footer_lines, table_lines

DATA = {
    "columns": [
        {"name": "month", "label": "交易日期", "type": "DATE", "unit": None},
        {"name": "department", "label": "department", "type": "TEXT", "unit": None},
        {"name": "sales", "label": "Sales", "type": "DECIMAL", "unit": "USD"},
        {"name": "units", "label": "销量", "type": "BIGINT", "unit": "count"},
    ],
    "rows": [
        ["2017-01-01", "GROCERY", "1234567.80", "-9876"],
        ["2017-01-01", '日配 "a", b', "0.05", "1"],
        ["2017-02-01", None, None, None],
        ["2017-02-01", "", "1.00", "2"],
    ],
    "totals": [
        {"by": ["department"], "rows": [["GROCERY", "1234567.80", "-9876"]]},
        {"by": [], "rows": [["1234568.85", "-9873"]]},
    ],
    "meta": {
        "revision": 3,
        "truncated": True,
        "limit": {"value": 10000, "setBy": "server"},
        "warnings": [{"code": "PARTIAL", "message": "The last month is not over."}],
        "versions": [
            {"column": "sales", "metric": "sales", "version": 2, "fingerprint": "f1:0123456789abcdef0123"},
            {"column": "units", "metric": "all_units", "version": 1, "fingerprint": "f1:fedcba9876543210"},
        ],
        "parameters": [],
        "resolved": [{"column": "month", "from": "2017-01-01", "to": None}],
        "freshness": [{"dataset": "transactions", "asOf": "2017-12-31T23:59:00", "changeToken": "x"}],
        "partialPeriods": ["2017-02-01"],
    },
}


def answer() -> ShownAnswer:
    return shown_answer(DATA)


def test_table() -> None:
    assert list(table_lines(answer())) == [
        "month       department          sales        units",
        "交易日期                   Sales, USD  销量, count",
        "──────────  ───────────  ────────────  ───────────",
        "2017-01-01  GROCERY      1,234,567.80       -9,876",
        '2017-01-01  日配 "a", b          0.05            1',
        "2017-02-01  –                       –            –",
        "2017-02-01                       1.00            2",
        "──────────  ───────────  ────────────  ───────────",
        "(all)       GROCERY      1,234,567.80       -9,876",
        "──────────  ───────────  ────────────  ───────────",
        "(all)       (all)        1,234,568.85       -9,873",
    ]


def test_binary_floats_are_rounded_alike_in_a_column_and_shares_are_percent() -> None:
    columns = [
        {"name": "d", "label": "d", "type": "TEXT", "unit": None},
        {"name": "value", "label": "value", "type": "FLOAT", "unit": "USD"},
        {"name": "share", "label": "share", "type": "FLOAT", "unit": "percent"},
    ]
    rows = [["a", 19.124903272703243, 0.2709611411578178], ["b", 1234.5, None]]
    totals = [{"by": [], "rows": [[12345678.9, 1.0]]}]
    lines = list(table_lines(shown_answer({**DATA, "columns": columns, "rows": rows, "totals": totals})))
    assert lines == [
        "d              value    share",
        "                 USD",
        "─────  ─────────────  ───────",
        "a              19.12   27.10%",
        "b           1,234.50        –",
        "─────  ─────────────  ───────",
        "(all)  12,345,678.90  100.00%",
    ]


def test_footer() -> None:
    assert list(footer_lines(answer())) == [
        "4 rows, revision 3",
        "rule       sales, version 2, f1:0123456789ab…",
        "rule       units = all_units, version 1, f1:fedcba987654…",
        "time       month from 2017-01-01 until the end",
        "data       transactions as of 2017-12-31T23:59:00",
        "partial    2017-02-01: not covered to the full by the question or the data",
        "warning    PARTIAL: The last month is not over.",
        "truncated  there are more rows than this server's limit of 10,000",
    ]


def test_csv_tells_null_from_empty() -> None:
    assert csv_text(answer()).split("\r\n") == [
        "month,department,sales,units",
        "2017-01-01,GROCERY,1234567.80,-9876",
        '2017-01-01,"日配 ""a"", b",0.05,1',
        "2017-02-01,,,",
        '2017-02-01,"",1.00,2',
        "",
    ]


def test_arrow_has_exact_types_and_says_where_it_comes_from() -> None:
    table = pa.ipc.open_stream(io.BytesIO(arrow_bytes(answer()))).read_all()
    assert table.schema.types == [pa.date32(), pa.string(), pa.decimal128(38, 2), pa.int64()]
    assert table.to_pylist()[0] == {
        "month": date(2017, 1, 1), "department": "GROCERY", "sales": Decimal("1234567.80"), "units": -9876,
    }  # fmt: skip
    assert orjson.loads(table.schema.metadata[b"semantic_layer"])["revision"] == 3


def test_arrow_without_rows_keeps_its_columns() -> None:
    empty = shown_answer({**DATA, "rows": []})
    table = pa.ipc.open_stream(io.BytesIO(arrow_bytes(empty))).read_all()
    assert (table.num_rows, table.column_names) == (0, ["month", "department", "sales", "units"])
