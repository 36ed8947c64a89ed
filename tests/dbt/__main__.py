"""`python -m tests.dbt --engine duckdb`: every question of the sample, what came of it, and how many passed."""

import argparse
import asyncio
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

from semantic_layer.errors import SemanticLayerError
from semantic_layer.interchange import dbt
from semantic_layer.store.embedded import EmbeddedPostgres
from tests.dbt.sample import Case, cases, difference, load_duckdb, load_postgres, manifest


def main() -> int:
    reading = argparse.ArgumentParser()
    reading.add_argument("--engine", choices=("duckdb", "postgres"), default="duckdb")
    reading.add_argument("--only", default="", help="a part of the case's name or of one of its tags")
    reading.add_argument("--sql", action="store_true")
    said = reading.parse_args()
    wanted = [one for one in cases() if said.only in one.name or said.only in one.tags]
    with tempfile.TemporaryDirectory(prefix="sl-dbt-") as place:
        if said.engine == "duckdb":
            failed = run(wanted, load_duckdb(Path(place) / "sample.duckdb"), said.sql)
        else:
            server = EmbeddedPostgres(Path(place) / "pg", durable=False)
            server.start()
            try:
                url = server.create_database("sample")
                asyncio.run(load_postgres(url))
                failed = run(wanted, url, said.sql)
            finally:
                server.stop()
    passes, fails = Counter(one.category for one in wanted if one not in failed), Counter(f.category for f in failed)
    for category in dict.fromkeys(one.category for one in wanted):
        print(f"{category:36} {passes[category]:4} passed {fails[category]:4} failed")
    print(f"{len(wanted) - len(failed)} of {len(wanted)} passed on {said.engine}")
    return 1 if failed else 0


def run(wanted: list[Case], url: str, sql: bool) -> list[Case]:
    failed = []
    projects: dict[str, dbt.Project] = {}
    for case in wanted:
        try:
            if case.manifest not in projects:
                projects[case.manifest] = dbt.open_project(manifest(case.manifest), source=url)
            result = projects[case.manifest].query(**case.question)
            wrong = "answered" if case.rows is None else difference(case, result.columns, list(result.rows))
            if sql:
                print(result.sql)
        except SemanticLayerError as error:
            wrong = None if case.rows is None else f"{error.code}: {error}"
            if case.rows is None:
                print(f"     {case.name}: {error.code}: {str(error)[:150]}")
        except Exception:
            wrong = traceback.format_exc(limit=-4)
        if wrong is not None:
            failed.append(case)
            print(f"FAIL {case.name}: {wrong[:1500]}")
    for one in projects.values():
        one.close()
    return failed


if __name__ == "__main__":
    sys.exit(main())
