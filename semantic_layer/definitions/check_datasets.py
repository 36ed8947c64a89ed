"""Checks of datasets: every name they use exists, joins can be walked, and their formulas speak of raw columns only."""

from zoneinfo import ZoneInfo

from semantic_layer.definitions.expression import Aggregate, Exists, Name, Parameter, walk
from semantic_layer.definitions.findings import Findings, Formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.model import (
    MOST_YEARS,
    Dataset,
    Dimension,
    Join,
    JoinKind,
    MetricValue,
    Segment,
    Select,
    TopMembers,
)
from semantic_layer.definitions.problem import ProblemCode, near_names, said_near
from semantic_layer.definitions.reach import TIME
from semantic_layer.definitions.select_text import select_mistake
from semantic_layer.definitions.shape_reader import Path
from semantic_layer.definitions.types import ColumnType, Kind


def check_settings(findings: Findings) -> None:
    """The catalog's own words: zone, sources, domains."""
    catalog = findings.catalog
    _check_zone(findings, catalog.settings.time_zone, ("catalog", "time_zone"))
    for domain in catalog.domains.values():
        if domain.parent is not None and domain.parent not in catalog.domains:
            near = near_names(domain.parent, catalog.domains)
            message = f'"{domain.parent}" is not a domain{said_near(near)}'
            findings.at_value(("domains", domain.name, "parent"), ProblemCode.UNKNOWN_DOMAIN, message, near)


def check_datasets(findings: Findings) -> None:
    for dataset in findings.catalog.datasets.values():
        path = ("datasets", dataset.name)
        _check_relation(findings, dataset, path)
        for name, dimension in dataset.dimensions.items():
            _check_dimension(findings, dataset, dimension, (*path, "dimensions", name))
        for name, join in dataset.joins.items():
            _check_join(findings, dataset, join, (*path, "joins", name))
        for name, segment in dataset.segments.items():
            _check_segment_names(findings, dataset, segment, (*path, "segments", name))
        for name, members in dataset.hierarchies.items():
            for index, member in enumerate(members):
                _own_dimension(findings, dataset, member, (*path, "hierarchies", name, str(index)))


def _check_relation(findings: Findings, dataset: Dataset, path: Path) -> None:
    sources = findings.catalog.sources
    if dataset.source and dataset.source not in sources:
        near = near_names(dataset.source, sources)
        message = f'"{dataset.source}" is not a source{said_near(near)}'
        findings.at_value((*path, "source"), ProblemCode.UNKNOWN_SOURCE, message, near)
    if isinstance(dataset.relation, Select):
        mistake = select_mistake(dataset.relation.text)
        if mistake is not None:
            findings.at_value((*path, "sql"), mistake.code, f'"sql" of dataset "{dataset.name}": {mistake.message}')
    if dataset.time is not None:
        found = _own_dimension(findings, dataset, dataset.time, (*path, "time"))
        if found is not None and found.time is None:
            message = f'"time" of dataset "{dataset.name}" is "{dataset.time}", which has not "type: time"'
            findings.at_value((*path, "time"), ProblemCode.BAD_VALUE, message)
        elif found is not None:
            _check_is_recorded(findings, found, (*path, "time"))
    for key, tree in (("watermark", dataset.watermark), ("change_token", dataset.change_token)):
        if tree is not None:
            _check_column_formula(findings, Formula(tree, (*path, key)), aggregates=True)
            _check_of_all_rows(findings, Formula(tree, (*path, key)), key)
    if dataset.time_to_live is not None and dataset.time_to_live.years > MOST_YEARS:
        message = f"{dataset.time_to_live} is more than the {MOST_YEARS} years that an answer may be kept"
        findings.at_value((*path, "time_to_live"), ProblemCode.BAD_VALUE, message)
    if dataset.valid is not None and dataset.valid[0] == dataset.valid[1]:
        message = f'"valid" of dataset "{dataset.name}" ends where it begins, so that no row ever holds'
        findings.at_value((*path, "valid", "until"), ProblemCode.BAD_VALUE, message)


def _check_of_all_rows(findings: Findings, formula: Formula, key: str) -> None:
    """One value of the whole table: each of its columns stands inside an aggregate."""
    inside = {id(node) for one in walk(formula.tree) if isinstance(one, Aggregate) for node in walk(one)}
    loose = [node for node in walk(formula.tree) if isinstance(node, Name) and id(node) not in inside]
    if loose or not inside:
        text = formula_text(loose[0] if loose else formula.tree)
        message = f'"{key}" says one thing of all rows, such as max({text}); "{text}" stands in no aggregate'
        findings.inside(formula, loose[0].at if loose else 0, ProblemCode.ONE_AGGREGATE, message)


def _check_is_recorded(findings: Findings, dimension: Dimension, path: Path) -> None:
    """Rows are dated by what they record themselves, not by what is computed of others."""
    if isinstance(dimension.rule, MetricValue):
        message = f'"{dimension.name}" is made of a metric, so no row is dated by it'
        findings.at_value(path, ProblemCode.BAD_VALUE, message)


def _own_dimension(findings: Findings, dataset: Dataset, name: str, path: Path) -> Dimension | None:
    found = dataset.dimensions.get(name)
    if found is None:
        near = near_names(name, dataset.dimensions)
        message = f'"{name}" is not a dimension of dataset {dataset.name}{said_near(near)}'
        findings.at_value(path, ProblemCode.UNKNOWN_DIMENSION, message, near)
    return found


def _check_dimension(findings: Findings, dataset: Dataset, dimension: Dimension, path: Path) -> None:
    if dimension.name == TIME:
        message = '"time" is a reserved name: it means the time dimension of whatever dataset answers'
        findings.at_key(path, ProblemCode.BAD_NAME, message)
    if dimension.time is not None and dimension.time.stored_in is not None:
        _check_zone(findings, dimension.time.stored_in, (*path, "stored_in"))
    words = findings.catalog.settings.sensitive
    if dimension.sensitive is not None and dimension.sensitive not in words:
        near = near_names(dimension.sensitive, words)
        message = (
            f'"{dimension.sensitive}" is none of the catalog\'s words for "sensitive": {", ".join(words) or "none"}'
        )
        findings.at_value((*path, "sensitive"), ProblemCode.BAD_VALUE, message, near)
    match dimension.rule:
        case TopMembers(of, _, by, _):
            _own_dimension(findings, dataset, of, (*path, "of"))
            findings.metric_exists(by, (*path, "by"), "by: ")
        case MetricValue(metric):
            findings.metric_exists(metric, (*path, "metric"), "metric: ")
            if dataset.key is None or len(dataset.key) != 1:
                message = f'a dimension with "metric" needs one key column; dataset {dataset.name} has not one'
                findings.at_key((*path, "metric"), ProblemCode.NOT_SUPPORTED, message)
        case tree:
            _check_column_formula(findings, Formula(tree, (*path, "sql")), aggregates=False)
    _check_conforms(findings, dimension, path)


def _check_conforms(findings: Findings, dimension: Dimension, path: Path) -> None:
    if dimension.conforms is None:
        return
    dataset, name = dimension.conforms
    if not findings.dataset_exists(dataset, (*path, "conforms"), "conforms: "):
        return
    target = _own_dimension(findings, findings.catalog.datasets[dataset], name, (*path, "conforms"))
    if target is None:
        return
    reason = None
    if (target.time is None) != (dimension.time is None):
        reason = "one of them is a time, the other is not"
    elif dimension.type is not None and target.type is not None and not _keeps_apart(dimension.type, target.type):
        reason = f"as {target.type}, values of {dimension.type} that differ would be one"
    if reason is not None:
        message = f'"{dimension.name}" cannot conform to {dataset}.{name}: {reason}'
        findings.at_value((*path, "conforms"), ProblemCode.BAD_VALUE, message)


def _keeps_apart(given: ColumnType, wanted: ColumnType) -> bool:
    """Whether a key of one type can be shown as another without rounding; what does not fit is refused when asked."""
    if wanted.kind is Kind.BOOLEAN:
        return given.kind in (Kind.BOOLEAN, Kind.TEXT)
    if wanted.is_exact and given.is_number:
        return given.is_exact and (given.scale or 0) <= (wanted.scale or 0)
    if wanted.kind is Kind.FLOAT:
        return given.kind not in (Kind.BIGINT, Kind.DECIMAL)
    return True


def _check_column_formula(findings: Findings, formula: Formula, *, aggregates: bool) -> None:
    """A formula over raw columns: no joins, parameters or metrics; aggregates only where the whole table is meant."""
    for node in walk(formula.tree):
        match node:
            case Name(path, at) if len(path) > 1:
                message = f'"{node}": only raw columns stand here, no path over a join'
                findings.inside(formula, at, ProblemCode.FAN_OUT, message)
            case Aggregate(function, _, _, at) if not aggregates:
                message = f'"{function}" is an aggregate; a dimension is computed row by row. Use "metric:" or a metric'
                findings.inside(formula, at, ProblemCode.NOT_ALLOWED, message)
            case Exists(_, _, at):
                findings.inside(formula, at, ProblemCode.NOT_ALLOWED, 'exists(…) stands in "where" only')
            case Parameter(name, at):
                message = f'":{name}": parameters belong to metrics, not to datasets'
                findings.inside(formula, at, ProblemCode.UNKNOWN_PARAMETER, message)
            case _:
                pass


def _check_join(findings: Findings, dataset: Dataset, join: Join, path: Path) -> None:
    if not findings.dataset_exists(join.to, (*path, "to"), f'join "{join.name}" leads to nothing: '):
        return
    target = findings.catalog.datasets[join.to]
    if target.source != dataset.source:
        message = (
            f'join "{join.name}" leaves the source {dataset.source} for {target.source}; combine the two by metrics'
        )
        findings.at_key(path, ProblemCode.CROSS_SOURCE, message)
    _check_valid_at(findings, dataset, join, target, path)
    if join.through is not None:
        _check_bridge(findings, dataset, join, path)
    elif join.kind in (JoinKind.MANY_TO_ONE, JoinKind.ONE_TO_ONE):
        _check_reaches_key(findings, join, target, path)


def _check_valid_at(findings: Findings, dataset: Dataset, join: Join, target: Dataset, path: Path) -> None:
    """A join to one row of a slowly changing dataset says at which time; no other join does."""
    theirs = {there for _, there in join.match}
    if join.valid_at is None:
        if target.valid is not None and not join.kind.to_many and not theirs >= set(target.key or ("",)):
            message = f'join "{join.name}" needs "valid_at": which row of {target.name} holds depends on the time'
            findings.at_key(path, ProblemCode.MISSING_KEY, message)
        return
    place = (*path, "valid_at")
    if target.valid is None:
        findings.at_key(place, ProblemCode.COMPANION, f'"valid_at" needs "valid" of dataset {target.name}')
    if join.kind is not JoinKind.MANY_TO_ONE:
        findings.at_key(place, ProblemCode.COMPANION, '"valid_at" stands only beside "kind: many_to_one"')
    dimension = _own_dimension(findings, dataset, join.valid_at, place)
    if dimension is not None and dimension.time is None:
        times = [name for name, one in dataset.dimensions.items() if one.time is not None]
        message = f'"{join.valid_at}" is not a time dimension of dataset {dataset.name}'
        findings.at_value(place, ProblemCode.UNKNOWN_DIMENSION, message + said_near(tuple(times)), tuple(times))
    elif dimension is not None:
        _check_is_recorded(findings, dimension, place)


def _check_reaches_key(findings: Findings, join: Join, target: Dataset, path: Path) -> None:
    """A join to one row that matches only a part of the other side's key can match several rows."""
    theirs = {there for _, there in join.match}
    if join.repeats or target.key is None or target.valid is not None or not theirs < set(target.key):
        return
    message = (
        f'join "{join.name}" is declared {join.kind}, but matches only [{", ".join(sorted(theirs))}] '
        f"of the key [{', '.join(target.key)}] of {target.name}"
    )
    findings.at_key((*path, "match"), ProblemCode.NOT_UNIQUE, message)


def _check_bridge(findings: Findings, dataset: Dataset, join: Join, path: Path) -> None:
    assert join.through is not None
    if not findings.dataset_exists(join.through, (*path, "through"), "through: "):
        return
    bridge = findings.catalog.datasets[join.through]
    onward = [j.name for j in bridge.joins.values() if j.to == join.to and not j.kind.to_many]
    if len(onward) != 1:
        said = "no join" if not onward else f"{len(onward)} joins ({', '.join(onward)})"
        message = f"the bridge {bridge.name} needs exactly one many_to_one join to {join.to}, and has {said}"
        code = ProblemCode.UNKNOWN_JOIN if not onward else ProblemCode.AMBIGUOUS_PATH
        findings.at_value((*path, "through"), code, message)
    if bridge.source != dataset.source:
        message = (
            f'join "{join.name}" leaves the source {dataset.source} for {bridge.source}; combine the two by metrics'
        )
        findings.at_key(path, ProblemCode.CROSS_SOURCE, message)


def _check_segment_names(findings: Findings, dataset: Dataset, segment: Segment, path: Path) -> None:
    if segment.name in dataset.dimensions:
        message = f'"{segment.name}" is both a segment and a dimension of dataset {dataset.name}'
        findings.at_key(path, ProblemCode.NAME_CLASH, message)


def _check_zone(findings: Findings, zone: str, path: Path) -> None:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        message = f'"{zone}" is not a time zone; expected a name such as UTC or Asia/Shanghai'
        findings.at_value(path, ProblemCode.BAD_VALUE, message)
