"""`import dbt` as a shell sees it: the files, what is told, and what is never overwritten."""

import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.cli.conftest import Run
from tests.interchange.manifests import manifest_bytes, metric, model, simple

TABLES = """
    CREATE SCHEMA shop;
    CREATE TABLE shop.bookings AS SELECT i AS booking_id, i % 3 AS listing_id, i % 2 = 0 AS is_instant,
        DATE '2020-01-01' + i::INTEGER AS ds FROM range(10) t(i);
    CREATE TABLE shop.listings AS SELECT i AS listing_id, 'country ' || i % 2 AS country FROM range(3) t(i);
"""


IN_1 = {"where_filters": [{"where_sql_template": "{{ Dimension('listing__country') }} = 'country 1'"}]}


def project(*more: dict[str, Any]) -> dict[str, Any]:
    """Bookings of listings: 4, 3 and 3 of the listings 0, 1 and 2, in the countries 0, 1 and 0."""
    booking = {"name": "booking", "type": "primary", "expr": "booking_id"}
    of_listing = {"name": "listing", "type": "foreign", "expr": "listing_id"}
    bookings = model("bookings", entities=[booking, of_listing])
    bookings["dimensions"].append({"name": "is_instant", "type": "categorical"})
    listings = model(
        "listings",
        defaults=None,
        entities=[{"name": "listing", "type": "primary", "expr": "listing_id"}],
        dimensions=[{"name": "country", "type": "categorical"}],
    )
    metrics = [
        simple("booked", "bookings", "sum", "1"),
        metric("instant_share", "ratio", denominator={"name": "booked"}, numerator={
            "name": "booked", "alias": "instant",
            "filter": {"where_filters": [{"where_sql_template": "{{ Dimension('booking__is_instant') }}"}]},
        }),
    ]  # fmt: skip
    return {"semantic_models": [bookings, listings], "metrics": [*metrics, *more]}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    file = tmp_path / "semantic_manifest.json"
    file.write_text(json.dumps(project()), encoding="utf-8")
    return file


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection SHOP leads to the project's tables."""
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as database:
        database.execute(TABLES)
    monkeypatch.setenv("SEMANTIC_LAYER_CONNECTIONS__SHOP", f"duckdb://{tmp_path / 'warehouse.duckdb'}")


def test_from_a_manifest_to_a_first_answer(run: Run, manifest: Path, shop: None) -> None:
    written = run("import", "dbt", manifest, "--source", "SHOP")
    assert (written.exit_code, written.stdout.splitlines()[0]) == (
        0, "3 files in definitions: 2 metrics, 2 datasets, 6 dimensions, 1 join",
    )  # fmt: skip
    assert "2 of 2 read: shop.listings" in written.stderr
    assert run("format", "--check", "definitions").exit_code == 0
    assert (
        run("validate", "definitions", "--data").stdout.splitlines()[-1].startswith("3 files and their data: 0 errors")
    )
    answered = run(
        "query", "-d", "definitions", "-m", "booked", "-m", "instant_share", "-b", "listing.country", "-f", "csv"
    )
    assert answered.stdout.splitlines() == [
        "listing.country,booked,instant_share",
        "country 0,7,0.5714285714285714",
        "country 1,3,0.3333333333333333",
    ]  # of the listings 0 and 2 the bookings 0 2 3 5 6 8 9, of 1 the bookings 1 4 7


def test_rows_count_once_for_every_partner_where_that_is_said(run: Run, manifest: Path, shop: None) -> None:
    """dbt trusts an entity to be unique; here a second row of listing 0 is an error, unless the join says `repeats`."""
    url = os.environ["SEMANTIC_LAYER_CONNECTIONS__SHOP"]
    with duckdb.connect(url.removeprefix("duckdb://")) as database:
        database.execute("INSERT INTO shop.listings VALUES (0, 'country 1')")
    told = metric("in_1", "derived", expr="b", metrics=[{"name": "booked", "alias": "b", "filter": IN_1}])
    manifest.write_text(json.dumps(project(told)), encoding="utf-8")
    by_country = ("-d", "definitions", "-m", "booked", "-b", "listing.country", "-f", "csv")
    run("import", "dbt", manifest, "--source", "SHOP")
    assert "JOIN_NOT_UNIQUE" in run("query", *by_country).stderr
    assert "repeats" not in Path("definitions/bookings.yaml").read_text(encoding="utf-8")
    run("import", "dbt", manifest, "--source", "SHOP", "--repeats", "--force")
    counted = run("validate", "definitions", "--data").stdout
    assert "SEVERAL_PARTNERS note: join bookings.listing: 1 of 3 values" in counted and "JOIN_NOT_UNIQUE" not in counted
    assert run("query", *by_country).stdout.splitlines()[1:] == ["country 0,7", "country 1,7"]  # 4 of them twice
    both = run("query", "-d", "definitions", "-m", "booked", "-m", "in_1", "-f", "csv")
    assert both.stdout.splitlines()[1:] == ["10,7"]  # a metric that does not look across the join counts no row twice


def test_a_second_run_writes_the_same_bytes(run: Run, manifest: Path, shop: None) -> None:
    run("import", "dbt", manifest, "--source", "SHOP")
    before = {file.name: file.read_bytes() for file in Path("definitions").iterdir()}
    again = run("import", "dbt", manifest, "--source", "SHOP")
    assert again.stdout.startswith("3 files in definitions (3 unchanged): ")
    assert {file.name: file.read_bytes() for file in Path("definitions").iterdir()} == before
    assert run("import", "dbt", manifest, "--source", "SHOP", "--out", "elsewhere").exit_code == 0
    assert {file.name: file.read_bytes() for file in Path("elsewhere").iterdir()} == before


def test_without_the_connection_types_are_as_the_project_uses_them(run: Run, manifest: Path) -> None:
    written = run("import", "dbt", manifest, "--source", "SHOP")
    assert written.exit_code == 0
    assert "types of columns are taken from how the project uses them" in written.stdout
    assert run("validate", "definitions").exit_code == 0
    assert "is_instant:\n        type: boolean" in Path("definitions/bookings.yaml").read_text(encoding="utf-8")


def test_saved_queries_are_questions_in_files(run: Run, manifest: Path, shop: None) -> None:
    by = ["Dimension('listing__country')", "TimeDimension('metric_time', 'month')"]
    order = ["Metric('booked').descending(True)", "TimeDimension('metric_time', 'month')"]
    where = {"where_filters": [{"where_sql_template": "{{ Dimension('booking__is_instant') }}"}]}
    asked = {"metrics": ["booked"], "group_by": by, "order_by": order, "where": where, "limit": 5}
    impossible = {"metrics": ["booked"], "group_by": ["Dimension('guest__country')"]}
    queries = [{"name": "by_country", "query_params": asked}, {"name": "../odd", "query_params": impossible}]
    manifest.write_text(json.dumps({**project(), "saved_queries": queries}), encoding="utf-8")
    told = run("import", "dbt", manifest, "--source", "SHOP").stdout
    assert "4 files in definitions: 2 metrics, 2 datasets, 6 dimensions, 1 join, 1 saved question" in told
    assert 'saved query "../odd" (saved_queries[1]): it cannot be asked here: ' in told
    answered = run("query", "-d", "definitions", "--ask", "definitions/questions/by_country.json", "-f", "csv")
    assert answered.stdout.splitlines() == [
        "listing_country,metric_time_month,booked",
        "country 0,2020-01-01,4",
        "country 1,2020-01-01,1",
    ]  # of the listings 0 and 2 the bookings 0 2 6 8, of 1 the booking 4


def test_files_that_say_something_else_are_not_overwritten(run: Run, manifest: Path) -> None:
    run("import", "dbt", manifest, "--source", "SHOP")
    mine = Path("definitions/bookings.yaml")
    mine.write_text(mine.read_text(encoding="utf-8").replace("count(*)", "count(booking_id)"), encoding="utf-8")
    refused = run("import", "dbt", manifest, "--source", "SHOP")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "definitions/bookings.yaml is there and says something else; --force writes over it" in refused.stderr
    assert "count(booking_id)" in mine.read_text(encoding="utf-8")
    assert run("import", "dbt", manifest, "--source", "SHOP", "--force").exit_code == 0
    assert "count(booking_id)" not in mine.read_text(encoding="utf-8")


def test_what_an_earlier_import_left_is_told(run: Run, manifest: Path) -> None:
    run("import", "dbt", manifest, "--source", "SHOP")
    renamed = json.loads(manifest.read_text(encoding="utf-8"))
    renamed["semantic_models"][1]["name"] = "rooms"
    manifest.write_text(json.dumps(renamed), encoding="utf-8")
    told = run("import", "dbt", manifest, "--source", "SHOP", "--force").stdout
    assert "left from an earlier import, remove it: definitions/listings.yaml" in told


def test_what_cannot_be_said_is_listed_and_fails_where_that_is_wanted(run: Run, manifest: Path) -> None:
    unsayable = simple("odd", "bookings", "sum", "some_macro(amount) over ()")
    manifest.write_text(json.dumps(project(unsayable)), encoding="utf-8")
    refused = run("import", "dbt", manifest, "--source", "SHOP", "--strict")
    assert (refused.exit_code, Path("definitions").exists()) == (1, False)
    assert refused.stderr == "1 issue, and --strict: nothing was written\n"
    listed = run("import", "dbt", manifest, "--source", "SHOP")
    assert listed.exit_code == 0
    [line] = [line for line in listed.stdout.splitlines() if line.startswith('  metric "odd" (metrics[2])')]
    assert "its SQL (some_macro(amount) over ()) is not in our language" in line
    assert '# - metric "odd" (metrics[2])' in Path("definitions/catalog.yaml").read_text(encoding="utf-8")
    found = json.loads(run("import", "dbt", manifest, "--source", "SHOP", "--format", "json").stdout)
    assert (found["unchanged"][0], found["issues"][0]["at"]) == ("catalog.yaml", "metrics[2]")


@pytest.mark.parametrize(
    ("content", "exit_code", "said"),
    [
        (b"{", 1, "MANIFEST_INVALID: this is no JSON"),
        (b'{"nodes": {}}', 1, "MANIFEST_INVALID: this is no semantic manifest"),
        (None, 2, "semantic_manifest.json cannot be read"),
    ],
)
def test_other_files_are_refused(run: Run, tmp_path: Path, content: bytes | None, exit_code: int, said: str) -> None:
    file = tmp_path / "semantic_manifest.json"
    if content is not None:
        file.write_bytes(content)
    refused = run("import", "dbt", file, "--source", "SHOP")
    assert (refused.exit_code, refused.stdout) == (exit_code, "")
    assert said in refused.stderr


def test_a_manifest_of_metricflow_in_files(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "semantic_manifest.json"
    file.write_bytes(manifest_bytes("scd_manifest"))
    assert run("import", "dbt", file, "--source", "SHOP", "--strict", "--out", "scd").exit_code == 0
    assert run("validate", "scd").exit_code == 0
    assert run("format", "--check", "scd").exit_code == 0
