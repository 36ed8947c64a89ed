"""What names mean inside one sentence, and every sentence of a catalog with where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from semantic_layer.definitions.expression import Name, walk
from semantic_layer.definitions.model import Across, After, Catalog, Metric, Rule
from semantic_layer.definitions.shape_reader import Path


@dataclass(frozen=True, slots=True)
class Block:
    """One sentence of a metric: its own rule, or a step of it at any depth. `blocks` around it, nearest last."""

    metric: Metric
    rule: Rule
    path: Path
    around: tuple["Block", ...] = ()
    name: str = ""

    @property
    def steps_path(self) -> Path:
        return (*self.path, "with")

    def step(self, name: str) -> "Block":
        return Block(self.metric, self.rule.steps[name], (*self.steps_path, name), (*self.around, self), name)

    def find(self, name: str) -> "Block | None":
        """The step that `name` means here: of this block, else of the nearest block around it; None for a metric."""
        for block in (self, *reversed(self.around)):
            if name in block.rule.steps:
                return block.step(name)
        return None


def block_of(metric: Metric) -> Block:
    return Block(metric, metric.rule, ("metrics", metric.name), (), metric.name)


def blocks_below(block: Block) -> Iterator[Block]:
    """The block and all its steps, outer first."""
    yield block
    for name in block.rule.steps:
        yield from blocks_below(block.step(name))


def warning_block(metric: Metric) -> Block | None:
    """The steps of a metric's warning rule, as a block whose value is its condition."""
    warn = metric.governance.warn
    if warn is None:
        return None
    return Block(metric, Rule(warn.when, steps=warn.steps), ("metrics", metric.name, "governance", "warn"), (), "warn")


def homes(catalog: Catalog, block: Block) -> tuple[str, ...]:
    """The datasets whose rows a sentence aggregates, through the metrics and steps it uses.

    Of a conversion these are the rows of its events, which are credited with those that follow.
    """
    return _homes(catalog, [block])


def row_homes(catalog: Catalog, block: Block) -> tuple[str, ...]:
    """The datasets of whose rows a sentence's own `where` speaks: of a conversion, those that follow the events."""
    if not isinstance(block.rule.modifier, After):
        return homes(catalog, block)
    return _homes(catalog, [replace(block, rule=replace(block.rule, modifier=None))])


def _homes(catalog: Catalog, pending: list[Block]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    seen: set[Path] = set()
    while pending:
        current = pending.pop()
        if isinstance(current.rule.modifier, After):
            event = catalog.metrics.get(current.rule.modifier.event)
            if event is not None and block_of(event).path not in seen:
                seen.add(block_of(event).path)
                pending.append(block_of(event))
            continue
        if current.rule.home is not None:
            found[current.rule.home] = None
        for name in reversed(used_names(current)):
            below = current.find(name)
            if below is None and name in catalog.metrics:
                below = block_of(catalog.metrics[name])
            if below is not None and below.path not in seen:
                seen.add(below.path)
                pending.append(below)
    return tuple(found)


def used_names(block: Block) -> tuple[str, ...]:
    """Names of metrics and steps that a sentence uses: in its value (without a home of its own) and in `having`."""
    return tuple(dict.fromkeys(str(name) for name, _ in metric_names(block)))


def metric_names(block: Block) -> Iterator[tuple[Name, Path]]:
    """Each use of a metric or step in a sentence, with the path of the formula it stands in."""
    rule = block.rule
    if rule.home is None or isinstance(rule.modifier, Across):
        key = "when" if block.name == "warn" and block.path[-1] == "warn" else "is"
        yield from ((n, (*block.path, key)) for n in walk(rule.value) if isinstance(n, Name))
    if isinstance(rule.modifier, Across) and rule.modifier.having is not None:
        yield from ((n, (*block.path, "having")) for n in walk(rule.modifier.having) if isinstance(n, Name))
