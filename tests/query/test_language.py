"""The language of labels: the asked one, else English, else the first that the catalog speaks."""

from dataclasses import replace

import pytest

from semantic_layer.query.world import World
from tests.query.given import bound, demo_world


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
    ],
)
def test_who_asks_for_none_gets_one_that_there_is(languages: tuple[str, ...], asked: str | None, label: str) -> None:
    query = bound({"metrics": [{"name": "sales"}], "language": asked}, speaking(*languages))
    assert [column.label for column in query.columns] == [label]
