"""Columns, which only a source knows: every raw column that the definitions name exists in its table."""

from collections.abc import Collection, Iterator, Mapping

from semantic_layer.definitions.expression import Exists, Expr, Name, walk
from semantic_layer.definitions.findings import Findings, Formula
from semantic_layer.definitions.model import Across, Dataset, Join, MetricValue, TopMembers
from semantic_layer.definitions.problem import Problem, ProblemCode, near_names, said_near
from semantic_layer.definitions.reach import FoundDimension, find_dimension
from semantic_layer.definitions.reader import Reading
from semantic_layer.definitions.scope import block_of, blocks_below, row_homes
from semantic_layer.definitions.shape_reader import Path

Columns = Mapping[str, Collection[str]]  # dataset -> the columns of its table


def column_problems(reading: Reading, columns: Columns) -> list[Problem]:
    """UNKNOWN_COLUMN for each name that is no column, by what the sources say; datasets not in `columns` are passed."""
    findings = Findings(reading.catalog, reading.places, frozenset())
    for dataset in reading.catalog.datasets.values():
        if dataset.name in columns:
            _check_dataset(findings, dataset, columns)
    for calendar in reading.catalog.calendars.values():
        place = ("calendars", calendar.name)
        _check_column(findings, calendar.dataset, calendar.day, (*place, "day"), columns)
        for grain, name in calendar.grains.items():
            _check_column(findings, calendar.dataset, name, (*place, "grains", grain), columns, key=True)
    for metric in reading.catalog.metrics.values():
        for block in blocks_below(block_of(metric)):
            rule = block.rule
            if rule.home is not None and not isinstance(rule.modifier, Across):
                _check_formula(findings, rule.home, Formula(rule.value, (*block.path, "is")), columns)
            if rule.where is not None:
                for home in row_homes(reading.catalog, block):
                    _check_formula(findings, home, Formula(rule.where, (*block.path, "where")), columns)
    return sorted(findings.problems)


def _check_dataset(findings: Findings, dataset: Dataset, columns: Columns) -> None:
    path = ("datasets", dataset.name)
    for name in dataset.columns:
        _check_column(findings, dataset.name, name, (*path, "columns", name), columns, key=True)
    for index, name in enumerate(dataset.key or ()):
        place = (*path, "key", str(index)) if len(dataset.key or ()) > 1 else (*path, "key")
        _check_column(findings, dataset.name, name, place, columns)
    for name, join in dataset.joins.items():
        _check_match(findings, dataset, join, (*path, "joins", name, "match"), columns)
    for name, dimension in dataset.dimensions.items():
        if not isinstance(dimension.rule, (TopMembers, MetricValue)):
            formula = Formula(dimension.rule, (*path, "dimensions", name, "sql"))
            _check_formula(findings, dataset.name, formula, columns, only_columns=True)
    for key, name in zip(("from", "until"), dataset.valid or (), strict=False):
        _check_column(findings, dataset.name, name, (*path, "valid", key), columns)
    for key, tree in (("watermark", dataset.watermark), ("change_token", dataset.change_token)):
        if tree is not None:
            _check_formula(findings, dataset.name, Formula(tree, (*path, key)), columns, only_columns=True)
    for name, segment in dataset.segments.items():
        if segment.where is not None:
            _check_formula(findings, dataset.name, Formula(segment.where, (*path, "segments", name, "where")), columns)


def _check_match(findings: Findings, dataset: Dataset, join: Join, path: Path, columns: Columns) -> None:
    for here, there in join.match:
        _check_column(findings, dataset.name, here, path, columns)
        _check_column(findings, join.through or join.to, there, path, columns)


def _check_column(
    findings: Findings, dataset: str, name: str, path: Path, columns: Columns, *, key: bool = False
) -> None:
    if dataset not in columns or _is_column(name, columns[dataset]):
        return
    near = near_names(name, columns[dataset])
    message = f'"{name}" is no column of dataset {dataset}{said_near(near)}'
    (findings.at_key if key else findings.at_value)(path, ProblemCode.UNKNOWN_COLUMN, message, near)


def _is_column(name: str, columns: Collection[str]) -> bool:
    """As a source finds it: by its name, else by its name in another case."""
    return name in columns or name.lower() in {column.lower() for column in columns}


def _check_formula(
    findings: Findings, home: str, formula: Formula, columns: Columns, *, only_columns: bool = False
) -> None:
    for node, dataset in _row_names(findings, formula.tree, home):
        if dataset not in columns or _is_column(str(node), columns[dataset]):
            continue
        if not only_columns and _means_something(findings, dataset, str(node)):
            continue
        dimensions = () if only_columns else findings.catalog.datasets[dataset].dimensions
        near = near_names(str(node), {*columns[dataset], *dimensions})
        kind = "column" if only_columns else "column or dimension"
        message = f'"{node}" is no {kind} of dataset {dataset}{said_near(near)}'
        findings.inside(formula, node.at, ProblemCode.UNKNOWN_COLUMN, message, near)


def _means_something(findings: Findings, dataset: str, word: str) -> bool:
    if isinstance(find_dimension(findings.catalog, dataset, word), FoundDimension):
        return True
    return any(word in other.segments for other in findings.catalog.datasets.values())


def _row_names(findings: Findings, tree: Expr, home: str) -> Iterator[tuple[Name, str]]:
    """Names of one word, with the dataset whose rows they speak of; inside exists() that is the joined one."""
    inner: set[int] = set()
    for node in walk(tree):
        if isinstance(node, Exists) and node.where is not None:
            to = findings.catalog.datasets[home].joins[node.join].to
            for below in walk(node.where):
                inner.add(id(below))
                if isinstance(below, Name) and len(below.path) == 1:
                    yield below, to
        elif isinstance(node, Name) and len(node.path) == 1 and id(node) not in inner:
            yield node, home
