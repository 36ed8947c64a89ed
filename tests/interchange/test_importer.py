import pytest

from semantic_layer.definitions.layout import commented_text
from semantic_layer.definitions.reader import read_texts
from semantic_layer.interchange.dbt.importer import import_manifest
from semantic_layer.interchange.dbt.read_manifest import read_manifest
from tests.interchange.manifests import NAMES, manifest_bytes


@pytest.mark.parametrize("name", NAMES)
def test_every_manifest_of_metricflow_gives_definitions_that_hold(name: str) -> None:
    manifest = read_manifest(manifest_bytes(name))
    imported = import_manifest(manifest, "warehouse", "WAREHOUSE")
    assert imported.issues == ()
    catalog = read_texts({"dbt.yaml": commented_text(imported.tree, [], {}, {})}).catalog
    assert set(catalog.metrics) == set(imported.names.metrics.values())
    assert set(imported.names.datasets.values()) <= set(catalog.datasets)
