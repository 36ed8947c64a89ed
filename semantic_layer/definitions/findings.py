"""What the checks of a catalog share: the catalog, the places of its definitions, and a list of what was found."""

from dataclasses import dataclass, field

from semantic_layer.definitions.expression import Expr
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.problem import Place, Problem, ProblemCode, near_names, said_near
from semantic_layer.definitions.shape_reader import Path, Places


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula where it was written: names inside it are told as line and column."""

    tree: Expr
    path: Path


@dataclass(frozen=True, slots=True)
class Findings:
    """`broken` are the paths of keys that could not be read: nothing more is said about what they are part of."""

    catalog: Catalog
    places: Places
    broken: frozenset[Path]
    problems: list[Problem] = field(default_factory=list)

    def add(self, place: Place, code: ProblemCode, message: str, near: tuple[str, ...] = ()) -> None:
        self.problems.append(Problem(place, code, message, near))

    def at_key(self, path: Path, code: ProblemCode, message: str, near: tuple[str, ...] = ()) -> None:
        self.add(self.places.key(*path), code, message, near)

    def at_value(self, path: Path, code: ProblemCode, message: str, near: tuple[str, ...] = ()) -> None:
        self.add(self.places.value(*path), code, message, near)

    def inside(self, formula: Formula, at: int, code: ProblemCode, message: str, near: tuple[str, ...] = ()) -> None:
        self.add(self.places.value(*formula.path, offset=max(at, 0)), code, message, near)

    def is_broken(self, path: Path) -> bool:
        """Whether the thing at this path, or one of its own keys, could not be read."""
        return path in self.broken or any(broken[:-1] == path for broken in self.broken)

    def dataset_exists(self, name: str, path: Path, said: str) -> bool:
        """Whether the dataset exists; says so if not."""
        if name in self.catalog.datasets:
            return True
        near = near_names(name, self.catalog.datasets)
        self.at_value(path, ProblemCode.UNKNOWN_DATASET, f'{said}"{name}" is not a dataset{said_near(near)}', near)
        return False

    def metric_exists(self, name: str, path: Path, said: str) -> bool:
        if name in self.catalog.metrics:
            return True
        near = near_names(name, self.catalog.metrics)
        self.at_value(path, ProblemCode.UNKNOWN_METRIC, f'{said}"{name}" is not a metric{said_near(near)}', near)
        return False
