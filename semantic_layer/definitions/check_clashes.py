"""Names that would mean two things across datasets."""

from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.typed_names import metric_homes


def check_clashes(findings: Findings) -> None:
    _check_own_dimensions(findings)
    _check_join_names(findings)
    _check_segments(findings)


def _conformed_to(catalog: Catalog, dataset: str, name: str) -> tuple[str, str]:
    """The dimension at the end of `conforms`, itself if it conforms to none."""
    seen: set[tuple[str, str]] = set()
    here = (dataset, name)
    while here not in seen:
        seen.add(here)
        owner = catalog.datasets.get(here[0])
        dimension = None if owner is None else owner.dimensions.get(here[1])
        if dimension is None or dimension.conforms is None:
            break
        here = dimension.conforms
    return here


def _check_own_dimensions(findings: Findings) -> None:
    """One name asked of two facts has to be one thing (semantics rule 5)."""
    catalog = findings.catalog
    facts = metric_homes(catalog)
    first: dict[str, str] = {}
    for dataset in catalog.datasets.values():
        if dataset.name not in facts:
            continue
        for name in dataset.dimensions:
            other = first.setdefault(name, dataset.name)
            if _conformed_to(catalog, other, name) == _conformed_to(catalog, dataset.name, name):
                continue
            place = findings.places.key("datasets", other, "dimensions", name)
            message = (
                f'dimension "{name}" is already one of dataset {other} ({place}); '
                f"if both are the same thing, say conforms: {other}.{name}, else rename one"
            )
            findings.at_key(("datasets", dataset.name, "dimensions", name), ProblemCode.DUPLICATE, message)


def _check_join_names(findings: Findings) -> None:
    """A join name means one dataset in the whole catalog."""
    first: dict[str, tuple[str, str]] = {}
    for dataset in findings.catalog.datasets.values():
        for name, join in dataset.joins.items():
            path = ("datasets", dataset.name, "joins", name)
            if name in findings.catalog.datasets and join.to != name:
                message = f'join "{name}" leads to {join.to}, but "{name}" is itself a dataset; rename the join'
                findings.at_key(path, ProblemCode.NAME_CLASH, message)
            to, owner = first.setdefault(name, (join.to, dataset.name))
            if to != join.to:
                place = findings.places.key("datasets", owner, "joins", name)
                message = f'join "{name}" leads to {join.to} here and to {to} in dataset {owner} ({place}); rename one'
                findings.at_key(path, ProblemCode.NAME_CLASH, message)


def _check_segments(findings: Findings) -> None:
    first: dict[str, str] = {}
    for dataset in findings.catalog.datasets.values():
        for name in dataset.segments:
            other = first.setdefault(name, dataset.name)
            if other != dataset.name:
                place = findings.places.key("datasets", other, "segments", name)
                message = f'segment "{name}" is already one of dataset {other} ({place})'
                findings.at_key(("datasets", dataset.name, "segments", name), ProblemCode.DUPLICATE, message)
