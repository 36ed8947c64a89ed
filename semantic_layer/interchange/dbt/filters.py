"""Filters of dbt (SQL with Jinja) as conditions of ours, for rows of one or several semantic models."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from semantic_layer.definitions.expression import Call, Cast, Expr, Literal, Name, rewrite, walk
from semantic_layer.definitions.formula import parse_formula
from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.formula_tokens import FormulaError
from semantic_layer.definitions.new_names import name_like
from semantic_layer.definitions.reach import TIME
from semantic_layer.definitions.types import ColumnType, Grain, Kind, Part
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.interchange.dbt.column_types import conditions_in
from semantic_layer.interchange.dbt.imported import Names, Tree
from semantic_layer.interchange.dbt.join_graph import JoinGraph, NotReached, Reached, is_time
from semantic_layer.interchange.dbt.manifest import Filter, Manifest
from semantic_layer.interchange.dbt.metric_homes import Home
from semantic_layer.interchange.dbt.reference import (
    GRANULARITIES,
    ElementReference,
    MetricReference,
    Reference,
    ReferenceMistake,
    read_template,
)
from semantic_layer.interchange.dbt.shared_elements import Element

_PARTS = {
    "year": "year",
    "quarter": Part.QUARTER_OF_YEAR.value,
    "month": Part.MONTH_OF_YEAR.value,
    "day": Part.DAY_OF_MONTH.value,
    "dow": Part.DAY_OF_WEEK.value,
    "doy": Part.DAY_OF_YEAR.value,
}
_COMPARISONS = ("eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "between", "is_distinct_from")
_SAID = {
    "gt": "over", "gte": "at_least", "lt": "under", "lte": "at_most", "eq": "is", "ne": "is_not", "is_null": "is_null",
    "is_not_null": "is_not_null",
}  # fmt: skip


class CannotSay(Exception):
    """A filter that has no words here; the message says why."""


@dataclass(slots=True)
class FilterReader:
    """Translates filters; conditions over metrics become segments of the first home's dataset."""

    manifest: Manifest
    graph: JoinGraph
    names: Names
    take_name: Callable[[str], str]
    segments: dict[str, dict[str, Tree]] = field(default_factory=dict)  # dataset -> name -> segment

    def condition(self, filters: Sequence[Filter], homes: Sequence[Home]) -> Expr | None:
        """All filters together, None if there is none. Raises CannotSay."""
        flat = [part for one in filters for part in conjuncts(self._one(one, homes))]
        if not flat:
            return None
        return flat[0] if len(flat) == 1 else Call("and", tuple(flat))

    def _one(self, one: Filter, homes: Sequence[Home]) -> Expr:
        try:
            template = read_template(one.template, (*GRANULARITIES, *self.names.grains))
            tree = parse_formula(template.sql)
        except ReferenceMistake as mistake:
            raise CannotSay(str(mistake)) from None
        except FormulaError as error:
            raise CannotSay(f'"{_short(one.template)}" is not in our language: {error.message}') from None
        by_metrics = {name: ref for name, ref in template.references.items() if isinstance(ref, MetricReference)}
        if by_metrics:
            tree = self._with_segments(tree, by_metrics, homes)
        tree = self._with_moments(tree, template.references, homes)
        return rewrite(tree, lambda node: self._element(node, template.references, homes))

    # --- elements ------------------------------------------------------------------------------------------------

    def _element(self, node: Expr, references: Mapping[str, Reference], homes: Sequence[Home]) -> Expr | None:
        """What stands in the place of a reference; None for every other node."""
        found = references.get(node.path[0]) if isinstance(node, Name) and len(node.path) == 1 else None
        if not isinstance(found, ElementReference):
            return None
        name = Name(tuple(self.words(found, homes).split(".")))
        if found.part is not None:
            return Call("date_part", (Literal(_PARTS[found.part]), name))
        if found.grain is None or found.grain == self._finest(found, homes):
            return name
        if found.grain not in set(Grain):
            raise CannotSay(f'"{found.column}" is of a grain that a formula has not')
        return Call("date_trunc", (Literal(found.grain), name))

    def words(self, reference: ElementReference, homes: Sequence[Home]) -> str:
        """The one name by which each of the homes means the reference. Raises CannotSay."""
        found = list(dict.fromkeys(self._words_for(reference, home) for home in homes))
        if len(found) == 1:
            return found[0]
        if reference.is_metric_time:
            return TIME
        raise CannotSay(f'"{reference.name}" is not one dimension for all that the metric is made of')

    def _words_for(self, reference: ElementReference, home: Home) -> str:
        if reference.is_metric_time:
            if home.time is None:
                raise CannotSay(f'semantic model "{home.model}" has no time')
            return self.names.elements[home.model, home.time]
        found = self.graph.find(home.model, reference.path, reference.element)
        if isinstance(found, NotReached):
            why = "means several things" if found is NotReached.SEVERAL else "cannot be reached"
            raise CannotSay(f'"{reference.name}" {why} from semantic model "{home.model}"')
        try:
            return self.names.words(found)
        except KeyError:
            raise CannotSay(f'"{reference.name}" was left out') from None

    def _finest(self, reference: ElementReference, homes: Sequence[Home]) -> str | None:
        """The granularity of a time dimension, None of anything else."""
        model, element = homes[0].model, homes[0].time or ""
        if not reference.is_metric_time:
            found = self.graph.find(model, reference.path, reference.element)
            if not isinstance(found, Reached) or found.is_entity:
                return None
            model, element = found.model, found.element
        dimension = self.manifest.models[model].dimension(element)
        return dimension.granularity if dimension is not None and is_time(dimension) else None

    # --- times ---------------------------------------------------------------------------------------------------

    def _with_moments(self, tree: Expr, references: Mapping[str, Reference], homes: Sequence[Home]) -> Expr:
        """Texts that are compared with a time are moments: `>= '2020-01-01'` says a day."""

        def is_a_time(node: Expr) -> bool:
            if isinstance(node, Cast) and node.type.is_time:
                return is_a_time(node.operand)
            found = references.get(node.path[0]) if isinstance(node, Name) else None
            return isinstance(found, ElementReference) and found.part is None and bool(self._finest(found, homes))

        def changed(node: Expr) -> Expr | None:
            match node:
                case Call(function, arguments) if function in _COMPARISONS and any(map(is_a_time, arguments)):
                    return Call(function, tuple(_moment(_uncast(one)) for one in arguments), node.at)
                case Cast(Literal(str()), wanted) if wanted.is_time:
                    return _moment(node.operand, is_date=wanted.kind is Kind.DATE)
                case _:
                    return None

        return rewrite(tree, changed)

    # --- metrics in filters --------------------------------------------------------------------------------------

    def _with_segments(self, tree: Expr, metrics: Mapping[str, MetricReference], homes: Sequence[Home]) -> Expr:
        """Each comparison over metrics becomes a segment: the entities for which it holds, over all time."""
        if isinstance(tree, Call) and tree.function in ("and", "or", "not"):
            return Call(tree.function, tuple(self._with_segments(one, metrics, homes) for one in tree.arguments))
        used = {str(node): metrics[str(node)] for node in walk(tree) if isinstance(node, Name) and str(node) in metrics}
        if not used:
            return tree
        if any(isinstance(node, Name) and str(node) not in metrics for node in walk(tree)):
            raise CannotSay("it compares a metric with something else than a value")
        keys = {one.group_by for one in used.values()}
        if len(keys) > 1:
            raise CannotSay("it compares metrics of different entities")
        return Name((self._segment(tree, used, next(iter(keys)), homes),))

    def _segment(
        self, tree: Expr, used: Mapping[str, MetricReference], keys: Sequence[ElementReference], homes: Sequence[Home]
    ) -> str:
        if not keys:
            raise CannotSay("a metric in a filter needs the entities that it is computed for (group_by)")
        unknown = [one.metric for one in used.values() if one.metric not in self.names.metrics]
        if unknown:
            raise CannotSay(f'"{unknown[0]}" is not a metric')
        own_names = {name: Name((self.names.metrics[one.metric],)) for name, one in used.items()}
        having = rewrite(tree, lambda node: own_names.get(str(node)) if isinstance(node, Name) else None)
        # the last entity of a path is what both have in common; how the inner metric gets to it is its own affair
        members = [self.words(ElementReference(key.kind, (), key.element), homes) for key in keys]
        segment: Tree = {
            "members": members[0] if len(members) == 1 else list[Json](members),
            "having": formula_text(having),
            "over": "all time",
        }
        own = self.segments.setdefault(self.names.datasets[homes[0].model], {})
        same = next((name for name, one in own.items() if one == segment), None)
        if same is not None:
            return same
        name = self.take_name(_segment_name(having, [key.element for key in keys]))
        own[name] = segment
        return name


def compared_elements(one: Filter, models: Sequence[str], graph: JoinGraph) -> Iterator[tuple[Element, ColumnType]]:
    """What a filter says of the types of elements: a bare one is a condition, one that is compared with 2 a number."""
    try:
        template = read_template(one.template)
        tree = parse_formula(template.sql)
    except (ReferenceMistake, FormulaError):
        return  # told when it is translated
    for name, kind in conditions_in(tree, is_condition=True):
        reference = template.references.get(name)
        if not isinstance(reference, ElementReference):
            continue
        for model in models:
            found = graph.find(model, reference.path, reference.element)
            if isinstance(found, Reached):
                yield (found.model, found.element), kind


def _segment_name(having: Expr, keys: Sequence[str]) -> str:
    """`bookings_over_2` for `bookings > 2`."""
    match having:
        case Call(function, (Name(path), *values)) if function in _SAID:
            said = [str(one.value) for one in values if isinstance(one, Literal)]
            return name_like("_".join((path[-1], _SAID[function], *said)), "segment")
        case _:
            metrics = [node.path[-1] for node in walk(having) if isinstance(node, Name)]
            return name_like("_".join((*keys, "by", *dict.fromkeys(metrics))), "segment")


def conjuncts(tree: Expr) -> Iterator[Expr]:
    """The conditions that are ANDed."""
    match tree:
        case Call("and", arguments):
            for one in arguments:
                yield from conjuncts(one)
        case _:
            yield tree


def _uncast(node: Expr) -> Expr:
    return node.operand if isinstance(node, Cast) and node.type.is_time else node


def _moment(node: Expr, *, is_date: bool = False) -> Expr:
    if not isinstance(node, Literal) or not isinstance(node.value, str):
        return node
    try:
        found = datetime.fromisoformat(node.value.strip())
    except ValueError:
        raise CannotSay(f"'{node.value}' is compared with a time and is none") from None
    if is_date or found.time() == datetime.min.time():
        return Literal(date(found.year, found.month, found.day))
    return Literal(found.replace(tzinfo=None))


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 80 else f"{one_line[:77]}..."
