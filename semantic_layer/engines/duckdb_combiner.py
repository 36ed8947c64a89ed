"""Puts together what several sources gave: DuckDB in memory, over the tables that it is handed and nothing else."""

from collections.abc import Mapping, Sequence
from typing import cast

import duckdb
import pyarrow as pa

from semantic_layer.engines.bound_values import driver_values
from semantic_layer.engines.duckdb_errors import as_refusal
from semantic_layer.engines.duckdb_place import Limits
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
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._workers: Workers[duckdb.DuckDBPyConnection] = Workers("combiner", limits.threads or cores())

    @property
    def dialect(self) -> str:
        return "duckdb"

    async def combine(
        self, statements: Sequence[Statement], tables: Sequence[Mapping[str, pa.Table]], *, timeout: float
    ) -> list[pa.Table]:
        """See serving.ports.Combiner.combine."""
        if self._connection is None:
            self._connection = _sandbox(self._limits)
        database = self._connection
        try:
            return await self._workers.run(lambda job: _combined(job, database, statements, tables), timeout)
        except TimeoutError:
            raise late(None, timeout) from None
        except Stopped:
            raise unavailable(None, "the combiner was closed") from None

    async def close(self) -> None:
        await self._workers.close()
        if self._connection is not None:
            self._connection.close()


def _sandbox(limits: Limits) -> duckdb.DuckDBPyConnection:
    """No file, no extension, and no variable of this program can be read."""
    connection = duckdb.connect(":memory:")
    settings = {
        "threads": str(limits.threads or cores()),
        "memory_limit": f"'{limits.memory}'",
        "temp_directory": "''",
        "TimeZone": "'UTC'",
        "python_enable_replacements": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_external_access": "false",
        "lock_configuration": "true",
    }
    for name, value in settings.items():
        connection.execute(f"SET GLOBAL {name} = {value}").fetchall()
    return connection


def _combined(
    job: DuckDBJob,
    database: duckdb.DuckDBPyConnection,
    statements: Sequence[Statement],
    tables: Sequence[Mapping[str, pa.Table]],
) -> list[pa.Table]:
    found = []
    try:
        for statement, parts in zip(statements, tables, strict=True):
            with database.cursor() as cursor:  # what is registered is seen by this cursor alone
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
