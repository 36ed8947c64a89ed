"""Readable fields of a metric made into a Metric; also what only a whole block shows, such as two modifiers."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from semantic_layer.definitions.builder import Builder, duration, fits_a_decimal, typed_value
from semantic_layer.definitions.expression import Literal
from semantic_layer.definitions.grains import custom_grains, find_grain
from semantic_layer.definitions.model import (
    About,
    Across,
    After,
    Ago,
    AtLevel,
    AtStartOf,
    Calendar,
    Deprecation,
    Duration,
    Governance,
    Metric,
    Modifier,
    ParameterRule,
    RankWithin,
    Rule,
    SemiAdditive,
    Take,
    ToDate,
    Trailing,
    WarningRule,
)
from semantic_layer.definitions.problem import Problem, ProblemCode, near_names
from semantic_layer.definitions.shape_reader import Fields, Path, Places
from semantic_layer.definitions.types import MAX_PRECISION, AnyGrain, ColumnType, Grain

MODIFIERS = ("over", "ago", "at_start_of", "across", "after", "at_level", "rank_within")
# A companion key -> the keys beside one of which it stands.
_COMPANIONS = {
    "having": ("across",),
    "dated_by": ("across",),
    "take_each": ("take",),
    "ignoring": ("at_level",),
    "order": ("rank_within",),
    "time": ("from",),
    "steps": ("over", "ago", "at_start_of"),
}
_PLACEHOLDER = Literal(None)  # stands where a formula could not be read; the definition is marked broken


class MetricBuilder(Builder):
    """`calendars` are the catalog's: their grains stand wherever a standard one does."""

    def __init__(self, problems: list[Problem], places: Places, calendars: Mapping[str, Calendar]) -> None:
        super().__init__(problems, places)
        self.calendars = calendars

    def metric(self, name: str, fields: Fields) -> Metric:
        path = ("metrics", name)
        cut = fields.get("cut_by", {})
        if "only" in cut and "except" in cut:
            self.problem((*path, "cut_by"), ProblemCode.COMPANION, '"cut_by" has "only" or "except", not both')
        return Metric(
            name=name,
            rule=self.rule(name, fields, path),
            grains=tuple(
                self._grain(grain, (*path, "grains", str(place))) for place, grain in enumerate(fields["grains"])
            )
            if "grains" in fields
            else None,
            cut_only=cut.get("only"),
            cut_except=cut.get("except", ()),
            fill_time=fields.get("fill_time", False),
            parameters={
                n: self._parameter(n, f, (*path, "parameters", n)) for n, f in fields.get("parameters", {}).items()
            },
            about=About(**fields.get("about", {})),
            governance=self._governance(fields.get("governance", {}), (*path, "governance")),
            valid_from=self._day(fields.get("valid_from"), (*path, "valid_from")),
            history=fields.get("history"),
            deprecated=self._deprecation(fields.get("deprecated"), (*path, "deprecated")),
        )

    def rule(self, name: str, fields: Fields, path: Path) -> Rule:
        fill = fields.get("fill")
        if fill is not None and not fits_a_decimal(Decimal(fill)):
            message = f'"fill" of "{name}" has more than the {MAX_PRECISION} digits that a number may have'
            self.problem((*path, "fill"), ProblemCode.BAD_VALUE, message, value=True)
            fill = 0
        return Rule(
            value=fields.get("is", _PLACEHOLDER),
            home=fields.get("from"),
            where=fields.get("where"),
            modifier=self._modifier(name, fields, path),
            steps={n: self.rule(n, f, (*path, "with", n)) for n, f in fields.get("with", {}).items()},
            unit=fields.get("unit"),
            fill=None if fill is None else Decimal(fill),
            time=fields.get("time"),
            every_period=fields.get("every_period"),
        )

    def _modifier(self, name: str, fields: Fields, path: Path) -> Modifier | None:
        found = [key for key in MODIFIERS if key in fields and not (key == "over" and "across" in fields)]
        if len(found) > 1:
            said = " and ".join(f'"{key}"' for key in found)
            example = "{earlier: {is: " + name + ", " + found[1] + ": …}}"
            message = f'{said} in one block; put one of them in "with", e.g. with: {example}'
            self.problem((*path, found[1]), ProblemCode.TWO_MODIFIERS, message)
        for key, beside in _COMPANIONS.items():
            if key in fields and not any(other in fields for other in beside):
                said = " or ".join(f'"{other}"' for other in beside)
                self.problem((*path, key), ProblemCode.COMPANION, f'"{key}" stands only beside {said}')
        if not found:
            return self._semi_additive(fields, path)
        self._take_alone(found[0], fields, path)
        return self._one_modifier(found[0], fields, path)

    def _semi_additive(self, fields: Fields, path: Path) -> Modifier | None:
        if "take" not in fields:
            return None
        if "from" not in fields:
            self.problem((*path, "take"), ProblemCode.COMPANION, '"take" stands only beside "over", or beside "from"')
            return None
        return SemiAdditive(Take(fields["take"]), fields.get("take_each", ()))

    def _take_alone(self, modifier: str, fields: Fields, path: Path) -> None:
        """Beside a modifier, `take` is that of `over`; a state that is moved or windowed is a step of its own."""
        if "take" in fields and modifier not in ("over", "across"):
            message = f'"take" and "{modifier}" in one block; put the one with "take" in "with"'
            self.problem((*path, "take"), ProblemCode.TWO_MODIFIERS, message)
        if "take_each" in fields and "take" in fields:
            message = '"take_each" stands beside "take" alone; put both in "with"'
            self.problem((*path, "take_each"), ProblemCode.COMPANION, message)

    def _one_modifier(self, key: str, fields: Fields, path: Path) -> Modifier:
        match key:
            case "over":
                return self._window(fields, path)
            case "ago":
                return Ago(self._periods(fields["ago"], (*path, "ago")), fields.get("steps"))
            case "at_start_of":
                unit = self._grain(fields["at_start_of"], (*path, "at_start_of"))
                return AtStartOf(unit, fields.get("steps"))
            case "across":
                return self._across(fields, path)
            case "after":
                after = fields["after"]
                within = after.get("within", "unlimited")
                length = None if within == "unlimited" else duration(within)
                return After(
                    after.get("event", ""),
                    after.get("same", ()),
                    length,
                    after.get("match", "last") == "first",
                )
            case "at_level":
                level = fields["at_level"]
                only = None if isinstance(level, Mapping) else level
                excepted = level.get("except", ()) if isinstance(level, Mapping) else ()
                return AtLevel(only, excepted, fields.get("ignoring", ()))
            case _:
                return RankWithin(fields["rank_within"], fields.get("order", "descending") == "descending")

    def _window(self, fields: Fields, path: Path) -> Modifier:
        over = fields["over"]
        take = Take(fields.get("take", "last"))
        if take in (Take.LAST_RECORDED, Take.FIRST_RECORDED):
            message = f'beside "over", "take" is one of last, first, min, max, average, not "{take}"'
            self.problem((*path, "take"), ProblemCode.BAD_VALUE, message, value=True)
        if over == "all time":
            self.problem(
                (*path, "over"),
                ProblemCode.COMPANION,
                '"over: all time" stands only beside "across"',
                value=True,
            )
        if over.startswith("trailing "):
            return Trailing(self._periods(over.removeprefix("trailing "), (*path, "over")), take, fields.get("steps"))
        unit = over.split()[0]
        since_start = unit == "start" or over == "all time"
        return ToDate(None if since_start else self._grain(unit, (*path, "over")), take, fields.get("steps"))

    def _grain(self, words: str, path: Path) -> AnyGrain:
        """A grain by its words; the day stands for one that is none, which is told."""
        found = find_grain(words, self.calendars)
        if found is None:
            several = [one.words for one in custom_grains(self.calendars).values() if one.name == words]
            names = (*Grain, *custom_grains(self.calendars))
            near = tuple(several) or near_names(words, names, 1)
            hint = f"; several calendars have it: {', '.join(several)}" if several else ""
            hint = hint or (f'; did you mean "{near[0]}"?' if near else "")
            message = f'"{words}" is no grain; expected one of {", ".join(names)}{hint}'
            self.problems.append(Problem(self.places.value(*path), ProblemCode.BAD_VALUE, message, near))
        return found or Grain.DAY

    def _periods(self, text: str, path: Path) -> Duration:
        """`28 days`, `3 fiscal_months`: the plural may stand where no grain is called so."""
        count, words = text.split()
        singular = words.removesuffix("s")
        if find_grain(words, self.calendars) is None and find_grain(singular, self.calendars) is not None:
            words = singular
        return Duration(int(count), self._grain(words, path))

    def _across(self, fields: Fields, path: Path) -> Modifier:
        over = fields.get("over")
        if over is not None and over != "all time":
            message = f'beside "across", "over" is only "all time"; put "over: {over}" in "with"'
            self.problem((*path, "over"), ProblemCode.COMPANION, message, value=True)
        if "take" in fields:
            self.problem((*path, "take"), ProblemCode.COMPANION, '"take" does not stand beside "across"')
        if "steps" in fields:
            self.problem((*path, "steps"), ProblemCode.COMPANION, '"steps" does not stand beside "across"')
        return Across(fields["across"], fields.get("having"), over == "all time", fields.get("dated_by"))

    def _parameter(self, name: str, fields: Fields, path: Path) -> ParameterRule:
        wanted = self.type_named(fields.get("type", "text"), (*path, "type"))
        default = self._typed(fields.get("default"), wanted, (*path, "default"))
        values = fields.get("values")
        members = None if values is None else tuple(
            self._typed(value, wanted, (*path, "values", str(index))) for index, value in enumerate(values)
        )  # fmt: skip
        low, high = fields.get("min"), fields.get("max")
        parameter = ParameterRule(name, wanted, default, low, high, members)
        if low is not None and high is not None and low > high:
            self.problem((*path, "min"), ProblemCode.BAD_VALUE, f'"min" of {name} is above its "max"', value=True)
        elif (low is not None or high is not None) and not wanted.is_number:
            self.problem(path, ProblemCode.COMPANION, '"min" and "max" stand only beside a type of numbers')
        elif members is not None and default not in members:
            self.problem(
                (*path, "default"),
                ProblemCode.BAD_MEMBER,
                f"the default of {name} is none of its values",
                value=True,
            )
        elif wanted.is_number and default is not None and not _between(default, low, high):
            self.problem(
                (*path, "default"),
                ProblemCode.BAD_VALUE,
                f"the default of {name} is outside min and max",
                value=True,
            )
        return parameter

    def _typed(self, value: Any, wanted: ColumnType, path: Path) -> Any:
        """A written value as the parameter's type. Numbers of exact types may be written as texts."""
        if value is None:
            return None
        try:
            return typed_value(value, wanted)
        except ValueError:
            self.problem(path, ProblemCode.BAD_VALUE, f'"{value}" is no value of type {wanted}', value=True)
            return None

    def _governance(self, fields: Fields, path: Path) -> Governance:
        rest = {key: value for key, value in fields.items() if key not in ("freshness", "warn")}
        freshness, warn = fields.get("freshness"), fields.get("warn")
        return Governance(
            **rest,
            freshness=duration(freshness) if freshness else None,
            warn=None if warn is None else WarningRule(
                warn.get("when", _PLACEHOLDER),
                {n: self.rule(n, f, (*path, "warn", "with", n)) for n, f in warn.get("with", {}).items()},
                self._grain(warn["grain"], (*path, "warn", "grain")) if "grain" in warn else None,
            ),
        )  # fmt: skip

    def _deprecation(self, fields: Fields | None, path: Path) -> Deprecation | None:
        if fields is None:
            return None
        ends = self._day(fields.get("ends"), (*path, "ends"))
        return Deprecation(ends or date.max, fields.get("use", ()), fields.get("reason", {}))

    def _day(self, text: str | None, path: Path) -> date | None:
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.problem(path, ProblemCode.BAD_VALUE, f'"{text}" is no day of the calendar', value=True)
            return None


def _between(value: Any, low: Any, high: Any) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)
