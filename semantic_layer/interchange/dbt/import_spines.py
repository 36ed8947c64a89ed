"""Time spines as datasets, and together as the calendar at whose steps windows and shifts of dbt stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from semantic_layer.definitions.new_names import Names as FreeNames
from semantic_layer.definitions.types import Grain
from semantic_layer.definitions.yaml_text import Json
from semantic_layer.interchange.dbt.imported import ImportIssue, Names, TableTypes, Tree, table_of
from semantic_layer.interchange.dbt.manifest import TimeSpine
from semantic_layer.interchange.dbt.naming import in_our_form

CALENDAR = "time_spine"
_FINER = ("second", "minute", "hour")
_TOO_FINE = ("nanosecond", "microsecond", "millisecond")


@dataclass(frozen=True, slots=True)
class Spines:
    """The datasets that list steps of time, and the calendar over them; None where no spine has days."""

    datasets: Mapping[str, Tree]
    calendar: Tree | None
    names: Names


@dataclass(slots=True)
class SpineWriter:
    source: str
    names: Names
    types: TableTypes
    issues: list[ImportIssue]
    taken: FreeNames = field(default_factory=FreeNames)

    def spines(self, spines: Sequence[TimeSpine]) -> Spines:
        for number, name in enumerate((*self.names.datasets.values(), *self.names.metrics.values())):
            self.taken.take([name], ("taken", number))
        datasets: dict[str, Tree] = {}
        places: dict[str, tuple[str, str]] = {}
        for one in spines:
            if one.granularity in _TOO_FINE or one.granularity in places:
                continue
            name = self._dataset_name(one)
            column = in_our_form(one.column, "moment")
            datasets[name] = self._dataset(one, column)
            places[one.granularity] = (name, column)
        daily = next((one for one in spines if one.granularity == "day"), None)
        calendar = None if daily is None else self._calendar(daily, spines, places)
        grains = [] if calendar is None else list(_mapping(calendar.get("grains")))
        named = replace(
            self.names,
            spines=places,
            grains={one: in_our_form(one, "grain") for one in (daily.custom if daily else {}) if one in grains},
            calendar=None if calendar is None else CALENDAR,
        )
        return Spines(datasets, calendar, named)

    def _dataset_name(self, spine: TimeSpine) -> str:
        form = in_our_form(spine.relation.alias, "time_spine")
        return self.taken.take([form, f"{form}_rows", f"{form}_dataset"], ("spine", spine.granularity))

    def _dataset(self, spine: TimeSpine, column: str) -> Tree:
        dimension: Tree = {} if column == spine.column else {"sql": f'"{spine.column}"'}
        dimension["type"] = "time"
        if spine.granularity != Grain.DAY.value:
            dimension["finest"] = spine.granularity
        return {
            "source": self.source,
            "table": table_of(spine.relation),
            "key": spine.column,
            "time": column,
            "dimensions": {column: dimension},
        }

    def _calendar(self, daily: TimeSpine, spines: Sequence[TimeSpine], places: Mapping[str, tuple[str, str]]) -> Tree:
        found: Tree = {"from": places["day"][0], "day": daily.column}
        grains: dict[str, Json] = {}
        columns = self.types.get(table_of(daily.relation), {})
        for name, column in daily.custom.items():
            kind = columns.get(column)
            if kind is not None and not kind.is_time:
                why = f"its column {column} holds no dates ({kind})"
                what = "Write a column with the first day of each period"
                self.issues.append(ImportIssue(f'custom granularity "{name}"', daily.at, why, what))
                continue
            grains[in_our_form(name, "grain")] = column
        if grains:
            found["grains"] = grains
        columns_of = {one.granularity: one.column for one in spines}
        finer = {one: f"{places[one][0]}.{columns_of[one]}" for one in _FINER if one in places}
        if finer:
            found["finer"] = dict[str, Json](finer)
        return found


def _mapping(found: Json) -> Mapping[str, Json]:
    return found if isinstance(found, Mapping) else {}
