"""What DuckDB's exceptions mean to whoever asked."""

import duckdb

from semantic_layer.engines.refusals import late, out_of_range, refused, unavailable
from semantic_layer.errors import SemanticLayerError

# DuckDB has one exception for casts of a number that is too large and for casts of a text that is no number.
_TOO_LARGE = ("out of range", "Could not cast value")

_UNREACHABLE = (duckdb.IOException, duckdb.ConnectionException, duckdb.FatalException, duckdb.InternalException)
_MISSING = (duckdb.CatalogException, duckdb.BinderException)


def as_refusal(error: duckdb.Error, source: str | None, unreadable: str = "") -> SemanticLayerError:
    """`unreadable` says for the log which files of the folder could not be read."""
    text = str(error)
    detail = f"{type(error).__name__}: {text}" + (f"\nunreadable files: {unreadable}" if unreadable else "")
    if isinstance(error, duckdb.InterruptException):
        return late(source, detail=detail)
    if isinstance(error, duckdb.OutOfRangeException):
        return out_of_range(source, detail)
    if isinstance(error, duckdb.ConversionException):
        if any(words in text for words in _TOO_LARGE):
            return out_of_range(source, detail)
        return refused(source, "a value is not of the type that the definition gives it", detail)
    if isinstance(error, duckdb.OutOfMemoryException):
        return refused(source, "it needs more memory than the source may use", detail)
    if isinstance(error, duckdb.PermissionException):
        return refused(source, "a table of the definition is missing, or lies outside of the source", detail)
    if isinstance(error, _UNREACHABLE):
        return unavailable(source, detail)
    if isinstance(error, _MISSING):
        return refused(source, "a table or column of the definition is missing, or of another type", detail)
    return refused(source, "its data or types do not fit the definition", detail)


def is_broken(error: duckdb.Error) -> bool:
    """Whether DuckDB gave up the whole database: it must be opened anew."""
    return isinstance(error, duckdb.FatalException | duckdb.InternalException | duckdb.ConnectionException)
