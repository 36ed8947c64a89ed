"""Steps of values per entity that rows are joined to: metric filters, attributes, leading members (rules 17 to 20)."""

from dataclasses import replace

from semantic_layer.definitions.expression import Call, Case, Expr, Literal, walk
from semantic_layer.definitions.model import Catalog, MetricValue, TopMembers
from semantic_layer.definitions.reach import FoundDimension, Hop, find_dimension, reached
from semantic_layer.definitions.types import TEXT, ColumnType
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.combine import Together, together
from semantic_layer.plan.context import Context
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import Block, Ordered, Output, Step
from semantic_layer.plan.typed import by_code_point, type_of
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.declared_types import dimension_type
from semantic_layer.query.measure import Asked, EntityCondition, Filled, Measure, homes
from semantic_layer.query.promises import is_time
from semantic_layer.query.resolve_rule import measure_of
from semantic_layer.query.time_range import OPEN, bounds_of, within

ENTITY = "entity "  # begins the names of keys that are not asked; no asked name has a space


def entity_keys(entity: tuple[str, ...], home: str, context: Context) -> tuple[BoundKey, ...]:
    """The keys of an entity; one that is asked anyway is the asked key."""
    keys = []
    for words in entity:
        asked = next((k for k in context.keys if k.dimension == words and k.grain is None and k.part is None), None)
        found = find_dimension(context.catalog, home, words)
        type_ = dimension_type(context.catalog, found) if isinstance(found, FoundDimension) else TEXT
        keys.append(asked or BoundKey(f"{ENTITY}{words}", words, type_, words))
    return tuple(keys)


def last_word(name: str) -> str:
    return name.rpartition(".")[2]


def entity_step(node: EntityCondition, context: Context, draft: Draft) -> Step:
    """One row per entity that has a value: its keys, then the inputs of the condition in order (rule 20)."""
    home = next(home for measure in node.inputs.values() for home, _ in homes(measure))
    bare = Context(context.published, ())
    entity = node.by or node.entity
    keys = entity_keys(entity, home, bare)
    prefix = "_".join(last_word(words) for words in entity)
    values = []
    for name, measure in node.inputs.items():
        where = () if node.all_time else _range(measure, context, draft)
        inside = replace(bare, keys=keys, where=where)
        values.append(draft.evaluate(measure, inside, draft, f"{last_word(name)}_per_{prefix}"))
    shared = f"entity {context.published.revision} {entity} {values}"
    if shared in draft.shared:
        return draft.shared[shared]
    rows = together(keys, values, draft)
    exprs = [rows.expr(value.expr) for value in values]
    return draft.share(shared, _value_step(rows, exprs, draft, f"{prefix}_values"))


def filled_for(measure: Measure, value: Expr, entity: list[Expr]) -> Expr:
    """An entity's value where it is joined: the metric's own fill for an entity without rows (rule 4)."""
    if not isinstance(measure, Filled):
        return value
    present = tuple(Call("is_not_null", (key,)) for key in entity)
    fill = Literal(int(measure.fill) if measure.fill == int(measure.fill) else measure.fill)
    return Case(((present[0] if len(present) == 1 else Call("and", present), Call("coalesce", (value, fill))),))


def _value_step(rows: Together, values: list[Expr], draft: Draft, hint: str) -> Step:
    """The rows as a step; one that is a step already, with just these columns, stays it."""
    columns = tuple(Output(field.name, field, field.type) for field in rows.keys)
    inputs = tuple(Output(f"value_{place}", one, type_of(one)) for place, one in enumerate(values))
    block = Block(rows.relation, (*columns, *inputs), rows.joins)
    return draft.add(Step(draft.name(hint), block, tuple(one.name for one in columns)))


def _range(measure: Measure, context: Context, draft: Draft) -> tuple[Expr, ...]:
    """The question's time range as the only condition inside; other time filters do not apply there."""
    bounds, name = OPEN, None

    def dated(asked: Asked) -> bool:
        return is_time(context.catalog, measure, asked.dimension)

    for condition in draft.where:
        bounds = bounds.both(bounds_of(condition, dated))
        found = (node for node in walk(condition) if isinstance(node, Asked) and dated(node))
        name = name or next(found, None)
    return () if name is None or bounds == OPEN else (within(name, bounds.start, bounds.end),)


# --- dimensions that are made of metrics -------------------------------------------------------------------------


def attribute_step(rule: MetricValue, dataset: str, context: Context, draft: Draft) -> Step:
    """A metric per key of a dataset, whole history and no filters: the key columns, then `value_0` (rule 17)."""
    shared = f"attribute {context.published.revision} {dataset} {rule.metric}"
    if shared in draft.shared:
        return draft.shared[shared]
    measure = measure_of(context.catalog, rule.metric)
    path = path_to(context.catalog, homes(measure)[0][0], dataset)
    columns = context.catalog.datasets[dataset].key or ()
    keys = tuple(_column_key(path, column, dataset, context, draft) for column in columns)
    value = draft.evaluate(measure, Context(context.published, keys), draft, f"{rule.metric}_per_{dataset}")
    rows = together(keys, (value,), draft)
    step = _value_step(rows, [rows.expr(value.expr)], draft, f"{dataset}_{rule.metric}")
    return draft.share(shared, step)


def _column_key(path: tuple[Hop, ...], column: str, dataset: str, context: Context, draft: Draft) -> BoundKey:
    words = ".".join([*(hop.join.name for hop in path), column])
    definition = context.catalog.datasets[dataset]
    _, physical = draft.column_type(context.catalog, definition, column)
    type_: ColumnType = definition.declared(column) or physical
    return BoundKey(f"{ENTITY}{words}", words, type_, words)


def path_to(catalog: Catalog, home: str, dataset: str) -> tuple[Hop, ...]:
    """The one to-one path from the rows of `home` to a dataset. Raises AMBIGUOUS_PATH or UNREACHABLE_DIMENSION."""
    if home == dataset:
        return ()
    paths = {found.hops: None for found in reached(catalog, home, to_many=False) if found.dataset == dataset}
    if len(paths) > 1:
        names = [".".join(hop.join.name for hop in path) for path in paths]
        message = f"{home} leads to {dataset} by {' and '.join(names)}; a metric per {dataset} needs one way"
        raise refuse(ErrorCode.AMBIGUOUS_PATH, message, near=names)
    if not paths:
        raise refuse(ErrorCode.UNREACHABLE_DIMENSION, f"{home} has no path to {dataset}")
    return next(iter(paths))


def leading_members(rule: TopMembers, dataset: str, context: Context, draft: Draft) -> Step:
    """The members of `rule.of` that lead by the metric over the question's filters and range, in `member` (rule 19)."""
    shared = f"leading {context.published.revision} {dataset} {rule.of} {rule.by} {rule.top}"
    if shared in draft.shared:
        return draft.shared[shared]
    catalog = context.catalog
    measure = measure_of(catalog, rule.by)
    home = homes(measure)[0][0]
    words = ".".join([*(hop.join.name for hop in path_to(catalog, home, dataset)), rule.of])
    found = find_dimension(catalog, home, words)
    assert isinstance(found, FoundDimension)
    key = BoundKey(f"{ENTITY}{words}", words, dimension_type(catalog, found), words)
    where = tuple(condition for condition in draft.where if not _asks_leading(condition, catalog, home))
    value = draft.evaluate(measure, Context(context.published, (key,), where), draft, f"{rule.by}_per_{rule.of}")
    rows = together((key,), (value,), draft)
    member = rows.keys[0]
    order = (Ordered(rows.expr(value.expr), True), Ordered(by_code_point(member)))
    block = Block(
        rows.relation,
        (Output("member", member, member.type),),
        rows.joins,
        (Call("is_not_null", (member,)),),
        order=order,
        limit=rule.top,
    )
    return draft.share(shared, draft.add(Step(draft.name(f"leading_{rule.of}"), block, ("member",))))


def _asks_leading(condition: Expr, catalog: Catalog, home: str) -> bool:
    """Whether a condition is about leading members themselves, which are chosen before it."""
    for node in walk(condition):
        if isinstance(node, Asked):
            found = find_dimension(catalog, home, node.dimension)
            if isinstance(found, FoundDimension) and isinstance(found.dimension.rule, TopMembers):
                return True
    return False
