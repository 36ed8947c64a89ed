"""What is in the language and not yet served: refused here, so that no catalog is published that cannot answer."""

from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.shape_reader import Path


def check_served(findings: Findings) -> None:
    for metric in findings.catalog.metrics.values():
        if metric.valid_from is not None:
            _refuse(findings, ("metrics", metric.name, "valid_from"), '"valid_from" (a rule that begins on a day)')
        if metric.history == "as_defined":
            _refuse(findings, ("metrics", metric.name, "history"), '"history: as_defined"')


def _refuse(findings: Findings, path: Path, what: str) -> None:
    findings.at_key(path, ProblemCode.NOT_SUPPORTED, f"{what}: in the language, but not served by this release")
