"""Every way to say no: stable codes, a public text, and a private detail that only the log keeps.

A code never changes its meaning. `schema/errors.json` is printed from CODES, and docs/errors.md explains each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import category

_UNSEEN = ("Cc", "Cf", "Cs")


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """What a code means in one line, the HTTP status when a whole request fails with it, and whether to retry."""

    text: str
    status: int = 200
    retryable: bool = False


class ErrorCode(StrEnum):
    # questions
    BAD_QUESTION = "BAD_QUESTION"
    EMPTY_QUESTION = "EMPTY_QUESTION"
    UNKNOWN_METRIC = "UNKNOWN_METRIC"
    UNKNOWN_DIMENSION = "UNKNOWN_DIMENSION"
    UNKNOWN_SEGMENT = "UNKNOWN_SEGMENT"
    UNKNOWN_VERSION = "UNKNOWN_VERSION"
    UNKNOWN_REVISION = "UNKNOWN_REVISION"
    UNKNOWN_PARAMETER = "UNKNOWN_PARAMETER"
    UNKNOWN_MEMBER = "UNKNOWN_MEMBER"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    UNKNOWN_LANGUAGE = "UNKNOWN_LANGUAGE"
    UNREACHABLE_DIMENSION = "UNREACHABLE_DIMENSION"
    AMBIGUOUS_PATH = "AMBIGUOUS_PATH"
    DUPLICATE_COLUMN = "DUPLICATE_COLUMN"
    BAD_GRAIN = "BAD_GRAIN"
    GRAIN_TOO_FINE = "GRAIN_TOO_FINE"
    BAD_PART = "BAD_PART"
    BAD_OPERATOR = "BAD_OPERATOR"
    BAD_VALUE = "BAD_VALUE"
    BAD_FILTER = "BAD_FILTER"
    BAD_LIMIT = "BAD_LIMIT"
    LIMIT_TOO_LARGE = "LIMIT_TOO_LARGE"
    BAD_NAME = "BAD_NAME"
    NOT_CUTTABLE = "NOT_CUTTABLE"
    SHIFT_GRAIN = "SHIFT_GRAIN"
    SHIFT_NEEDS_RANGE = "SHIFT_NEEDS_RANGE"
    WINDOW_NEEDS_TIME = "WINDOW_NEEDS_TIME"
    FILL_NEEDS_RANGE = "FILL_NEEDS_RANGE"
    TIME_FILTER_MIXED = "TIME_FILTER_MIXED"
    ZONE_UNKNOWN = "ZONE_UNKNOWN"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    EXPECTATION_FAILED = "EXPECTATION_FAILED"
    REVISION_NOT_LOADED = "REVISION_NOT_LOADED"
    WARNING_AS_ERROR = "WARNING_AS_ERROR"
    # running
    JOIN_NOT_UNIQUE = "JOIN_NOT_UNIQUE"
    NUMBER_OUT_OF_RANGE = "NUMBER_OUT_OF_RANGE"
    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    SOURCE_REFUSED = "SOURCE_REFUSED"
    SOURCES_NOT_COMBINED = "SOURCES_NOT_COMBINED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    OVERLOADED = "OVERLOADED"
    INTERNAL = "INTERNAL"
    # the HTTP and GraphQL door
    BAD_REQUEST = "BAD_REQUEST"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    QUERY_TOO_DEEP = "QUERY_TOO_DEEP"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    GRAPHQL_SYNTAX = "GRAPHQL_SYNTAX"
    GRAPHQL_INVALID = "GRAPHQL_INVALID"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    HOST_NOT_ALLOWED = "HOST_NOT_ALLOWED"
    NOT_FOUND = "NOT_FOUND"
    NOT_READY = "NOT_READY"
    # publishing
    DEFINITION_INVALID = "DEFINITION_INVALID"
    MANIFEST_INVALID = "MANIFEST_INVALID"
    REVISION_CONFLICT = "REVISION_CONFLICT"
    REGISTRY_UNAVAILABLE = "REGISTRY_UNAVAILABLE"


CODES: dict[ErrorCode, CodeEntry] = {
    ErrorCode.BAD_QUESTION: CodeEntry("A key of the question is unknown, missing, or of a wrong JSON type."),
    ErrorCode.EMPTY_QUESTION: CodeEntry("The question asks for no metric and no dimension."),
    ErrorCode.UNKNOWN_METRIC: CodeEntry("No metric has this name."),
    ErrorCode.UNKNOWN_DIMENSION: CodeEntry("No dimension has this name."),
    ErrorCode.UNKNOWN_SEGMENT: CodeEntry("No segment has this name."),
    ErrorCode.UNKNOWN_VERSION: CodeEntry("The metric has no version of this number."),
    ErrorCode.UNKNOWN_REVISION: CodeEntry("The registry has no such revision, or none at that moment."),
    ErrorCode.UNKNOWN_PARAMETER: CodeEntry("The metric declares no parameter of this name."),
    ErrorCode.UNKNOWN_MEMBER: CodeEntry("The dimension has a closed list of members, and this is not one of them."),
    ErrorCode.UNKNOWN_KEY: CodeEntry("No column of this answer has this name."),
    ErrorCode.UNKNOWN_LANGUAGE: CodeEntry("The catalog has no labels in this language."),
    ErrorCode.UNREACHABLE_DIMENSION: CodeEntry("A metric of the question cannot reach this dimension."),
    ErrorCode.AMBIGUOUS_PATH: CodeEntry("More than one join path leads to this dimension; say which."),
    ErrorCode.DUPLICATE_COLUMN: CodeEntry("Two columns of the answer would have one name; give one an alias."),
    ErrorCode.BAD_GRAIN: CodeEntry("The grain is unknown, not allowed for this metric, or asked of what is no time."),
    ErrorCode.GRAIN_TOO_FINE: CodeEntry("The grain is finer than what the time dimension records."),
    ErrorCode.BAD_PART: CodeEntry("The date part is unknown, or asked of what is no time."),
    ErrorCode.BAD_OPERATOR: CodeEntry("The operator is unknown, or does not fit the column's type."),
    ErrorCode.BAD_VALUE: CodeEntry("A value does not fit the type of what it is compared with."),
    ErrorCode.BAD_FILTER: CodeEntry("A filter node is not exactly one of the forms that exist."),
    ErrorCode.BAD_LIMIT: CodeEntry("limit and offset are whole numbers; limit at least 1, offset at least 0."),
    ErrorCode.LIMIT_TOO_LARGE: CodeEntry("The limit is above the maximum that this server allows."),
    ErrorCode.BAD_NAME: CodeEntry("A column name or alias has a form that is not allowed."),
    ErrorCode.NOT_CUTTABLE: CodeEntry("The metric's definition does not allow this cut."),
    ErrorCode.SHIFT_GRAIN: CodeEntry("The shift does not fall on whole periods of the asked grain."),
    ErrorCode.SHIFT_NEEDS_RANGE: CodeEntry("A shift without time among the dimensions needs a bounded time range."),
    ErrorCode.WINDOW_NEEDS_TIME: CodeEntry("A window over time needs a time dimension to run over."),
    ErrorCode.FILL_NEEDS_RANGE: CodeEntry("fillTime needs a time grain among the dimensions."),
    ErrorCode.TIME_FILTER_MIXED: CodeEntry("A time filter joined by `or` with other filters cannot choose periods."),
    ErrorCode.ZONE_UNKNOWN: CodeEntry("The time zone is unknown, or the column has none and cannot be converted."),
    ErrorCode.NOT_SUPPORTED: CodeEntry("This release does not serve this kind of definition or question."),
    ErrorCode.EXPECTATION_FAILED: CodeEntry("The revision or a fingerprint is not the expected one."),
    ErrorCode.REVISION_NOT_LOADED: CodeEntry("The asked revision is not yet served here.", 200, True),
    ErrorCode.WARNING_AS_ERROR: CodeEntry("The answer has a warning, and the question is strict."),
    ErrorCode.JOIN_NOT_UNIQUE: CodeEntry("A join declared to one row found several; its number would be doubled."),
    ErrorCode.NUMBER_OUT_OF_RANGE: CodeEntry("A sum or product does not fit its type."),
    ErrorCode.SOURCE_UNAVAILABLE: CodeEntry("A source does not answer.", 200, True),
    ErrorCode.SOURCE_REFUSED: CodeEntry("A source refused the statement: its tables do not fit the definition."),
    ErrorCode.SOURCES_NOT_COMBINED: CodeEntry("The question needs rows of several sources joined together."),
    ErrorCode.DEADLINE_EXCEEDED: CodeEntry("The question took longer than its deadline and was cancelled.", 200, True),
    ErrorCode.OVERLOADED: CodeEntry("Too many questions wait for this source.", 200, True),
    ErrorCode.INTERNAL: CodeEntry("A fault of the server; the log has the details under the request's id.", 200),
    ErrorCode.BAD_REQUEST: CodeEntry("The request is no valid GraphQL over HTTP request.", 400),
    ErrorCode.BODY_TOO_LARGE: CodeEntry("The request body is larger than allowed.", 413),
    ErrorCode.QUERY_TOO_DEEP: CodeEntry("The request is nested deeper than allowed.", 400),
    ErrorCode.QUERY_TOO_COMPLEX: CodeEntry("The GraphQL document asks for more than allowed.", 400),
    ErrorCode.GRAPHQL_SYNTAX: CodeEntry("The GraphQL document cannot be parsed.", 400),
    ErrorCode.GRAPHQL_INVALID: CodeEntry("The GraphQL document does not fit the schema.", 400),
    ErrorCode.METHOD_NOT_ALLOWED: CodeEntry("The HTTP method is not allowed here.", 405),
    ErrorCode.NOT_ACCEPTABLE: CodeEntry("None of the media types in Accept can be produced.", 406),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: CodeEntry("The body's media type is not understood.", 415),
    ErrorCode.UNAUTHENTICATED: CodeEntry("The request carries no valid key.", 401),
    ErrorCode.HOST_NOT_ALLOWED: CodeEntry("The Host header names a host that is not served here.", 421),
    ErrorCode.NOT_FOUND: CodeEntry("There is nothing at this address.", 404),
    ErrorCode.NOT_READY: CodeEntry("The server has no published catalog yet.", 503, True),
    ErrorCode.DEFINITION_INVALID: CodeEntry("The definitions have mistakes; none of them was published."),
    ErrorCode.MANIFEST_INVALID: CodeEntry("The file is no semantic manifest of dbt, or one that cannot be read."),
    ErrorCode.REVISION_CONFLICT: CodeEntry("The registry's revision is not the expected one."),
    ErrorCode.REGISTRY_UNAVAILABLE: CodeEntry("The registry does not answer.", 503, True),
}


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with a question. `path` leads into the input (`("where", "and", 1, "values")`)."""

    code: ErrorCode
    message: str
    path: tuple[str | int, ...] = ()
    near: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", without_controls(self.message))


def without_controls(text: str) -> str:
    """The text with characters written out that would steer a terminal or turn the direction of reading."""
    if text.isprintable():
        return text
    return "".join(one if category(one) not in _UNSEEN or one == "\n" else f"U+{ord(one):04X}" for one in text)


class SemanticLayerError(Exception):
    """A refusal with one or more issues. Every text in it is public; `detail` goes to the log only."""

    def __init__(self, issues: Iterable[Issue], detail: str = "") -> None:
        self.issues = tuple(issues)
        self.detail = detail
        super().__init__("; ".join(issue.message for issue in self.issues))

    @property
    def code(self) -> ErrorCode:
        return self.issues[0].code

    @property
    def retryable(self) -> bool:
        return all(CODES[issue.code].retryable for issue in self.issues)


class CannotRun(Exception):
    """Something around us stands in the way: a port, a setting, a file, a program. The text, for the command line,
    says what to do; nobody asks it over GraphQL, so it has no code.
    """


def refuse(
    code: ErrorCode, message: str, *, path: tuple[str | int, ...] = (), near: Iterable[str] = (), detail: str = ""
) -> SemanticLayerError:
    """A refusal with one issue, ready to raise."""
    return SemanticLayerError([Issue(code, message, path, tuple(near))], detail)
