"""Checks of every sentence by itself: the two worlds, one aggregate, known names, declared parameters."""

from semantic_layer.definitions.expression import (
    Aggregate,
    Call,
    Case,
    Cast,
    Exists,
    Expr,
    Literal,
    Name,
    Parameter,
    walk,
)
from semantic_layer.definitions.findings import Findings, Formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.model import (
    MOST_YEARS,
    Across,
    After,
    Ago,
    Dimension,
    Duration,
    Metric,
    MetricValue,
    Rule,
    TopMembers,
    Trailing,
)
from semantic_layer.definitions.problem import ProblemCode, near_names, said_near
from semantic_layer.definitions.reach import TIME
from semantic_layer.definitions.scope import Block, block_of, blocks_below, warning_block

RESERVED = {"time": "the time dimension of whatever is asked", "value": "the metric itself in its warning rule"}
# Operators and functions whose result is true or false.
_CONDITIONS = frozenset({
    "eq", "ne", "lt", "lte", "gt", "gte", "and", "or", "not", "is_null", "is_not_null", "is_distinct_from",
    "is_not_distinct_from", "in", "not_in", "between", "like", "contains", "starts_with", "ends_with",
})  # fmt: skip


def is_recorded(dimension: Dimension) -> bool:
    """Whether rows record it themselves: they cannot be dated by what is computed of other rows."""
    return not isinstance(dimension.rule, MetricValue)


def check_rules(findings: Findings) -> None:
    for metric in findings.catalog.metrics.values():
        _check_metric(findings, metric)
        for block in blocks_below(block_of(metric)):
            if not findings.is_broken(block.path):
                _check_block(findings, block)
        if not any(path[:2] == ("metrics", metric.name) for path in findings.broken):
            _check_parameters(findings, metric)
        _check_warning(findings, metric)
    _check_segments(findings)


def _check_metric(findings: Findings, metric: Metric) -> None:
    path = ("metrics", metric.name)
    if metric.name in RESERVED:
        message = f'"{metric.name}" is a reserved name: it means {RESERVED[metric.name]}'
        findings.at_key(path, ProblemCode.BAD_NAME, message)
    domain = metric.governance.domain
    if domain is not None and domain not in findings.catalog.domains:
        near = near_names(domain, findings.catalog.domains)
        message = f'"{domain}" is not a domain{said_near(near)}'
        findings.at_value((*path, "governance", "domain"), ProblemCode.UNKNOWN_DOMAIN, message, near)
    if metric.deprecated is not None:
        for index, name in enumerate(metric.deprecated.use):
            findings.metric_exists(name, (*path, "deprecated", "use", str(index)), "use: ")


def _check_reach_of_time(findings: Findings, block: Block) -> None:
    match block.rule.modifier:
        case Ago(length):
            key = "ago"
        case Trailing(length):
            key = "over"
        case After(within=Duration() as length):
            key = "after"
        case _:
            return
    if length.years > MOST_YEARS:
        message = f"{length} is more than the {MOST_YEARS} years that a shift or window reaches"
        findings.at_value((*block.path, key), ProblemCode.BAD_VALUE, message)


def _check_block(findings: Findings, block: Block) -> None:
    rule, path = block.rule, block.path
    if rule.home is not None:
        findings.dataset_exists(rule.home, (*path, "from"), "from: ")
    for name in rule.steps:
        if name in findings.catalog.metrics:
            place = findings.places.key("metrics", name)
            message = f'"{name}" in "with" is also a metric ({place}); give the step another name'
            findings.at_key((*block.steps_path, name), ProblemCode.NAME_CLASH, message)
    _check_reach_of_time(findings, block)
    value = Formula(rule.value, (*path, "is"))
    if isinstance(rule.modifier, Across):
        _check_across(findings, block, rule.modifier, value)
    elif rule.home is None:
        _check_arithmetic(findings, block, value)
    else:
        _check_aggregate(findings, rule.home, value)
    if rule.where is not None:
        _check_condition(findings, Formula(rule.where, (*path, "where")), '"where"')
    if rule.time is not None and rule.home is not None and rule.home in findings.catalog.datasets:
        dimensions = findings.catalog.datasets[rule.home].dimensions
        times = [name for name, one in dimensions.items() if one.time is not None and is_recorded(one)]
        if rule.time not in times:
            said = ", ".join(times) or "none"
            message = f'"{rule.time}" is not a time dimension of dataset {rule.home}; its time dimensions: {said}'
            findings.at_value((*path, "time"), ProblemCode.UNKNOWN_DIMENSION, message, near_names(rule.time, times))


# --- one aggregate, or arithmetic --------------------------------------------------------------------------------


def _one_aggregate(findings: Findings, value: Formula) -> Aggregate | None:
    """The aggregate that the formula is; says so if it is anything else."""
    if isinstance(value.tree, Aggregate):
        inner = [n for argument in value.tree.arguments for n in walk(argument) if isinstance(n, Aggregate)]
        if not inner:
            return value.tree
        message = f'{inner[0].function} stands inside {value.tree.function}; name it as a step in "with"'
        findings.inside(value, inner[0].at, ProblemCode.ONE_AGGREGATE, message)
        return None
    found = [node for node in walk(value.tree) if isinstance(node, Aggregate)]
    match found:
        case []:
            text = formula_text(value.tree)
            message = f'expected exactly one aggregate, such as sum(x) or count(*); "{_short(text)}" has none'
            findings.inside(value, 0, ProblemCode.ONE_AGGREGATE, message)
        case [only]:
            message = (
                f'expected exactly one aggregate and nothing around it; name "{_short(formula_text(only))}" '
                'as a metric (or in "with") and calculate with that'
            )
            findings.inside(value, 0, ProblemCode.ONE_AGGREGATE, message)
        case several:
            message = (
                f"expected exactly one aggregate, found {len(several)}: {', '.join(n.function for n in several)}. "
                'Name each as a metric (or in "with") and calculate with those'
            )
            findings.inside(value, 0, ProblemCode.ONE_AGGREGATE, message)
    return None


def _check_aggregate(findings: Findings, home: str, value: Formula) -> None:
    """With `from`: one aggregate over columns and own dimensions of the home."""
    aggregate = _one_aggregate(findings, value)
    if aggregate is None or home not in findings.catalog.datasets:
        return
    dataset = findings.catalog.datasets[home]
    for node in walk(aggregate):
        match node:
            case Name((_,) as path, at):
                dimension = dataset.dimensions.get(path[0])
                if dimension is not None and isinstance(dimension.rule, (TopMembers, MetricValue)):
                    message = f'"{node}" is no column; it cannot be aggregated'
                    findings.inside(value, at, ProblemCode.NOT_ALLOWED, message)
            case Name((first, *_), at) if first in dataset.joins:
                message = (
                    f"{formula_text(aggregate)} would take a column across a join; "
                    f"an aggregate reads its own dataset only. Define it from: {dataset.joins[first].to}"
                )
                findings.inside(value, at, ProblemCode.FAN_OUT, message)
            case Name((first, *_), at):
                near = near_names(first, dataset.joins)
                message = f'"{first}" is not a join of dataset {home}{said_near(near)}'
                findings.inside(value, at, ProblemCode.UNKNOWN_JOIN, message, near)
            case Exists(_, _, at):
                findings.inside(value, at, ProblemCode.NOT_ALLOWED, 'exists(…) stands in "where" only')
            case _:
                pass


def _check_arithmetic(findings: Findings, block: Block, value: Formula) -> None:
    """Without `from`: arithmetic over metrics and steps."""
    aggregates = [node for node in walk(value.tree) if isinstance(node, Aggregate)]
    if aggregates:
        text = _short(formula_text(aggregates[0]))
        message = f'"{text}" needs "from:"; without it "is" is arithmetic over metrics'
        findings.inside(value, aggregates[0].at, ProblemCode.MIXED_WORLDS, message)
        return
    if not any(isinstance(node, Name) for node in walk(value.tree)):
        message = f'"{_short(formula_text(value.tree))}" is made of no metric: a constant is no measurement'
        findings.inside(value, 0, ProblemCode.ONE_AGGREGATE, message)
    _check_metric_names(findings, block, value)


def _check_across(findings: Findings, block: Block, across: Across, value: Formula) -> None:
    aggregate = _one_aggregate(findings, value)
    if aggregate is not None:
        _check_metric_names(findings, block, value)
    if across.having is not None:
        having = Formula(across.having, (*block.path, "having"))
        _check_is_condition(findings, having, '"having"')
        if not _says_aggregate(findings, having, '"having" speaks of metrics; name the aggregate as a metric'):
            _check_metric_names(findings, block, having)
    names = [n for tree in (value.tree, across.having) if tree is not None for n in walk(tree) if isinstance(n, Name)]
    if block.rule.home is None and not names:
        message = (
            'this counts entities of no dataset; say with "from" where they live, or with "having" which are meant'
        )
        findings.at_key(block.path, ProblemCode.MISSING_KEY, message)
    if across.dated_by is not None:
        _check_dated_by(findings, block, Formula(across.dated_by, (*block.path, "dated_by")))


def _check_dated_by(findings: Findings, block: Block, formula: Formula) -> None:
    home = findings.catalog.datasets.get(block.rule.home or "")
    if block.rule.home is None:
        message = '"dated_by" needs "from": the dataset whose rows date the entity'
        findings.at_key(formula.path, ProblemCode.COMPANION, message)
    match formula.tree:
        case Aggregate("min" | "max", (Name((name,), at),)):
            dimension = None if home is None else home.dimensions.get(home.time or "" if name == TIME else name)
            if home is not None and (dimension is None or dimension.time is None or not is_recorded(dimension)):
                times = [n for n, d in home.dimensions.items() if d.time is not None and is_recorded(d)]
                near = near_names(name, times)
                message = f'"{name}" is not a time dimension of dataset {home.name}{said_near(near or tuple(times))}'
                findings.inside(formula, at, ProblemCode.UNKNOWN_DIMENSION, message, near)
        case _:
            message = "expected min(x) or max(x) of a time dimension of the dataset"
            findings.at_value(formula.path, ProblemCode.BAD_VALUE, message)


# --- names -------------------------------------------------------------------------------------------------------


def _check_metric_names(findings: Findings, block: Block, formula: Formula, extra: tuple[str, ...] = ()) -> None:
    """Every name is a metric, or a step that can be seen from here."""
    catalog = findings.catalog
    for node in walk(formula.tree):
        if isinstance(node, Exists):
            findings.inside(formula, node.at, ProblemCode.NOT_ALLOWED, 'exists(…) stands in "where" only')
        if not isinstance(node, Name) or str(node) in extra:
            continue
        name = str(node)
        if block.find(name) is not None or name in catalog.metrics:
            continue
        if len(node.path) > 1:
            message = (
                f'"{name}" is a dimension or column; names are metrics here, because rows are spoken of only in "where"'
            )
            findings.inside(formula, node.at, ProblemCode.MIXED_WORLDS, message)
            continue
        steps = {step for around in (block, *block.around) for step in around.rule.steps}
        near = near_names(name, {*catalog.metrics, *steps, *extra})
        hint = "" if block.rule.home is not None else '. (With "from:" names would be columns.)'
        findings.inside(
            formula, node.at, ProblemCode.UNKNOWN_METRIC, f'"{name}" is not a metric{said_near(near)}{hint}', near
        )


def _check_condition(findings: Findings, formula: Formula, said: str) -> None:
    """A condition over rows: no aggregate. What its names mean depends on the homes: check_reach.py."""
    _says_aggregate(
        findings, formula, f"{said} speaks of rows, one by one; to choose entities by a metric, use a segment"
    )
    _check_no_nested_exists(findings, formula)
    _check_is_condition(findings, formula, said)


def _check_is_condition(findings: Findings, formula: Formula, said: str) -> None:
    """True or false by its form. A single name may be a segment, or a column of booleans."""
    match formula.tree:
        case Call(function) if function in _CONDITIONS:
            return
        case Exists() | Name() | Case() | Parameter() | Literal(bool()) | Cast():
            return
        case tree:
            message = f'{said} is a condition, such as a = 1; "{_short(formula_text(tree))}" is none'
            findings.inside(formula, 0, ProblemCode.BAD_VALUE, message)


def _check_no_nested_exists(findings: Findings, formula: Formula) -> None:
    for node in walk(formula.tree):
        if isinstance(node, Exists) and node.where is not None:
            for inner in walk(node.where):
                if isinstance(inner, Exists):
                    message = "exists(…) inside exists(…) is not in the language; write the inner one as a dataset"
                    findings.inside(formula, inner.at, ProblemCode.NOT_ALLOWED, message)


def _says_aggregate(findings: Findings, formula: Formula, hint: str) -> bool:
    for node in walk(formula.tree):
        if isinstance(node, Aggregate):
            message = f'"{_short(formula_text(node))}" is an aggregate; {hint}'
            findings.inside(formula, node.at, ProblemCode.MIXED_WORLDS, message)
            return True
    return False


def _check_segments(findings: Findings) -> None:
    nobody = Metric("", Rule(Literal(None)))  # a segment sees no steps
    for dataset in findings.catalog.datasets.values():
        for name, segment in dataset.segments.items():
            path = ("datasets", dataset.name, "segments", name)
            for key, tree in (("where", segment.where), ("having", segment.having)):
                if tree is not None:
                    _check_no_parameters(findings, Formula(tree, (*path, key)))
            if segment.where is not None:
                _check_condition(findings, Formula(segment.where, (*path, "where")), '"where"')
            if segment.having is not None:
                having = Formula(segment.having, (*path, "having"))
                _check_is_condition(findings, having, '"having"')
                if not _says_aggregate(findings, having, '"having" speaks of metrics; name the aggregate as a metric'):
                    _check_metric_names(findings, Block(nobody, nobody.rule, path), having)


def _check_no_parameters(findings: Findings, formula: Formula) -> None:
    for node in walk(formula.tree):
        if isinstance(node, Parameter):
            message = f'":{node.name}": parameters belong to metrics, not to segments'
            findings.inside(formula, node.at, ProblemCode.UNKNOWN_PARAMETER, message)


# --- parameters and warnings -------------------------------------------------------------------------------------


def formulas_of(block: Block) -> list[Formula]:
    """The formulas of one sentence that are written as such."""
    rule = block.rule
    found: list[tuple[str, Expr | None]] = [("is", rule.value), ("where", rule.where)]
    if isinstance(rule.modifier, Across):
        found += [("having", rule.modifier.having), ("dated_by", rule.modifier.dated_by)]
    return [Formula(tree, (*block.path, key)) for key, tree in found if tree is not None]


def _check_parameters(findings: Findings, metric: Metric) -> None:
    used: set[str] = set()
    for block in blocks_below(block_of(metric)):
        for formula in formulas_of(block):
            for node in walk(formula.tree):
                if not isinstance(node, Parameter):
                    continue
                used.add(node.name)
                if node.name not in metric.parameters:
                    near = near_names(node.name, metric.parameters)
                    message = f'":{node.name}" is not a parameter of metric {metric.name}{said_near(near)}'
                    findings.inside(formula, node.at, ProblemCode.UNKNOWN_PARAMETER, message, near)
    for name in metric.parameters:
        if name not in used:
            message = f'parameter "{name}" is used nowhere; write :{name} in a formula of metric {metric.name}'
            findings.at_key(("metrics", metric.name, "parameters", name), ProblemCode.UNKNOWN_PARAMETER, message)


def _check_warning(findings: Findings, metric: Metric) -> None:
    block = warning_block(metric)
    if block is None or findings.is_broken(block.path):
        return
    when = Formula(block.rule.value, (*block.path, "when"))
    _check_is_condition(findings, when, '"when"')
    if not _says_aggregate(findings, when, 'a warning speaks of "value" and its steps'):
        _check_metric_names(findings, block, when, ("value",))
    for name in block.rule.steps:
        for inner in blocks_below(block.step(name)):
            if not findings.is_broken(inner.path):
                _check_block(findings, inner)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
