"""Puts together what several sources gave: DuckDB in memory, over the tables that it is handed and nothing else."""

from collections.abc import Mapping, Sequence
from typing import cast

import duckdb
import pyarrow as pa

from semantic_layer.engines.bound_values import driver_values
from semantic_layer.engines.duckdb_errors import as_refusal
from semantic_layer.engines.duckdb_place import Limits, Opened, sandbox
from semantic_layer.engines.exact_columns import exact
from semantic_layer.engines.refusals import late, unavailable
from semantic_layer.engines.worker import Job, Stopped, Workers, cores
from semantic_layer.sql.statement import Statement

DuckDBJob = Job[duckdb.DuckDBPyConnection]


class DuckDBCombiner:
    """The port `serving.ports.Combiner`. One database in memory for all runs, which never holds a table of its own."""

    def __init__(self, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self._limits = limits
        self._opened: Opened | None = None
        self._workers: Workers[duckdb.DuckDBPyConnection] = Workers("combiner", limits.threads or cores())

    @property
    def dialect(self) -> str:
        return "duckdb"

    async def combine(
        self, statements: Sequence[Statement], tables: Sequence[Mapping[str, pa.Table]], *, timeout: float
    ) -> list[pa.Table]:
        """See serving.ports.Combiner.combine."""
        if self._opened is None:
            self._opened = sandbox(self._limits)
        opened = self._opened
        try:
            return await self._workers.run(lambda job: _combined(job, opened, statements, tables), timeout)
        except TimeoutError:
            raise late(None, timeout) from None
        except Stopped:
            raise unavailable(None, "the combiner was closed") from None

    async def close(self) -> None:
        await self._workers.close()
        if self._opened is not None:
            self._opened.close()


def _combined(
    job: DuckDBJob,
    opened: Opened,
    statements: Sequence[Statement],
    tables: Sequence[Mapping[str, pa.Table]],
) -> list[pa.Table]:
    found = []
    try:
        for statement, parts in zip(statements, tables, strict=True):
            with opened.cursor() as cursor:  # what is registered is seen by this cursor alone
                job.uses(cursor)
                try:
                    for name, table in parts.items():
                        cursor.register(name, table)
                    answer = cursor.execute(statement.text, driver_values(statement.values)).to_arrow_table()
                finally:
                    job.released()
                found.append(exact(cast(pa.Table, answer), statement.columns, statement.source))
    except duckdb.Error as error:
        if job.stopped:
            raise Stopped from error
        raise as_refusal(error, None) from error
    return found
