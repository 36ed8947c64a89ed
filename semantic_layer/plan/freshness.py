"""What a dataset's rows say of themselves: their time span, their own mark, their change token (semantics rule 25)."""

from semantic_layer.definitions.expression import Aggregate, Expr
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.types import TEXT, TIMESTAMP, ColumnType
from semantic_layer.plan.context import Context
from semantic_layer.plan.draft import Draft, Schemas
from semantic_layer.plan.evaluate import evaluate
from semantic_layer.plan.nodes import Block, Output, Plan, PlanColumn
from semantic_layer.plan.row_scope import RowScope
from semantic_layer.plan.typed import cast, type_of, typed

WATERMARK, TOKEN = "watermark", "change_token"


def span_columns(place: int) -> tuple[str, str]:
    """The columns with the first and the last moment of the time dimension at a place of `times`."""
    return f"first_time_{place + 1}", f"last_time_{place + 1}"


def freshness_plan(
    published: PublishedCatalog, dataset_name: str, times: tuple[str, ...], zone: str | None, schemas: Schemas
) -> Plan | None:
    """One row: the first and last moment of each time dimension in `times`, WATERMARK and TOKEN as declared.

    None when there is nothing to ask. It reads all rows: no filter of a question and no principal comes in.
    """
    dataset = published.catalog.datasets[dataset_name]
    draft = Draft(schemas, {}, zone, (), evaluate)
    scope = RowScope.of(draft, Context(published, ()), dataset_name)
    outputs: list[Output] = []
    for place, time in enumerate(times):
        moment = scope.dimension(scope.find(time))
        first, last = span_columns(place)
        outputs.append(Output(first, cast(Aggregate("min", (moment,)), TIMESTAMP), TIMESTAMP))
        outputs.append(Output(last, cast(Aggregate("max", (moment,)), TIMESTAMP), TIMESTAMP))
    if dataset.watermark is not None:
        outputs.append(_mark(WATERMARK, scope, dataset.watermark))
    if dataset.change_token is not None:
        token = typed(scope.value(dataset.change_token))
        outputs.append(Output(TOKEN, cast(token, TEXT), TEXT))
    if not outputs:
        return None
    block = Block(scope.relation, tuple(outputs), tuple(scope.joins), grouped=0)
    columns = tuple(PlanColumn(one.name, one.name, one.type, True) for one in outputs)
    draft.raise_if_unjudged()
    assert draft.source is not None
    return Plan(draft.source, (), block, columns, (), tuple(draft.datasets))


def _mark(name: str, scope: RowScope, expr: Expr) -> Output:
    """A mark of time keeps its type; any other is text."""
    value = typed(scope.value(expr))
    type_: ColumnType = type_of(value)
    if type_.is_time:
        return Output(name, cast(value, TIMESTAMP), TIMESTAMP)
    return Output(name, cast(value, TEXT), TEXT)
