"""The engine over PostgreSQL: a role that may only read, in read-only transactions of one snapshot each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg
import pyarrow as pa

from semantic_layer.definitions.model import Select, Table
from semantic_layer.definitions.types import ColumnType
from semantic_layer.engines.bound_values import driver_values
from semantic_layer.engines.exact_columns import exact
from semantic_layer.engines.postgres_catalog import (
    column_type,
    describe_table,
    impossible_text,
    list_tables,
    quoted_name,
)
from semantic_layer.engines.postgres_errors import FAILURES, as_refusal, is_changed, is_worth_again
from semantic_layer.engines.postgres_wire import Shape, shape_of, table_of
from semantic_layer.engines.refusals import late, refused, unavailable
from semantic_layer.errors import SemanticLayerError
from semantic_layer.serving.ports import RelationColumns, SourceTable
from semantic_layer.sql.statement import Statement
from semantic_layer.sql.write import select_text

Connection = asyncpg.pool.PoolConnectionProxy
Found = TypeVar("Found")

_POOL_SIZE = 8
_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 30.0  # for what only looks at columns
_CLOSE_SECONDS = 5.0
_STOP_SECONDS = 0.25
_REMEMBERED = 4096

_SESSION = {
    "TimeZone": "UTC",
    "jit": "off",  # compiling takes longer than most of our statements
    "extra_float_digits": "1",
    "default_transaction_read_only": "on",
    "plan_cache_mode": "force_custom_plan",  # a date range decides the plan; planning is cheap beside it
    "application_name": "semantic-layer",
}

# Milliseconds after which a statement ends whose client is gone, in whatever way (a killed server process too).
_WATCHES_CLIENT = {"client_connection_check_interval": "250"}

# A superuser, and members of these roles, read and write the server's files, in a read-only transaction too.
_MAY_LEAVE = """
SELECT rolsuper OR EXISTS (
    SELECT FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER') AND r.rolname IN
    ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'))
FROM pg_roles WHERE rolname = current_user
"""


class PostgresSource:
    """The port `serving.ports.Engine`. Connects at the first run; connections that break are made anew.

    `url` may say `pool_size`; its other parameters are asyncpg's own or the session's (`search_path`).
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        size = options.pop("pool_size", str(_POOL_SIZE))
        if not (size.isascii() and size.isdigit() and int(size) > 0):
            raise refused(None, "pool_size is a whole number from 1 up", "in the source's URL")
        self._size = int(size)
        self._url = parts._replace(query=urlencode(options)).geturl()
        self._pool: asyncpg.Pool | None = None
        self._starting = asyncio.Lock()
        self._closed = False
        self._ending: set[asyncio.Task[None]] = set()
        self._shapes: dict[str, Shape] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @property
    def dialect(self) -> str:
        return "postgres"

    async def run(self, statements: Sequence[Statement], *, timeout: float) -> list[pa.Table]:
        """Rows of all statements from one snapshot; see serving.ports.Engine.run."""
        if not statements:
            return []

        async def read(connection: Connection) -> list[pa.Table]:
            return [await self._rows(connection, statement) for statement in statements]

        return await self._in_snapshot(read, statements[0].source, timeout)

    async def describe(self, relation: Table | Select) -> RelationColumns:
        async def look(connection: Connection) -> RelationColumns:
            if isinstance(relation, Table):
                return await describe_table(connection, relation.name)
            prepared = await connection.prepare(select_text(relation, self.dialect))
            columns = [(one, column_type(one.type.name, -1)) for one in prepared.get_attributes()]
            types = {one.name: kind for one, kind in columns if kind is not None}
            return RelationColumns(types, (), {one.name: one.type.name for one, kind in columns if kind is None})

        return await self._in_snapshot(look, None, _LOOK_SECONDS)

    async def impossible(self, relation: Table | Select, columns: Mapping[str, ColumnType]) -> frozenset[str]:
        rows = quoted_name(relation.name) if isinstance(relation, Table) else f"({select_text(relation, self.dialect)})"

        async def look(connection: Connection) -> frozenset[str]:
            found = await connection.fetchrow(impossible_text(rows, columns))
            return frozenset(name for name, any_ in zip(columns, cast(Sequence[bool], found), strict=True) if any_)

        return await self._in_snapshot(look, None, _LOOK_SECONDS)

    async def tables(self) -> tuple[SourceTable, ...]:
        return await self._in_snapshot(list_tables, None, _LOOK_SECONDS)

    def still_has(self, relation: Table | Select, token: str | None) -> bool:
        return token is None

    async def file_token(self, relation: Table | Select) -> str | None:
        return None

    async def close(self) -> None:
        self._closed = True
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._pool.close()
        except (TimeoutError, *FAILURES):
            self._pool.terminate()

    async def _in_snapshot(
        self, work: Callable[[Connection], Awaitable[Found]], source: str | None, timeout: float
    ) -> Found:
        """`work` in a transaction of its own, ended in time; once more where a second try can help."""
        try:
            async with asyncio.timeout(timeout) as deadline:
                try:
                    return await self._attempt(work, timeout)
                except FAILURES as error:
                    if not (is_worth_again(error) or self._forgets_shapes(error)):
                        raise
                return await self._attempt(work, timeout)
        except TimeoutError as error:
            if deadline.expired():
                raise late(source, timeout) from None
            raise unavailable(source, "no connection in time") from error
        except FAILURES as error:
            raise as_refusal(error, source) from error

    async def _attempt(self, work: Callable[[Connection], Awaitable[Found]], timeout: float) -> Found:
        pool = await self._started()
        connection = await pool.acquire()
        try:
            found = await _in_transaction(connection, work, timeout)
        except asyncio.CancelledError:
            # A new connection costs less than a cancel signal that comes late and hits the next statement.
            ending = asyncio.create_task(_stopped(connection))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            await asyncio.shield(ending)
            raise
        except BaseException:
            await pool.release(connection)
            raise
        await pool.release(connection)
        return found

    async def _started(self) -> asyncpg.Pool:
        async with self._starting:
            if self._closed:
                raise unavailable(None, "the engine was closed")
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=self._size,
                    init=_prepare,
                    reset=_nothing,
                    timeout=_CONNECT_SECONDS,
                    connect=_connected,
                )
            return self._pool

    async def _rows(self, connection: Connection, statement: Statement) -> pa.Table:
        shape = await self._shape(connection, statement.text)
        if len(shape.wires) != len(statement.columns):
            raise refused(statement.source, "it gives another number of columns than declared", shape.text)
        row = await connection.fetchrow(shape.text, *driver_values(statement.values))
        table, nulled = table_of(shape, cast(Sequence[Any], row), statement.columns, statement.source)
        return exact(table, statement.columns, statement.source, nulled)

    async def _shape(self, connection: Connection, text: str) -> Shape:
        """How the statement's rows come; asked of the server once per text."""
        known = self._shapes.get(text)
        if known is None:
            prepared = await connection.prepare(text)
            known = shape_of(text, [one.type.name for one in prepared.get_attributes()])
            if len(self._shapes) >= _REMEMBERED:
                self._shapes.clear()
            self._shapes[text] = known
        return known

    def _forgets_shapes(self, error: Exception) -> bool:
        """After a column's type was altered: true when asking anew may help."""
        known = bool(self._shapes) and is_changed(error)
        if known:
            self._shapes.clear()
        return known


async def _in_transaction(
    connection: Connection, work: Callable[[Connection], Awaitable[Found]], timeout: float
) -> Found:
    """One round trip to begin, one to end. The server's own limit is for when our cancelling does not reach it."""
    limit = max(1, int(timeout * 1000))
    try:
        await connection.execute(
            f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {limit}"
        )
        found = await work(connection)
    except Exception:
        await _reset(connection)
        raise
    await _reset(connection)
    return found


async def _reset(connection: Connection) -> None:
    """Ends the transaction and what a statement may have set; a connection that cannot is of no more use."""
    try:
        await connection.execute("ROLLBACK; RESET ALL")
    except Exception:
        with suppress(asyncpg.InterfaceError):  # it is gone already
            connection.terminate()


async def _stopped(connection: Connection) -> None:
    """Closed, once the server has ended the statement that asyncpg told it to cancel.

    A signal that comes before the statement has begun is lost: then the closed socket ends it (_WATCHES_CLIENT).
    """
    with suppress(Exception):  # it closes the socket also when it fails
        await connection.close(timeout=_STOP_SECONDS)


async def _connected(*arguments: Any, **options: Any) -> asyncpg.Connection:
    """Servers before 14, and those on some systems, cannot watch whether the client is still there."""
    try:
        return await asyncpg.connect(*arguments, server_settings=_SESSION | _WATCHES_CLIENT, **options)
    except (asyncpg.UndefinedObjectError, asyncpg.InvalidParameterValueError):
        return await asyncpg.connect(*arguments, server_settings=_SESSION, **options)


async def _prepare(connection: asyncpg.Connection) -> None:
    """Once per connection: who it is, and dates sent as their own text.

    The driver's own encoding sends 9999-12-31 and 0001-01-01, the usual "no end" of warehouses, as infinities.
    """
    await _check_role(connection)
    for name, text in (("date", date.isoformat), ("timestamp", _moment_text), ("timestamptz", _moment_text)):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=text, decoder=str, format="text")


def _moment_text(moment: datetime) -> str:
    return moment.isoformat(sep=" ")


async def _check_role(connection: asyncpg.Connection) -> None:
    if await connection.fetchval(_MAY_LEAVE):
        raise _not_this_role()


def _not_this_role() -> SemanticLayerError:
    why = "its role is a superuser or may reach the server's files; make a role that may only SELECT"
    return refused(None, why, "rolsuper, or member of a pg_*_server_* role")


async def _nothing(connection: asyncpg.Connection) -> None:
    """The transaction's end has reset the session already."""
