"""A document's size is bounded before it costs anything, whatever its fragments multiply."""

import time

import pytest
from graphql import get_introspection_query

from semantic_layer.api.documents import PreparedSchema
from semantic_layer.api.schema import build_schema
from tests.api.given import Door, published


def fields(count: int) -> str:
    return " ".join(f"a{n}: name" for n in range(count))


def bomb(levels: int, width: int = 2) -> str:
    """Each fragment spreads the next one `width` times."""
    spread = "".join(f" n{place}: node {{ ...F%d }}" for place in range(width))
    body = "".join(
        f"fragment F{level} on MetricEdge {{ {spread.replace('%d', str(level + 1))} }} " for level in range(levels)
    )
    return f"{{ metricsCatalog {{ edges {{ ...F0 }} }} }} {body} fragment F{levels} on MetricEdge {{ cursor }}"


def many_definitions(count: int) -> str:
    return " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(count)) + "{ __typename }"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{ metricsCatalog { nodes {" + fields(501) + "} } }", "QUERY_TOO_COMPLEX"),
        ("{" + " ".join(f"a{n}: __typename" for n in range(51)) + "}", "QUERY_TOO_COMPLEX"),
        ("{ catalog {" + "revision " * 21 + "} }", "QUERY_TOO_COMPLEX"),
        ("{ catalog {" + "revision @include(if: true) @skip(if: false) " * 101 + "} }", "QUERY_TOO_COMPLEX"),
        ("{ a " * 16 + "}" * 16, "QUERY_TOO_DEEP"),
        ("{ a " * 10_000, "QUERY_TOO_DEEP"),
        ("{" + "... {" * 300 + "a" + "}" * 301, "QUERY_TOO_DEEP"),
        ("{ a(x: " + "[" * 10_000, "QUERY_TOO_DEEP"),
        ("{" + "a " * 4_001 + "}", "QUERY_TOO_COMPLEX"),
        ("{ a }" + "#\n" * 5_000, "QUERY_TOO_COMPLEX"),
        ('{ metric(name: "' + "x" * 100_001 + '") { name } }', "QUERY_TOO_COMPLEX"),
        (many_definitions(101), "QUERY_TOO_COMPLEX"),
        (bomb(12), "QUERY_TOO_COMPLEX"),
        (bomb(90, 3), "QUERY_TOO_DEEP"),
    ],
)  # fmt: skip
async def test_too_large(door: Door, document: str, code: str) -> None:
    (extensions,) = await door.refused(document)
    assert extensions["code"] == code


async def test_flat_fragments_multiply_fields(door: Door) -> None:
    """Depth stays small: 10 spreads of 10 spreads of 10 spreads ... of one field."""
    body = "".join(f"fragment F{n} on Metric {{ {f'...F{n + 1} ' * 10} }} " for n in range(10))
    document = "{ metricsCatalog { nodes { ...F0 } } }" + body + "fragment F10 on Metric { name }"
    (extensions,) = await door.refused(document)
    assert extensions["code"] == "QUERY_TOO_COMPLEX" and "over a million fields" in str(extensions)


@pytest.mark.parametrize("document", [bomb(95, 8), "{" + "a { b } " * 900 + "}", "{" + "b(x: 1) " * 500 + "}"])
async def test_refused_in_the_time_of_reading(door: Door, document: str) -> None:
    """Counting by walking into each spread would take longer than the universe has been there for."""
    start = time.process_time()
    await door.refused(document)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("document", [get_introspection_query(), get_introspection_query(input_value_deprecation=True)])
async def test_tools_can_read_the_schema(door: Door, document: str) -> None:
    reply = await door.ask(document)
    assert {"Answer", "AskInput", "Metric"} <= {one["name"] for one in reply["data"]["__schema"]["types"]}


async def test_a_page_of_twenty_questions_is_allowed(door: Door) -> None:
    tiles = " ".join(f'q{n}: query(ask: {{metrics: [{{name: "sales"}}]}}) {{ ...T }}' for n in range(20))
    shown = "fragment T on Answer { rows columns { name label type unit } meta { revision versions { fingerprint } } }"
    reply = await door.ask(f"{{ {tiles} }} {shown}")
    assert len(reply["data"]) == 20


async def test_documents_live_with_their_schema() -> None:
    """Kept by text on the schema object: a new schema starts with none, and the old one's go with it."""
    schema = build_schema(published())
    first = await schema.prepared("{ __typename }")
    assert await schema.prepared("{ __typename }") is first
    assert len(build_schema(published()).documents) == 0


async def test_documents_are_kept_up_to_a_size() -> None:
    schema: PreparedSchema = build_schema(published())
    for n in range(30):
        await schema.prepared(f'{{ metric(name: "{n}{"x" * 40_000}") {{ name }} }}')
    assert len(schema.documents) == 12
