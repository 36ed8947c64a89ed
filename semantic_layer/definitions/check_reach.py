"""Checks of what rows can reach: every dimension that a sentence names, from every dataset it aggregates (rule 5)."""

from collections.abc import Iterator

from semantic_layer.definitions.check_values import check_compared_values
from semantic_layer.definitions.expression import Aggregate, Exists, Expr, Name, walk
from semantic_layer.definitions.findings import Findings, Formula
from semantic_layer.definitions.model import (
    Across,
    Ago,
    AtLevel,
    AtStartOf,
    Dataset,
    Dimension,
    Metric,
    MetricValue,
    Modifier,
    RankWithin,
    Segment,
    SemiAdditive,
    ToDate,
    TopMembers,
    Trailing,
)
from semantic_layer.definitions.problem import Place, ProblemCode, near_names, said_near
from semantic_layer.definitions.reach import TIME, FoundDimension, NotFound, find_dimension, reachable_names, reached
from semantic_layer.definitions.scope import Block, block_of, blocks_below, homes, row_homes
from semantic_layer.definitions.shape_reader import Path
from semantic_layer.definitions.types import AnyGrain, resolution


def check_reach(findings: Findings) -> None:
    """Needs a catalog whose metrics do not go in circles."""
    for metric in findings.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            if not findings.is_broken(block.path):
                _check_block(findings, block)
        _check_cut(findings, metric)
        _check_grains(findings, metric)
    for dataset in findings.catalog.datasets.values():
        for name, segment in dataset.segments.items():
            _check_segment(findings, dataset, segment, ("datasets", dataset.name, "segments", name))
        for name, dimension in dataset.dimensions.items():
            _check_made_of_metric(findings, dataset, dimension, ("datasets", dataset.name, "dimensions", name))


def _check_block(findings: Findings, block: Block) -> None:
    rule, path = block.rule, block.path
    datasets = tuple(home for home in homes(findings.catalog, block) if home in findings.catalog.datasets)
    if rule.home is not None and not isinstance(rule.modifier, Across):
        check_compared_values(findings, rule.home, Formula(rule.value, (*path, "is")))
    if rule.where is not None:
        columns = rule.home is not None
        for home in row_homes(findings.catalog, block) if rule.home is None else (rule.home,):
            if home in findings.catalog.datasets:
                _check_condition(findings, home, Formula(rule.where, (*path, "where")), columns=columns)
    match rule.modifier:
        case Across(entity):
            _check_every(findings, datasets, entity, (*path, "across"), "across")
        case AtLevel(only, excepted, ignoring):
            key = (*path, "at_level") if only is not None else (*path, "at_level", "except")
            _check_any(findings, datasets, only or excepted, key, "at_level")
            _check_any(findings, datasets, ignoring, (*path, "ignoring"), "ignoring")
        case Trailing() | ToDate() | Ago() | AtStartOf():
            _check_time(findings, block, datasets)
        case SemiAdditive(_, each):
            _check_every(findings, datasets, each, (*path, "take_each"), "take_each")
        case RankWithin(within):
            _check_any(findings, datasets, within, (*path, "rank_within"), "rank_within")
        case _:
            pass


def _check_time(findings: Findings, block: Block, datasets: tuple[str, ...]) -> None:
    """A window or a shift runs over time, which every row it is made of must have, as finely as it is recorded."""
    modifier = block.rule.modifier
    key = {Ago: "ago", AtStartOf: "at_start_of"}.get(type(modifier), "over")
    for home in datasets:
        dataset = findings.catalog.datasets[home]
        times = [one.time for one in dataset.dimensions.values() if one.time is not None]
        if not times:
            message = f"{key}: dataset {home} has no time dimension to run over"
            findings.at_key((*block.path, key), ProblemCode.UNREACHABLE, message)
            continue
        unit = _unit(modifier)
        finest = min((one.finest for one in times), key=lambda one: one.rank)
        if unit is not None and resolution(unit).rank < finest.rank:
            message = f"{key}: {unit}s are finer than what dataset {home} records; its finest grain is {finest}"
            findings.at_value((*block.path, key), ProblemCode.BAD_VALUE, message)


def _unit(modifier: Modifier | None) -> AnyGrain | None:
    match modifier:
        case Trailing(length) | Ago(length):
            return length.unit
        case ToDate(unit) | AtStartOf(unit):
            return unit
        case _:
            return None


def _check_grains(findings: Findings, metric: Metric) -> None:
    """The grains that a metric allows are recorded by each dataset that it is made of."""
    for home in homes(findings.catalog, block_of(metric)):
        dataset = findings.catalog.datasets.get(home)
        times = [] if dataset is None else [one.time for one in dataset.dimensions.values() if one.time is not None]
        for index, grain in enumerate(metric.grains or ()):
            if times and all(resolution(grain).rank < one.finest.rank for one in times):
                finest = min((one.finest for one in times), key=lambda one: one.rank)
                message = f"grains: {grain} is finer than what dataset {home} records; its finest grain is {finest}"
                findings.at_value(("metrics", metric.name, "grains", str(index)), ProblemCode.BAD_VALUE, message)


def _check_cut(findings: Findings, metric: Metric) -> None:
    datasets = tuple(h for h in homes(findings.catalog, block_of(metric)) if h in findings.catalog.datasets)
    path = ("metrics", metric.name, "cut_by")
    _check_any(findings, datasets, metric.cut_only or (), (*path, "only"), "cut_by")
    _check_any(findings, datasets, metric.cut_except, (*path, "except"), "cut_by")


# --- dimensions by name ------------------------------------------------------------------------------------------


def _check_every(findings: Findings, datasets: tuple[str, ...], words: tuple[str, ...], path: Path, said: str) -> None:
    """Each dimension is reached by every dataset."""
    for index, word in enumerate(words):
        for home in datasets:
            found = find_dimension(findings.catalog, home, word)
            if isinstance(found, NotFound):
                _say_unreached(findings, home, word, found, findings.places.value(*path, str(index)), said)
                break


def _check_any(findings: Findings, datasets: tuple[str, ...], words: tuple[str, ...], path: Path, said: str) -> None:
    """Each dimension is reached by one of the datasets at least; `time` stands for whatever time is asked."""
    for index, word in enumerate(words):
        if word == TIME or not datasets:
            continue
        found = [find_dimension(findings.catalog, home, word) for home in datasets]
        missing = [result for result in found if isinstance(result, NotFound)]
        if len(missing) == len(found):
            place = findings.places.value(*path, str(index))
            _say_unreached(findings, datasets[0], word, missing[0], place, said)


def _say_unreached(findings: Findings, home: str, word: str, missing: NotFound, place: Place, said: str) -> None:
    catalog = findings.catalog
    if missing.paths:
        message = f'"{word}" can be {" or ".join(missing.paths)}; say which'
        findings.add(place, ProblemCode.AMBIGUOUS_PATH, message, missing.paths)
        return
    names = reachable_names(catalog, home)
    if _exists_somewhere(findings, word):
        message = f"{said}: {home} cannot reach {word}; it reaches {', '.join(_grouped(names)) or 'nothing'}"
        findings.add(place, ProblemCode.UNREACHABLE, message, near_names(word, names))
    else:
        near = near_names(word, names)
        hint = said_near(near) or f"; {home} reaches {', '.join(_grouped(names)) or 'nothing'}"
        findings.add(place, ProblemCode.UNKNOWN_DIMENSION, f'{said}: "{word}" is not a dimension{hint}', near)


def _exists_somewhere(findings: Findings, word: str) -> bool:
    """Whether the name is a dimension of some other dataset, or of a dataset by its name."""
    datasets = findings.catalog.datasets
    *_, last = word.split(".")
    if "." not in word:
        return any(word in dataset.dimensions for dataset in datasets.values())
    known = {*datasets, *(name for dataset in datasets.values() for name in dataset.joins)}
    return word.split(".")[0] in known and any(last in dataset.dimensions for dataset in datasets.values())


def _grouped(names: tuple[str, ...]) -> list[str]:
    """`campaign.*, household_id`: joined dimensions by their path, in few words."""
    return sorted({name if "." not in name else name.rpartition(".")[0] + ".*" for name in names})


# --- conditions over rows ----------------------------------------------------------------------------------------


def _check_condition(findings: Findings, home: str, formula: Formula, *, columns: bool) -> None:
    """Names in a condition: dimensions, segments, and (`columns`) raw columns of `home`, which only a source knows."""
    if any(isinstance(node, Aggregate) for node in walk(formula.tree)):
        return  # told already: no condition over rows at all
    for node, inside in _names(formula.tree):
        if inside is not None:
            _check_inside_exists(findings, home, inside, node, formula)
        elif isinstance(node, Exists):
            _check_exists(findings, home, node, formula)
        elif isinstance(node, Name):
            _check_name(findings, home, node, formula, columns=columns)
    check_compared_values(findings, home, formula)


def _names(tree: Expr) -> Iterator[tuple[Expr, Exists | None]]:
    """Names and exists() of a condition; names inside an exists() come with it."""
    inner: set[int] = set()
    for node in walk(tree):
        if isinstance(node, Exists):
            yield node, None
            for below in walk(node.where) if node.where is not None else ():
                inner.add(id(below))
                if isinstance(below, Name):
                    yield below, node
        elif isinstance(node, Name) and id(node) not in inner:
            yield node, None


def _check_name(findings: Findings, home: str, node: Name, formula: Formula, *, columns: bool) -> None:
    word = str(node)
    found = find_dimension(findings.catalog, home, word)
    if isinstance(found, FoundDimension):
        return
    if len(node.path) == 1:
        segment = _segment(findings, home, word)
        if segment is not None:
            _check_segment_use(findings, home, *segment, formula, node.at)
            return
        if columns:
            return
    place = findings.places.value(*formula.path, offset=max(node.at, 0))
    if not columns and len(node.path) == 1 and word in findings.catalog.metrics:
        message = f'"{word}" is a metric; "where" speaks of rows. To choose entities by a metric, use a segment'
        findings.add(place, ProblemCode.MIXED_WORLDS, message)
        return
    _say_unreached(findings, home, word, found, place, "where")


def _segment(findings: Findings, home: str, name: str) -> tuple[Dataset, Segment] | None:
    datasets = findings.catalog.datasets
    for dataset in (datasets[home], *datasets.values()):
        if name in dataset.segments:
            return dataset, dataset.segments[name]
    return None


def _check_segment_use(
    findings: Findings, home: str, owner: Dataset, segment: Segment, formula: Formula, at: int
) -> None:
    """Rows are chosen only in the dataset whose rows they are; entities wherever the entity is reached."""
    if owner.name == home:
        return
    found = [find_dimension(findings.catalog, home, member) for member in segment.members]
    reaches = all(isinstance(one, FoundDimension) and one.to_many_at is None for one in found)
    if not segment.members or not reaches:
        message = f'where: {home} cannot use the segment "{segment.name}", which is about {owner.name}'
        findings.inside(formula, at, ProblemCode.UNREACHABLE, message)


def _check_exists(findings: Findings, home: str, node: Exists, formula: Formula) -> None:
    joins = findings.catalog.datasets[home].joins
    if node.join not in joins:
        near = near_names(node.join, joins)
        hint = said_near(near) or f"; its joins: {', '.join(joins) or 'none'}"
        message = f'"{node.join}" is not a join of dataset {home}{hint}'
        findings.inside(formula, node.at, ProblemCode.UNKNOWN_JOIN, message, near)


def _check_inside_exists(findings: Findings, home: str, exists: Exists, node: Expr, formula: Formula) -> None:
    """Names in the condition of exists() are the joined dataset's; a single one may be its raw column."""
    join = findings.catalog.datasets[home].joins.get(exists.join)
    if join is None or not isinstance(node, Name) or len(node.path) == 1 or join.to not in findings.catalog.datasets:
        return
    found = find_dimension(findings.catalog, join.to, str(node))
    if isinstance(found, NotFound):
        place = findings.places.value(*formula.path, offset=max(node.at, 0))
        _say_unreached(findings, join.to, str(node), found, place, f"exists({exists.join}, …)")


def _check_segment(findings: Findings, dataset: Dataset, segment: Segment, path: Path) -> None:
    if segment.where is not None:
        _check_condition(findings, dataset.name, Formula(segment.where, (*path, "where")), columns=True)
    _check_every(findings, (dataset.name,), segment.members, (*path, "members"), "members")
    for index, member in enumerate(segment.members):
        found = find_dimension(findings.catalog, dataset.name, member)
        if isinstance(found, FoundDimension) and found.to_many_at is not None:
            message = f"members: {member} is across a to-many join, and a segment needs one of it for each row"
            findings.at_value((*path, "members", str(index)), ProblemCode.FAN_OUT, message)


def _check_made_of_metric(findings: Findings, dataset: Dataset, dimension: Dimension, path: Path) -> None:
    """A metric gives each row of a dataset a value only if its own rows lead to one row of that dataset."""
    rule = dimension.rule
    if not isinstance(rule, (MetricValue, TopMembers)):
        return
    metric = findings.catalog.metrics.get(rule.metric if isinstance(rule, MetricValue) else rule.by)
    if metric is None:
        return
    for home in homes(findings.catalog, block_of(metric)):
        if home not in findings.catalog.datasets or home == dataset.name:
            continue
        if not any(found.dataset == dataset.name for found in reached(findings.catalog, home, to_many=False)):
            key = "metric" if isinstance(rule, MetricValue) else "by"
            message = f"{key}: {metric.name} is made of rows of {home}, which do not lead to one row of {dataset.name}"
            findings.at_value((*path, key), ProblemCode.UNREACHABLE, message)
