"""Plans that look at the first rows of a table, to guess what its columns are. Their cost does not grow with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from semantic_layer.definitions.expression import Aggregate, Call, Case, Cast, Expr, Literal
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.types import BIGINT, DATE, FLOAT, TIMESTAMP, TIMESTAMPTZ, ColumnType, Kind, decimal
from semantic_layer.plan.context import Context
from semantic_layer.plan.draft import Draft, Schemas
from semantic_layer.plan.evaluate import evaluate
from semantic_layer.plan.nodes import Block, Kept, Output, Plan, PlanColumn, Step
from semantic_layer.plan.row_scope import RowScope

_LARGEST_CENTS = 1e15  # beyond it a binary float holds no cents
_CENTS = decimal(38, 2)


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a dataset: as a plan's step, with a column for each of the dataset's in order."""

    draft: Draft
    step: Step

    def plan(self, outputs: Sequence[Output]) -> Plan:
        final = Block(self.step.rows(), tuple(outputs), grouped=0)
        columns = tuple(PlanColumn(one.name, one.name, one.type, True) for one in outputs)
        assert self.draft.source is not None
        return Plan(self.draft.source, (self.step,), final, columns, (), tuple(self.draft.datasets))

    def field(self, place: int) -> Expr:
        return self.step.field(f"column_{place}")


def sample_of(published: PublishedCatalog, dataset: str, columns: Sequence[str], schemas: Schemas, most: int) -> Sample:
    """The first `most` rows, in the order in which the source gives them."""
    draft = Draft(schemas, {}, None, (), evaluate)
    draft.taken.add(dataset)
    scope = RowScope.of(draft, Context(published, ()), dataset)
    values = [(scope.column(scope.dataset, scope.alias, name), scope.raw(scope.dataset, scope.alias, name).type)
              for name in columns]  # fmt: skip
    outputs = tuple(Output(f"column_{place}", value, type_) for place, (value, type_) in enumerate(values))
    return Sample(draft, draft.add(Step(draft.name("first_rows"), Block(scope.relation, outputs, limit=most))))


def columns_plan(sample: Sample, types: Sequence[ColumnType]) -> Plan:
    """One row: the number of rows, then for each column how many are known, how many differ, and how many are finer
    than a day (times) or than hundredths (floats).
    """
    outputs = [_counted("sampled", Aggregate("count"))]
    for place, type_ in enumerate(types):
        value = sample.field(place)
        outputs.append(_counted(f"known_{place}", Aggregate("count", (value,))))
        outputs.append(_counted(f"different_{place}", Aggregate("count_distinct", (value,))))
        finer = is_finer(value, type_)
        counted: Expr = Literal(0) if finer is None else Kept(Aggregate("count"), finer, BIGINT)
        outputs.append(Output(f"finer_{place}", Cast(counted, BIGINT), BIGINT))
    return sample.plan(outputs)


def together_plan(sample: Sample, sets: Sequence[Sequence[int]]) -> Plan:
    """One row: for each set of columns, how many different combinations of values there are; any null is none."""
    return sample.plan([
        _counted(f"different_{number}", Aggregate("count_distinct", tuple(sample.field(place) for place in one)))
        for number, one in enumerate(sets)
    ])  # fmt: skip


def _counted(name: str, aggregate: Aggregate) -> Output:
    return Output(name, Cast(aggregate, BIGINT), BIGINT)


def is_finer(value: Expr, type_: ColumnType) -> Expr | None:
    """True for a time within a day, or a float with more than two decimals; None for other types."""
    if type_ in (TIMESTAMP, TIMESTAMPTZ):
        moment = value if type_ == TIMESTAMP else Call("at_zone", (value, Literal(None), Literal("UTC")))
        return Call("ne", (Cast(Cast(moment, DATE), TIMESTAMP), moment))
    if type_.kind is Kind.FLOAT:
        difference = Call("subtract", (Cast(Cast(value, _CENTS), FLOAT), value))
        cents = Call("gt", (Call("abs", (difference,)), Literal(1e-5)))
        too_large = Call("gte", (Call("abs", (value,)), Literal(_LARGEST_CENTS)))
        return Case(((too_large, Literal(True)),), cents)
    return None
