"""Manifests with something odd in them, by a seed: refused with their places, or imported as definitions that hold."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from semantic_layer.definitions.reader import read_texts
from semantic_layer.interchange.dbt.files import definition_files
from semantic_layer.interchange.dbt.importer import import_manifest
from semantic_layer.interchange.dbt.read_manifest import ManifestErrors, read_manifest
from semantic_layer.interchange.dbt.saved_questions import saved_questions
from tests.interchange.manifests import NAMES, manifest_bytes

OF_ONE_SEED = 10
ODD = (
    None, "", [], {}, "1", 0, -1, True, "x__y", "Ünï", "select", "ds", "listing", "time", "metric", "metric_time",
    "NULL", "{{ Dimension('x') }}", "{{ Metric('bookings', ['user']) }} > 1", "sum", "natural", "foreign", "primary",
    "unique", "day", "hour", "user", "case when", "count(*)", "a.b", "'t'", "a b", "x" * 300,
)  # fmt: skip


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*place, key))


def odd(document: Any, chance: random.Random) -> Any:
    """One to four things of the document are gone, there twice, or something else."""
    for _ in range(chance.randint(1, 4)):
        *outer, last = chance.choice(list(places(document)))
        parent = document
        for step in outer:
            parent = parent[step]
        what = chance.random()
        if what < 0.25 and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[last]))
        elif what < 0.4:
            del parent[last]
        else:
            parent[last] = chance.choice(ODD)
    return document


@pytest.mark.parametrize("seed", range(6))
def test_nothing_else_comes_of_an_odd_manifest(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(OF_ONE_SEED):
        document = odd(json.loads(manifest_bytes(chance.choice(NAMES))), chance)
        try:
            manifest = read_manifest(json.dumps(document))
        except ManifestErrors as errors:
            assert errors.issues
            continue
        imported = import_manifest(manifest, "shop", "SHOP", repeats=chance.random() < 0.5)
        read_texts(definition_files(imported))
        saved_questions(manifest, imported)
