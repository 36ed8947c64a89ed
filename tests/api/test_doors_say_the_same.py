"""A question written for the typed door becomes the very `Ask` that the by-name door reads: no answer is needed for it.

The questions are the golden ones and random ones over a shop that uses the whole language.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from semantic_layer.access.principal import Principal
from semantic_layer.api.execution import GraphqlRequest, run
from semantic_layer.api.request import Backend, RequestContext
from semantic_layer.api.schema import build_schema
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.reader import read_files
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.query.ask import AllOf, AnyOf, Ask, Filter, KeyFilter, NotThis
from semantic_layer.query.ask_reader import read_ask
from tests.api.given import RECORDED, GivenAnswers, GivenCatalogs, published
from tests.golden.cases import load_cases
from tests.golden.typed_document import META, TypedDocument, typed_document
from tests.random.questions import Asker
from tests.random.test_random_questions import CATALOG, SHOP

RANDOM_QUESTIONS = 150


@cache
def shop() -> PublishedCatalog:
    return PublishedCatalog(1, RECORDED, "ann", read_files([SHOP]), {})


async def asked(document: TypedDocument, catalog: PublishedCatalog) -> Ask | None:
    """What the pipeline is asked; None if the document does not fit the schema."""
    answers = GivenAnswers()
    answers.failure = refuse(ErrorCode.NOT_READY, "only the question is looked at")
    context = RequestContext(Backend(answers, GivenCatalogs(catalog)), catalog, Principal("test"), "request-1")
    text = document.text.replace(META, "")  # what is asked of the answer takes longest to validate
    await run(schema(catalog.revision), GraphqlRequest(text, document.variables), context)
    return answers.asked[0] if answers.asked else None


@cache
def schema(revision: int) -> Any:
    return build_schema(shop() if revision == 1 else published())


def in_keys(ask: Ask, document: TypedDocument) -> Ask:
    """The question of the by-name door with the column names of the typed one, and without what words do not say."""
    names = [".".join(keys) for keys in document.keys]
    by_name = [*(one.alias or one.dimension for one in ask.by), *(one.alias or one.name for one in ask.metrics)]
    keys = dict(zip(by_name, names, strict=True))
    dimensions = names[: len(ask.by)]
    kept = [tuple(name for name in dimensions if name in {keys[one] for one in names_}) for names_ in ask.totals]
    return replace(
        ask,
        by=tuple(replace(one, alias=name) for one, name in zip(ask.by, dimensions, strict=True)),
        metrics=tuple(replace(one, alias=keys[one.alias or one.name]) for one in ask.metrics),
        where=plain(ask.where, keys),
        having=plain(ask.having, keys),
        order_by=tuple(replace(one, key=keys[one.key]) for one in ask.order_by),
        totals=tuple(dict.fromkeys(kept)),
    )


def plain(node: Filter | None, keys: dict[str, str]) -> Filter | None:
    """Without paths, and a list of one as the one."""
    match node:
        case None:
            return None
        case AllOf(nodes) | AnyOf(nodes):
            inner = tuple(one for one in (plain(part, keys) for part in nodes) if one is not None)
            return inner[0] if len(inner) == 1 else replace(node, nodes=inner, path=())
        case NotThis(inner_node):
            negated = plain(inner_node, keys)
            return None if negated is None else NotThis(negated)
        case KeyFilter():
            return replace(node, key=keys[node.key], path=())
        case _:
            return replace(node, path=())


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: f"{case.file}-{case.id}")
async def test_golden_questions(case: Any) -> None:
    document = typed_document(case.ask)
    typed = await asked(document, published())
    assert typed is not None, document.text
    assert plain_typed(typed) == in_keys(read_ask(case.ask), document)


async def test_random_questions() -> None:
    """A text operator on a number is the only thing that a document cannot say: it has no such field."""
    unsaid = 0
    for seed in range(RANDOM_QUESTIONS):
        question = Asker(CATALOG, seed).question()
        document = typed_document(question)
        typed = await asked(document, shop())
        if typed is None:
            unsaid += 1
            continue
        assert plain_typed(typed) == in_keys(read_ask(question), document), (seed, document.text)
    assert unsaid <= RANDOM_QUESTIONS // 10


def plain_typed(typed: Ask) -> Ask:
    names = [one.alias or "" for one in (*typed.by, *typed.metrics)]
    keys = {name: name for name in names}
    return replace(typed, where=plain(typed.where, keys), having=plain(typed.having, keys))
