"""Checks of calendars that say which steps of time exist, and of what works at each of their steps."""

from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.model import Ago, AtStartOf, Calendar, ToDate, Trailing
from semantic_layer.definitions.problem import ProblemCode, near_names, said_near
from semantic_layer.definitions.scope import Block, block_of, blocks_below
from semantic_layer.definitions.shape_reader import Path


def check_steps(findings: Findings) -> None:
    for calendar in findings.catalog.calendars.values():
        _check_calendar(findings, calendar)
    for metric in findings.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            if not findings.is_broken(block.path):
                _check_block(findings, block)


def _check_calendar(findings: Findings, calendar: Calendar) -> None:
    for grain, (dataset, _) in calendar.finer.items():
        findings.dataset_exists(dataset, ("calendars", calendar.name, "finer", grain.value), "finer: ")


def _check_block(findings: Findings, block: Block) -> None:
    rule = block.rule
    if rule.every_period is not None:
        _check_name(findings, rule.every_period, (*block.path, "every_period"))
    match rule.modifier:
        case Trailing(steps=str() as steps) | ToDate(steps=str() as steps) | Ago(steps=str() as steps):
            _check_name(findings, steps, (*block.path, "steps"))
        case AtStartOf(steps=str() as steps):
            _check_name(findings, steps, (*block.path, "steps"))
        case _:
            pass


def _check_name(findings: Findings, name: str, path: Path) -> None:
    if name not in findings.catalog.calendars:
        near = near_names(name, findings.catalog.calendars)
        message = f'"{name}" is not a calendar{said_near(near)}'
        findings.at_value(path, ProblemCode.UNKNOWN_DATASET, message, near)
