"""What PostgreSQL's SQLSTATE codes and a lost connection mean to whoever asked."""

import asyncpg

from semantic_layer.engines.refusals import late, out_of_range, refused, unavailable
from semantic_layer.errors import SemanticLayerError

# The server's last word ("terminating connection") came, its end of the connection not yet, when we sent a statement.
_ENDING = asyncpg.InternalClientError

# All that asyncpg and the network raise; ValueError: a value or setting that asyncpg itself cannot send.
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, _ENDING, OSError, ValueError)

_OUT_OF_RANGE = "22003"
_CANCELLED = "57014"

# First two letters: connection, resources, operator intervention (shutdown, starting up).
_UNREACHABLE = ("08", "53", "57")
_NO_ENTRY = ("28", "3D")  # who we are, or the database's name
_MISSING = ("42", "3F")  # tables, columns, functions, rights

# Worth one more try: another transaction was in the way, or the server went away between two runs.
_AGAIN = ("40001", "40P01", "57P01", "57P02", "57P05", "08000", "08003", "08006")


def is_worth_again(error: Exception) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return error.sqlstate in _AGAIN
    return isinstance(error, ConnectionResetError | BrokenPipeError | _ENDING) or _is_closed(error)


def is_changed(error: Exception) -> bool:
    """Whether the types of columns are perhaps others than when the statement was first looked at."""
    return isinstance(error, asyncpg.PostgresError) and str(error.sqlstate)[:2] in ("42", "0A")


def as_refusal(error: Exception, source: str | None) -> SemanticLayerError:
    """The refusal for one of FAILURES; the server's words are its detail."""
    detail = f"{type(error).__name__}: {error}"
    if type(error) is asyncpg.DataError and "query argument" in str(error):  # asyncpg's own, before sending
        if "range" in str(error) or "overflow" in str(error):
            return out_of_range(source, detail)
        return refused(source, "a value does not fit the type of what it is compared with", detail)
    if isinstance(error, asyncpg.PostgresError):
        return _by_state(str(error.sqlstate), source, detail)
    if isinstance(error, OSError | _ENDING) or _is_closed(error):
        return unavailable(source, detail)
    return refused(source, "its connection is not set up rightly", detail)


def _by_state(state: str, source: str | None, detail: str) -> SemanticLayerError:
    if state == _OUT_OF_RANGE:
        return out_of_range(source, detail)
    if state == _CANCELLED:
        return late(source, detail=detail)
    if state[:2] in _UNREACHABLE:
        return unavailable(source, detail)
    if state[:2] in _NO_ENTRY:
        return refused(source, "it does not let this role or into this database", detail)
    if state[:2] in _MISSING:
        return refused(
            source, "a table or column of the definition is missing, of another type, or not to be read", detail
        )
    if state == "25006":
        return refused(source, "it does more than read", detail)
    return refused(source, "its data or types do not fit the definition", detail)


def _is_closed(error: Exception) -> bool:
    return isinstance(error, asyncpg.InterfaceError) and "clos" in str(error)
