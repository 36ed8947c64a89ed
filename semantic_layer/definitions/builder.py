"""Readable fields made into the values of model.py; also what only a whole block shows: two modifiers, lost companions."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from semantic_layer.definitions.expression import Expr, Literal, Name
from semantic_layer.definitions.formula import parse_column_type
from semantic_layer.definitions.model import (
    About,
    Across,
    After,
    Ago,
    AtLevel,
    AtStartOf,
    Calendar,
    CatalogSettings,
    Dataset,
    Deprecation,
    Dimension,
    Domain,
    Duration,
    Governance,
    Join,
    JoinKind,
    Metric,
    MetricValue,
    Modifier,
    ParameterRule,
    RankWithin,
    Rule,
    Segment,
    Select,
    SemiAdditive,
    Source,
    Table,
    Take,
    TimeColumn,
    ToDate,
    TopMembers,
    Trailing,
    WarningRule,
)
from semantic_layer.definitions.problem import Problem, ProblemCode
from semantic_layer.definitions.shape_reader import Fields, Path, Places
from semantic_layer.definitions.types import TEXT, ColumnType, Grain, Kind

MODIFIERS = ("over", "ago", "at_start_of", "across", "after", "at_level", "rank_within")
# A companion key -> the keys beside one of which it stands.
_COMPANIONS = {
    "having": ("across",), "dated_by": ("across",), "take_each": ("take",), "ignoring": ("at_level",), "order": ("rank_within",),
    "time": ("from",),
}  # fmt: skip
_PLACEHOLDER = Literal(None)  # stands where a formula could not be read; the definition is marked broken


def duration(text: str) -> Duration:
    count, unit = text.split()
    return Duration(int(count), Grain(unit.removesuffix("s")))


class Builder:
    """Builds values from fields. Problems go to one list; nothing is raised."""

    def __init__(self, problems: list[Problem], places: Places) -> None:
        self.problems = problems
        self.places = places

    def _problem(self, path: Path, code: ProblemCode, message: str, *, value: bool = False) -> None:
        place = self.places.value(*path) if value else self.places.key(*path)
        self.problems.append(Problem(place, code, message))

    # --- the catalog's own

    def settings(self, fields: Fields) -> CatalogSettings:
        return CatalogSettings(
            fields.get("time_zone", "UTC"),
            fields.get("week_start", "monday"),
            fields.get("languages", ("en",)),
            fields.get("sensitive", ()),
        )

    def domain(self, name: str, fields: Fields) -> Domain:
        return Domain(name=name, **fields)

    def source(self, name: str, fields: Fields) -> Source:
        return Source(name, fields.get("connection", ""))

    def calendar(self, name: str, fields: Fields) -> Calendar:
        return Calendar(name, fields.get("from", ""), fields.get("day", ""), fields.get("grains", {}))

    # --- datasets

    def dataset(self, name: str, fields: Fields) -> Dataset:
        path = ("datasets", name)
        if ("table" in fields) == ("sql" in fields):
            self._problem(
                path, ProblemCode.MISSING_KEY, f'dataset "{name}" needs exactly one of "table" and "sql"'
            )
        valid = fields.get("valid")
        ttl = fields.get("time_to_live")
        key = fields.get("key")
        return Dataset(
            name=name,
            source=fields.get("source", ""),
            relation=Select(fields["sql"].strip()) if "sql" in fields else Table(fields.get("table", "")),
            key=None if key == ("none",) else key,
            time=fields.get("time"),
            columns={column: _type(text) for column, text in fields.get("columns", {}).items()},
            dimensions={
                n: self._dimension(n, f, (*path, "dimensions", n))
                for n, f in fields.get("dimensions", {}).items()
            },
            joins={n: self._join(n, f, (*path, "joins", n)) for n, f in fields.get("joins", {}).items()},
            segments={
                n: self._segment(n, f, (*path, "segments", n)) for n, f in fields.get("segments", {}).items()
            },
            hierarchies=fields.get("hierarchies", {}),
            rows=fields.get("rows", {}),
            label=fields.get("label", {}),
            watermark=fields.get("watermark"),
            change_token=fields.get("change_token"),
            time_to_live=duration(ttl) if ttl else None,
            valid=(valid.get("from", ""), valid.get("until", "")) if valid else None,
        )

    def _dimension(self, name: str, fields: Fields, path: Path) -> Dimension:
        written = fields.get("type", "text")
        is_time = written == "time"
        for key in ("finest", "grain", "stored_in"):
            if key in fields and not is_time:
                self._problem((*path, key), ProblemCode.COMPANION, f'"{key}" stands only beside "type: time"')
        if "metric" in fields and "type" in fields:
            self._problem(
                (*path, "type"),
                ProblemCode.COMPANION,
                'the type of a dimension with "metric" is the metric\'s own',
            )
        conforms = fields.get("conforms")
        return Dimension(
            name=name,
            rule=self._dimension_rule(name, fields, path),
            type=None if is_time or "metric" in fields else _type(written),
            time=self._time_column(fields, path) if is_time else None,
            label=fields.get("label", {}),
            synonyms=fields.get("synonyms", {}),
            meaning=fields.get("meaning", {}),
            format=fields.get("format"),
            values=self._members(fields, path),
            conforms=_pair(conforms) if conforms else None,
            sensitive=fields.get("sensitive"),
        )

    def _dimension_rule(self, name: str, fields: Fields, path: Path) -> Expr | TopMembers | MetricValue:
        ways = [key for key in ("sql", "metric", "of") if key in fields]
        if len(ways) > 1:
            self._problem(
                (*path, ways[1]),
                ProblemCode.COMPANION,
                f'dimension "{name}" has one of sql, metric and of, not {" and ".join(ways)}',
            )
        for key in ("top", "by", "others"):
            if key in fields and "of" not in fields:
                self._problem((*path, key), ProblemCode.COMPANION, f'"{key}" stands only beside "of"')
            if key not in fields and "of" in fields:
                self._problem(path, ProblemCode.MISSING_KEY, f'dimension "{name}" needs "{key}" beside "of"')
        if "of" in fields:
            return TopMembers(
                fields["of"], fields.get("top", 1), fields.get("by", ""), fields.get("others", "")
            )
        if "metric" in fields:
            return MetricValue(fields["metric"])
        rule: Expr = fields.get("sql", Name((name,)))
        return rule

    def _time_column(self, fields: Fields, path: Path) -> TimeColumn:
        finest = Grain(fields.get("finest", "day"))
        usual = Grain.DAY if finest.rank < Grain.DAY.rank else finest
        grain = Grain(fields.get("grain", usual))
        if grain.rank < finest.rank:
            self._problem(
                (*path, "grain"),
                ProblemCode.BAD_VALUE,
                f'"grain: {grain}" is finer than "finest: {finest}"',
                value=True,
            )
        return TimeColumn(finest, grain, fields.get("stored_in"))

    def _members(self, fields: Fields, path: Path) -> tuple[str | int, ...] | None:
        values = fields.get("values")
        if values is None:
            return None
        wanted = int if fields.get("type") in ("integer", "bigint") else str
        for index, value in enumerate(values):
            if type(value) is not wanted:
                said = "whole numbers" if wanted is int else "texts (write them in quotes)"
                self._problem(
                    (*path, "values", str(index)),
                    ProblemCode.BAD_VALUE,
                    f"the members of this dimension are {said}",
                )
        return tuple(values)

    def _join(self, name: str, fields: Fields, path: Path) -> Join:
        kind = JoinKind(fields.get("kind", "many_to_one"))
        match = fields.get("match", ())
        pairs = (
            tuple(match.items())
            if isinstance(match, Mapping)
            else tuple((column, column) for column in match)
        )
        if "through" in fields and kind is not JoinKind.MANY_TO_MANY:
            self._problem(
                (*path, "through"), ProblemCode.COMPANION, '"through" stands only beside "kind: many_to_many"'
            )
        return Join(name, fields.get("to", name), kind, pairs, fields.get("through"), fields.get("valid_at"))

    def _segment(self, name: str, fields: Fields, path: Path) -> Segment:
        by_rows, by_entity = "where" in fields, "members" in fields or "having" in fields
        if by_rows == by_entity:
            message = f'segment "{name}" has either "where" (rows) or "members" with "having" (entities)'
            self._problem(path, ProblemCode.COMPANION if by_rows else ProblemCode.MISSING_KEY, message)
        elif by_entity and ("members" not in fields or "having" not in fields):
            self._problem(
                path, ProblemCode.MISSING_KEY, f'segment "{name}" needs both "members" and "having"'
            )
        if "over" in fields and not by_entity:
            self._problem((*path, "over"), ProblemCode.COMPANION, '"over" stands only beside "members"')
        return Segment(
            name=name,
            where=fields.get("where"),
            members=fields.get("members", ()),
            having=fields.get("having"),
            all_time="over" in fields,
            label=fields.get("label", {}),
            meaning=fields.get("meaning", {}),
        )

    # --- metrics

    def metric(self, name: str, fields: Fields) -> Metric:
        path = ("metrics", name)
        cut = fields.get("cut_by", {})
        if "only" in cut and "except" in cut:
            self._problem(
                (*path, "cut_by"), ProblemCode.COMPANION, '"cut_by" has "only" or "except", not both'
            )
        return Metric(
            name=name,
            rule=self.rule(name, fields, path),
            grains=tuple(Grain(grain) for grain in fields["grains"]) if "grains" in fields else None,
            cut_only=cut.get("only"),
            cut_except=cut.get("except", ()),
            fill_time=fields.get("fill_time", False),
            parameters={
                n: self._parameter(n, f, (*path, "parameters", n))
                for n, f in fields.get("parameters", {}).items()
            },
            about=About(**fields.get("about", {})),
            governance=self._governance(name, fields.get("governance", {}), (*path, "governance")),
            valid_from=self._day(fields.get("valid_from"), (*path, "valid_from")),
            history=fields.get("history"),
            deprecated=self._deprecation(fields.get("deprecated"), (*path, "deprecated")),
        )

    def rule(self, name: str, fields: Fields, path: Path) -> Rule:
        fill = fields.get("fill")
        return Rule(
            value=fields.get("is", _PLACEHOLDER),
            home=fields.get("from"),
            where=fields.get("where"),
            modifier=self._modifier(name, fields, path),
            steps={n: self.rule(n, f, (*path, "with", n)) for n, f in fields.get("with", {}).items()},
            unit=fields.get("unit"),
            fill=None if fill is None else Decimal(fill),
            time=fields.get("time"),
        )

    def _modifier(self, name: str, fields: Fields, path: Path) -> Modifier | None:
        found = [key for key in MODIFIERS if key in fields and not (key == "over" and "across" in fields)]
        if len(found) > 1:
            said = " and ".join(f'"{key}"' for key in found)
            example = "{earlier: {is: " + name + ", " + found[1] + ": …}}"
            message = f'{said} in one block; put one of them in "with", e.g. with: {example}'
            self._problem((*path, found[1]), ProblemCode.TWO_MODIFIERS, message)
        for key, beside in _COMPANIONS.items():
            if key in fields and not any(other in fields for other in beside):
                said = " or ".join(f'"{other}"' for other in beside)
                self._problem((*path, key), ProblemCode.COMPANION, f'"{key}" stands only beside {said}')
        if not found:
            return self._semi_additive(fields, path)
        return self._one_modifier(found[0], fields, path)

    def _semi_additive(self, fields: Fields, path: Path) -> Modifier | None:
        if "take" not in fields:
            return None
        if "from" not in fields:
            self._problem(
                (*path, "take"), ProblemCode.COMPANION, '"take" stands only beside "over", or beside "from"'
            )
        return SemiAdditive(Take(fields["take"]), fields.get("take_each", ()))

    def _one_modifier(self, key: str, fields: Fields, path: Path) -> Modifier:
        match key:
            case "over":
                return self._window(fields, path)
            case "ago":
                return Ago(duration(fields["ago"]))
            case "at_start_of":
                return AtStartOf(Grain(fields["at_start_of"]))
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
            self._problem((*path, "take"), ProblemCode.BAD_VALUE, message, value=True)
        if over == "all time":
            self._problem(
                (*path, "over"),
                ProblemCode.COMPANION,
                '"over: all time" stands only beside "across"',
                value=True,
            )
        if over.startswith("trailing "):
            return Trailing(duration(over.removeprefix("trailing ")), take)
        unit = over.split()[0]
        return ToDate(Grain(unit) if unit in set(Grain) else None, take)

    def _across(self, fields: Fields, path: Path) -> Modifier:
        over = fields.get("over")
        if over is not None and over != "all time":
            message = f'beside "across", "over" is only "all time"; put "over: {over}" in "with"'
            self._problem((*path, "over"), ProblemCode.COMPANION, message, value=True)
        if "take" in fields:
            self._problem((*path, "take"), ProblemCode.COMPANION, '"take" does not stand beside "across"')
        return Across(fields["across"], fields.get("having"), over == "all time", fields.get("dated_by"))

    def _parameter(self, name: str, fields: Fields, path: Path) -> ParameterRule:
        wanted = _type(fields.get("type", "text"))
        default = self._typed(fields.get("default"), wanted, (*path, "default"))
        values = fields.get("values")
        members = None if values is None else tuple(
            self._typed(value, wanted, (*path, "values", str(index))) for index, value in enumerate(values)
        )  # fmt: skip
        low, high = fields.get("min"), fields.get("max")
        parameter = ParameterRule(name, wanted, default, low, high, members)
        if (low is not None or high is not None) and not wanted.is_number:
            self._problem(path, ProblemCode.COMPANION, '"min" and "max" stand only beside a type of numbers')
        elif members is not None and default not in members:
            self._problem(
                (*path, "default"),
                ProblemCode.BAD_MEMBER,
                f"the default of {name} is none of its values",
                value=True,
            )
        elif wanted.is_number and default is not None and not _between(default, low, high):
            self._problem(
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
            self._problem(path, ProblemCode.BAD_VALUE, f'"{value}" is no value of type {wanted}', value=True)
            return None

    def _governance(self, name: str, fields: Fields, path: Path) -> Governance:
        rest = {key: value for key, value in fields.items() if key not in ("freshness", "warn")}
        freshness, warn = fields.get("freshness"), fields.get("warn")
        return Governance(
            **rest,
            freshness=duration(freshness) if freshness else None,
            warn=None if warn is None else WarningRule(
                warn.get("when", _PLACEHOLDER),
                {n: self.rule(n, f, (*path, "warn", "with", n)) for n, f in warn.get("with", {}).items()},
                Grain(warn["grain"]) if "grain" in warn else None,
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
            self._problem(path, ProblemCode.BAD_VALUE, f'"{text}" is no day of the calendar', value=True)
            return None


def typed_value(value: object, wanted: ColumnType) -> str | int | Decimal | bool | date:
    """A written value as a value of `wanted`. Raises ValueError if it is none."""
    match wanted.kind, value:
        case Kind.TEXT, str():
            return value
        case Kind.BOOLEAN, bool():
            return value
        case ((Kind.INTEGER | Kind.BIGINT | Kind.DECIMAL | Kind.FLOAT), bool()):
            raise ValueError(value)
        case ((Kind.INTEGER | Kind.BIGINT), (int() | str())):
            return int(value)
        case ((Kind.DECIMAL | Kind.FLOAT), (int() | Decimal() | str())):
            number = Decimal(value) if str(value).replace(".", "", 1).lstrip("-").isdigit() else None
            if number is None:
                raise ValueError(value)
            return number
        case Kind.DATE, str():
            return date.fromisoformat(value)
        case _:
            raise ValueError(value)


def _type(text: str) -> ColumnType:
    return parse_column_type(text) or TEXT


def _pair(text: str) -> tuple[str, str]:
    dataset, dimension = text.split(".")
    return dataset, dimension


def _between(value: Any, low: Any, high: Any) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)
