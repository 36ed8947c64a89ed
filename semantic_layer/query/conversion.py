"""A conversion as a count over the rows of its events: each row has the followers that it is credited with (rule 18).

So whatever is asked of the events - keys, filters, windows, shifts - chooses among credits, and never who is credited.
"""

from semantic_layer.definitions.expression import Aggregate
from semantic_layer.definitions.model import After
from semantic_layer.query.measure import Base, Credited, Credits, Events, EveryPeriod, Filled, Filtered, Measure

CREDITS = "count_credits"  # the aggregate that adds credits: a count, 0 over no rows


def conversion(followers: Measure, events: Measure, after: After) -> Measure:
    """Both measures are counts over the rows of one dataset, perhaps filtered: the definitions were checked."""
    first, then = _events(events), _events(followers)
    credited = Credited(first, then, after.same, after.within, after.first_touch)
    count: Measure = Base(first.count.home, Aggregate(CREDITS, (Credits(credited),)), first.count.time)
    for condition in first.where:
        count = Filtered(count, condition)
    return count


def _events(measure: Measure) -> Events:
    match measure:
        case Base():
            return Events(measure, ())
        case Filtered(inner, where):
            events = _events(inner)
            return Events(events.count, (*events.where, where))
        case Filled(inner) | EveryPeriod(inner):
            return _events(inner)
        case _:
            raise TypeError(f"{type(measure).__name__} counts no events")
