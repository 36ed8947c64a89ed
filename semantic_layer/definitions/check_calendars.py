"""Checks of calendars: the dataset and its key, columns that name periods by days, and names that mean one thing."""

from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.model import Calendar, Dataset
from semantic_layer.definitions.problem import ProblemCode, near_names, said_near
from semantic_layer.definitions.typed_names import camel_case
from semantic_layer.definitions.types import Grain, Kind, Part

_WORDS = (  # of a filter beside which a grain stands, and of `start to date`
    "start", "eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "in_range", "is_distinct_from", "is_null", "last",
)  # fmt: skip
_DAYS = (Kind.DATE, Kind.TIMESTAMP)


def check_calendars(findings: Findings) -> None:
    _check_typed_names(findings)
    for calendar in findings.catalog.calendars.values():
        path = ("calendars", calendar.name)
        if findings.is_broken(path):
            continue
        _check_names(findings, calendar)
        _check_within(findings, calendar)
        if findings.dataset_exists(calendar.dataset, (*path, "from"), "from: "):
            _check_dataset(findings, calendar, findings.catalog.datasets[calendar.dataset])


def _check_names(findings: Findings, calendar: Calendar) -> None:
    kept = {camel_case(word) for word in (*Grain, *Part, *_WORDS)}
    for name in calendar.grains:
        if camel_case(name) in kept or "_of_" in name:
            message = f'"{name}" is a grain or another word of time already; say for instance {calendar.name}_{name}'
            findings.at_key(("calendars", calendar.name, "grains", name), ProblemCode.NAME_CLASH, message)


def _check_typed_names(findings: Findings) -> None:
    """Two grains that would be one field of the typed schema's filters: a grain of two calendars says which."""
    first: dict[str, str] = {}
    for calendar in findings.catalog.calendars.values():
        for name in calendar.grains:
            other = first.setdefault(camel_case(name), name)
            if other != name:
                message = f'grains "{name}" and "{other}" would both be "{camel_case(name)}" in the typed schema'
                findings.at_key(("calendars", calendar.name, "grains", name), ProblemCode.NAME_CLASH, message)


def _check_within(findings: Findings, calendar: Calendar) -> None:
    for name, around in calendar.within.items():
        path = ("calendars", calendar.name, "grains", name, "within")
        if around not in calendar.grains:
            near = near_names(around, calendar.grains)
            message = f'"{around}" is not a grain of calendar {calendar.name}{said_near(near)}'
            findings.at_value(path, ProblemCode.BAD_VALUE, message, near)
            continue
        walked = [name]
        while around in calendar.within and around not in walked:
            walked.append(around)
            around = calendar.within[around]
        if around == name:
            findings.at_value(path, ProblemCode.CYCLE, " -> ".join((*walked, name)))


def _check_dataset(findings: Findings, calendar: Calendar, dataset: Dataset) -> None:
    path = ("calendars", calendar.name)
    if dataset.key != (calendar.day,):
        said = "no key" if dataset.key is None else f"the key [{', '.join(dataset.key)}]"
        message = (
            f"a calendar has one row per {calendar.step}: dataset {dataset.name} needs `key: {calendar.day}`, "
            f"and has {said}"
        )
        findings.at_value((*path, "day"), ProblemCode.NOT_UNIQUE, message)
    columns = {("day",): calendar.day} | {("grains", name): column for name, column in calendar.grains.items()}
    for place, column in columns.items():
        declared = dataset.declared(column)
        if declared is not None and declared.kind not in _DAYS:
            message = f'column "{column}" of a calendar is a date or a timestamp without zone, not {declared}'
            findings.at_key((*path, *place), ProblemCode.BAD_VALUE, message)
