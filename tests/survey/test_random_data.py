"""Random rows counted in Python beside the checks, and random names of tables and columns for first definitions."""

import asyncio
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from semantic_layer.definitions.expression import Aggregate
from semantic_layer.definitions.reader import read_texts
from semantic_layer.survey.finding import JoinReport
from semantic_layer.survey.profile import can_be_said
from tests.survey.shops import as_files, quoted
from tests.survey.test_demo import checked
from tests.survey.test_first_definitions import answers, catalog_of, written

DEFINITIONS = """\
catalog: {languages: [en]}
sources: {shop: {connection: SHOP}}
datasets:
  ours: {source: shop, table: ours, key: [a, b], joins: {theirs: {kind: many_to_one, match: [a, b]}}}
  theirs: {source: shop, table: theirs, key: [a, b]}
"""
small = st.one_of(st.none(), st.integers(0, 2))
rows = st.lists(st.tuples(small, st.sampled_from([None, "x", "y"])), max_size=12)
Rows = list[tuple[int | None, str | None]]


def select(found: Rows) -> str:
    values = [f"({'NULL' if a is None else a}, {'NULL' if b is None else repr(b)})" for a, b in found]
    empty = "SELECT CAST(NULL AS INTEGER) AS a, CAST(NULL AS VARCHAR) AS b WHERE false"
    return f"{empty} UNION ALL VALUES {', '.join(values)}" if values else empty


def expected(ours: Rows, theirs: Rows) -> JoinReport:
    """The same by counting in Python; a pair with a null in it is nobody's partner."""
    partners = Counter(pair for pair in theirs if None not in pair)
    known = [pair for pair in ours if None not in pair]
    lonely = [pair for pair in known if pair not in partners]
    repeated = {pair: count for pair, count in partners.items() if count > 1}
    return JoinReport(
        "ours", "theirs", "theirs", "many_to_one", (("a", "a"), ("b", "b")), len(ours), len(ours) - len(known),
        len(set(lonely)), len(lonely), len(partners), len(repeated), sum(repeated.values()),
        sum(partners[pair] - 1 for pair in known if pair in partners),
    )  # fmt: skip


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(ours=rows, theirs=rows)
@example(ours=[], theirs=[(1, "x")])
@example(ours=[(1, "x"), (1, "x"), (2, None)], theirs=[(1, "x"), (1, "x"), (None, "x"), (None, "x")])
def test_a_join_is_counted_as_python_counts_it(ours: Rows, theirs: Rows) -> None:
    with TemporaryDirectory(prefix="sl-rows-") as folder:
        url = as_files(Path(folder), {"ours": select(ours), "theirs": select(theirs)})
        report = asyncio.run(checked(read_texts({"shop.yaml": DEFINITIONS}), url, "SHOP"))
    assert report.joins == (expected(ours, theirs),)
    for dataset, found in zip(report.datasets, (ours, theirs), strict=True):
        known = Counter(pair for pair in found if None not in pair)
        assert dataset.key is not None and dataset.rows == len(found)
        repeated = [count for count in known.values() if count > 1]
        assert (dataset.key.values, dataset.key.repeated, dataset.key.repeated_rows, dataset.key.rows_without) == (
            len(known), len(repeated), sum(repeated), len(found) - sum(known.values()),
        )  # fmt: skip
    wrong = {one.code for one in report.findings if one.level == "error"}
    twice = any(count > 1 for count in Counter(pair for pair in theirs if None not in pair).values())
    assert ("JOIN_NOT_UNIQUE" in wrong) is twice


letters = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Cn"]), min_size=1, max_size=12)
words = st.sampled_from(
    [
        "id",
        "order_id",
        "Order ID",
        "time",
        "and",
        "sum",
        "count",
        "from",
        "metric",
        "a.b",
        "x\"y'z`;",
        "1",
        "_",
        "A",
        "a_b",
    ]
)
names = st.lists(st.one_of(words, letters), min_size=1, max_size=5, unique_by=str.lower)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(tables=names, columns=names)
@example(tables=["êS", "s"], columns=["_", "s"])
@example(tables=["order", "orders", "Orders_"], columns=["order_id", "id", "time", "time_part"])
def test_whatever_names_a_database_has_the_definitions_validate(tables: list[str], columns: list[str]) -> None:
    with TemporaryDirectory(prefix="sl-names-") as folder:
        file = Path(folder) / "odd.duckdb"
        with duckdb.connect(str(file)) as made:
            kinds = ["INTEGER", "VARCHAR", "DECIMAL(12,2)", "TIMESTAMP", "DOUBLE"]
            typed = [f"{quoted(name)} {kind}" for name, kind in zip(columns, kinds, strict=False)]
            for table in tables:
                made.execute(f"CREATE TABLE {quoted(table)} ({', '.join(typed)})")
                made.execute(f"INSERT INTO {quoted(table)} ({quoted(columns[0])}) VALUES (1), (2)")
        url = f"duckdb://{file}"
        if not any(can_be_said(one) and "." not in one for one in tables) or not any(map(can_be_said, columns)):
            return  # nothing that definitions can name
        found = asyncio.run(written(url))
        catalog = catalog_of(found)
        assert len(catalog.datasets) + len(found.left_out) == len(tables)
        counts = [name for name, metric in catalog.metrics.items() if metric.rule.value == Aggregate("count")]
        question = {"metrics": [{"name": name} for name in counts]}
        [row] = asyncio.run(answers(catalog, url, [question]))[0]
    assert len(counts) == len(catalog.datasets) and set(row) == {2}
