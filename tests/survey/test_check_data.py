"""Definitions against data on both engines: every count here was made by looking at the rows below."""

from collections.abc import Callable
from pathlib import Path

import pytest

from semantic_layer.app.draft import draft_catalogs
from semantic_layer.app.survey import open_sources
from semantic_layer.definitions.reader import read_texts
from semantic_layer.settings import fixed_settings
from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.survey.check_data import DataChecks
from semantic_layer.survey.finding import DataReport, Finding, JoinReport
from tests.survey.shops import as_database, as_files, as_tables

DEFINITIONS = """\
catalog:
  languages: [en]
sources:
  lake: {connection: LAKE}
datasets:
  orders:
    source: lake
    table: orders
    key: order_id
    columns:
      order_id: bigint
      amount: decimal(6,2)
      size: integer
      paid_on: date
    dimensions:
      status: {values: [open, paid]}
      size: {type: integer}
    joins:
      product: {kind: many_to_one, match: product_id}
      customer: {kind: many_to_one, match: customer_id}
      promotion: {kind: many_to_many, match: product_id}
  product:
    source: lake
    table: products
    key: product_id
    dimensions:
      brand: {}
  customer:
    source: lake
    table: customers
    key: none
    dimensions:
      country: {}
  promotion:
    source: lake
    table: promotions
    key: none
metrics:
  sales: {is: sum(amount), from: orders, unit: EUR}
"""
# order_id 7 twice and one null; amount: 10000.50 is too large, 1.005 rounds, 0.30000000000000004 is only noise;
# size: 'x' is no number; paid_on: 'soon' is no day; 'lost' is no status of the list.
ORDERS = """
SELECT * FROM (VALUES
  (1, 10, 1, CAST(10.5 AS double precision), '3', '2026-01-05', 'open'),
  (2, 10, 2, 1.005, '4', '2026-01-06', 'paid'),
  (3, 11, 3, 0.30000000000000004, '5', 'soon', 'paid'),
  (7, 99, NULL, 10000.50, 'x', NULL, 'lost'),
  (7, 99, 1, 2.25, NULL, '2026-01-08', NULL),
  (NULL, 98, 1, 3.25, '6', '2026-01-09', 'open')
) AS t(order_id, product_id, customer_id, amount, size, paid_on, status)"""
TABLES = {
    "orders": ORDERS,
    "products": "SELECT * FROM (VALUES (10, 'Own'), (11, 'Other'), (12, 'Unsold')) AS t(product_id, brand)",
    "customers": "SELECT * FROM (VALUES (1, 'DE'), (1, 'FR'), (2, 'CN'), (3, 'CN')) AS t(customer_id, country)",
    "promotions": "SELECT * FROM (VALUES (10, 'leaflet'), (10, 'shelf'), (12, 'leaflet')) AS t(product_id, kind)",
}
Source = Callable[[dict[str, str]], str]


@pytest.fixture
def source(engine: str, tmp_path: Path, postgres_server: EmbeddedPostgres) -> Source:
    """The URL of a source of this engine with these tables."""

    def made(tables: dict[str, str]) -> str:
        if engine == "duckdb":
            return as_files(tmp_path / "data", tables)
        return as_database(postgres_server, as_tables(tables))

    return made


async def checked(url: str, definitions: str = DEFINITIONS, seconds: float = 60.0) -> DataReport:
    reading = read_texts({"shop.yaml": definitions})
    told: list[tuple[str, int, int]] = []
    async with open_sources(fixed_settings(connections={"LAKE": url})) as sources:
        checks = DataChecks(reading, draft_catalogs(reading.catalog).current, sources, seconds)
        report = await checks.run(lambda what, done, total: told.append((what, done, total)))
    assert [done for _, done, _ in told] == list(range(1, len(told) + 1))
    assert not told or told[-1][1] == told[-1][2]
    return report


def found(report: DataReport, code: str, subject: str) -> Finding:
    [finding] = [one for one in report.findings if (one.code, one.subject) == (code, subject)]
    return finding


def join(report: DataReport, name: str) -> JoinReport:
    return next(one for one in report.joins if one.name == name)


async def test_keys_are_counted(source: Source) -> None:
    report = await checked(source(TABLES))
    orders, product, customer, _ = report.datasets
    assert orders.rows == 6 and orders.key is not None
    assert (orders.key.values, orders.key.repeated, orders.key.repeated_rows, orders.key.rows_without) == (4, 1, 2, 1)
    assert product.key is not None and (product.key.values, product.key.repeated) == (3, 0)
    assert (customer.rows, customer.key) == (4, None)
    repeated = found(report, "KEY_NOT_UNIQUE", "orders")
    assert (repeated.level, str(repeated.place)) == ("error", "shop.yaml:9:5")
    assert repeated.said == "key order_id of orders is not unique: 1 value stands in 2 rows: 7 (2 rows)"
    missing = found(report, "KEY_MISSING", "orders")
    assert (missing.level, missing.message) == (
        "warning",
        "1 row of 6 (16.67 %) of orders have no value in key order_id",
    )


async def test_a_join_to_one_row_that_finds_several_is_an_error(source: Source) -> None:
    report = await checked(source(TABLES))
    customer = join(report, "orders.customer")
    assert (customer.rows, customer.rows_without, customer.orphan_rows) == (6, 1, 0)
    assert (customer.partners, customer.repeated, customer.repeated_rows, customer.extra_rows) == (3, 1, 2, 3)
    finding = found(report, "JOIN_NOT_UNIQUE", "orders.customer")
    assert (finding.level, str(finding.place)) == ("error", "shop.yaml:20:7")
    assert finding.said.endswith("values of customer_id stand in several rows of customer (2 rows); questions over it "
                                 "are refused: 1 (2 rows)")  # fmt: skip


async def test_rows_without_a_partner_are_a_warning_and_over_a_join_to_many_a_note(source: Source) -> None:
    report = await checked(source(TABLES))
    product = join(report, "orders.product")
    assert (product.orphans, product.orphan_rows, product.repeated) == (2, 3, 0)
    orphans = found(report, "ORPHANS", "orders.product")
    assert orphans.level == "warning"
    assert orphans.said == (
        "3 rows of 6 (50.00 %) of orders have no product: 2 values of product_id, such as: 99 (2 rows); 98 (1 row)"
    )
    assert found(report, "ORPHANS", "orders.promotion").level == "note"
    several = found(report, "SEVERAL_PARTNERS", "orders.promotion")
    assert several.level == "note"
    assert "1 of 2 values of product_id stand in several rows of promotion (2 rows)" in several.message
    assert join(report, "orders.promotion").extra_rows == 2 and "would add 2 rows" in several.message


async def test_values_that_their_declared_type_cannot_hold(source: Source) -> None:
    report = await checked(source(TABLES))
    misfits = [one for one in report.findings if one.code == "DOES_NOT_FIT"]
    assert {(one.said.partition(":")[0], one.level) for one in misfits} == {
        ("column amount, declared decimal(6,2)", "error"),
        ("column size, declared integer", "error"),
        ("column paid_on, declared date", "error"),
    }
    assert {str(example) for one in misfits for example in one.examples} == {
        "10000.5 (1 row)", "'x' (1 row)", "'soon' (1 row)",
    }  # fmt: skip
    rounded = found(report, "ROUNDED", "orders")
    assert (rounded.level, rounded.examples[0].values) == ("warning", ("1.005",))
    assert "1 row of orders lose digits" in rounded.message


async def test_rows_as_they_were_declared_have_no_such_findings(source: Source) -> None:
    tables = TABLES | {"orders": f"SELECT * FROM ({ORDERS}) AS o WHERE product_id IN (10, 98)"}
    report = await checked(source(tables))
    assert {one.code for one in report.findings} == {
        "KEY_MISSING", "JOIN_NOT_UNIQUE", "ORPHANS", "ROUNDED", "SEVERAL_PARTNERS",
    }  # fmt: skip


async def test_a_list_is_looked_at_where_every_column_can_be_read(source: Source) -> None:
    rows = f"SELECT * FROM ({ORDERS}) AS o WHERE size IS NULL OR product_id = 10"
    lost = f"SELECT order_id, product_id, customer_id, amount, size, paid_on, 'lost' AS status FROM ({rows}) AS o"
    report = await checked(source(TABLES | {"orders": lost}))
    finding = found(report, "NOT_IN_LIST", "orders")
    assert (finding.level, str(finding.place)) == ("warning", "shop.yaml:16:7")
    assert finding.said.endswith(
        "3 rows of orders have a value that is not in its closed list, such as: 'lost' (3 rows)"
    )


async def test_what_cannot_be_read_is_listed_and_stops_nothing(source: Source) -> None:
    tables = {name: query for name, query in TABLES.items() if name != "customers"}
    tables["products"] = "SELECT * FROM (VALUES ('10', 'Own')) AS t(product_id, brand)"
    definitions = DEFINITIONS.replace("brand: {}", "brant: {}")
    report = await checked(source(tables), definitions)
    assert found(report, "SOURCE_REFUSED", "customer").level == "error"
    assert "it has no table customers" in found(report, "SOURCE_REFUSED", "customer").message
    assert next(one for one in report.datasets if one.dataset == "customer").rows is None
    assert join(report, "orders.customer").rows is None
    types = found(report, "JOIN_TYPES", "orders.product")
    assert types.level == "error" and "product.product_id, which is text" in types.message
    [unknown] = [one for one in report.findings if one.code == "UNKNOWN_COLUMN"]
    assert '"brant" is no column of dataset product; near: brand' in unknown.message
    assert str(unknown.place) == "shop.yaml:27:7"
    assert join(report, "orders.promotion").rows == 6


async def test_money_in_binary_floats_is_told(source: Source) -> None:
    definitions = DEFINITIONS.replace("      amount: decimal(6,2)\n", "")
    report = await checked(source(TABLES), definitions)
    [money] = [one for one in report.findings if one.code == "FLOAT_MONEY"]
    assert money.level == "warning" and "amount: decimal(18,2)" in money.message
    assert not [one for one in (await checked(source(TABLES))).findings if one.code == "FLOAT_MONEY"]


async def test_values_that_are_none_count_as_missing(source: Source) -> None:
    orders = ORDERS.replace("CAST(10.5 AS double precision)", "CAST('NaN' AS double precision)")
    report = await checked(source(TABLES | {"orders": orders}))
    finding = found(report, "IMPOSSIBLE_VALUES", "orders")
    assert (finding.level, [one.rows for one in finding.examples]) == ("warning", [1])
    assert not any("nan" in str(one).lower() for other in report.findings if other.code == "DOES_NOT_FIT"
                   for one in other.examples)  # fmt: skip


async def test_a_dataset_that_is_a_select(source: Source) -> None:
    selected = DEFINITIONS.replace("    table: orders\n", "    sql: select * from orders where product_id = 99\n")
    report = await checked(source(TABLES), selected)
    assert (report.datasets[0].rows, join(report, "orders.product").orphan_rows) == (2, 2)
    assert found(report, "KEY_NOT_UNIQUE", "orders").examples[0].values == ("7",)


async def test_empty_tables_have_nothing_wrong(source: Source) -> None:
    empty = {name: f"SELECT * FROM ({query}) AS all_rows WHERE 1 = 0" for name, query in TABLES.items()}
    report = await checked(source(empty))
    assert report.findings == ()
    assert [one.rows for one in report.datasets] == [0, 0, 0, 0]
    assert [one.rows for one in report.joins] == [0, 0, 0]


async def test_the_key_that_a_database_keeps_is_not_counted(postgres_server: EmbeddedPostgres) -> None:
    tables = as_tables(TABLES) + "ALTER TABLE products ADD PRIMARY KEY (product_id);"
    report = await checked(as_database(postgres_server, tables))
    product = next(one for one in report.datasets if one.dataset == "product")
    assert product.rows == 3 and product.key is not None and product.key.enforced


async def test_a_source_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    report = await checked(f"duckdb://{tmp_path / 'nowhere'}")
    assert [(one.code, one.subject) for one in report.findings] == [("SOURCE_UNAVAILABLE", "lake")]
    assert (report.errors, report.warnings) == (1, 0)


async def test_each_statement_has_its_deadline(tmp_path: Path) -> None:
    many = "SELECT range AS order_id, range % 3 AS product_id, 1 AS customer_id, 1.0 AS amount, '1' AS size, " \
           "'2026-01-01' AS paid_on, 'open' AS status FROM range(2000000)"  # fmt: skip
    report = await checked(as_files(tmp_path / "data", TABLES | {"orders": many}), seconds=0.001)
    late = {one.subject for one in report.findings if one.code == "DEADLINE_EXCEEDED"}
    assert {"orders", "orders.product"} <= late
    assert all(one.level == "error" for one in report.findings if one.code == "DEADLINE_EXCEEDED")


HISTORY = """\
catalog:
  languages: [en]
sources:
  lake: {connection: LAKE}
datasets:
  orders:
    source: lake
    table: orders
    key: order_id
    columns: {ordered_on: date}
    dimensions:
      ordered_on: {type: time}
    joins:
      tier: {kind: many_to_one, match: customer_id, valid_at: ordered_on}
  tier:
    source: lake
    table: tiers
    key: [customer_id, since]
    valid: {from: since, until: till}
    columns: {since: date, till: date}
"""
_ORDERS = "SELECT 1 AS order_id, 1 AS customer_id, DATE '2026-01-05' AS ordered_on"
_TIERS = """
SELECT * FROM (VALUES (1, {first}, DATE '2026-01-05'), (1, DATE '2026-01-05', NULL), (2, DATE '2026-01-01', NULL))
AS t(customer_id, since, till)"""


@pytest.mark.parametrize("first", ["NULL", "DATE '2026-01-06'"])
async def test_rows_that_hold_one_after_the_other_are_no_finding(source: Source, first: str) -> None:
    """Open ends, and a row whose end is before its start, which never holds."""
    report = await checked(source({"orders": _ORDERS, "tiers": _TIERS.format(first=first)}), HISTORY)
    assert [one for one in report.findings if one.code == "JOIN_NOT_UNIQUE"] == []


async def test_rows_that_hold_at_one_time_are_an_error(source: Source) -> None:
    tiers = _TIERS.format(first="NULL").replace("DATE '2026-01-05', NULL", "DATE '2026-01-04', NULL")
    report = await checked(source({"orders": _ORDERS, "tiers": tiers}), HISTORY)
    finding = found(report, "JOIN_NOT_UNIQUE", "orders.tier")
    assert finding.level == "error"
    assert finding.message == (
        "join orders.tier takes the row of tier that holds at ordered_on, but rows with equal customer_id hold at one "
        "time; questions over it are refused"
    )


CALENDARS = """\
catalog: {languages: [en]}
sources:
  lake: {connection: LAKE}
calendars:
  odd: {from: days, day: day, grains: {block: {column: four, within: pair}, pair: pair}}
  even: {from: times, day: starts, step: hour, grains: {turn: turn}}
datasets:
  days: {source: lake, table: days, key: day}
  times: {source: lake, table: times, key: starts}
"""
# 1 January comes back on the 5th, in another pair; the third has no period, which parts nothing.
DAYS = """
SELECT CAST(day AS date) AS day, CAST(four AS date) AS four, CAST(pair AS date) AS pair FROM (VALUES
  ('2020-01-01', '2020-01-01', '2020-01-01'), ('2020-01-02', '2020-01-01', '2020-01-01'), ('2020-01-03', NULL, NULL),
  ('2020-01-04', '2020-01-04', '2020-01-01'), ('2020-01-05', '2020-01-01', '2020-01-04'),
  ('2020-01-06', '2020-01-06', '2020-01-04')
) AS t(day, four, pair)"""
TIMES = """
SELECT CAST(starts AS timestamp) AS starts, CAST(turn AS date) AS turn FROM (VALUES
  ('2020-01-01 10:00:00', '2020-01-01'), ('2020-01-01 10:30:00', '2020-01-01'), ('2020-01-01 12:00:00', '2020-01-02')
) AS t(starts, turn)"""


async def test_periods_of_calendars_are_whole_and_in_order(source: Source) -> None:
    report = await checked(source({"days": DAYS, "times": TIMES}), CALENDARS)
    assert [(one.level, one.code, one.subject, one.said) for one in report.findings] == [
        (
            "error",
            "PERIOD_COMES_BACK",
            "odd",
            "periods of block go on after another has begun, so that their order is unknown (1): 2020-01-01 (1 row)",
        ),
        (
            "error",
            "PERIOD_NOT_WITHIN",
            "odd",
            "periods of block lie in several of pair, which they are said to lie within (1): 2020-01-01 (3 rows)",
        ),
        (
            "error",
            "STEP_NOT_WHOLE",
            "even",
            "rows of calendar even begin no hour, so that nothing meets them (1): 2020-01-01 10:30:00 (1 row)",
        ),
    ]
