from pathlib import Path

import duckdb
import pytest

from semantic_layer.definitions.types import BIGINT
from semantic_layer.engines.duckdb_source import DuckDBSource
from semantic_layer.engines.opening import FORMS, open_engine
from semantic_layer.engines.postgres_source import PostgresSource
from semantic_layer.errors import ErrorCode, SemanticLayerError
from tests.engines.statements import statement


async def count_orders(url: str) -> list[dict[str, object]]:
    engine = open_engine(url)
    assert isinstance(engine, DuckDBSource)
    assert engine.dialect == "duckdb"
    try:
        one = statement("duckdb", "SELECT count(*) AS n FROM orders", {"n": BIGINT})
        [table] = await engine.run([one], timeout=20)
        return table.to_pylist()
    finally:
        await engine.close()


async def test_folders_and_databases_by_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "my data"
    folder.mkdir()
    duckdb.execute(f"COPY (SELECT 1 AS a FROM range(3)) TO '{folder}/orders.parquet'").fetchall()
    database = duckdb.connect(str(tmp_path / "shop.duckdb"))
    database.execute("CREATE TABLE orders AS SELECT 1 AS a FROM range(4)").fetchall()
    database.close()
    monkeypatch.chdir(tmp_path)
    assert await count_orders(f"duckdb://{tmp_path}/my%20data") == [{"n": 3}]
    assert await count_orders(f"duckdb:///{tmp_path}/my%20data?memory_limit=200MB&threads=1") == [{"n": 3}]
    assert await count_orders("duckdb:my%20data/") == [{"n": 3}]
    assert await count_orders(f"duckdb://{tmp_path}/shop.duckdb") == [{"n": 4}]
    assert await count_orders("duckdb:shop.duckdb") == [{"n": 4}]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone@localhost/shop",
        "postgres://someone:hush@localhost:5433/shop?search_path=sales&pool_size=2",
        "postgresql://someone@/shop?host=/run/postgresql",
    ],
)
async def test_postgres_by_url(url: str) -> None:
    engine = open_engine(url)
    assert isinstance(engine, PostgresSource)
    assert engine.dialect == "postgres"
    assert "hush" not in repr(engine)
    await engine.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/data/shop",
        "shop.duckdb",
        "mysql://someone:hush@localhost/shop",
        "duckdb://",
        "duckdb:///",
        "duckdb://hush/shop",
        "duckdb:///shop?password=hush",
        "duckdb:///shop?threads=0",
        "duckdb:///shop?threads=many",
        "duckdb:///shop?nothing",
        "postgresql://someone:hush@localhost/shop?pool_size=none",
        "postgresql://someone:hush@[::1/shop",
    ],
)
def test_a_wrong_url_names_the_forms_and_no_secret(url: str) -> None:
    with pytest.raises(SemanticLayerError) as error:
        open_engine(url)
    assert error.value.code is ErrorCode.SOURCE_REFUSED
    assert "pool_size" in url or FORMS in str(error.value)
    assert "hush" not in str(error.value) + error.value.detail
