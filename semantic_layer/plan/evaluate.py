"""Measure -> Evaluated: one function per kind of calculation, all composed the same way."""

from dataclasses import replace

from semantic_layer.definitions.expression import Call, Expr, Literal, Name, rewrite, walk
from semantic_layer.definitions.reach import TIME
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.aggregates import base
from semantic_layer.plan.combine import ranked
from semantic_layer.plan.context import Context, Evaluated
from semantic_layer.plan.conversion import credited
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.per_entity import per_entity
from semantic_layer.plan.semi_additive import taken
from semantic_layer.plan.shift import shifted
from semantic_layer.plan.stepped import every_period, shifted_by_step, windowed_by_step
from semantic_layer.plan.time_keys import dated_by, time_keys
from semantic_layer.plan.typed import type_of, typed
from semantic_layer.plan.window import windowed
from semantic_layer.plan.window_aggregates import framed_base
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.measure import (
    Arithmetic,
    Asked,
    AtFewer,
    Base,
    Credited,
    EveryPeriod,
    Filled,
    Filtered,
    Measure,
    PerEntity,
    Ranked,
    Shifted,
    Taken,
    Windowed,
)
from semantic_layer.query.promises import is_time


def evaluate(measure: Measure, context: Context, draft: Draft, hint: str) -> Evaluated:
    """The value of a measure at every key of the context. Steps are named after `hint`; equal work is done once."""
    if context.frame is None and isinstance(measure, Base | Arithmetic | Filtered | Filled):
        return evaluate_anew(measure, context, draft, hint)  # no steps of their own: aggregates share theirs already
    identity = (repr(measure), context.identity)
    if identity not in draft.evaluated:
        draft.evaluated[identity] = evaluate_anew(measure, context, draft, hint)
    return draft.evaluated[identity]


def evaluate_anew(measure: Measure, context: Context, draft: Draft, hint: str) -> Evaluated:
    """One node; what it is made of goes to the draft's own evaluator."""
    match measure:
        case Base(home, _, time):
            own = dated_by(home, time, context)
            return (base if context.frame is None else framed_base)(measure, own, draft, hint)
        case Arithmetic():
            return _arithmetic(measure, context, draft)
        case Filtered(inner, where):
            return draft.evaluate(inner, replace(context, inside=(*context.inside, where)), draft, hint)
        case Filled(inner, fill):
            return _filled(
                draft.evaluate(inner, context, draft, hint), Literal(int(fill) if fill == int(fill) else fill)
            )
        case EveryPeriod():
            return every_period(measure, context, draft, hint)
        case Shifted(steps=None):
            return shifted(measure, context, draft, hint)
        case Shifted():
            return shifted_by_step(measure, context, draft, hint)
        case Windowed() if measure.window.steps is not None:
            return windowed_by_step(measure, context, draft, hint)
        case Windowed():
            return windowed(measure, context, draft, hint)
        case Credited():
            return credited(measure, context, draft)
        case Taken():
            return taken(measure, context, draft, hint)
        case PerEntity():
            own = context if measure.inputs else dated_by(measure.home, measure.time, context)
            return per_entity(measure, own, draft, hint)
        case AtFewer():
            return _at_fewer(measure, context, draft, hint)
        case Ranked(inner, within, descending):
            value = draft.evaluate(inner, context, draft, f"{hint}_value")
            fixed = tuple(key.name for key in context.keys if _is_one_of(key, within, inner, context))
            step = ranked(context.keys, value, fixed, descending, draft, hint)
            rank = step.block.columns[-1]
            return Evaluated(step.field(rank.name), rank.type, (step.name,))


def _arithmetic(measure: Arithmetic, context: Context, draft: Draft) -> Evaluated:
    values = {
        name: draft.evaluate(inner, context, draft, name.split(".")[-1]) for name, inner in measure.inputs.items()
    }
    exprs = {name: value.expr for name, value in values.items()}
    expr = typed(rewrite(measure.value, lambda node: exprs[str(node)] if isinstance(node, Name) else None))
    steps = tuple(dict.fromkeys(step for value in values.values() for step in value.steps))
    partial = tuple(dict.fromkeys(step for value in values.values() for step in value.partial))
    return Evaluated(expr, type_of(expr), steps, partial)


def _filled(value: Evaluated, fill: Literal) -> Evaluated:
    expr = typed(Call("coalesce", (value.expr, fill)))
    return replace(value, expr=expr, type=value.type if type_of(fill).is_exact else type_of(expr))


def _at_fewer(measure: AtFewer, context: Context, draft: Draft, hint: str) -> Evaluated:
    """Recomputed at fewer keys and joined beside; which rows exist is said by the value at all keys (rule 19)."""
    names = measure.only if measure.only is not None else measure.excepted
    listed = [key for key in context.keys if _is_one_of(key, names, measure.inner, context)]
    windows = time_keys(measure.inner, context) if context.frame is not None else None
    own = () if windows is None else (windows.finest, *windows.derived)  # each window is by itself
    kept = tuple(key for key in context.keys if key in own or (key in listed) is (measure.only is not None))
    where = tuple(condition for condition in context.where if not _ignored(condition, measure.ignoring))
    present = draft.evaluate(measure.inner, context, draft, f"{hint}_part")
    if kept == context.keys and where == context.where:
        return present
    whole = draft.evaluate(measure.inner, replace(context, keys=kept, where=where), draft, hint)
    partial = tuple(dict.fromkeys((*whole.steps, *whole.partial, *present.partial)))
    return Evaluated(whole.expr, whole.type, present.steps, partial)


def _is_one_of(key: BoundKey, names: tuple[str, ...], measure: Measure, context: Context) -> bool:
    """Whether a list of dimensions names a key; `time` stands for every key of the time dimension."""
    if key.dimension in names:
        return True
    dated = key.grain is not None or key.part is not None
    return TIME in names and dated and is_time(context.catalog, measure, key.dimension)


def _ignored(condition: Expr, ignoring: tuple[str, ...]) -> bool:
    asked = [node.dimension for node in walk(condition) if isinstance(node, Asked)]
    dropped = [words for words in asked if words in ignoring]
    if dropped and len(dropped) < len(asked):
        message = f"a metric ignores filters on {dropped[0]}, which a filter joins to others by `or`"
        raise refuse(ErrorCode.BAD_FILTER, message, path=("where",))
    return bool(dropped)
