"""A catalog as the files that it could have been read from: the same catalog always gives the same bytes."""

from collections.abc import Mapping
from typing import Any

from semantic_layer.definitions.canonical import documents
from semantic_layer.definitions.grammar import LANGUAGE_VERSION
from semantic_layer.definitions.layout import commented_text, yaml_of
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import CATALOG_KEY
from semantic_layer.definitions.yaml_text import Json

SHARED = ("domain", "domains"), ("source", "sources"), ("calendar", "calendars")


def files_of(catalog: Catalog) -> Mapping[str, str]:
    """File name -> text: what all share, a file for each dataset, and one for the metrics of each domain.

    Read together they are `catalog` again. Names stand in order; comments of the files that were published are not
    in a catalog, and so not here.
    """
    of_kind: dict[str, dict[str, Json]] = {}
    for (kind, name), document in sorted(documents(catalog).items()):
        of_kind.setdefault(kind, {})[name] = document
    shared: dict[str, Any] = {"language": LANGUAGE_VERSION, "catalog": of_kind[CATALOG_KEY[0]][CATALOG_KEY[1]]}
    shared |= {section: of_kind[kind] for kind, section in SHARED if kind in of_kind}
    files = {"catalog.yaml": commented_text(shared, (), {}, {})}
    for name, document in of_kind.get("dataset", {}).items():
        files[f"dataset_{name}.yaml"] = yaml_of("datasets", {name: document})
    by_domain: dict[str, dict[str, Json]] = {}
    for name, document in of_kind.get("metric", {}).items():
        domain = catalog.metrics[name].governance.domain
        by_domain.setdefault("metrics.yaml" if domain is None else f"metrics_{domain}.yaml", {})[name] = document
    return files | {file: yaml_of("metrics", metrics) for file, metrics in sorted(by_domain.items())}
