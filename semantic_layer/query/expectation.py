"""What the caller relies on: the revision and the fingerprints of columns (EXPECTATION_FAILED otherwise)."""

from collections.abc import Mapping

from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import Expectation
from semantic_layer.query.bound import BoundColumn
from semantic_layer.query.problems import Problems, listed


def check_expectation(
    expect: Expectation | None,
    published: PublishedCatalog,
    columns: tuple[BoundColumn, ...],
    problems: Problems,
) -> None:
    if expect is None:
        return
    if expect.revision is not None and expect.revision != published.revision:
        message = f"expected revision {expect.revision}, but this answer would be of revision {published.revision}"
        problems.add(ErrorCode.EXPECTATION_FAILED, message, ("expect", "revision"))
    actual: Mapping[str, BoundColumn] = {column.name: column for column in columns}
    for name, fingerprint in expect.fingerprints.items():
        path = ("expect", "fingerprints", name)
        column = actual.get(name)
        if column is None:
            message = f"no metric column {name} in this answer; there are {listed(actual)}"
            problems.add(ErrorCode.UNKNOWN_KEY, message, path)
        elif column.version.fingerprint != fingerprint:
            version = column.version
            message = f"{name} has fingerprint {version.fingerprint} (version {version.number}), not the expected one"
            problems.add(ErrorCode.EXPECTATION_FAILED, message, path)
