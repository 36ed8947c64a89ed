"""The fingerprint of what a number uses: `f1:` + SHA-256 over our own canonical form (docs/governance.md).

The form is made of lists of texts and of hashes of what lies below; it holds no name that only people read (metrics,
steps, datasets, joins), no order of keys, and no text of a library. It must never change: versions are stored by it.
"""

import json
import re
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from semantic_layer.definitions.expression import (
    Aggregate,
    Call,
    Case,
    Cast,
    Exists,
    Expr,
    Leaf,
    Literal,
    LiteralValue,
    Name,
    Parameter,
)
from semantic_layer.definitions.findings import Findings
from semantic_layer.definitions.model import (
    Across,
    After,
    Ago,
    AtLevel,
    AtStartOf,
    Catalog,
    Dataset,
    Dimension,
    Join,
    Metric,
    MetricValue,
    Modifier,
    ParameterRule,
    RankWithin,
    Segment,
    SemiAdditive,
    Table,
    ToDate,
    TopMembers,
    Trailing,
)
from semantic_layer.definitions.reach import TIME, FoundDimension, find_dimension
from semantic_layer.definitions.scope import Block, block_of, homes, row_homes
from semantic_layer.definitions.shape_reader import Path, Places
from semantic_layer.definitions.types import AnyGrain, CalendarGrain, Grain
from semantic_layer.definitions.units import Units

Form = Any  # lists of texts, None and forms

PREFIX = "f1:"


def metric_fingerprint(catalog: Catalog, name: str) -> str:
    """The fingerprint of one metric of a checked catalog. Of many, ask one Fingerprints."""
    return Fingerprints(catalog).metric(name)


def dimension_fingerprint(
    catalog: Catalog, home_dataset: str, path_name: str, grain: CalendarGrain | None = None
) -> str:
    """The fingerprint of a dimension as rows of `home_dataset` reach it: its own rule and the joins on the path.

    Cut by a grain of a calendar, also the calendar.
    """
    return Fingerprints(catalog).dimension(home_dataset, path_name, grain)


class Fingerprints:
    """The fingerprints of one catalog; what metrics share is hashed once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._metrics: dict[str, str] = {}
        self._units = Units(Findings(catalog, Places(), frozenset()))
        self._steps: dict[Path, Form] = {}

    def metric(self, name: str) -> str:
        if name not in self._metrics:
            self._metrics[name] = _hash(self._metric_form(self.catalog.metrics[name]))
        return self._metrics[name]

    def dimension(self, home: str, words: str, grain: CalendarGrain | None = None) -> str:
        """Raises KeyError if rows of `home` do not reach it. A calendar's grain is part of how it is cut."""
        found = find_dimension(self.catalog, home, words)
        if not isinstance(found, FoundDimension):
            raise KeyError(words)
        relation = self._relation(self.catalog.datasets[home])
        form: list[Form] = ["dimension", self._calendar_form(), relation, self._found(found)]
        return _hash(form if grain is None else [*form, self._grain(grain)])

    # --- metrics and their sentences

    def _calendar_form(self) -> Form:
        return [self.catalog.settings.time_zone, self.catalog.settings.week_start]

    def _metric_form(self, metric: Metric) -> Form:
        datasets = homes(self.catalog, block_of(metric))
        return _map(
            kind="metric",
            calendar=self._calendar_form(),
            rule=self._rule(block_of(metric)),
            grains=None
            if metric.grains is None
            else sorted((self._grain(grain) for grain in metric.grains), key=_text),
            cut_only=None if metric.cut_only is None else self._set(metric.cut_only, datasets),
            cut_except=self._set(metric.cut_except, datasets) or None,
            fill_time=str(metric.fill_time).lower() if metric.fill_time else None,
            parameters=[_parameter(metric.parameters[name]) for name in sorted(metric.parameters)] or None,
        )

    def _rule(self, block: Block) -> Form:
        """A step is written out where it is used, so that its name does not matter."""
        if block.path in self._steps:
            return self._steps[block.path]
        rule = block.rule
        per_entity = isinstance(rule.modifier, Across)
        datasets = homes(self.catalog, block)
        in_rows = rule.home is not None and not per_entity
        form = _map(
            kind="rule",
            value=self._rows(rule.value, rule.home) if in_rows and rule.home else self._metrics_expr(rule.value, block),
            home=None if rule.home is None else self._home(rule.home, rule.time),
            where=None
            if rule.where is None
            else [self._rows(rule.where, home) for home in row_homes(self.catalog, block)],
            modifier=self._modifier(rule.modifier, block, datasets),
            unit=self._units.of_block(block),
            every_period=self._spine(rule.every_period),
            fill=None if rule.fill is None else _number(rule.fill),
        )
        self._steps[block.path] = form
        return form

    def _home(self, name: str, time: str | None) -> Form:
        """The rows of a metric: their relation, and the time dimension by which its periods are made."""
        dataset = self.catalog.datasets[name]
        dated_by = dataset.dimensions.get(time or dataset.time or "")
        return [self._relation(dataset), None if dated_by is None else self._dimension(dataset, dated_by)]

    def _modifier(self, modifier: Modifier | None, block: Block, datasets: tuple[str, ...]) -> Form:
        match modifier:
            case None:
                return None
            case Trailing(length, take, steps):
                return ["trailing", str(length.count), self._grain(length.unit), take.value, *self._steps_of(steps)]
            case ToDate(unit, take, steps):
                return ["to_date", None if unit is None else self._grain(unit), take.value, *self._steps_of(steps)]
            case Ago(length, steps):
                return ["ago", str(length.count), self._grain(length.unit), *self._steps_of(steps)]
            case AtStartOf(unit, steps):
                return ["at_start_of", self._grain(unit), *self._steps_of(steps)]
            case Across(entity, having, all_time, dated_by):
                return _map(
                    kind="across",
                    entity=self._set(entity, datasets),
                    having=None if having is None else self._metrics_expr(having, block),
                    all_time="true" if all_time else None,
                    dated_by=None
                    if dated_by is None or block.rule.home is None
                    else self._rows(dated_by, block.rule.home),
                )
            case AtLevel(only, excepted, ignoring):
                return _map(
                    kind="at_level",
                    only=None if only is None else self._set(only, datasets),
                    excepted=self._set(excepted, datasets) or None,
                    ignoring=self._set(ignoring, datasets) or None,
                )
            case RankWithin(within, descending):
                return ["rank_within", self._set(within, datasets), "descending" if descending else "ascending"]
            case SemiAdditive(take, each):
                return ["semi_additive", take.value, self._set(each, datasets)]
            case After(event, same, within, first_touch):
                limit = None if within is None else [str(within.count), self._grain(within.unit)]
                touch = "first" if first_touch else "last"
                both = (*datasets, *row_homes(self.catalog, block))
                return ["after", self.metric(event), self._set(same, both), limit, touch]

    def _steps_of(self, calendar: str | None) -> list[Form]:
        return [] if calendar is None else [self._spine(calendar)]

    def _spine(self, name: str | None) -> Form:
        """The steps of time that a calendar has: the relations and columns that list them."""
        calendar = None if name is None else self.catalog.calendars.get(name)
        if calendar is None:
            return None
        places = [("day", (calendar.dataset, calendar.day)), *((g.value, p) for g, p in calendar.finer.items())]
        return ["steps", *([g, self._relation(self.catalog.datasets[d]), c] for g, (d, c) in sorted(places))]

    def _grain(self, grain: AnyGrain) -> Form:
        """A standard grain by its word; of a calendar's, the rows that say its periods: its name does not matter."""
        if isinstance(grain, Grain):
            return grain.value
        calendar = self.catalog.calendars[grain.calendar]
        dataset = self.catalog.datasets[calendar.dataset]
        columns = [self._column(dataset, calendar.day), self._column(dataset, calendar.grains[grain.name])]
        return ["calendar_grain", self._relation(dataset), calendar.step.value, columns]

    def _set(self, words: tuple[str, ...], datasets: tuple[str, ...]) -> Form:
        """Dimensions whose order does not matter, each as every dataset reaches it."""
        return sorted((self._reached(word, datasets) for word in words), key=_text)

    def _reached(self, word: str, datasets: tuple[str, ...]) -> Form:
        if word == TIME:
            return [TIME]
        found = [find_dimension(self.catalog, home, word) for home in datasets]
        return [self._found(one) if isinstance(one, FoundDimension) else None for one in found]

    # --- datasets, joins, dimensions

    def _relation(self, dataset: Dataset) -> Form:
        relation = dataset.relation
        said = ["table", relation.name] if isinstance(relation, Table) else ["sql", _squeezed(relation.text)]
        key = None if dataset.key is None else sorted(dataset.key)
        valid = None if dataset.valid is None else [self._column(dataset, name) for name in dataset.valid]
        return _map(kind="relation", relation=said, key=key, valid=valid)

    def _column(self, dataset: Dataset, name: str) -> Form:
        declared = dataset.declared(name)
        return ["column", name, None if declared is None else str(declared)]

    def _join(self, owner: str, join: Join) -> Form:
        here, there = self.catalog.datasets[owner], self.catalog.datasets[join.to]
        bridge = None if join.through is None else self.catalog.datasets[join.through]
        other = there if bridge is None else bridge
        onward = None
        if bridge is not None:
            onward = [
                self._join(bridge.name, j) for j in bridge.joins.values() if j.to == join.to and not j.kind.to_many
            ]
        valid_at = None if join.valid_at is None else self._dimension(here, here.dimensions[join.valid_at])
        return _map(
            kind="join",
            cardinality=join.kind.value,
            match=sorted(
                ([self._column(here, ours), self._column(other, theirs)] for ours, theirs in join.match), key=_text
            ),
            bridge=None if bridge is None else [self._relation(bridge), onward],
            to=self._relation(there),
            valid_at=valid_at,
            repeats="true" if join.repeats else None,
        )

    def _found(self, found: FoundDimension) -> Form:
        joins = [self._join(hop.start, hop.join) for hop in found.hops]
        return ["reached", joins, self._dimension(self.catalog.datasets[found.dataset], found.dimension)]

    def _dimension(self, dataset: Dataset, dimension: Dimension) -> Form:
        match dimension.rule:
            case TopMembers(of, top, by, others):
                inner = self._dimension(dataset, dataset.dimensions[of])
                rule: Form = ["top", inner, str(top), self.metric(by), others]
            case MetricValue(metric):
                rule = ["metric", self.metric(metric)]
            case tree:
                rule = self._columns_expr(tree, dataset)
        time = dimension.time
        return _map(
            kind="dimension",
            rule=rule,
            type=None if dimension.type is None else str(dimension.type),
            time=None if time is None else [time.finest.value, time.stored_in],
            values=None
            if dimension.values is None
            else sorted((_literal(value) for value in dimension.values), key=_text),
            conforms=None if dimension.conforms is None else dimension.conforms[1],  # the word it is asked by, too
        )

    # --- formulas

    def _columns_expr(self, tree: Expr, dataset: Dataset) -> Form:
        """A formula over raw columns only."""
        return _form(tree, lambda node: self._column(dataset, str(node)) if isinstance(node, Name) else None)

    def _metrics_expr(self, tree: Expr, block: Block) -> Form:
        """A formula over metrics and steps."""

        def put_in(node: Expr) -> Form:
            if not isinstance(node, Name):
                return None
            step = block.find(str(node))
            return self._rule(step) if step is not None else ["metric", self.metric(str(node))]

        return _form(tree, put_in)

    def _rows(self, tree: Expr, home: str) -> Form:
        """A formula over rows of `home`: dimensions before segments before columns."""

        def put_in(node: Expr) -> Form:
            match node:
                case Name():
                    return self._row_name(str(node), home)
                case Exists(join, where):
                    edge = self.catalog.datasets[home].joins[join]
                    condition = None if where is None else self._rows(where, edge.to)
                    return ["exists", self._join(home, edge), condition]
                case _:
                    return None

        return _form(tree, put_in)

    def _row_name(self, word: str, home: str) -> Form:
        found = find_dimension(self.catalog, home, word)
        if isinstance(found, FoundDimension):
            return self._found(found)
        here = self.catalog.datasets[home]
        for dataset in (here, *self.catalog.datasets.values()):
            if word in dataset.segments:
                return self._segment(dataset.segments[word], dataset.name, home)
        return self._column(here, word)

    def _segment(self, segment: Segment, owner: str, home: str) -> Form:
        """A segment is written out: its name does not matter, its rule does."""
        if segment.where is not None:
            return self._rows(segment.where, owner)
        assert segment.having is not None
        having = _form(
            segment.having, lambda node: ["metric", self.metric(str(node))] if isinstance(node, Name) else None
        )
        return [
            "members",
            self._set(segment.members, (home,)),
            having,
            "all_time" if segment.all_time else "asked_time",
        ]


# --- the canonical form ------------------------------------------------------------------------------------------


def _form(tree: Expr, put_in: Any) -> Form:
    """The form of a formula; `put_in` gives that of a node that means something outside the formula."""
    replaced = put_in(tree)
    if replaced is not None:
        return replaced
    match tree:
        case Literal(value):
            return _literal(value)
        case Parameter(name):
            return ["parameter", name]
        case Call(function, arguments):
            return ["call", function, *(_form(argument, put_in) for argument in arguments)]
        case Case(branches, otherwise):
            whens = [[_form(when, put_in), _form(then, put_in)] for when, then in branches]
            return ["case", whens, None if otherwise is None else _form(otherwise, put_in)]
        case Cast(operand, wanted):
            return ["cast", _form(operand, put_in), str(wanted)]
        case Aggregate(function, arguments, share):
            share_form = None if share is None else _number(share)
            return ["aggregate", function, share_form, *(_form(argument, put_in) for argument in arguments)]
        case Name() | Exists() | Leaf():
            raise TypeError(f"{type(tree).__name__} means nothing here")


def _literal(value: LiteralValue) -> Form:
    match value:
        case None:
            return ["null"]
        case bool():
            return ["boolean", str(value).lower()]
        case int():
            return ["integer", str(value)]
        case Decimal():
            return ["decimal", format(value, "f")]  # with its scale, which is part of a result's type
        case float():
            return ["float", repr(value)]
        case datetime():
            return ["timestamp", value.isoformat()]
        case date():
            return ["date", value.isoformat()]
        case str():
            return ["text", value]


def _number(value: Decimal) -> str:
    """A number by its value alone: 0, 0.0 and 0.00 are one fill."""
    return format(value.normalize() + 0, "f")


def _parameter(parameter: ParameterRule) -> Form:
    bounds = [None if bound is None else _number(Decimal(bound)) for bound in (parameter.minimum, parameter.maximum)]
    values = None if parameter.values is None else sorted((_literal(value) for value in parameter.values), key=_text)
    return ["parameter", parameter.name, str(parameter.type), _literal(parameter.default), *bounds, values]


def _map(**entries: Form) -> Form:
    """Named parts, without what is not there: a new kind of part changes no old fingerprint."""
    return [[name, entries[name]] for name in sorted(entries) if entries[name] is not None]


def _squeezed(sql: str) -> str:
    """A SELECT with single spaces outside quotes; one with comments stays as it is, because they end with a line."""
    if "--" in sql or "/*" in sql:
        return sql.strip()
    parts = re.split(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")", sql.strip())
    return "".join(part if index % 2 else re.sub(r"\s+", " ", part) for index, part in enumerate(parts))


def _text(form: Form) -> str:
    return json.dumps(form, ensure_ascii=False, separators=(",", ":"))


def _hash(form: Form) -> str:
    return PREFIX + sha256(_text(form).encode()).hexdigest()
