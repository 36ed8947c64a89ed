"""Failures as GraphQL errors: `message` and `extensions {code, path, near, issues}`, and nothing that is not public."""

import traceback
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from graphql import GraphQLError, ValueNode

from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError

log = structlog.get_logger(__name__)

SHOWN_IN_MESSAGE = 5
ErrorWords = Mapping[str, object]


def refusal_words(refusal: SemanticLayerError, at: GraphQLError | None = None) -> ErrorWords:
    """A typed refusal; `at` says where in the document it happened."""
    first = refusal.issues[0]
    extensions: dict[str, object] = {
        "code": first.code.value,
        "path": list(first.path),
        "near": list(first.near),
        "issues": [_issue_words(issue) for issue in refusal.issues],
    }
    if refusal.retryable:
        extensions["retryable"] = True
    return {"message": _message(refusal.issues), **_place(at), "extensions": extensions}


def issue_words(issues: Iterable[Issue]) -> ErrorWords:
    return refusal_words(SemanticLayerError(issues))


def field_words(error: GraphQLError, request_id: str) -> ErrorWords:
    """An error of one field: a refusal in its own words, everything else as INTERNAL with the request's id."""
    cause = cause_of(error)
    if isinstance(cause, SemanticLayerError):
        codes = [issue.code.value for issue in cause.issues]
        log.info("question refused", request_id=request_id, codes=codes, detail=cause.detail or None)
        return refusal_words(cause, error)
    if cause is None:
        return document_words(error)
    log_fault("field failed", request_id, cause)
    return {**internal_words(request_id), **_place(error)}


def cause_of(error: GraphQLError) -> BaseException | None:
    """What was raised where the error began; None if the document itself is wrong."""
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, GraphQLError) and any(isinstance(node, ValueNode) for node in cause.nodes or ()):
        return None  # a variable that may be null holds null, and stands where nothing may be null
    return cause


def document_words(error: GraphQLError) -> ErrorWords:
    """An error of the document itself: it does not fit the schema."""
    near = tuple((error.extensions or {}).get("near", ()))
    message = error.message.rstrip(".").replace(" not to be None", " not to be null")
    issue = Issue(ErrorCode.GRAPHQL_INVALID, message, near=near)
    return refusal_words(SemanticLayerError([issue]), error)


def internal_words(request_id: str) -> ErrorWords:
    message = f"a fault of the server; its log has the details under request id {request_id}"
    words = issue_words([Issue(ErrorCode.INTERNAL, message)])
    return {**words, "extensions": {**_extensions(words), "requestId": request_id}}


def log_fault(event: str, request_id: str, fault: BaseException) -> None:
    """The traceback as text: renderers of the log may add every variable, which here is whole catalogs and rows."""
    log.error(event, request_id=request_id, traceback="".join(traceback.format_exception(fault)))


def _extensions(words: ErrorWords) -> Mapping[str, object]:
    extensions = words["extensions"]
    return extensions if isinstance(extensions, Mapping) else {}


def _issue_words(issue: Issue) -> ErrorWords:
    return {
        "code": issue.code.value,
        "message": issue.message,
        "path": list(issue.path),
        "near": list(issue.near),
    }


def _message(issues: tuple[Issue, ...]) -> str:
    said = "; ".join(issue.message for issue in issues[:SHOWN_IN_MESSAGE])
    more = len(issues) - SHOWN_IN_MESSAGE
    return f"{said}; and {more} more" if more > 0 else said


def _place(error: GraphQLError | None) -> dict[str, Any]:
    place: dict[str, Any] = {}
    if error is not None and error.locations:
        place["locations"] = [{"line": spot.line, "column": spot.column} for spot in error.locations]
    if error is not None and error.path is not None:
        place["path"] = error.path
    return place
