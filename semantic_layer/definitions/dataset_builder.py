"""Readable fields of a dataset made into a Dataset; also what only a whole block shows, such as a lost companion."""

from collections.abc import Mapping

from semantic_layer.definitions.builder import Builder, duration
from semantic_layer.definitions.expression import Expr, Name
from semantic_layer.definitions.model import (
    Dataset,
    Dimension,
    Join,
    JoinKind,
    MetricValue,
    Segment,
    Select,
    Table,
    TimeColumn,
    TopMembers,
)
from semantic_layer.definitions.problem import ProblemCode
from semantic_layer.definitions.shape_reader import Fields, Path
from semantic_layer.definitions.types import Grain


class DatasetBuilder(Builder):
    def dataset(self, name: str, fields: Fields) -> Dataset:
        path = ("datasets", name)
        if ("table" in fields) == ("sql" in fields):
            self.problem(path, ProblemCode.MISSING_KEY, f'dataset "{name}" needs exactly one of "table" and "sql"')
        valid = fields.get("valid")
        ttl = fields.get("time_to_live")
        key = fields.get("key")
        return Dataset(
            name=name,
            source=fields.get("source", ""),
            relation=Select(fields["sql"].strip()) if "sql" in fields else Table(fields.get("table", "")),
            key=None if key == ("none",) else key,
            time=fields.get("time"),
            columns={
                column: self.type_named(text, (*path, "columns", column))
                for column, text in fields.get("columns", {}).items()
            },
            dimensions={
                n: self._dimension(n, f, (*path, "dimensions", n)) for n, f in fields.get("dimensions", {}).items()
            },
            joins={n: self._join(n, f, (*path, "joins", n)) for n, f in fields.get("joins", {}).items()},
            segments={n: self._segment(n, f, (*path, "segments", n)) for n, f in fields.get("segments", {}).items()},
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
                self.problem((*path, key), ProblemCode.COMPANION, f'"{key}" stands only beside "type: time"')
        if "metric" in fields and "type" in fields and not is_time:
            message = 'the type of a dimension with "metric" is the metric\'s own; only "type: time" is said'
            self.problem((*path, "type"), ProblemCode.COMPANION, message)
        if "metric" in fields and "stored_in" in fields:
            message = '"stored_in" does not stand beside "metric": the metric\'s own time says it'
            self.problem((*path, "stored_in"), ProblemCode.COMPANION, message)
        conforms = fields.get("conforms")
        return Dimension(
            name=name,
            rule=self._dimension_rule(name, fields, path),
            type=None if is_time or "metric" in fields else self.type_named(written, (*path, "type")),
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
            message = f'dimension "{name}" has one of sql, metric and of, not {" and ".join(ways)}'
            self.problem((*path, ways[1]), ProblemCode.COMPANION, message)
        for key in ("top", "by", "others"):
            if key in fields and "of" not in fields:
                self.problem((*path, key), ProblemCode.COMPANION, f'"{key}" stands only beside "of"')
            if key not in fields and "of" in fields:
                self.problem(path, ProblemCode.MISSING_KEY, f'dimension "{name}" needs "{key}" beside "of"')
        if "of" in fields:
            return TopMembers(fields["of"], fields.get("top", 1), fields.get("by", ""), fields.get("others", ""))
        if "metric" in fields:
            return MetricValue(fields["metric"])
        rule: Expr = fields.get("sql", Name((name,)))
        return rule

    def _time_column(self, fields: Fields, path: Path) -> TimeColumn:
        finest = Grain(fields.get("finest", "day"))
        usual = Grain.DAY if finest.rank < Grain.DAY.rank else finest
        grain = Grain(fields.get("grain", usual))
        if grain.rank < finest.rank:
            self.problem(
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
                self.problem(
                    (*path, "values", str(index)),
                    ProblemCode.BAD_VALUE,
                    f"the members of this dimension are {said}",
                )
        return tuple(values)

    def _join(self, name: str, fields: Fields, path: Path) -> Join:
        kind = JoinKind(fields.get("kind", "many_to_one"))
        match = fields.get("match", ())
        # The keys of a map have no order; columns are paired in one order wherever the map was written.
        pairs = (
            tuple(sorted(match.items())) if isinstance(match, Mapping) else tuple((column, column) for column in match)
        )
        if "through" in fields and kind is not JoinKind.MANY_TO_MANY:
            self.problem((*path, "through"), ProblemCode.COMPANION, '"through" stands only beside "kind: many_to_many"')
        if fields.get("repeats", False) and kind is not JoinKind.MANY_TO_ONE:
            self.problem((*path, "repeats"), ProblemCode.COMPANION, '"repeats" stands only beside "kind: many_to_one"')
        return Join(
            name,
            fields.get("to", name),
            kind,
            pairs,
            fields.get("through"),
            fields.get("valid_at"),
            fields.get("repeats", False),
        )

    def _segment(self, name: str, fields: Fields, path: Path) -> Segment:
        by_rows, by_entity = "where" in fields, "members" in fields or "having" in fields
        if by_rows == by_entity:
            message = f'segment "{name}" has either "where" (rows) or "members" with "having" (entities)'
            self.problem(path, ProblemCode.COMPANION if by_rows else ProblemCode.MISSING_KEY, message)
        elif by_entity and ("members" not in fields or "having" not in fields):
            self.problem(path, ProblemCode.MISSING_KEY, f'segment "{name}" needs both "members" and "having"')
        if "over" in fields and not by_entity:
            self.problem((*path, "over"), ProblemCode.COMPANION, '"over" stands only beside "members"')
        return Segment(
            name=name,
            where=fields.get("where"),
            members=fields.get("members", ()),
            having=fields.get("having"),
            all_time="over" in fields,
            label=fields.get("label", {}),
            meaning=fields.get("meaning", {}),
        )


def _pair(text: str) -> tuple[str, str]:
    dataset, dimension = text.split(".")
    return dataset, dimension
