"""Connections to our own PostgreSQL, and what it means when there is none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 60.0
SESSION = {
    "application_name": "semantic-layer",
    "search_path": "public",
    # A publisher that lost its network in the middle must not keep all others waiting.
    "idle_in_transaction_session_timeout": "30s",
    "lock_timeout": "30s",
}

# Said by a server that is going away or cannot write now. A wrong statement of ours is not among them: that is a bug.
NO_SERVER = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.QueryCanceledError,
    asyncpg.ReadOnlySQLTransactionError,
)
NOT_SET_UP = (asyncpg.InvalidSchemaNameError, asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)


def plain_url(url: str) -> str:
    """The url as libpq knows it; SQLAlchemy's form `postgresql+asyncpg://` is understood too."""
    scheme, separator, rest = url.partition("://")
    return scheme.removesuffix("+asyncpg") + separator + rest


async def connect(url: str) -> asyncpg.Connection:
    """A connection outside the pool (for LISTEN). The url may say all that libpq's may (sslmode, several hosts)."""
    try:
        return await asyncpg.connect(
            plain_url(url),
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings=SESSION,
        )
    except asyncpg.PostgresError as error:  # whatever a server says to refuse us
        raise ConnectionRefusedError(repr(error)) from error


def open_engine(url: str, *, pool_size: int = 5) -> AsyncEngine:
    """Opens no connection yet. A connection that died in the pool is replaced before it is used."""

    async def creator() -> asyncpg.Connection:
        return await connect(url)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=creator,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,
    )


@asynccontextmanager
async def registry_errors() -> AsyncIterator[None]:
    """Turns trouble with the server into REGISTRY_UNAVAILABLE; the driver's own words go to the log only."""
    try:
        yield
    except SemanticLayerError:
        raise
    except (OSError, TimeoutError, PoolTimeout, *NO_SERVER) as error:
        raise unavailable(error) from error
    except DBAPIError as error:
        cause = driver_error(error)
        if isinstance(cause, NOT_SET_UP):
            message = "The registry's database has not been set up for this release."
            raise refuse(ErrorCode.REGISTRY_UNAVAILABLE, message, detail=repr(cause)) from error
        if error.connection_invalidated or isinstance(cause, (OSError, TimeoutError, *NO_SERVER)):
            raise unavailable(cause or error) from error
        raise


def driver_error(error: DBAPIError) -> BaseException | None:
    """What asyncpg raised, below SQLAlchemy's two wrappings."""
    return error.orig.__cause__ if error.orig is not None and error.orig.__cause__ is not None else error.orig


def unavailable(error: BaseException) -> SemanticLayerError:
    return refuse(ErrorCode.REGISTRY_UNAVAILABLE, "The registry does not answer.", detail=repr(error))
