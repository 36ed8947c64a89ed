"""GraphQL documents that were parsed, measured and validated, kept by their text for as long as their schema lives."""

import asyncio
from dataclasses import dataclass, field

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldsOnCorrectTypeRule,
    GraphQLError,
    GraphQLSchema,
    parse,
    print_schema,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from semantic_layer.api.document_limits import DocumentLimits, too_large
from semantic_layer.api.introspection import IntrospectionAloneRule
from semantic_layer.api.kept_texts import KeptTexts
from semantic_layer.api.known_fields import KnownFieldsRule
from semantic_layer.api.ready_replies import ReadyReplies
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError

CACHED_CHARACTERS = 500_000  # the parsed form takes about a hundred bytes for each
LONG_DOCUMENT = 4_000  # characters; from here on preparing would hold the event loop for 50 ms
MOST_ERRORS = 20
RULES = (
    *(KnownFieldsRule if rule is FieldsOnCorrectTypeRule else rule for rule in specified_rules),
    MaybeNullValidationRule,
    OneOfInputValidationRule,
    IntrospectionAloneRule,
)


class InvalidDocument(Exception):
    """A document that does not fit the schema, with graphql-core's errors and the parsed document."""

    def __init__(self, document: DocumentNode, errors: list[GraphQLError]) -> None:
        super().__init__("invalid document")
        self.document = document
        self.errors = errors


def _no_documents() -> "LRUCache[str, DocumentNode]":
    return LRUCache(CACHED_CHARACTERS, getsizeof=lambda document: document.loc.end if document.loc else 1)


@dataclass(frozen=True, slots=True)
class PreparedSchema:
    """The schema of one catalog, with its documents and texts: they cannot outlive it, a new one starts with none."""

    published: PublishedCatalog
    graphql: GraphQLSchema
    limits: DocumentLimits = field(default_factory=DocumentLimits)
    documents: "LRUCache[str, DocumentNode]" = field(default_factory=_no_documents, compare=False)
    ready: ReadyReplies = field(default_factory=ReadyReplies, compare=False)
    texts: KeptTexts = field(default_factory=KeptTexts, compare=False)

    async def definition_language(self) -> bytes:
        """The schema as text; on a large catalog it takes a second to write, once."""
        return await self.texts.of(b"definition language", lambda: f"{print_schema(self.graphql)}\n".encode())

    async def prepared(self, text: str) -> DocumentNode:
        """The document of a text. Raises SemanticLayerError (syntax, limits) or InvalidDocument."""
        document = self.documents.get(text)
        if document is None:
            is_long = len(text) > LONG_DOCUMENT
            document = await asyncio.to_thread(self._prepare, text) if is_long else self._prepare(text)
            self.documents[text] = document  # here, and not in the thread: the cache knows no locks
        return document

    def _prepare(self, text: str) -> DocumentNode:
        document = self._parsed(text)
        issue = too_large(document, self.limits)
        if issue is not None:
            raise SemanticLayerError([issue])
        errors = validate(self.graphql, document, RULES, MOST_ERRORS, hide_suggestions=True)
        if errors:
            raise InvalidDocument(document, errors)
        return document

    def _parsed(self, text: str) -> DocumentNode:
        limits = self.limits
        if len(text) > limits.characters:
            message = f"the document has {len(text):,} characters; {limits.characters:,} are allowed"
            raise SemanticLayerError([Issue(ErrorCode.QUERY_TOO_COMPLEX, message)])
        try:
            return parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
        except GraphQLError as error:
            raise SemanticLayerError([_syntax_issue(error, limits)]) from error


def _syntax_issue(error: GraphQLError, limits: DocumentLimits) -> Issue:
    if "nested too deeply" in error.message:
        return Issue(ErrorCode.QUERY_TOO_DEEP, f"the document is nested deeper than {limits.depth}")
    if "Parsing aborted" in error.message:
        message = f"the document has more than {limits.tokens:,} tokens or comments"
        return Issue(ErrorCode.QUERY_TOO_COMPLEX, message)
    place = error.locations[0] if error.locations else None
    where = f" (line {place.line}, column {place.column})" if place else ""
    message = error.message.removeprefix("Syntax Error: ").rstrip(".")
    return Issue(ErrorCode.GRAPHQL_SYNTAX, f"the GraphQL document cannot be parsed: {message}{where}")
