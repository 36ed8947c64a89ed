"""Each definition as one canonical document: what the registry stores, and exactly what the reader accepts back.

Defaults are left out, keys stand in the grammar's order, formulas in their canonical text.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from semantic_layer.definitions import grammar
from semantic_layer.definitions.expression import Name
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.grammar import Block
from semantic_layer.definitions.model import (
    Across,
    After,
    Ago,
    AtLevel,
    AtStartOf,
    Calendar,
    Catalog,
    CatalogSettings,
    Dataset,
    Dimension,
    Duration,
    Governance,
    Join,
    Metric,
    MetricValue,
    Modifier,
    ParameterRule,
    RankWithin,
    Rule,
    Segment,
    SemiAdditive,
    Table,
    Take,
    TimeColumn,
    ToDate,
    TopMembers,
    Trailing,
)
from semantic_layer.definitions.reader import CATALOG_KEY
from semantic_layer.definitions.types import TEXT, AnyGrain, CalendarGrain, Grain
from semantic_layer.definitions.yaml_text import Json

Document = dict[str, Any]


def documents(catalog: Catalog) -> dict[tuple[str, str], Json]:
    """The document of every definition, by (kind, name); kinds are those of reader.SECTIONS, and the catalog's own.

    `reader.read_documents` of it is the same catalog again.
    """
    found: dict[tuple[str, str], Json] = {CATALOG_KEY: _settings(catalog.settings)}
    for domain in catalog.domains.values():
        found["domain", domain.name] = _ordered(grammar.DOMAIN, asdict(domain))
    for source in catalog.sources.values():
        found["source", source.name] = {"connection": source.connection}
    for calendar in catalog.calendars.values():
        found["calendar", calendar.name] = _calendar(calendar)
    for dataset in catalog.datasets.values():
        found["dataset", dataset.name] = dataset_document(dataset)
    for metric in catalog.metrics.values():
        found["metric", metric.name] = metric_document(metric)
    return found


def _ordered(block: Block, values: Mapping[str, Any]) -> Document:
    """What is written of a block: its known keys in order, without what is empty or unsaid."""
    return {key: _plain(values[key]) for key in block.keys if key in values and not _unsaid(values[key])}


def _unsaid(value: Any) -> bool:
    """An empty list is written where it says something (`at_level: []`); an empty tuple or map is not."""
    return value is None or value is False or (isinstance(value, (tuple, Mapping)) and not value)


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _plain(inner) for key, inner in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case Decimal():
            # A fraction is kept as text: a JSON number would go through a binary float.
            return int(value) if value == value.to_integral_value() else format(value, "f")
        case date():
            return value.isoformat()
        case _:
            return value


def _one_or_many(values: tuple[str, ...]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def _settings(settings: CatalogSettings) -> Document:
    return _ordered(grammar.CATALOG, asdict(settings))


def _calendar(calendar: Calendar) -> Document:
    grains = {
        name: {"column": column, "within": calendar.within[name]} if name in calendar.within else column
        for name, column in calendar.grains.items()
    }
    return _ordered(grammar.CALENDAR, {
        "from": calendar.dataset,
        "day": calendar.day,
        "step": None if calendar.step is Grain.DAY else calendar.step.value,
        "grains": grains,
        "finer": {grain.value: ".".join(place) for grain, place in calendar.finer.items()},
    })  # fmt: skip


# --- datasets ----------------------------------------------------------------------------------------------------


def dataset_document(dataset: Dataset) -> Document:
    """The document of one dataset."""
    relation = dataset.relation
    return _ordered(grammar.DATASET, {
        "source": dataset.source,
        "table": relation.name if isinstance(relation, Table) else None,
        "sql": None if isinstance(relation, Table) else relation.text,
        "label": dataset.label,
        "rows": dataset.rows,
        "key": "none" if dataset.key is None else _one_or_many(dataset.key),
        "time": dataset.time,
        "valid": None if dataset.valid is None else {"from": dataset.valid[0], "until": dataset.valid[1]},
        "columns": {name: str(column) for name, column in dataset.columns.items()},
        "watermark": None if dataset.watermark is None else formula_text(dataset.watermark),
        "change_token": None if dataset.change_token is None else formula_text(dataset.change_token),
        "time_to_live": None if dataset.time_to_live is None else str(dataset.time_to_live),
        "hierarchies": dataset.hierarchies,
        "dimensions": {name: _dimension(dimension) for name, dimension in dataset.dimensions.items()},
        "joins": {name: _join(join) for name, join in dataset.joins.items()},
        "segments": {name: _segment(segment) for name, segment in dataset.segments.items()},
    })  # fmt: skip


def _dimension(dimension: Dimension) -> Document:
    values: Document = {
        "values": dimension.values,
        "conforms": None if dimension.conforms is None else ".".join(dimension.conforms),
        "sensitive": dimension.sensitive,
        "label": dimension.label,
        "synonyms": dimension.synonyms,
        "meaning": dimension.meaning,
        "format": dimension.format,
    }
    match dimension.rule:
        case TopMembers(of, top, by, others):
            values |= {"of": of, "top": top, "by": by, "others": others}
        case MetricValue(metric):
            values["metric"] = metric
        case tree if tree != Name((dimension.name,)):
            values["sql"] = formula_text(tree)
        case _:
            pass
    if dimension.time is not None:
        values |= {"type": "time", **_time(dimension.time)}
    elif dimension.type is not None and dimension.type != TEXT:
        values["type"] = str(dimension.type)
    return _ordered(grammar.DIMENSION, values)


def _time(column: TimeColumn) -> Document:
    usual = max(column.finest, Grain.DAY, key=lambda grain: grain.rank)
    return {
        "finest": None if column.finest is Grain.DAY else column.finest.value,
        "grain": None if column.grain is usual else column.grain.value,
        "stored_in": column.stored_in,
    }


def _join(join: Join) -> Document:
    same = all(here == there for here, there in join.match)
    return _ordered(grammar.JOIN, {
        "to": None if join.to == join.name else join.to,
        "kind": join.kind.value,
        "through": join.through,
        "match": _one_or_many(tuple(here for here, _ in join.match)) if same else dict(join.match),
        "valid_at": join.valid_at,
        "repeats": join.repeats,
    })  # fmt: skip


def _segment(segment: Segment) -> Document:
    return _ordered(grammar.SEGMENT, {
        "where": None if segment.where is None else formula_text(segment.where),
        "members": _one_or_many(segment.members) if segment.members else None,
        "having": None if segment.having is None else formula_text(segment.having),
        "over": "all time" if segment.all_time else None,
        "label": segment.label,
        "meaning": segment.meaning,
    })  # fmt: skip


# --- metrics -----------------------------------------------------------------------------------------------------


def metric_document(metric: Metric) -> Document:
    """The document of one metric."""
    deprecated = metric.deprecated
    return _ordered(grammar.METRIC, {
        **_rule(metric.rule),
        "fill_time": metric.fill_time,
        "grains": None if metric.grains is None else [_grain(grain) for grain in metric.grains],
        "cut_by": {"only": list(metric.cut_only)} if metric.cut_only is not None else
                  {"except": metric.cut_except} if metric.cut_except else None,
        "parameters": {name: _parameter(parameter) for name, parameter in metric.parameters.items()},
        "valid_from": metric.valid_from,
        "history": metric.history,
        "deprecated": None if deprecated is None else _without_unsaid(asdict(deprecated)),
        "about": _ordered(grammar.ABOUT, asdict(metric.about)),
        "governance": _governance(metric.governance),
    })  # fmt: skip


def _without_unsaid(values: Mapping[str, Any]) -> Document:
    return {key: _plain(value) for key, value in values.items() if not _unsaid(value)}


def _rule(rule: Rule) -> Document:
    values = {
        "is": formula_text(rule.value),
        "from": rule.home,
        "where": None if rule.where is None else formula_text(rule.where),
        "time": rule.time,
        "with": {name: _rule(step) for name, step in rule.steps.items()},
        "unit": rule.unit,
        "every_period": rule.every_period,
        "fill": rule.fill,
        **_modifier(rule.modifier),
    }
    return _ordered(grammar.STEP, values)


def _modifier(modifier: Modifier | None) -> Document:
    match modifier:
        case None:
            return {}
        case Trailing(length, take, steps):
            return {"over": f"trailing {_length(length)}", "take": _take(take), "steps": steps}
        case ToDate(unit, take, steps):
            return {"over": f"{_grain(unit) if unit else 'start'} to date", "take": _take(take), "steps": steps}
        case Ago(length, steps):
            return {"ago": _length(length), "steps": steps}
        case AtStartOf(unit, steps):
            return {"at_start_of": _grain(unit), "steps": steps}
        case Across(entity, having, all_time, dated_by):
            return {
                "across": _one_or_many(entity),
                "having": None if having is None else formula_text(having),
                "dated_by": None if dated_by is None else formula_text(dated_by),
                "over": "all time" if all_time else None,
            }
        case After(event, same, within, first_touch):
            length_text = "unlimited" if within is None else str(within)
            match_text = "first" if first_touch else "last"
            return {"after": {"event": event, "same": same, "within": length_text, "match": match_text}}
        case AtLevel(only, excepted, ignoring):
            return {"at_level": list(only) if only is not None else {"except": excepted}, "ignoring": ignoring}
        case RankWithin(within, descending):
            return {"rank_within": list(within), "order": None if descending else "ascending"}
        case SemiAdditive(take, each):
            return {"take": take.value, "take_each": each}


def _grain(grain: AnyGrain) -> str:
    """A calendar's grain with its calendar: another one may get a grain of the same name."""
    return grain.words if isinstance(grain, CalendarGrain) else grain.value


def _length(length: Duration) -> str:
    return f"{length.count} {_grain(length.unit)}" if isinstance(length.unit, CalendarGrain) else str(length)


def _take(take: Take) -> str | None:
    return None if take is Take.LAST else take.value


def _parameter(parameter: ParameterRule) -> Document:
    document = {"type": str(parameter.type), "default": _plain(parameter.default)}
    return document | _without_unsaid({"min": parameter.minimum, "max": parameter.maximum, "values": parameter.values})


def _governance(governance: Governance) -> Document:
    warn = governance.warn
    return _ordered(grammar.GOVERNANCE, {
        "domain": governance.domain,
        "owner": governance.owner,
        "data_owner": governance.data_owner,
        "reviewers": governance.reviewers,
        "tier": governance.tier,
        "kind": governance.kind,
        "direction": governance.direction,
        "purpose": governance.purpose,
        "updated": governance.updated,
        "freshness": None if governance.freshness is None else str(governance.freshness),
        "warn": None if warn is None else _without_unsaid({
            "when": formula_text(warn.when),
            "with": {name: _rule(step) for name, step in warn.steps.items()},
            "grain": None if warn.grain is None else _grain(warn.grain),
        }),
    })  # fmt: skip
