"""Runs one GraphQL request on a prepared schema and writes the response's bytes."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from graphql import (
    ArgumentNode,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    execute,
    get_operation_ast,
)
from graphql.execution import Executor
from graphql.language import FieldNode, NonNullTypeNode, ObjectValueNode

from semantic_layer.api.ask_input import ASK, untyped
from semantic_layer.api.columnar_executor import ColumnarExecutor
from semantic_layer.api.documents import InvalidDocument, PreparedSchema
from semantic_layer.api.error_words import (
    ErrorWords,
    cause_of,
    document_words,
    field_words,
    internal_words,
    log_fault,
    refusal_words,
)
from semantic_layer.api.introspection import introspects
from semantic_layer.api.near_inputs import with_near_names
from semantic_layer.api.request import RequestContext
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError
from semantic_layer.query.ask_reader import read_ask
from semantic_layer.serving.answer import Grounds
from semantic_layer.serving.answers import NewerCatalogServed


@dataclass(frozen=True, slots=True)
class GraphqlRequest:
    """`only_reads`: an operation that is no query is refused (METHOD_NOT_ALLOWED)."""

    query: str
    variables: Mapping[str, object]
    operation_name: str | None = None
    only_reads: bool = False


@dataclass(frozen=True, slots=True)
class GraphqlReply:
    """The response's JSON. `failed` is the code of a request that was not executed at all, None for one with data.

    `grounds`: what all of it rests on; empty when it is not to be kept.
    `outdated`: a question needs a newer catalog than the request's, and it is served by now: run the request anew.
    """

    body: bytes
    failed: ErrorCode | None = None
    grounds: tuple[Grounds, ...] = ()
    outdated: bool = False
    is_complete: bool = False  # no error is in it


async def run(
    schema: PreparedSchema,
    request: GraphqlRequest,
    context: RequestContext,
    executor: type[Executor[Any]] = ColumnarExecutor,
) -> GraphqlReply:
    """Never raises but for cancellation: every failure is an error in the reply. Any executor gives the same bytes."""
    try:
        return await _run(schema, request, context, executor)
    except Exception as fault:
        log_fault("request failed", context.request_id, fault)
        return failed_reply(ErrorCode.INTERNAL, [internal_words(context.request_id)])


def failed_reply(code: ErrorCode, errors: Sequence[ErrorWords]) -> GraphqlReply:
    return GraphqlReply(orjson.dumps({"errors": errors}), code)


def refused_reply(refusal: SemanticLayerError) -> GraphqlReply:
    return failed_reply(refusal.code, [refusal_words(refusal)])


async def _run(
    schema: PreparedSchema, request: GraphqlRequest, context: RequestContext, executor: type[Executor[Any]]
) -> GraphqlReply:
    try:
        document = await schema.prepared(request.query)
    except InvalidDocument as invalid:
        if _changes(invalid.document, request):
            return _not_a_query()
        return _invalid(invalid, with_near_names(invalid.errors, schema.graphql))
    except SemanticLayerError as refusal:
        return refused_reply(refusal)
    if _changes(document, request):
        return _not_a_query()

    def executed() -> ExecutionResult | Awaitable[ExecutionResult]:
        return execute(
            schema.graphql,
            document,
            context_value=context,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
            max_coercion_errors=20,
            executor_class=executor,
            hide_suggestions=True,
        )

    if introspects(document, request.operation_name):
        return await _introspected(schema, request, document, executed)
    outcome = executed()
    result = outcome if isinstance(outcome, ExecutionResult) else await outcome
    errors = result.errors or []
    if result.data is None and errors and all(error.path is None for error in errors):
        return _not_executed(document, request, with_near_names(errors, schema.graphql))
    reply: dict[str, object] = {}
    if errors:
        reply["errors"] = [field_words(error, context.request_id) for error in errors]
    reply["data"] = result.data
    outdated = any(isinstance(cause_of(error), NewerCatalogServed) for error in errors)
    grounds = () if errors else _grounds(result.data, context)
    return GraphqlReply(orjson.dumps(reply), grounds=grounds, outdated=outdated, is_complete=not errors)


class _Refused(Exception):
    """An introspection that cannot be executed, with the errors."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("introspection refused")
        self.errors = errors


async def _introspected(
    schema: PreparedSchema,
    request: GraphqlRequest,
    document: DocumentNode,
    executed: Callable[[], ExecutionResult | Awaitable[ExecutionResult]],
) -> GraphqlReply:
    """The schema's answer about itself, made off the event loop once and kept with the schema."""

    def made() -> bytes:
        result = executed()
        assert isinstance(result, ExecutionResult)  # nothing about a schema is awaited
        if result.errors:
            raise _Refused(result.errors)
        return orjson.dumps({"data": result.data})

    asked = orjson.dumps([request.query, request.operation_name, request.variables], option=orjson.OPT_SORT_KEYS)
    try:
        return GraphqlReply(await schema.texts.of(sha256(asked).digest(), made), is_complete=True)
    except _Refused as refused:
        return _not_executed(document, request, refused.errors)


def _changes(document: DocumentNode, request: GraphqlRequest) -> bool:
    """Whether a request that must only read asks for an operation that is no query."""
    if not request.only_reads:
        return False
    operation = get_operation_ast(document, request.operation_name)
    return operation is not None and operation.operation is not OperationType.QUERY


def _not_a_query() -> GraphqlReply:
    issue = Issue(ErrorCode.METHOD_NOT_ALLOWED, "only queries are asked by GET; send a POST")
    return refused_reply(SemanticLayerError([issue]))


def _grounds(data: Mapping[str, object] | None, context: RequestContext) -> tuple[Grounds, ...]:
    """Those of all answers, if every root field is an answer with grounds; else nothing is known of the whole reply."""
    if data is None or data.keys() != context.grounds.keys():
        return ()
    found = [one for several in context.grounds.values() for one in several]
    return () if None in found else tuple(one for one in found if one is not None)


def _invalid(invalid: InvalidDocument, errors: Sequence[GraphQLError]) -> GraphqlReply:
    """Mistakes inside a question that is written into the document are told by the question's own reader."""
    told: list[ErrorWords] = []
    arguments = list(_literal_questions(invalid.document))
    for argument in arguments:
        if any(_is_inside(error, argument) for error in errors):
            refusal = _refusal(untyped(argument.value, {}))
            if refusal is not None:
                told.append(refusal_words(refusal))
    for error in errors:
        if not (told and any(_is_inside(error, argument) for argument in arguments)):
            told.append(document_words(error))
    return failed_reply(ErrorCode.GRAPHQL_INVALID, told)


def _not_executed(document: DocumentNode, request: GraphqlRequest, errors: Sequence[GraphQLError]) -> GraphqlReply:
    """Variables that do not fit: a question's are told by its own reader, which finds more and names near words."""
    refusals = [_refusal(request.variables[name]) for name in _questions(document) if name in request.variables]
    told = [refusal_words(refusal) for refusal in refusals if refusal is not None]
    return failed_reply(ErrorCode.GRAPHQL_INVALID, told or [document_words(error) for error in errors])


def _refusal(question: object) -> SemanticLayerError | None:
    if question is None:
        return None
    try:
        read_ask(question)
    except SemanticLayerError as refusal:
        return refusal
    return None


def _operations(document: DocumentNode) -> Iterator[OperationDefinitionNode]:
    return (node for node in document.definitions if isinstance(node, OperationDefinitionNode))


def _questions(document: DocumentNode) -> Iterator[str]:
    """The names of the variables that hold a question."""
    for operation in _operations(document):
        for definition in operation.variable_definitions or ():
            type_ = definition.type.type if isinstance(definition.type, NonNullTypeNode) else definition.type
            if getattr(getattr(type_, "name", None), "value", None) == ASK.name:
                yield definition.variable.name.value


def _literal_questions(document: DocumentNode) -> Iterator[ArgumentNode]:
    """The questions of root fields that are written out in the document, without variables inside."""
    for operation in _operations(document):
        for node in operation.selection_set.selections:
            if not isinstance(node, FieldNode) or node.name.value != "query":
                continue
            for argument in node.arguments or ():
                if isinstance(argument.value, ObjectValueNode) and not _has_variable(argument.value):
                    yield argument


def _has_variable(value: Any) -> bool:
    if isinstance(value, VariableNode):
        return True
    inner = getattr(value, "values", None) or [part.value for part in getattr(value, "fields", ())]
    return any(_has_variable(part) for part in inner)


def _is_inside(error: GraphQLError, argument: ArgumentNode) -> bool:
    place = error.nodes[0].loc if error.nodes else None
    if place is None or argument.loc is None:
        return False
    return argument.loc.start <= place.start < argument.loc.end
