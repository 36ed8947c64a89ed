"""Checks of `take` without `over`: a state needs steps of time, and what can be added up (semantics rule 16)."""

from semantic_layer.definitions.expression import Aggregate
from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.model import Dataset, SemiAdditive, Take
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.scope import Block, block_of, blocks_below
from semantic_layer.definitions.types import Grain

_RECORDED = (Take.LAST_RECORDED, Take.FIRST_RECORDED)
_ADDED = frozenset({"sum", "count", "count_if", "min", "max"})  # aggregates that parts of the rows can be brought into


def check_semi_additive(findings: Findings) -> None:
    for metric in findings.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            dataset = findings.catalog.datasets.get(block.rule.home or "")
            if dataset is None or findings.is_broken(block.path):
                continue
            if isinstance(block.rule.modifier, SemiAdditive):
                _check_take(findings, block, block.rule.modifier, dataset)


def _check_take(findings: Findings, block: Block, modifier: SemiAdditive, dataset: Dataset) -> None:
    dimension = dataset.dimensions.get(block.rule.time or dataset.time or "")
    path = (*block.path, "take")
    if dimension is None or dimension.time is None:
        message = f"take: dataset {dataset.name} has no time dimension to take a state of"
        findings.at_key(path, ProblemCode.UNREACHABLE, message)
    elif modifier.take in (Take.LAST, Take.FIRST) and dimension.time.finest.rank < Grain.HOUR.rank:
        message = (
            f'"take: {modifier.take}" is the state at one {dimension.time.finest} of {dimension.name}; '
            f'say "{modifier.take} recorded", or record it by hours or days'
        )
        findings.at_value(path, ProblemCode.BAD_VALUE, message)
    if modifier.each:
        _check_each(findings, block, modifier, dataset)


def _check_each(findings: Findings, block: Block, modifier: SemiAdditive, dataset: Dataset) -> None:
    path = (*block.path, "take_each")
    if modifier.take not in _RECORDED:
        message = f'"take_each" stands only beside "last recorded" and "first recorded", not beside "{modifier.take}"'
        findings.at_key(path, ProblemCode.COMPANION, message)
    value = block.rule.value
    if isinstance(value, Aggregate) and value.function not in _ADDED:
        message = f'"take_each" adds the states of its members; {value.function} cannot be added up'
        findings.at_key(path, ProblemCode.COMPANION, message)
    for index, words in enumerate(modifier.each):
        found = find_dimension(findings.catalog, dataset.name, words)
        if isinstance(found, FoundDimension) and found.to_many_at is not None:
            message = f"take_each: {words} is across a to-many join, by which a row would be added more than once"
            findings.at_value((*path, str(index)), ProblemCode.FAN_OUT, message)
