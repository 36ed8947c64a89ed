"""First definitions of odd sources: what is written validates at once, can be asked, and says what it guessed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from semantic_layer.access.principal import Principal
from semantic_layer.app.backend import open_backend
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.app.survey import open_sources
from semantic_layer.definitions.layout import format_text
from semantic_layer.definitions.model import Catalog, JoinKind, Table
from semantic_layer.definitions.new_names import Names, name_like, singular
from semantic_layer.definitions.reader import read_texts
from semantic_layer.definitions.types import FLOAT, decimal
from semantic_layer.errors import SemanticLayerError
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.settings import fixed_settings
from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.survey.first_look import FirstDefinitions, first_definitions
from tests.survey.shops import as_database, as_files, as_tables

SHOP = {
    "orders": """SELECT * FROM (VALUES
        (1, 10, 1, CAST(10.5 AS double precision), 2, 'open',
         TIMESTAMP '2026-01-05 09:00', TIMESTAMP '2026-01-06 09:00'),
        (2, 10, 2, 1.25, 1, 'paid', TIMESTAMP '2026-01-06 10:00', NULL),
        (3, 11, 1, 0.3, 4, 'paid', TIMESTAMP '2026-01-07 11:00', NULL),
        (4, 99, 2, 2.0, 4, 'paid', TIMESTAMP '2026-01-07 11:30', NULL)
        ) AS t(order_id, product_id, customer_id, amount, quantity, status, ordered_at, updated_at)""",
    "order_lines": """SELECT * FROM (VALUES (1, 1, 5.25), (1, 2, 5.25), (2, 1, 1.25)) AS t(order_id, line_no, price)""",
    "products": """SELECT * FROM (VALUES (10, 'Own', CAST(NULL AS text)), (11, 'Other', NULL), (12, 'Own', NULL))
        AS t(product_id, brand, color)""",
    "notes": """SELECT n AS note_id, concat('text ', n) AS body, concat('name ', n) AS name
        FROM generate_series(1, 60) AS s(n)""",
    "customers": """SELECT * FROM (VALUES
        (1, 'DE', 'open', 'a@b.c'), (2, 'FR', 'gone', 'd@e.f'), (3, 'FR', 'gone', NULL)
        ) AS t(id, country, status, email)""",
}
# Reserved words, capitals, spaces, quotes, letters of other scripts, words of formulas, one name in two cases.
ODD = """
CREATE TABLE "select" ("from" integer, "group" text, "Order Total" numeric(12,2), "time" timestamp);
INSERT INTO "select" VALUES (1, 'a', 1.50, '2026-01-05'), (2, 'a', 2.50, '2026-01-06'), (3, 'b', 3, '2026-01-07');
CREATE TABLE "Order Details"
    ("OrderID" integer, "orderid" integer, "it's ""quoted"" `so`;" integer, "sum" integer, "a.b" integer);
INSERT INTO "Order Details" VALUES (1, 1, 1, 5, 7), (2, 1, 2, 6, 8);
CREATE TABLE "Größe" ("Länge_id" integer PRIMARY KEY, "名称" text, "数量" integer);
INSERT INTO "Größe" VALUES (1, '甲', 3), (2, '甲', 4);
CREATE TABLE "订单" ("编号" integer PRIMARY KEY, "Länge_id" integer REFERENCES "Größe", "1st" integer, " " integer);
INSERT INTO "订单" VALUES (1, 1, 1, 1), (2, 1, 1, 1);
CREATE TABLE nothing_at_all ();
CREATE TABLE empty_one (id integer, name text, at timestamptz, amount numeric);
CREATE TABLE documents (document_id bigint, body jsonb, tags text[]);
INSERT INTO documents VALUES (1, '{}', '{a}'), (2, '{}', NULL);
CREATE VIEW paid AS SELECT "from" AS paid_id, "Order Total" AS total FROM "select";
CREATE TABLE "dotted.name" (id integer);
CREATE TABLE keyed_by_uuid (id uuid PRIMARY KEY, n integer);
CREATE TABLE metric (id integer PRIMARY KEY, query text, segments text, "and" boolean);
INSERT INTO metric VALUES (1, 'a', 'x', true), (2, 'a', 'x', false), (3, 'a', 'y', false);
"""


async def written(url: str, seconds: float = 60.0) -> FirstDefinitions:
    async with open_sources(fixed_settings(connections={"SHOP": url})) as sources:
        tables = await sources.engine("SHOP").tables()
        return await first_definitions(sources, "SHOP", tables, seconds, lambda *_: None)


def catalog_of(found: FirstDefinitions) -> Catalog:
    for name, text in found.files.items():
        assert format_text(name, text) == text, f"{name} is not in the canonical layout"
    return read_texts(found.files).catalog


async def answers(catalog: Catalog, url: str, questions: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    found = []
    async with open_backend(fixed_settings(connections={"SHOP": url}), draft_catalogs(catalog)) as backend:
        for question in questions:
            answer = await backend.answers.answer(read_ask(question), Principal("anna"))
            found.append([list(row.values()) for row in answer.rows.to_pylist()])
    return found


async def every_metric_and_dimension(catalog: Catalog, url: str) -> dict[str, Any]:
    """Asks each metric alone, then by each dimension of its dataset; the values of the metrics alone."""
    values: dict[str, Any] = {}
    for name, metric in catalog.metrics.items():
        home = catalog.datasets[metric.rule.home or ""]
        questions = [{"metrics": [{"name": name}]}]
        questions += [{"metrics": [{"name": name}], "by": [{"dimension": one}]} for one in home.dimensions]
        alone, *_ = await answers(catalog, url, questions)
        values[name] = alone[0][0]
    return values


@pytest.fixture
def shop(engine: str, tmp_path: Path, postgres_server: EmbeddedPostgres) -> str:
    """The URL of a shop without any declared key."""
    return as_files(tmp_path / "data", SHOP) if engine == "duckdb" else as_database(postgres_server, as_tables(SHOP))


async def test_a_shop_without_keys(shop: str) -> None:
    found = await written(shop)
    catalog = catalog_of(found)
    assert found.left_out == ()
    assert sorted(found.files) == [
        "catalog.yaml", "customers.yaml", "notes.yaml", "order_lines.yaml", "orders.yaml", "products.yaml",
    ]  # fmt: skip
    keys = {name: dataset.key for name, dataset in catalog.datasets.items()}
    assert keys == {
        "customers": ("id",), "notes": ("note_id",), "order_lines": ("order_id", "line_no"),
        "orders": ("order_id",), "products": ("product_id",),
    }  # fmt: skip
    orders = catalog.datasets["orders"]
    assert {name: (join.to, join.match, join.kind) for name, join in orders.joins.items()} == {
        "product": ("products", (("product_id", "product_id"),), JoinKind.MANY_TO_ONE),
        "customer": ("customers", (("customer_id", "id"),), JoinKind.MANY_TO_ONE),
    }
    assert catalog.datasets["order_lines"].joins["order"].to == "orders"
    assert orders.time == "ordered_at"
    assert orders.columns["amount"] == decimal(18, 2)
    assert "order_status" in orders.dimensions and "customer_status" in catalog.datasets["customers"].dimensions
    assert list(catalog.datasets["products"].dimensions) == ["product_id", "brand"]
    assert list(catalog.datasets["notes"].dimensions) == ["note_id", "name"]
    assert catalog.datasets["customers"].dimensions["email"].sensitive == "personal"
    assert orders.dimensions["product_id"].conforms == ("products", "product_id")


async def test_its_metrics_can_be_asked(shop: str) -> None:
    catalog = catalog_of(await written(shop))
    values = await every_metric_and_dimension(catalog, shop)
    assert (values["orders_count"], values["products_count"], values["order_lines_count"]) == (4, 3, 3)
    assert (str(values["total_amount"]), values["total_quantity"]) == ("14.05", 11)
    assert values["orders_distinct_product_id"] == 3
    by_brand = {"metrics": [{"name": "total_amount"}], "by": [{"dimension": "product.brand"}]}
    by_country = {"metrics": [{"name": "orders_count"}], "by": [{"dimension": "customer.country"}]}
    brands, countries = await answers(catalog, shop, [by_brand, by_country])
    assert [[brand, str(amount)] for brand, amount in brands] == [["Other", "0.30"], ["Own", "11.75"], [None, "2.00"]]
    assert countries == [["DE", 2], ["FR", 2]]


async def test_guesses_are_marked_with_their_reason(shop: str) -> None:
    text = (await written(shop)).files["orders.yaml"]
    assert "    key: order_id  # guess: unique in all 4 rows\n" in text
    assert "      product:  # guess: named like the key of products; 75.00 % of the values find a row\n" in text
    assert "    time: ordered_at  # guess: what dates a row, of 2 times\n" in text
    assert "# guess: the source says no scale; two decimals at most in all 4 rows" in text
    assert "# Left out: body (a text with 60 values in 60 rows; " in (await written(shop)).files["notes.yaml"]
    assert "# Left out: color (no values)" in (await written(shop)).files["products.yaml"]


async def test_a_float_is_money_only_if_all_rows_say_so(tmp_path: Path) -> None:
    rows = "SELECT range AS id, 1.25::DOUBLE AS fee, CASE WHEN range = 59999 THEN 0.125 ELSE 0.5 END::DOUBLE AS weight"
    catalog = catalog_of(await written(as_files(tmp_path / "data", {"big": f"{rows} FROM range(60000)"})))
    columns = catalog.datasets["big"].columns
    assert (columns["fee"], columns["weight"]) == (decimal(18, 2), FLOAT)


async def test_what_a_database_declares_is_no_guess(postgres_server: EmbeddedPostgres) -> None:
    url = as_database(postgres_server, """
        CREATE TABLE store (code text PRIMARY KEY, town text);
        CREATE TABLE sale (
            a integer, b integer, billing_store text REFERENCES store, shipping_store text REFERENCES store,
            paid numeric(10,2) NOT NULL, PRIMARY KEY (a, b));
        CREATE TABLE refund (refund_id integer PRIMARY KEY, a integer, b integer, FOREIGN KEY (a, b) REFERENCES sale);
        CREATE TABLE store_detail (code text PRIMARY KEY REFERENCES store, opened date);
        INSERT INTO store VALUES ('x', 'Ulm'); INSERT INTO sale VALUES (1, 1, 'x', 'x', 5), (1, 2, 'x', NULL, 6);
        INSERT INTO refund VALUES (1, 1, 2); INSERT INTO store_detail VALUES ('x', '2020-01-01');
    """)  # fmt: skip
    found = await written(url)
    catalog = catalog_of(found)
    assert "key: [a, b]  # as the source declares it" in found.files["sale.yaml"]
    sale, refund = catalog.datasets["sale"], catalog.datasets["refund"]
    assert len(sale.joins) == 2 and {join.to for join in sale.joins.values()} == {"store"}
    assert [(join.to, join.match) for join in refund.joins.values()] == [("sale", (("a", "a"), ("b", "b")))]
    [detail] = catalog.datasets["store_detail"].joins.values()
    assert (detail.to, detail.kind) == ("store", JoinKind.ONE_TO_ONE)
    assert "# a foreign key of the source" in found.files["sale.yaml"]
    await every_metric_and_dimension(catalog, url)


async def test_a_database_with_odd_names(postgres_server: EmbeddedPostgres) -> None:
    url = as_database(postgres_server, ODD)
    found = await written(url)
    catalog = catalog_of(found)
    assert set(found.left_out) == {
        "'dotted.name' (no name of the language)",
        "nothing_at_all (no column that the language can name and type)",
    }
    tables = {one.relation.name: one for one in catalog.datasets.values() if isinstance(one.relation, Table)}
    assert set(tables) == {
        "select",
        "Order Details",
        "Größe",
        "订单",
        "empty_one",
        "documents",
        "paid",
        "metric",
        "keyed_by_uuid",
    }
    assert tables["Größe"].name == "grosse" and tables["Order Details"].name == "order_details"
    assert set(tables["documents"].columns) == {"document_id"}
    assert tables["empty_one"].key == ("id",)
    assert tables["keyed_by_uuid"].key is None
    assert (
        "key: none  # the source's key (id) has a type that the language has not" in found.files["keyed_by_uuid.yaml"]
    )
    values = await every_metric_and_dimension(catalog, url)
    assert values[f"{tables['select'].name}_count"] == 3
    assert str(values["total_order_total"]) == "7.00"
    [join] = tables["订单"].joins.values()
    assert join.to == "grosse"
    assert tables["select"].name == "select_table"
    assert "# Left out: ' ' (no name of the language)" in found.files[f"{tables['订单'].name}.yaml"]


async def test_odd_files(tmp_path: Path) -> None:
    url = as_files(tmp_path / "data", {
        "2024 Orders": "SELECT 1 AS \"Order ID\", 2.5 AS \"Net Amount\", 'x' AS \"case\"",
        "2024-orders": "SELECT 1 AS id, [1, 2] AS list_of_numbers",
        "orders.v2": "SELECT range AS id, range % 2 AS store_id FROM range(10)",
        "catalog": "SELECT 1 AS id",
    })  # fmt: skip
    (tmp_path / "data" / "broken.parquet").write_text("no parquet", encoding="utf-8")
    found = await written(url)
    catalog = catalog_of(found)
    assert [one.partition(" (")[0] for one in found.left_out] == ["broken.parquet"]
    assert {"first_catalog.yaml", "catalog.yaml"} <= set(found.files)
    await every_metric_and_dimension(catalog, url)


async def test_many_tables_of_one_kind(postgres_server: EmbeddedPostgres) -> None:
    """Two hundred tables with equal columns: every name is told apart, and all of it validates."""
    made = "".join(
        f"CREATE TABLE log_{number} (id integer PRIMARY KEY, created_at timestamp, status text, amount numeric(10,2));"
        f"INSERT INTO log_{number} VALUES (1, '2026-01-01', 'a', 1), (2, '2026-01-02', 'a', 2);"
        for number in range(200)
    )
    url = as_database(postgres_server, made)
    catalog = catalog_of(await written(url))
    assert len(catalog.datasets) == 200
    [rows] = await answers(catalog, url, [{"metrics": [{"name": "log_7_count"}, {"name": "log_8_total_amount"}]}])
    assert [str(value) for value in rows[0]] == ["2", "3.00"]


async def test_a_source_without_tables_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SemanticLayerError) as caught:
        await written(f"duckdb://{tmp_path / 'empty'}")
    assert "connection SHOP has no table to define: there are none" in str(caught.value.issues[0].message)


@pytest.mark.parametrize(("written_as", "name"), [
    ("OrderDetails", "order_details"), ("HTTPLog", "http_log"), ("Größe", "grosse"), ("a--b", "a_b"),
    ("2024", "t_2024"),
    ("订单", "t"), ("select", "select_t"), ("__x__", "x"), ("Ünïcödé", "unicode"),
])  # fmt: skip
def test_names_of_the_language(written_as: str, name: str) -> None:
    assert name_like(written_as, "t") == name


def test_names_are_given_once() -> None:
    names = Names()
    assert names.take(["a_b"], 1) == "a_b"
    assert names.take(["a_b"], 1) == "a_b"
    assert names.take(["ab", "a_b"], 2) == "ab"
    assert names.take(["a_b"], 3) == "a_b_2"
    assert names.take(["time"], 4) == "time_2"
    assert names.take(["when"], 5, is_time=True) == "when"
    assert names.take(["when_part"], 6) == "when_part_2"
    assert singular("e_s") == "e_s" and singular("s") == "s" and singular("orders") == "order"
    assert singular("categories") == "category" and singular("status") == "status" and singular("boxes") == "box"
