"""The steps of time that a calendar has: the days of its dataset, or hours of one that is finer (rules 13 to 15)."""

from semantic_layer.definitions.expression import Expr
from semantic_layer.definitions.model import Calendar
from semantic_layer.definitions.types import TIMESTAMP, Grain
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.context import Context
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.key_values import key_of
from semantic_layer.plan.nodes import Block, Output, PeriodStart, Step
from semantic_layer.plan.periods import about_periods, period_type
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.typed import cast
from semantic_layer.query.bound import BoundKey


def calendar_steps(
    name: str,
    grain: Grain,
    keys: tuple[BoundKey, ...],
    time: tuple[Expr, ...],
    context: Context,
    draft: Draft,
    hint: str,
) -> Step:
    """One row per step of `grain` that the conditions `time` choose: `period`, and `keys` of time by their names."""
    dataset, column, finest = _listed(context.catalog.calendars[name], grain)
    scope = RowScope.of(draft, Context(context.published, ()), dataset)
    week_start = context.catalog.settings.week_start
    type_ = period_type(grain)
    moment = scope.column(scope.dataset, scope.alias, column)
    label: Expr = cast(moment, type_) if grain is finest else PeriodStart(moment, grain, week_start, type_)
    where = about_periods(time, label, context.catalog, scope.calendars)
    columns = tuple(
        Output(draft.key_name(key), key_of(key, label, week_start, scope.calendars), key.type) for key in keys
    )
    block = Block(
        scope.relation,
        (Output("period", label, type_), *columns),
        tuple(scope.joins),
        (*scope.row_rule(), *where),
        distinct=grain is not finest,
    )
    return draft.add(Step(draft.name(f"{hint}_{grain}s"), block, ("period",)))


def _listed(calendar: Calendar, grain: Grain) -> tuple[str, str, Grain]:
    """The dataset and column that list steps of a grain, and the grain that they list: the coarsest that will do."""
    places = {calendar.step: (calendar.dataset, calendar.day)} | dict(calendar.finer)
    fine = [one for one in places if one.rank <= grain.rank]
    if not fine:
        message = f"calendar {calendar.name} does not say which {grain}s there are"
        raise refuse(ErrorCode.GRAIN_TOO_FINE, message, path=("by",))
    finest = max(fine, key=lambda one: one.rank)
    dataset, column = places[finest]
    return dataset, column, finest


def as_moment(label: Expr) -> Expr:
    return cast(label, TIMESTAMP)
