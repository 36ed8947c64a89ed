"""Dimension names of a question, looked up from every dataset that its metrics read (semantics rules 5-7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from semantic_layer.definitions.expression import Exists, Expr, Name, rewrite, walk
from semantic_layer.definitions.model import Dataset, Segment
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.reach import TIME, FoundDimension, NotFound, find_dimension, reachable_names
from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import Path
from semantic_layer.query.measure import Asked
from semantic_layer.query.problems import Problems, did_you_mean, listed, near_names
from semantic_layer.query.world import World


@dataclass(frozen=True, slots=True)
class Root:
    """A dataset whose rows the question reads, and the metrics that read it (for messages).

    `time` is the dimension that dates the rows, which the reserved name `time` means; None: the dataset's own.
    """

    published: PublishedCatalog
    dataset: str
    asked_by: tuple[str, ...] = ()
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """`prefix` is left out of names: when members of one joined dataset are asked, that dataset is the root."""

    world: World
    roots: tuple[Root, ...]
    problems: Problems
    prefix: str = ""

    def short(self, words: str) -> str:
        return words.removeprefix(self.prefix)

    def shortened(self, condition: Expr) -> Expr:
        def change(node: Expr) -> Expr | None:
            return Asked(self.short(node.dimension)) if isinstance(node, Asked) else None

        return rewrite(condition, change) if self.prefix else condition

    def each(self, words: str) -> Iterator[tuple[Root, FoundDimension | NotFound]]:
        for root in self.roots:
            named = self.short(words)
            own = root.time if named == TIME and root.time is not None else named
            yield root, find_dimension(root.published.catalog, root.dataset, own)

    def find(self, words: str, path: Path) -> FoundDimension | None:
        """The dimension as the first root has it; None, and told, unless every root reaches it."""
        first: FoundDimension | None = None
        failed = False
        for root, found in self.each(words):
            if isinstance(found, NotFound):
                failed = True
                self._tell(root, words, found, path)
            else:
                first = first or found
        if not self.roots and not self._exists(words):
            names = {name for dataset in self.world.current.catalog.datasets for name in self._names(dataset)}
            near = near_names(words, sorted(names))
            self.problems.add(ErrorCode.UNKNOWN_DIMENSION, f"no dimension {words}{did_you_mean(near)}", path, near)
        return None if failed else first

    def takes_segment(self, name: str, owner: Dataset, segment: Segment, path: Path) -> bool:
        """Whether every root knows what a segment speaks of; told where not (semantics rule 20).

        Entities are found from any rows that lead to them. A condition on rows is about rows of its own dataset;
        others take it as far as it speaks of dimensions that they have too.
        """
        if segment.members:
            return all(self.find(words, path) is not None for words in segment.members)
        spoken = [] if segment.where is None else list(walk(segment.where))
        names = [str(node) for node in spoken if isinstance(node, Name)]
        has_rows = any(isinstance(node, Exists) for node in spoken)
        for root in self.roots:
            catalog = root.published.catalog
            if root.dataset == owner.name:
                continue
            known = (find_dimension(catalog, dataset, one) for one in names for dataset in (owner.name, root.dataset))
            if has_rows or not all(isinstance(one, FoundDimension) for one in known):
                asking = " and ".join(root.asked_by) or root.dataset
                message = f"segment {name} chooses rows of {owner.name}; {asking} has rows of {root.dataset}"
                self.problems.add(ErrorCode.BAD_FILTER, message, path)
                return False
        return True

    def _tell(self, root: Root, words: str, found: NotFound, path: Path) -> None:
        names = reachable_names(root.published.catalog, root.dataset)
        asking = " and ".join(root.asked_by) or root.dataset
        if len(found.paths) > 1:
            message = f"{words} can be {' or '.join(found.paths)}; say which"
            self.problems.add(ErrorCode.AMBIGUOUS_PATH, message, path, found.paths)
        elif found.paths:
            message = f"{words} is across a to-many join of {root.dataset}, which must be named: {found.paths[0]}"
            self.problems.add(ErrorCode.UNREACHABLE_DIMENSION, message, path, found.paths)
        elif self._exists(words):
            message = f"{asking} cannot reach {words}; it reaches {listed(names)}"
            self.problems.add(ErrorCode.UNREACHABLE_DIMENSION, message, path, near_names(words, names))
        else:
            near = near_names(words, names)
            self.problems.add(ErrorCode.UNKNOWN_DIMENSION, f"no dimension {words}{did_you_mean(near)}", path, near)

    def _exists(self, words: str) -> bool:
        catalog = self.world.current.catalog
        if words == TIME:
            return True
        found = (find_dimension(catalog, name, words) for name in catalog.datasets)
        return any(isinstance(one, FoundDimension) or one.paths for one in found)

    def _names(self, dataset: str) -> tuple[str, ...]:
        return reachable_names(self.world.current.catalog, dataset)

    def last_recorded(self, words: str) -> datetime | None:
        """The last recorded moment over all roots, so that one range serves all metrics of the question."""
        ends = []
        for root, found in self.each(words):
            assert isinstance(found, FoundDimension)
            span = self.world.recorded.get((root.published.revision, found.dataset, found.dimension.name))
            if span is not None:
                ends.append(span[1])
        return max(ends, default=None)
