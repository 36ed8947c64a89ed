"""Windows that this release does not serve: over other windows, and over entities that windows or shifts choose."""

from semantic_layer.definitions.expression import Name, walk
from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.model import Across, Ago, AtStartOf, Modifier, ToDate, Trailing
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.scope import Block, block_of, blocks_below


def check_windows(findings: Findings) -> None:
    """Needs a catalog whose metrics do not go in circles."""
    for metric in findings.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            match block.rule.modifier:
                case Trailing() | ToDate():
                    _look_below(findings, block, block, chosen=False)
                case Across(dated_by=dated_by) if dated_by is not None and _names(block):
                    message = "entities dated by an event are counted as they are, not by values of other metrics"
                    findings.at_key((*block.path, "dated_by"), ProblemCode.NOT_SUPPORTED, message)
                case _:
                    pass


def _look_below(findings: Findings, window: Block, block: Block, *, chosen: bool) -> bool:
    """Tells the first thing below a window that it cannot be over; `chosen`: `block` is per entity, or below one."""
    chosen = chosen or isinstance(block.rule.modifier, Across)
    for name in _names(block):
        below = block.find(name) or _metric_block(findings, name)
        if below is None:
            continue
        why = _why_not(below.rule.modifier, chosen)
        if why is not None:
            path = (*window.path, "over")
            findings.at_key(path, ProblemCode.NOT_SUPPORTED, f'a window is not served over "{name}", {why}')
            return True
        if _look_below(findings, window, below, chosen=chosen):
            return True
    return False


def _names(block: Block) -> tuple[str, ...]:
    """The metrics and steps below a sentence; names beside `from` are columns."""
    across = block.rule.modifier if isinstance(block.rule.modifier, Across) else None
    formulas = [block.rule.value if block.rule.home is None else None, None if across is None else across.having]
    found = (
        str(node) for formula in formulas if formula is not None for node in walk(formula) if isinstance(node, Name)
    )
    return tuple(dict.fromkeys(found))


def _why_not(modifier: Modifier | None, chosen: bool) -> str | None:
    match modifier:
        case Trailing() | ToDate():
            return "which a window chooses entities by" if chosen else "which is a window itself"
        case Ago() | AtStartOf() if chosen:
            return "which is shifted and chooses entities"
        case _:
            return None


def _metric_block(findings: Findings, name: str) -> Block | None:
    metric = findings.catalog.metrics.get(name)
    return None if metric is None else block_of(metric)
