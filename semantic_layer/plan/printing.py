"""A plan as text for people: what each step reads, joins, keeps and gives, in the words of the plan."""

from collections.abc import Iterator

from semantic_layer.definitions.expression import Aggregate, Call, Case, Cast, Expr, Literal
from semantic_layer.plan.nodes import (
    Block,
    ByCodePoint,
    DatasetRows,
    Field,
    Fits,
    HasRow,
    Kept,
    Moved,
    Null,
    PeriodStart,
    Plan,
    Possible,
    RankOver,
    Relation,
    RowNumber,
    Series,
    StepRows,
    UnitedRows,
)
from semantic_layer.query.measure import Value


def printed(plan: Plan) -> str:
    """The plan, one step after the other. Values of the question are shown."""
    lines = [f"source {plan.source}"]
    for part in plan.parts:
        lines += [f"part {part.name}", *_indented(iter(printed(part.plan).splitlines()))]
    for check in plan.checks:
        at = "" if check.valid is None else " at any time"
        lines.append(f"join {check.join} must find one row{at}: {', '.join(check.columns)}")
    for step in plan.steps:
        lines += [f"step {step.name}", *_indented(_block(step.block))]
    lines += ["answer", *_indented(_block(plan.final))]
    return "\n".join(lines)


def _indented(lines: Iterator[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _block(block: Block) -> Iterator[str]:
    if isinstance(block.relation, UnitedRows):
        yield "rows of"
        for inner in block.relation.blocks:
            yield from _indented(_block(inner))
    elif block.relation is not None:
        yield f"rows of {_relation(block.relation)}"
    for joined in block.joins:
        on = " and ".join(_text(condition) for condition in joined.on)
        yield f"{joined.how} join {_relation(joined.relation)}" + (f" on {on}" if on else "")
    for condition in block.where:
        yield f"keep {_text(condition)}"
    columns = [f"{one.name} = {_text(one.expr)}: {one.type}" for one in block.columns]
    if block.grouped is not None:
        yield "one row per " + (", ".join(columns[: block.grouped]) or "answer")
        columns = columns[block.grouped :]
    yield from (f"give {'distinct ' if block.distinct else ''}{column}" for column in columns)
    for ordered in block.order:
        yield f"order by {_text(ordered.expr)}{' descending' if ordered.descending else ''}"
    if block.limit is not None:
        yield f"at most {block.limit} rows" + (f" after {block.offset}" if block.offset else "")


def _relation(relation: Relation) -> str:
    match relation:
        case DatasetRows(dataset, _, alias):
            return f"dataset {dataset}" + (f" as {alias}" if alias != dataset else "")
        case StepRows(step, alias):
            return f"step {step}" + (f" as {alias}" if alias != step else "")
        case UnitedRows():
            return "several"


def _text(expr: Expr) -> str:
    match expr:
        case Field(relation, name, _):
            return f"{relation}.{name}"
        case Value(value) | Literal(value):
            return repr(value) if isinstance(value, str) else "null" if value is None else str(value)
        case Null():
            return "null"
        case Call(function, arguments):
            return f"{function}({', '.join(_text(one) for one in arguments)})"
        case Case(branches, otherwise):
            text = " ".join(f"when {_text(when)} then {_text(then)}" for when, then in branches)
            return f"case {text}{'' if otherwise is None else f' else {_text(otherwise)}'} end"
        case Cast(operand, type_):
            return f"{_text(operand)}::{type_}"
        case Aggregate(function, arguments, share):
            inner = [*(_text(one) for one in arguments), *([] if share is None else [str(share)])]
            return f"{function}({', '.join(inner) or '*'})"
        case Kept(aggregate, where):
            return f"{_text(aggregate)} where {_text(where)}"
        case Fits(operand, wanted):
            return f"{_text(operand)} is a {wanted}"
        case PeriodStart(operand, grain):
            return f"{grain} of {_text(operand)}"
        case Moved(operand, count, unit):
            return f"{_text(operand)} {'+' if count >= 0 else '-'} {abs(count)} {unit}"
        case Series(first, last, grain):
            return f"each {grain} from {_text(first)} to {_text(last)}"
        case ByCodePoint(operand):
            return _text(operand)
        case Possible(operand):
            return f"possible({_text(operand)})"
        case RankOver(value, within, descending):
            inside = f" within {', '.join(_text(one) for one in within)}" if within else ""
            return f"rank by {_text(value)}{' descending' if descending else ''}{inside}"
        case RowNumber(_, within, order):
            inside = f" within {', '.join(_text(one) for one in within)}" if within else ""
            by = ", ".join(f"{_text(one.expr)}{' descending' if one.descending else ''}" for one in order)
            return f"row number{f' by {by}' if by else ''}{inside}"
        case HasRow(block):
            return f"a row exists ({'; '.join(line.strip() for line in _block(block))})"
        case _:
            return str(expr)
