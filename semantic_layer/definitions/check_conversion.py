"""Checks of `after`: both sides count rows of one dataset that have a time and a key, and reach the same (rule 18)."""

from semantic_layer.definitions.expression import Aggregate, Name
from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.model import After, Dataset
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.scope import Block, block_of, blocks_below

_ROWS = ("count", "count_if")


def check_conversion(findings: Findings) -> None:
    """Needs a catalog whose metrics do not go in circles."""
    for metric in findings.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            if isinstance(block.rule.modifier, After) and not findings.is_broken(block.path):
                _check_after(findings, block, block.rule.modifier)


def _check_after(findings: Findings, block: Block, after: After) -> None:
    event_path = (*block.path, "after", "event")
    if not findings.metric_exists(after.event, event_path, "event: "):
        return
    events = _counted(findings, block_of(findings.catalog.metrics[after.event]))
    followers = _counted(findings, block, of_conversion=True)
    if events is None or events[1].function not in _ROWS:
        message = f'"{after.event}" does not count the rows of one dataset: count(*), count(x) or count_if(c)'
        findings.at_value(event_path, ProblemCode.BAD_VALUE, message)
        return
    if followers is None or followers[1].function not in (*_ROWS, "count_distinct") or len(followers[1].arguments) > 1:
        message = '"is" beside "after" counts rows of one dataset: count(*), count(x), count_if(c) or count(distinct x)'
        findings.at_value((*block.path, "is"), ProblemCode.BAD_VALUE, message)
        return
    needs_key = [events] if followers[1].function == "count_distinct" else [events, followers]
    for _, _, dataset, time in (events, followers):
        if time not in dataset.dimensions or dataset.dimensions[time].time is None:
            message = f"after: dataset {dataset.name} has no time dimension, so nothing comes before or after"
            findings.at_key((*block.path, "after"), ProblemCode.UNREACHABLE, message)
    for _, _, dataset, _ in needs_key:
        if dataset.key is None:
            message = f"after: the rows of {dataset.name} need a key, by which events of one moment are told apart"
            findings.at_key((*block.path, "after"), ProblemCode.MISSING_KEY, message)
    if events[2].source != followers[2].source:
        message = f"after: {events[2].name} and {followers[2].name} lie in different sources"
        findings.at_key((*block.path, "after"), ProblemCode.CROSS_SOURCE, message)
    _check_same(findings, block, after, (events[2], followers[2]))


def _counted(
    findings: Findings, block: Block, *, of_conversion: bool = False
) -> tuple[Block, Aggregate, Dataset, str] | None:
    """The sentence whose rows are counted, its aggregate, dataset and time; None if it is anything else."""
    rule = block.rule
    if rule.modifier is not None and not of_conversion:
        return None
    if rule.home is not None:
        dataset = findings.catalog.datasets.get(rule.home)
        if dataset is None or not isinstance(rule.value, Aggregate):
            return None
        return block, rule.value, dataset, rule.time or dataset.time or ""
    if not isinstance(rule.value, Name):
        return None
    step = block.find(str(rule.value))
    if step is not None:
        return _counted(findings, step)
    metric = findings.catalog.metrics.get(str(rule.value))
    return None if metric is None else _counted(findings, block_of(metric))


def _check_same(findings: Findings, block: Block, after: After, datasets: tuple[Dataset, Dataset]) -> None:
    for index, words in enumerate(after.same):
        for dataset in datasets:
            place = (*block.path, "after", "same", str(index))
            found = find_dimension(findings.catalog, dataset.name, words)
            if not isinstance(found, FoundDimension):
                message = f"same: {dataset.name} does not reach {words}; both events must"
                findings.at_value(place, ProblemCode.UNREACHABLE, message)
            elif found.to_many_at is not None:
                message = f"same: {words} is across a to-many join of {dataset.name}; an event has one entity"
                findings.at_value(place, ProblemCode.FAN_OUT, message)
