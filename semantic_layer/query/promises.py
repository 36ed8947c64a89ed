"""What definitions allow: the cuts and grains of a metric, the dimensions its own rule needs, the shift's grain."""

from semantic_layer.definitions.grains import grain_word, grain_words
from semantic_layer.definitions.model import Catalog, Duration
from semantic_layer.definitions.reach import TIME, FoundDimension, find_dimension
from semantic_layer.errors import ErrorCode
from semantic_layer.query.bound import BoundColumn, BoundKey
from semantic_layer.query.calendar import divides, nests
from semantic_layer.query.measure import Measure, Shifted, homes, walk
from semantic_layer.query.problems import Problems, listed


def is_time(catalog: Catalog, measure: Measure, words: str) -> bool:
    """Whether a name means, in every home of the measure, the time dimension that its rows are dated by."""
    if words == TIME:
        return all(time is not None for _, time in homes(measure))
    for home, time in homes(measure):
        found = find_dimension(catalog, home, words)
        if not isinstance(found, FoundDimension) or found.hops or found.dimension.name != time:
            return False
    return True


def check_promises(columns: tuple[BoundColumn, ...], keys: tuple[BoundKey, ...], problems: Problems) -> None:
    """Grains and cuts that each metric allows, and that each shift falls on whole periods (rule 14)."""
    for place, column in enumerate(columns):
        path = ("metrics", place)
        definition = column.published.catalog.metrics[column.metric]
        grains = [key.grain for key in keys if key.grain is not None]
        for grain in grains:
            if definition.grains is not None and grain not in definition.grains:
                allowed = [grain_word(one, column.published.catalog.calendars) for one in definition.grains]
                message = f"{column.metric} is not asked by {grain}; its grains are {listed(allowed)}"
                problems.add(ErrorCode.BAD_GRAIN, message, path, allowed)
        for key in keys:
            if not may_cut(definition.cut_only, definition.cut_except, key.dimension):
                message = f"the definition of {column.metric} does not allow a cut by {key.dimension}"
                problems.add(ErrorCode.NOT_CUTTABLE, message, path, definition.cut_only or ())
        _check_shifts(column, keys, path, problems)


def check_totals(
    columns: tuple[BoundColumn, ...],
    keys: tuple[BoundKey, ...],
    totals: tuple[tuple[str, ...], ...],
    problems: Problems,
) -> None:
    """A total is the same question with fewer dimensions: its shifts must fall on whole periods of those kept."""
    for place, kept in enumerate(totals):
        for column in columns:
            _check_shifts(column, tuple(key for key in keys if key.name in kept), ("totals", place), problems)


def _check_shifts(
    column: BoundColumn, keys: tuple[BoundKey, ...], path: tuple[str | int, ...], problems: Problems
) -> None:
    for node in walk(column.measure):
        if isinstance(node, Shifted) and node.steps is None:
            _check_shift(node, column, keys, path, problems)


def may_cut(only: tuple[str, ...] | None, excepted: tuple[str, ...], words: str) -> bool:
    def covers(rule: str) -> bool:
        return rule == words or (rule.endswith(".*") and words.startswith(rule[:-1]))

    if only is not None and not any(covers(rule) for rule in only):
        return False
    return not any(covers(rule) for rule in excepted)


def _check_shift(
    shifted: Shifted,
    column: BoundColumn,
    keys: tuple[BoundKey, ...],
    path: tuple[str | int, ...],
    problems: Problems,
) -> None:
    catalog = column.published.catalog
    grains = [key.grain for key in keys if key.grain is not None and is_time(catalog, shifted, key.dimension)]
    if not grains:
        return
    grain = min(grains, key=lambda one: one.rank)
    if any(not nests(grain, other) for other in grains):
        named = listed(str(one) for one in grains)
        problems.add(ErrorCode.SHIFT_GRAIN, f"{column.name} is shifted, and {named} do not nest", path)
    if isinstance(shifted.by, Duration):
        if not divides(grain, shifted.by.count, shifted.by.unit):
            words = grain_words(catalog.calendars).items()
            whole = [word for word, one in words if divides(one, shifted.by.count, shifted.by.unit)]
            message = f"{column.name} is shifted by {shifted.by}, which is no whole number of {grain}s"
            problems.add(ErrorCode.SHIFT_GRAIN, message, path, whole[-3:])
    elif not nests(grain, shifted.by.unit):
        message = f"{column.name} is the value at the start of a {shifted.by.unit}, into which {grain}s do not fit"
        problems.add(ErrorCode.SHIFT_GRAIN, message, path)
