"""A source's URL from the settings to the engine that runs statements on it."""

import os
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from semantic_layer.engines.duckdb_place import Limits
from semantic_layer.engines.duckdb_source import DuckDBSource
from semantic_layer.engines.postgres_source import PostgresSource
from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse
from semantic_layer.serving.ports import Engine

_DATABASE_ENDINGS = (".duckdb", ".ddb", ".db")

FORMS = (
    "duckdb:///folder (its Parquet and CSV files), duckdb:///file.duckdb (a database), postgresql://user@host/database"
)


def open_engine(url: str) -> Engine:
    """The engine for a source's URL; nothing is opened yet, so a source that is down stops no start.

    `duckdb:///data/shop` is the absolute path /data/shop, `duckdb:data/shop` a relative one; `?memory_limit=4GB`
    and `?threads=2` bound what it uses. `postgresql://user:password@host:5432/database` may say
    `?pool_size=8` and any parameter of a PostgreSQL session (`search_path=sales`); `?host=/run/postgresql` is
    the folder of a unix socket. Raises SOURCE_REFUSED, naming the forms that exist; no message repeats the URL.
    """
    try:
        parts = urlsplit(url.strip())
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise _no_form("it cannot be read") from None
    if parts.scheme == "duckdb":
        return _duckdb(parts, options)
    if parts.scheme in ("postgresql", "postgres"):
        return PostgresSource(url.strip())
    raise _no_form(f"{parts.scheme or 'nothing'} before the colon is no kind of source")


def _duckdb(parts: SplitResult, options: dict[str, str]) -> Engine:
    unknown = options.keys() - {"memory_limit", "threads"}
    if unknown:
        raise _no_form(f"a DuckDB source has no option {min(unknown)}, only memory_limit and threads")
    threads = options.get("threads")
    if threads is not None and not (threads.isascii() and threads.isdigit() and int(threads) > 0):
        raise _no_form("threads is a whole number from 1 up")
    if parts.netloc or not parts.path.strip("/"):
        raise _no_form("a DuckDB source is a path: three slashes before an absolute one, none before a relative")
    path = Path(unquote(parts.path))
    limits = Limits(options.get("memory_limit", Limits().memory), int(threads) if threads else None)
    is_database = path.suffix.lower() in _DATABASE_ENDINGS or os.path.isfile(path)
    return DuckDBSource(path, limits=limits, is_database=is_database)


def _no_form(why: str) -> SemanticLayerError:
    return refuse(ErrorCode.SOURCE_REFUSED, f"The source's URL is not understood: {why}. The forms are {FORMS}.")
