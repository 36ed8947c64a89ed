"""The language of labels: the asked one, else English, else the first that the catalog speaks."""

from dataclasses import replace

import pytest

from semantic_layer.errors import ErrorCode
from semantic_layer.query.world import World
from tests.query.given import bound, demo_world, issues


def speaking(*languages: str) -> World:
    world = demo_world()
    catalog = world.current.catalog
    settings = replace(catalog.settings, languages=languages)
    return replace(world, current=replace(world.current, catalog=replace(catalog, settings=settings)))


@pytest.mark.parametrize(
    ("languages", "asked", "label"),
    [
        (("en", "zh"), None, "Sales"),
        (("zh", "en"), None, "Sales"),
        (("zh",), None, "销售额"),
        (("en", "zh"), "zh", "销售额"),
        (("en", "zh"), "ZH", "销售额"),
        (("en", "zh"), "zh-Hans-CN", "销售额"),
        (("zh", "en"), "en-GB", "Sales"),
    ],
)
def test_who_asks_for_none_gets_one_that_there_is(languages: tuple[str, ...], asked: str | None, label: str) -> None:
    query = bound({"metrics": [{"name": "sales"}], "language": asked}, speaking(*languages))
    assert [column.label for column in query.columns] == [label]


@pytest.mark.parametrize("asked", ["fr", "z", "zhh", "-", "cn-zh"])
def test_a_language_that_there_is_not(asked: str) -> None:
    [issue] = issues({"metrics": [{"name": "sales"}], "language": asked}, speaking("en", "zh"))
    assert (issue.code, issue.path) == (ErrorCode.UNKNOWN_LANGUAGE, ("language",))
    assert issue.message == f"no labels in language {asked}; there are en, zh"
