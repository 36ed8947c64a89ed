"""A GraphQL request out of an address: `/graphql?query=…&variables=…`, for questions that only read."""

from dataclasses import replace
from urllib.parse import parse_qsl

import orjson

from semantic_layer.api.execution import GraphqlRequest
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.web.request_body import checked_request

PARAMETERS = ("query", "variables", "operationName", "extensions")
JSON_PARAMETERS = ("variables", "extensions")
LONGEST = 64_000  # bytes; the server reads no longer heads
MOST_PARAMETERS = 20


def read_query_string(text: bytes) -> GraphqlRequest:
    """Parameters of other names are left alone. Raises BAD_REQUEST, QUERY_TOO_DEEP or QUERY_TOO_COMPLEX."""
    if len(text) > LONGEST:
        raise refuse(ErrorCode.BAD_REQUEST, f"an address has at most {LONGEST:,} bytes; send a POST")
    try:
        pairs = parse_qsl(text.decode("ascii"), errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:  # UnicodeDecodeError is one
        raise refuse(ErrorCode.BAD_REQUEST, "the parameters of the address cannot be read") from None
    given = [(name, value) for name, value in pairs if name in PARAMETERS]
    if len({name for name, _ in given}) < len(given):
        raise refuse(ErrorCode.BAD_REQUEST, "a parameter comes more than once")
    data: dict[str, object] = {name: _value(name, value) for name, value in given}
    return replace(checked_request(data, suspect=True), only_reads=True)


def _value(name: str, text: str) -> object:
    if name not in JSON_PARAMETERS:
        return text
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise refuse(ErrorCode.BAD_REQUEST, f"`{name}` is no JSON: {error.msg}") from None
    return value
