"""Parameters of a metric, checked against their declaration (semantics rule 21)."""

from collections.abc import Mapping
from decimal import Decimal

from semantic_layer.definitions.model import Metric, ParameterRule
from semantic_layer.definitions.types import TIMESTAMP, Kind
from semantic_layer.errors import ErrorCode
from semantic_layer.query.ask import JsonValue, Path
from semantic_layer.query.measure import Value
from semantic_layer.query.problems import Problems, did_you_mean, listed, near_names
from semantic_layer.query.values import NotThisType, moment, typed_value


def typed_parameters(
    metric: Metric, given: Mapping[str, JsonValue], path: Path, problems: Problems
) -> dict[str, Value] | None:
    """Every parameter with its value, defaults included; None when something was wrong and told."""
    before = len(problems.found)
    values = {name: Value(rule.default, rule.type) for name, rule in metric.parameters.items()}
    for name, value in given.items():
        rule = metric.parameters.get(name)
        if rule is None:
            near = near_names(name, metric.parameters)
            message = f"{metric.name} has no parameter {name}{did_you_mean(near)}"
            problems.add(ErrorCode.UNKNOWN_PARAMETER, message, (*path, name), near)
            continue
        try:
            values[name] = _checked(rule, value)
        except NotThisType as reason:
            problems.add(ErrorCode.BAD_VALUE, f"parameter {name}: {reason}", (*path, name))
    return values if len(problems.found) == before else None


def _checked(rule: ParameterRule, value: JsonValue) -> Value:
    if rule.type.is_time:
        at, _ = moment(value, "UTC")
        return Value(
            at.date() if rule.type.kind is Kind.DATE else at,
            rule.type if rule.type.kind is Kind.DATE else TIMESTAMP,
        )
    typed = typed_value(value, rule.type)
    if rule.values is not None and typed.value not in rule.values:
        raise NotThisType(f"{typed.value!r} is none of {listed(str(member) for member in rule.values)}")
    number = typed.value
    if isinstance(number, int | float | Decimal) and not isinstance(number, bool):
        if rule.minimum is not None and number < rule.minimum:
            raise NotThisType(f"at least {rule.minimum}, got {number}")
        if rule.maximum is not None and number > rule.maximum:
            raise NotThisType(f"at most {rule.maximum}, got {number}")
    return typed
