"""Whatever the text: a DuckDB source reads its own tables and does nothing else, and its folder stays as it was."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import duckdb
import pytest

from semantic_layer.definitions.types import TEXT
from semantic_layer.engines.duckdb_source import DuckDBSource
from semantic_layer.errors import ErrorCode, SemanticLayerError
from tests.engines.statements import statement


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a secret beside the source's folder, and a link to it inside."""
    tmp_path = tmp_path_factory.mktemp("outside")
    (tmp_path / "secret.csv").write_text("word\nhidden\n")
    (tmp_path / "data_secret.csv").write_text("word\nhidden\n")  # the source's folder is a prefix of this name
    data = tmp_path / "data"
    data.mkdir()
    duckdb.execute(f"COPY (SELECT 'seen' AS word) TO '{data}/words.parquet'").fetchall()
    (data / "link.csv").symlink_to(tmp_path / "secret.csv")
    database = duckdb.connect(str(tmp_path / "shop.duckdb"))
    database.execute("CREATE TABLE words AS SELECT 'seen' AS word").fetchall()
    database.close()
    return tmp_path


@pytest.fixture(scope="module", params=["folder", "database"])
async def source(outside: Path, request: pytest.FixtureRequest) -> AsyncIterator[DuckDBSource]:
    is_database = request.param == "database"
    found = DuckDBSource(outside / ("shop.duckdb" if is_database else "data"), is_database=is_database)
    yield found
    await found.close()


async def words(source: DuckDBSource, text: str) -> list[str]:
    [table] = await source.run([statement("duckdb", text, {"word": TEXT})], timeout=10)
    return table.column("word").to_pylist()


HOSTILE = {
    # other files
    "a file beside": "SELECT word FROM '{outside}/secret.csv'",
    "a file whose name begins like the folder": "SELECT word FROM '{outside}/data_secret.csv'",
    "a way up": "SELECT word FROM '{outside}/data/../secret.csv'",
    "a link that leads out": "SELECT word FROM '{outside}/data/link.csv'",
    "the link as a table": "SELECT word FROM link",
    "a reader": "SELECT word FROM read_csv('{outside}/secret.csv')",
    "text": "SELECT content AS word FROM read_text('/etc/passwd')",
    "a list of files": "SELECT file AS word FROM glob('/etc/*')",
    "a sniffer": "SELECT delimiter AS word FROM sniff_csv('/etc/passwd')",
    "another database": "SELECT word FROM read_duckdb('{outside}/shop.duckdb', table_name := 'words')",
    # the network, other programs
    "the network": "SELECT * FROM 'http://127.0.0.1:1/words.parquet'",
    "installing": "INSTALL httpfs",
    "loading": "LOAD httpfs",
    "a secret": "CREATE SECRET s (TYPE s3)",
    # writing
    "copy out": "COPY (SELECT 1) TO '{outside}/new.csv'",
    "copy into the folder": "COPY (SELECT 1) TO '{outside}/data/new.csv'",
    "copy over a file": "COPY (SELECT 1) TO '{outside}/data/words.parquet'",
    "copy inside a select": "WITH x AS (COPY (SELECT 1) TO '{outside}/data/new.csv') SELECT 'a' AS word FROM x",
    "insert inside a select": "WITH x AS (INSERT INTO words VALUES ('a') RETURNING *) SELECT word FROM x",
    "delete inside a select": "WITH x AS (DELETE FROM words RETURNING *) SELECT word FROM x",
    "sql in a text": "SELECT * FROM query('WITH x AS (COPY (SELECT 1) TO ''{outside}/data/new.csv'') FROM x')",
    "sql as a tree": "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "attach": "ATTACH '{outside}/data/new.db'",
    "a table": "CREATE TABLE t (i INT)",
    "a temporary table": "CREATE TEMP TABLE t (i INT)",
    "a view": "CREATE OR REPLACE VIEW words AS SELECT 'forged' AS word",
    "a macro": "CREATE MACRO lower(x) AS 'forged'",
    "export": "EXPORT DATABASE '{outside}/data/copy'",
    # settings
    "a setting": "SET threads = 1",
    "a setting by pragma": "PRAGMA enable_profiling",
    "opening the sandbox": "SET enable_external_access = true",
    "another zone": "SET TimeZone = 'Asia/Tokyo'",
    "the settings": "SELECT value AS word FROM duckdb_settings()",
    "a checkpoint": "SELECT * FROM checkpoint()",
    # no single SELECT
    "two statements": "SELECT 'a' AS word; SELECT 'b' AS word",
    "a second one that drops": "SELECT 'a' AS word; DROP VIEW words",
    "no statement": "",
    "a variable": "SET VARIABLE x = 1",
    "prepare": "PREPARE p AS SELECT 1",
    "show": "SHOW TABLES",
    "describe": "DESCRIBE words",
    "nested without end": "SELECT " + "(" * 5000 + "1" + ")" * 5000,
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
async def test_hostile_text_is_refused(source: DuckDBSource, outside: Path, what: str) -> None:
    before = contents(outside)
    assert await words(source, "SELECT word FROM words") == ["seen"]
    with pytest.raises(SemanticLayerError) as error:
        await words(source, HOSTILE[what].replace("{outside}", str(outside)))
    assert error.value.code is ErrorCode.SOURCE_REFUSED
    assert str(outside) not in str(error.value)
    assert await words(source, "SELECT word FROM words") == ["seen"]
    assert contents(outside) == before


async def test_variables_of_this_process_are_no_tables(source: DuckDBSource) -> None:
    table = duckdb.sql("SELECT 'from a variable' AS word").to_arrow_table()
    assert table.num_rows == 1
    with pytest.raises(SemanticLayerError):
        await words(source, "SELECT word FROM table")
    with pytest.raises(SemanticLayerError):
        await words(source, "SELECT word FROM source")


async def test_plain_reading_of_every_form_passes(source: DuckDBSource) -> None:
    text = """
        WITH RECURSIVE numbers AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < 3),
        spine AS (SELECT unnest(generate_series(1, 3)) AS n)
        SELECT word || n AS word FROM words, numbers
        WHERE n IN (SELECT n FROM spine) AND EXISTS (SELECT 1 FROM (VALUES (1), (2), (3)) v(k) WHERE k = n)
        QUALIFY row_number() OVER (ORDER BY n) < 3
        ORDER BY 1
    """
    assert await words(source, text) == ["seen1", "seen2"]


async def test_the_folder_is_left_without_a_trace(outside: Path) -> None:
    source = DuckDBSource(outside / "data", is_database=False)
    before = sorted(os.listdir(outside / "data"))
    await words(source, "SELECT word FROM words")
    await source.close()
    assert sorted(os.listdir(outside / "data")) == before
