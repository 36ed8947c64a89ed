"""`validate --data`: the checks run with their progress, then the report, for people or for machines."""

import sys
import time
from collections.abc import Iterator, Mapping

import typer

from semantic_layer.app.draft import draft_catalogs
from semantic_layer.app.survey import open_sources
from semantic_layer.cli.columns import columns
from semantic_layer.cli.outcome import Exit, complain, counted, place_json, print_json
from semantic_layer.cli.pipeline import run_once, settings_of_command
from semantic_layer.cli.progress import Progress
from semantic_layer.definitions.reader import Reading
from semantic_layer.settings import Settings
from semantic_layer.survey.check_data import DataChecks
from semantic_layer.survey.finding import DataReport, DatasetReport, Finding, JoinReport, Level, share_said

NOTHING = "–"
DATASET_HEAD = ("dataset", "rows", "key", "")
JOIN_HEAD = ("join", "rows", "without value", "without partner", "partners")


def validate_data(reading: Reading, files: int, timeout: float, as_json: bool) -> None:
    """Prints the report. Raises Exit(1) if it has an error, and SemanticLayerError for settings without use."""
    began = time.monotonic()
    settings = settings_of_command(None)
    with Progress(sys.stderr, "checked") as progress:
        report = run_once(_checked(settings, reading, timeout, progress))
    seconds = time.monotonic() - began
    if as_json:
        print_json(report_json(report, seconds))
    else:
        for line in report_lines(report):
            print(line)
        found = f"{counted(report.errors, 'error')}, {counted(report.warnings, 'warning')}"
        print(f"{counted(files, 'file')} and their data: {found} ({seconds:.1f} s)")
    if report.errors:
        raise typer.Exit(Exit.REFUSED)


def checked_for_publishing(reading: Reading, timeout: float, despite: str | None) -> str:
    """What is recorded beside the message of a publication whose data was looked at (semantics rule 3).

    Prints the errors. Raises Exit(1) if there are any and no reason is given to publish `despite` them.
    """
    settings = settings_of_command(None)
    with Progress(sys.stderr, "checked") as progress:
        report = run_once(_checked(settings, reading, timeout, progress))
    errors = [one for one in report.findings if one.level is Level.ERROR]
    for one in errors:
        print(f"{one.place} {one.code} {one.level}: {one.said}")
    if not errors:
        return "(data checked: no errors)"
    found = f"{counted(len(errors), 'error')} in the data ({', '.join(f'{one.code} {one.subject}' for one in errors)})"
    if despite is None:
        complain(f"{found}; nothing is published. --despite REASON publishes it all the same, and records why")
        raise typer.Exit(Exit.REFUSED)
    return f"(despite {found}: {despite})"


async def _checked(settings: Settings, reading: Reading, timeout: float, progress: Progress) -> DataReport:
    async with open_sources(settings) as sources:
        checks = DataChecks(reading, draft_catalogs(reading.catalog).current, sources, timeout)
        return await checks.run(progress.told)


# --- for people ------------------------------------------------------------------------------------------------------


def report_lines(report: DataReport) -> Iterator[str]:
    """A table of the datasets, one of the joins, then what was found, one line each, errors first."""
    yield from columns([DATASET_HEAD, *(_dataset_row(one) for one in report.datasets)], right=[1])
    yield ""
    if report.joins:
        yield from columns([JOIN_HEAD, *(_join_row(one) for one in report.joins)], right=[1])
        yield ""
    for finding in report.findings:
        yield f"{finding.place} {finding.code} {finding.level}: {finding.said}"
    if report.findings:
        yield ""


def _dataset_row(dataset: DatasetReport) -> tuple[str, ...]:
    if dataset.rows is None:
        return dataset.dataset, NOTHING, NOTHING, "not read"
    if dataset.key is None:
        return dataset.dataset, f"{dataset.rows:,}", NOTHING if dataset.has_key else "none", ""
    key = dataset.key
    said = []
    if key.enforced:
        said.append("unique, kept so by the source")
    if key.repeated:
        said.append(f"{key.repeated:,} values several times")
    if key.rows_without:
        said.append(f"{key.rows_without:,} rows without")
    return dataset.dataset, f"{dataset.rows:,}", ", ".join(key.columns), ", ".join(said) or "unique"


def _join_row(join: JoinReport) -> tuple[str, ...]:
    if join.rows is None:
        return join.name, NOTHING, NOTHING, NOTHING, "not read"
    partners = f"{join.repeated:,} values with several" if join.repeated else "one at most"
    return (
        join.name,
        f"{join.rows:,}",
        _part(join.rows_without, join.rows),
        _part(join.orphan_rows, join.rows),
        partners,
    )


def _part(part: int, whole: int) -> str:
    return f"{part:,}  {share_said(part, whole)}" if part else NOTHING


# --- for machines ----------------------------------------------------------------------------------------------------


def report_json(report: DataReport, seconds: float) -> Mapping[str, object]:
    return {
        "errors": report.errors,
        "warnings": report.warnings,
        "seconds": round(seconds, 3),
        "datasets": [_dataset_json(one) for one in report.datasets],
        "joins": [_join_json(one) for one in report.joins],
        "findings": [_finding_json(one) for one in report.findings],
    }


def _dataset_json(dataset: DatasetReport) -> Mapping[str, object]:
    key = dataset.key
    return {
        "dataset": dataset.dataset,
        "source": dataset.source,
        "rows": dataset.rows,
        "key": None
        if key is None
        else {
            "columns": list(key.columns),
            "enforced": key.enforced,
            "values": key.values,
            "repeatedValues": key.repeated,
            "repeatedRows": key.repeated_rows,
            "rowsWithoutValue": key.rows_without,
        },
    }


def _join_json(join: JoinReport) -> Mapping[str, object]:
    read = join.rows is not None
    counts = {
        "rows": join.rows,
        "rowsWithoutValue": join.rows_without,
        "rowsWithoutPartner": join.orphan_rows,
        "valuesWithoutPartner": join.orphans,
        "partnerValues": join.partners,
        "repeatedPartnerValues": join.repeated,
        "repeatedPartnerRows": join.repeated_rows,
        "rowsAddedByPlainJoin": join.extra_rows,
    }
    return {
        "dataset": join.dataset,
        "join": join.join,
        "to": join.to,
        "kind": join.kind,
        "match": dict(join.columns),
        **{name: count if read else None for name, count in counts.items()},
    }


def _finding_json(finding: Finding) -> Mapping[str, object]:
    return {
        "level": finding.level.value,
        "code": str(finding.code),
        "subject": finding.subject,
        **place_json(finding.place),
        "message": finding.message,
        "examples": [{"values": list(one.values), "rows": one.rows} for one in finding.examples],
    }
