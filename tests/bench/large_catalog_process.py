"""A catalog of many metrics through all that a server does with it, in a process of its own: its memory is measured.

`python -m tests.bench.large_catalog_process METRICS` prints a JSON object for each step.
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
from graphql import get_introspection_query, print_schema

from semantic_layer.access.principal import Principal
from semantic_layer.api.execution import GraphqlRequest, run
from semantic_layer.api.request import Backend, RequestContext
from semantic_layer.api.schema import build_schema
from semantic_layer.app.log_lines import start_log
from semantic_layer.app.registry_place import running_registry
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_texts
from semantic_layer.engines.duckdb_combiner import DuckDBCombiner
from semantic_layer.engines.opening import open_engine
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.registry.catalogs import CatalogService
from semantic_layer.serving.answers import Answers
from semantic_layer.settings import fixed_settings
from semantic_layer.store.registry_database import RegistryDatabase
from tests.bench.generated import DIMENSIONS, texts

ANYBODY = Principal("bench")
TABLE = """copy (select n as id, timestamp '2017-01-01' + to_hours(n) as happened, (n / 100)::decimal(12,2) as amount,
    1 as pieces, {columns} from range(1000) t(n)) to '{path}'"""


@contextmanager
def step(name: str) -> Iterator[dict[str, object]]:
    """Told when it is done: its seconds, and the memory then."""
    more: dict[str, object] = {}
    began, used = time.perf_counter(), time.process_time()
    yield more
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    print(json.dumps({"step": name, "wall": wall, "cpu": cpu, "memory": memory(), **more}), flush=True)


def memory() -> float:
    """MB that the process holds now; its largest so far where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


async def measure(url: str, data: Path, metrics: int) -> None:
    files = texts(metrics)
    with step("before anything"):
        pass
    with step("definitions read and checked") as more:
        catalog = read_texts(files).catalog
        more["note"] = f"{sum(map(len, files.values())) / 1e6:.1f} MB of YAML"
    registry = RegistryDatabase(url)
    await registry.migrate()
    with step("published as the first revision"):
        await registry.publisher.publish(catalog, actor="bench")
    del catalog
    catalogs = CatalogService(registry.revisions)
    with step("a server takes it over from the registry"):
        await catalogs.refresh()
    published = catalogs.current
    with step("GraphQL schema built"):
        schema = build_schema(published)
    with step("printed as a text") as more:
        more["note"] = f"{len(print_schema(schema.graphql)) / 1e3:,.0f} KB"
    backend = Backend(Answers(catalogs, {"RETAIL": open_engine(f"duckdb:{data}")}, DuckDBCombiner()), catalogs)
    context = RequestContext(backend, published, ANYBODY, "bench")
    for name in ("asked for all of it (introspection)", "introspection again"):
        with step(name) as more:
            reply = await run(schema, GraphqlRequest(get_introspection_query(), {}), context)
            more["note"] = f"{len(reply.body) / 1e3:,.0f} KB"
    for place, name in enumerate(("first question", "another question", "a third")):
        with step(name):
            names = [f"m0x{place * 4 + n}" for n in range(4)]
            ask = {"metrics": [{"name": n} for n in names], "by": [{"dimension": "day_0", "grain": "MONTH"}]}
            await backend.answers.answer(read_ask(ask), ANYBODY)
    with step("one metric's rule changed and published"):
        await registry.publisher.publish(_changed(published.catalog, files), actor="bench", held=catalogs.held)
    with step("the server takes the change over"):
        await catalogs.refresh()
    await registry.close()


def _changed(catalog: Catalog, files: Mapping[str, str]) -> Catalog:
    """The catalog with another rule for its first metric, which three others use."""
    edited = {name: files[name] for name in ("catalog.yaml", "facts_0.yaml")}
    edited["facts_0.yaml"] = edited["facts_0.yaml"].replace("sum(amount * 1)", "sum(amount * 999)")
    return replace(catalog, metrics={**catalog.metrics, "m0x0": read_texts(edited).catalog.metrics["m0x0"]})


def main(metrics: int) -> None:
    start_log(fixed_settings(log_level="warning"))
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        _write_table(data / "facts_0.parquet")
        with running_registry(None, Path(folder)) as url:
            asyncio.run(measure(url, data, metrics))


def _write_table(path: Path) -> None:
    columns = ", ".join(f"'v' || (n % 7) as c{n}" for n in range(DIMENSIONS))
    duckdb.execute(TABLE.format(columns=columns, path=path))


if __name__ == "__main__":
    main(int(sys.argv[1]))
