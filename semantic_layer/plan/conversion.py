"""Which event a follower is credited to: the last before it, or the first, of the same entity (semantics rule 18).

Every follower is in at most one pair that is kept, whatever its time and whoever asks, so none is counted twice. Equal
times are told apart by the key of the events' dataset.
"""

from semantic_layer.definitions.expression import Aggregate, Call, Expr, Literal
from semantic_layer.definitions.types import INTEGER, TIMESTAMP, Grain
from semantic_layer.plan.aggregates import filtered
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.nodes import Block, Joined, JoinHow, Moved, Ordered, Output, RowNumber, Step, UniqueCheck
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.typed import by_code_point, type_of, typed
from semantic_layer.query.measure import Credited, Events


def credited(measure: Credited, context: Context, draft: Draft) -> Evaluated:
    """A step with one row per event that was followed: its key, and how many followers in `credits`."""
    events = _events(measure.events, measure.same, context, draft)
    followers = _events(measure.followers, measure.same, context, draft)
    pairs = _pairs(measure, events, followers, draft)
    keys = tuple(Output(name, pairs.field(name), pairs.field(name).type) for name in pairs.keys)
    credits = Output("credits", Aggregate("count"), INTEGER)
    first = (Call("eq", (pairs.field("place"), Literal(1))),)
    block = Block(pairs.rows(), (*keys, credits), where=first, grouped=len(keys))
    step = draft.add(Step(draft.name(f"{measure.events.count.home}_credits"), block, pairs.keys))
    return Evaluated(step.field("credits"), INTEGER, (step.name,))


def _events(events: Events, same: tuple[str, ...], context: Context, draft: Draft) -> Step:
    """One row per event, dated: what it shares with its followers, then what tells it apart (the step's keys)."""
    count = events.count
    assert count.time is not None
    inside = Context(context.published, (), inside=events.where)
    scope = RowScope.of(draft, inside, count.home)
    shared = tuple(
        Output(f"same_{place}", one, type_of(one))
        for place, words in enumerate(same)
        for one in (scope.dimension(scope.find(words)),)
    )
    moment = scope.moment(count.time)
    values = tuple(typed(scope.value(argument)) for argument in count.value.arguments)
    distinct = count.value.function == "count_distinct"
    told_apart = values if distinct else tuple(_key(scope, draft))
    keys = tuple(Output(f"key_{place}", one, type_of(one)) for place, one in enumerate(told_apart))
    counted = values if count.value.function == "count_if" else tuple(Call("is_not_null", (one,)) for one in values)
    present = tuple(Call("is_not_null", (one,)) for one in (*(one.expr for one in shared), moment))
    rows = filtered(scope, inside)
    scope.finish()
    dated = Output("moment", Aggregate("min", (moment,)) if distinct else moment, TIMESTAMP)
    columns = (*shared, *keys, dated)
    where = (*rows.where, *present, *counted)
    grouped = len(columns) - 1 if distinct else None
    block = Block(scope.relation, columns, tuple(scope.joins), where, grouped=grouped)
    names = (*(one.name for one in shared), *(one.name for one in keys)) if distinct else tuple(k.name for k in keys)
    return draft.add(Step(draft.name(f"{count.home}_events"), block, names))


def _key(scope: RowScope, draft: Draft) -> list[Expr]:
    """The key of the dataset, on whose uniqueness it rests that an event is one."""
    dataset = scope.dataset
    assert dataset.key is not None
    draft.checks[UniqueCheck(dataset.name, dataset.relation, dataset.key, f"of events to {dataset.name}")] = None
    return [scope.raw(dataset, scope.alias, column) for column in dataset.key]


def _pairs(measure: Credited, events: Step, followers: Step, draft: Draft) -> Step:
    """Each follower beside every event that may be credited with it, the one that is first in `place`."""
    before, after = events.field("moment"), followers.field("moment")
    on: list[Expr] = [
        Call("eq", (events.field(column.name), followers.field(column.name)))
        for column in events.block.columns
        if column.name.startswith("same_")
    ]
    # Of one dataset an event does not follow itself, nor one of its own moment.
    strictly = measure.events.count.home == measure.followers.count.home
    on.append(Call("lt" if strictly else "lte", (before, after)))
    if measure.within is not None:
        unit = measure.within.unit
        assert isinstance(unit, Grain)  # the language takes no other here
        on.append(Call("lt", (after, Moved(before, measure.within.count, unit, TIMESTAMP))))
    last = not measure.first_touch
    order = [Ordered(before, last), *(Ordered(by_code_point(events.field(name)), last) for name in events.keys)]
    place = RowNumber(within=tuple(followers.field(name) for name in followers.keys), order=tuple(order))
    keys = tuple(Output(name, events.field(name), events.field(name).type) for name in events.keys)
    columns = (*keys, Output("place", place, place.type))
    block = Block(events.rows(), columns, (Joined(JoinHow.INNER, followers.rows(), tuple(on)),))
    return draft.add(Step(draft.name(f"{measure.events.count.home}_pairs"), block, tuple(one.name for one in keys)))
