"""Names in the rows of one dataset: columns with their declared types, dimensions over joins, conditions.

To-one joins are left outer and never lose or multiply a row (semantics rules 2 and 3). To-many joins go through
ToManyPath, which counts a row once per distinct asked value (rule 6).
"""

from dataclasses import dataclass, field

from semantic_layer.definitions.expression import Call, Case, Exists, Expr, Literal, Name, rewrite
from semantic_layer.definitions.model import Catalog, Dataset, Dimension, Join, MetricValue, TopMembers
from semantic_layer.definitions.reach import FoundDimension, Hop, NotFound, find_dimension
from semantic_layer.definitions.types import DATE, TIMESTAMP, CalendarGrain, Kind
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.plan.calendar_joins import DAY, CalendarJoins
from semantic_layer.plan.context import Context
from semantic_layer.plan.draft import Draft
from semantic_layer.plan.entity_values import attribute_step, entity_step, filled_for, leading_members
from semantic_layer.plan.key_values import dates_compared, key_of, period_of, serves_as
from semantic_layer.plan.nodes import (
    Block,
    DatasetRows,
    Field,
    HasRow,
    Joined,
    JoinHow,
    Output,
    Possible,
    Step,
    StepRows,
    UniqueCheck,
)
from semantic_layer.plan.typed import cast, type_of, typed
from semantic_layer.plan.validity import Validity, validity
from semantic_layer.query.bound import BoundKey
from semantic_layer.query.measure import Asked, Credits, EntityCondition
from semantic_layer.query.problems import listed
from semantic_layer.query.resolve_rule import measure_of

Path = tuple[str, ...]  # join names from the home on


@dataclass(slots=True)
class ToManyPath:
    """A to-many join from some row: its distinct members, as a step joined by the columns that match.

    `dimensions` maps the expressions asked across it to the names of the members' columns.
    """

    alias: str
    scope: "RowScope"  # of the bridge, or of the joined dataset when there is no bridge
    hops: tuple[Hop, ...]  # from that scope to the joined dataset
    match: tuple[tuple[Expr, str], ...]  # (field of the outer row, column of the members)
    dimensions: dict[str, Output] = field(default_factory=dict)
    where: list[Expr] = field(default_factory=list)
    required: bool = False  # rows without a member that passes are left out


@dataclass(slots=True)
class RowScope:
    """One reading of a dataset's rows; joins are added when a name first needs them."""

    draft: Draft
    context: Context
    dataset: Dataset
    alias: str
    joins: list[Joined] = field(default_factory=list)
    aliases: dict[Path, str] = field(default_factory=dict)
    to_many: dict[Path, ToManyPath] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    calendars: CalendarJoins = field(init=False)

    def __post_init__(self) -> None:
        self.calendars = CalendarJoins(self._calendar, self._calendar_alias, self.joins)

    @classmethod
    def of(cls, draft: Draft, context: Context, dataset_name: str, names: set[str] | None = None) -> "RowScope":
        dataset = context.catalog.datasets[dataset_name]
        draft.read(context.published, dataset)
        scope = cls(draft, context, dataset, "", names=set() if names is None else names)
        scope.alias = scope.fresh(dataset_name)
        return scope

    @property
    def catalog(self) -> Catalog:
        return self.context.catalog

    @property
    def relation(self) -> DatasetRows:
        return DatasetRows(self.dataset.name, self.dataset.relation, self.alias)

    def fresh(self, hint: str) -> str:
        """An alias not used in this block, nor by a step."""
        name, count = hint, 1
        while name in self.names or name in self.draft.steps:
            count += 1
            name = f"{hint}_{count}"
        self.names.add(name)
        return name

    # --- columns and dimensions ----------------------------------------------------------------------------------

    def raw(self, dataset: Dataset, alias: str, column: str) -> Field:
        """A column as the source has it, for joins."""
        name, type_ = self.draft.column_type(self.catalog, dataset, column)
        return Field(alias, name, type_)

    def column(self, dataset: Dataset, alias: str, column: str) -> Expr:
        """A column as the definitions declare it, cast where the source has another type.

        In a column that holds NaN, infinities or dates outside of the calendar, these are null (rule 9).
        """
        raw = self.raw(dataset, alias, column)
        declared = dataset.declared(column)
        value: Expr = raw
        if self.draft.holds_impossible(self.catalog, dataset, raw.name, raw.type):
            value = Case(((Possible(raw), raw),))
        return value if declared is None or serves_as(raw.type, declared) else cast(value, declared)

    def dimension(self, found: FoundDimension) -> Expr:
        """The value of a dimension for each row."""
        place = found.to_many_at
        if place is not None:
            return self._across(found, place)
        alias = self.joined(found.hops)
        return self._own_dimension(self.catalog.datasets[found.dataset], alias, found.dimension)

    def _own_dimension(self, dataset: Dataset, alias: str, dimension: Dimension, zone: str | None = None) -> Expr:
        """`zone` is the question's, unless another is said."""
        rule = dimension.rule
        if isinstance(rule, MetricValue):
            return self._attribute(rule, dataset, alias, dimension)
        if isinstance(rule, TopMembers):
            return self._leading(rule, dataset, alias)

        def column(node: Expr) -> Expr | None:
            return self.column(dataset, alias, str(node)) if isinstance(node, Name) else None

        value = typed(rewrite(rule, column))
        if dimension.time is not None:
            return self._time(dimension, value, zone or self.draft.zone or self.catalog.settings.time_zone)
        if dimension.type is None or serves_as(type_of(value), dimension.type):
            return value
        return cast(value, dimension.type)

    def _attribute(self, rule: MetricValue, dataset: Dataset, alias: str, dimension: Dimension) -> Expr:
        """A metric per key of the dataset, joined to the row that has the key."""
        step = attribute_step(rule, dataset.name, self.context, self.draft)
        here: list[Expr] = [self.raw(dataset, alias, column) for column in dataset.key or ()]
        measure = measure_of(self.catalog, rule.metric)
        value = filled_for(measure, step.field("value_0", self._joined_once(step, alias, here)), here)
        if dimension.time is not None:  # wall time already, as the metric's own rows are dated
            wanted = TIMESTAMP if dimension.time.finest.is_clock else DATE
            return value if type_of(value) == wanted else cast(value, wanted)
        return value if dimension.type is None else cast(value, dimension.type)

    def _leading(self, rule: TopMembers, dataset: Dataset, alias: str) -> Expr:
        """The member itself if it leads, else the name of all others; a row without member keeps none."""
        member = self._own_dimension(dataset, alias, dataset.dimensions[rule.of])
        step = leading_members(rule, dataset.name, self.context, self.draft)
        leader = step.field("member", self._joined_once(step, alias, [member]))
        is_leader = (Call("is_not_null", (leader,)), member)
        return Case((is_leader, (Call("is_not_null", (member,)), Literal(rule.others))))

    def _joined_once(self, step: Step, alias: str, here: list[Expr]) -> str:
        """The alias under which the rows of `alias` are joined with a step by its keys."""
        path = (alias, step.name)
        if path not in self.aliases:
            self.aliases[path] = self.fresh(step.name if step.name not in self.names else f"{alias}_{step.name}")
            there = [step.field(name, self.aliases[path]) for name in step.keys]
            on = tuple(Call("eq", pair) for pair in zip(here, there, strict=True))
            self.joins.append(Joined(JoinHow.LEFT, StepRows(step.name, self.aliases[path]), on))
        return self.aliases[path]

    def _time(self, dimension: Dimension, value: Expr, zone: str) -> Expr:
        """Wall-clock time in a zone; a DATE when days or longer are recorded (rule 12)."""
        assert dimension.time is not None
        type_, stored = type_of(value), dimension.time.stored_in
        if type_.kind is Kind.TIMESTAMPTZ:
            value = Call("at_zone", (value, Literal(None), Literal(zone)))
        elif type_.kind is Kind.TIMESTAMP and stored is not None and stored != zone:
            value = Call("at_zone", (value, Literal(stored), Literal(zone)))
        elif stored is None and dimension.time.finest.is_clock and zone != self.catalog.settings.time_zone:
            message = f"{dimension.name} is wall-clock time of no known zone, so it cannot be shown in {zone}"
            raise refuse(ErrorCode.ZONE_UNKNOWN, message, path=("timeZone",))
        if not dimension.time.finest.is_clock:
            return value if type_of(value) == DATE else cast(value, DATE)
        return value if type_of(value) == TIMESTAMP else cast(value, TIMESTAMP)

    def joined(self, hops: tuple[Hop, ...]) -> str:
        """The alias of the dataset that to-one hops lead to, its joins added."""
        alias, dataset = self.alias, self.dataset
        path: Path = ()
        for hop in hops:
            path = (*path, hop.join.name)
            if path not in self.aliases:
                self.aliases[path] = self._join(dataset, alias, hop.join, "_".join(path))
            alias, dataset = self.aliases[path], self.catalog.datasets[hop.join.to]
        return alias

    def _join(self, here: Dataset, alias: str, join: Join, hint: str) -> str:
        there = self.catalog.datasets[join.to]
        self.draft.read(self.context.published, there)
        target = self.fresh(hint)
        on: tuple[Expr, ...] = tuple(
            Call("eq", (self.raw(here, alias, mine), self.raw(there, target, theirs))) for mine, theirs in join.match
        )
        columns = tuple(theirs for _, theirs in join.match)
        name = f"{here.name}.{join.name}"
        valid = None if join.valid_at is None else self._validity(there, there.name)
        proof = None if valid is None else (valid.start, valid.end)
        if not join.repeats:
            self.draft.checks[UniqueCheck(there.name, there.relation, columns, name, proof)] = None
        rule = RowScope(self.draft, self.context, there, target, names=self.names).row_rule()
        on = (*on, *self._holds(here, alias, join, target), *rule)
        self.joins.append(Joined(JoinHow.LEFT, DatasetRows(there.name, there.relation, target), on))
        return target

    def _validity(self, dataset: Dataset, alias: str) -> Validity:
        assert dataset.valid is not None
        start, end = (self.column(dataset, alias, column) for column in dataset.valid)
        return validity(start, end, self.catalog.settings.time_zone)

    def _holds(self, here: Dataset, alias: str, join: Join, target: str) -> tuple[Expr, ...]:
        """That the joined row holds at the time of the row that joins it; nothing for rows that hold for ever."""
        if join.valid_at is None:
            return ()
        at = self._own_dimension(here, alias, here.dimensions[join.valid_at], self.catalog.settings.time_zone)
        return self._validity(self.catalog.datasets[join.to], target).holds(at)

    # --- to-many joins -------------------------------------------------------------------------------------------

    def _across(self, found: FoundDimension, place: int) -> Field:
        path = self.path_across(found.hops, place)
        key = ".".join([*(hop.join.name for hop in found.hops[place + 1 :]), found.dimension.name])
        if key not in path.dimensions:
            hops = (*path.hops, *found.hops[place + 1 :])
            expr = path.scope.dimension(FoundDimension(hops, found.dataset, found.dimension))
            path.dimensions[key] = Output(key.replace(".", "_"), expr, type_of(expr))
        column = path.dimensions[key]
        return Field(path.alias, column.name, column.type)

    def path_across(self, hops: tuple[Hop, ...], place: int) -> ToManyPath:
        """The to-many join at `place` of `hops`, made at its first use."""
        name = tuple(hop.join.name for hop in hops[: place + 1])
        if name not in self.to_many:
            outer = self.joined(hops[:place])
            here, join = self.catalog.datasets[hops[place].start], hops[place].join
            scope, inner = self._members(join)
            match = tuple((self.raw(here, outer, mine), theirs) for mine, theirs in join.match)
            self.to_many[name] = ToManyPath(self.fresh("_".join(name)), scope, inner, match)
        return self.to_many[name]

    def _members(self, join: Join) -> tuple["RowScope", tuple[Hop, ...]]:
        """The rows that a to-many join leads to: of the bridge, or of the joined dataset itself."""
        plain = Context(self.context.published, ())
        if join.through is None:
            return RowScope.of(self.draft, plain, join.to, self.names), ()
        bridge = self.catalog.datasets[join.through]
        onward = next(other for other in bridge.joins.values() if other.to == join.to)
        return RowScope.of(self.draft, plain, join.through, self.names), (Hop(bridge.name, onward),)

    def members_block(self, path: ToManyPath) -> Block:
        """The distinct members of a to-many join: the columns that match, then the dimensions asked across it."""
        scope = path.scope
        matching = [
            Output(column, raw, raw.type)
            for column in dict.fromkeys(column for _, column in path.match)
            for raw in (scope.raw(scope.dataset, scope.alias, column),)
        ]
        columns = (*matching, *(output for output in path.dimensions.values()))
        scope.finish()
        rule = scope.row_rule()
        return Block(scope.relation, columns, tuple(scope.joins), (*rule, *path.where), distinct=True)

    def finish(self) -> None:
        """Joins the members of to-many paths; call it when every name of the block has been looked up."""
        for name, path in self.to_many.items():
            block = self.members_block(path)
            step = self.draft.add(Step(self.draft.name("_".join(name) + "_members"), block))
            on = self._matches(path, path.alias)
            how = JoinHow.INNER if path.required else JoinHow.LEFT
            self.joins.append(Joined(how, StepRows(step.name, path.alias), on))
        self.to_many.clear()

    def _matches(self, path: ToManyPath, alias: str) -> tuple[Expr, ...]:
        return tuple(
            Call("eq", (mine, path.scope.raw(path.scope.dataset, alias, theirs))) for mine, theirs in path.match
        )

    def across_condition(self, path: ToManyPath, condition: Expr, place: int) -> Expr:
        """A condition that speaks of one to-many path only, over the rows of its members."""

        def look_up(node: Expr) -> Expr | None:
            match node:
                case Call("period_of", (Literal(grain), Asked() as asked)):
                    moment = rewrite(asked, look_up)
                    return period_of(grain, moment, self.catalog, path.scope.calendars)
                case _:
                    pass
            words = node.dimension if isinstance(node, Asked) else str(node) if isinstance(node, Name) else None
            if words is None:
                return None
            found = self.find(words)
            hops = (*path.hops, *found.hops[place + 1 :])
            return path.scope.dimension(FoundDimension(hops, found.dataset, found.dimension))

        return typed(dates_compared(rewrite(condition, look_up)))

    def has_member(self, path: ToManyPath) -> HasRow:
        """That a row has at least one member which passes the path's conditions (a semi-join)."""
        scope = path.scope
        on = self._matches(path, scope.alias)
        rule = scope.row_rule()
        scope.finish()
        return HasRow(Block(scope.relation, (), tuple(scope.joins), (*on, *rule, *path.where)))

    def row_rule(self) -> tuple[Expr, ...]:
        """The row rule of the dataset, which every reading of it applies."""
        rule = self.draft.row_rules.get(self.dataset.name)
        return () if rule is None else (self.condition(rule),)

    # --- names in expressions ------------------------------------------------------------------------------------

    def find(self, words: str) -> FoundDimension:
        named = find_dimension(self.catalog, self.dataset.name, words)
        found = self._key_column(words) if isinstance(named, NotFound) else named
        if found is None:
            message = f"{self.dataset.name} cannot reach {words}"
            raise refuse(ErrorCode.UNREACHABLE_DIMENSION, message)
        return found

    def _key_column(self, words: str) -> FoundDimension | None:
        """A column of a joined dataset's key, which an attribute of that dataset is computed by."""
        *path, column = words.split(".")
        dataset, hops = self.dataset, []
        for name in path:
            join = dataset.joins.get(name)
            if join is None:
                return None
            hops.append(Hop(dataset.name, join))
            dataset = self.catalog.datasets[join.to]
        if column not in (dataset.key or ()):
            return None
        type_ = dataset.declared(column) or self.draft.column_type(self.catalog, dataset, column)[1]
        return FoundDimension(tuple(hops), dataset.name, Dimension(column, Name((column,)), type_))

    def named(self, name: Name) -> Expr:
        """A name of a definition: a dimension first, then a column of the dataset."""
        found = find_dimension(self.catalog, self.dataset.name, str(name))
        if isinstance(found, FoundDimension):
            return self.dimension(found)
        return self.column(self.dataset, self.alias, str(name))

    def value(self, expr: Expr) -> Expr:
        """A scalar expression of a definition over this dataset's rows."""

        def look_up(node: Expr) -> Expr | None:
            match node:
                case Name():
                    return self.named(node)
                case Asked(words):
                    return self.dimension(self.find(words))
                case Call("period_of", (Literal(grain), Asked(words))):
                    return period_of(grain, self.dimension(self.find(words)), self.catalog, self.calendars)
                case Exists():
                    return self._exists(node)
                case EntityCondition():
                    return self._entity(node)
                case Credits():
                    return self._credits(node)
                case _:
                    return None

        return rewrite(expr, look_up)

    def condition(self, expr: Expr) -> Expr:
        """A condition over this dataset's rows, typed; values compared with dates become dates."""
        return typed(dates_compared(self.value(expr)))

    def key(self, key: BoundKey) -> Expr:
        """The expression of a key, from the row alone, or from the row of a calendar that it falls on."""
        found = self.find(key.dimension)
        if isinstance(key.grain, CalendarGrain) and found.to_many_at is not None:
            message = f"{key.dimension} lies across a to-many join, which periods of a calendar are not served for"
            raise refuse(ErrorCode.NOT_SUPPORTED, message, path=("by",))
        return key_of(key, self.dimension(found), self.catalog.settings.week_start, self.calendars)

    def _calendar(self, name: str) -> Step:
        return calendar_rows(name, self.context, self.draft)

    def _calendar_alias(self, step: Step) -> str:
        if step.name in self.names:
            return self.fresh(step.name)
        self.names.add(step.name)
        return step.name

    # --- conditions that look elsewhere --------------------------------------------------------------------------

    def _exists(self, node: Exists) -> HasRow:
        """A semi-join: the row stays one row, however many partners it has."""
        join = self.dataset.joins[node.join]
        inner, hops = self._members(join)
        on: tuple[Expr, ...] = tuple(
            Call("eq", (inner.raw(inner.dataset, inner.alias, theirs), self.raw(self.dataset, self.alias, mine)))
            for mine, theirs in join.match
        )
        where: tuple[Expr, ...] = ()
        if node.where is not None:
            target = inner.joined(hops)
            names = RowScope(self.draft, inner.context, self.catalog.datasets[join.to], target, names=self.names)
            where = (names.condition(node.where),)
            names.finish()
            inner.joins.extend(names.joins)
        inner.finish()
        on = (*on, *self._holds(self.dataset, self.alias, join, inner.alias))
        block = Block(inner.relation, (), tuple(inner.joins), (*on, *inner.row_rule(), *where))
        return HasRow(block)

    def _credits(self, node: Credits) -> Expr:
        """How many followers the row is credited with, joined by the key of its dataset."""
        value = self.draft.evaluate(node.credited, Context(self.context.published, ()), self.draft, "credits")
        step = self.draft.steps[value.steps[0]]
        here: list[Expr] = [self.raw(self.dataset, self.alias, column) for column in self.dataset.key or ()]
        return Call("coalesce", (step.field("credits", self._joined_once(step, self.alias, here)), Literal(0)))

    def moment(self, time: str) -> Expr:
        """The row's own time by one of its time dimensions, whatever the zone of the question."""
        zone = self.catalog.settings.time_zone
        return cast(self._own_dimension(self.dataset, self.alias, self.dataset.dimensions[time], zone), TIMESTAMP)

    def _entity(self, node: EntityCondition) -> Expr:
        """A condition on the row's entity: its values are computed in a step and joined to the one row it has there.

        An entity without a row there has nulls, as `is null` asks for.
        """
        step = entity_step(node, self.context, self.draft)
        found = [self.find(words) for words in node.entity]
        if any(one.to_many_at is not None for one in found):
            message = f"{listed(node.entity)} is across a to-many join of {self.dataset.name}: a row has several"
            raise refuse(ErrorCode.BAD_FILTER, message)
        here = [self.dimension(one) for one in found]
        alias = self._joined_once(step, self.alias, here)
        values = {
            name: filled_for(measure, step.field(f"value_{place}", alias), here)
            for place, (name, measure) in enumerate(node.inputs.items())
        }
        return rewrite(node.condition, lambda one: values.get(str(one)) if isinstance(one, Name) else None)


def calendar_rows(name: str, context: Context, draft: Draft) -> Step:
    """The rows of a calendar: `day`, and the label of its period by each grain. A day that has two rows is an error."""
    shared = f"calendar {context.published.revision} {name}"
    if shared in draft.shared:
        return draft.shared[shared]
    calendar = context.catalog.calendars[name]
    scope = RowScope.of(draft, Context(context.published, ()), calendar.dataset)
    dataset = scope.dataset
    draft.checks[UniqueCheck(dataset.name, dataset.relation, (calendar.day,), f"to calendar {name}")] = None
    day = scope.column(dataset, scope.alias, calendar.day)
    day = day if type_of(day) == DATE else cast(day, TIMESTAMP)
    columns = [Output(DAY, day, type_of(day))]
    for grain, column in calendar.grains.items():
        columns.append(Output(grain, cast(scope.column(dataset, scope.alias, column), DATE), DATE))
    block = Block(scope.relation, tuple(columns), tuple(scope.joins), scope.row_rule())
    return draft.share(shared, draft.add(Step(draft.name(f"{name}_calendar"), block, (DAY,))))
