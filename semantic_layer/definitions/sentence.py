"""A metric's rule in one sentence, made from the parsed rule: it cannot say anything but what is calculated."""

from dataclasses import dataclass

from semantic_layer.definitions.formula_text import formula_text
from semantic_layer.definitions.model import (
    Across,
    After,
    Ago,
    AtLevel,
    AtStartOf,
    Catalog,
    Duration,
    Metric,
    Modifier,
    RankWithin,
    Rule,
    SemiAdditive,
    Take,
    ToDate,
    Trailing,
)
from semantic_layer.definitions.types import AnyGrain, CalendarGrain, Grain


def describe(catalog: Catalog, name: str, language: str = "en") -> str:
    """`sales_mom_growth is sales / before - 1, with before is sales, ago 1 month.`

    Chinese for `zh`, English for every other language. Raises KeyError for an unknown metric.
    """
    metric = catalog.metrics[name]
    return _Chinese().metric(metric) if language.split("-")[0] == "zh" else _English().metric(metric)


@dataclass(frozen=True, slots=True)
class _English:
    def metric(self, metric: Metric) -> str:
        said = f"{metric.name} {self.rule(metric.rule)}"
        if metric.grains is not None:
            said += f"; only by {_listed(tuple(str(grain) for grain in metric.grains), 'or')}"
        if metric.cut_only is not None:
            said += f"; cut by nothing but {_listed(metric.cut_only, 'and')}" if metric.cut_only else "; never cut"
        if metric.cut_except:
            said += f"; never cut by {_listed(metric.cut_except, 'or')}"
        defaults = [f":{p.name} is {p.default} unless the question says otherwise" for p in metric.parameters.values()]
        return "; ".join([said, *defaults]) + "."

    def rule(self, rule: Rule) -> str:
        said = f"is {formula_text(rule.value)}"
        across = rule.modifier if isinstance(rule.modifier, Across) else None
        if across is not None:
            said += f" across {_listed(across.entity, 'and')}"
        if rule.home is not None:
            said += f" from {rule.home}"
        if rule.where is not None:
            said += f" where {formula_text(rule.where)}"
        said += self.modifier(rule.modifier)
        if rule.time is not None:
            said += f", dated by {rule.time}"
        if rule.every_period is not None:
            said += f", with a row for every period of {rule.every_period}"
        if rule.fill is not None:
            said += f", and {rule.fill} where there are no rows"
        if rule.steps:
            said += ", with " + " and ".join(f"{name} {self.rule(step)}" for name, step in rule.steps.items())
        return said

    def modifier(self, modifier: Modifier | None) -> str:
        match modifier:
            case None:
                return ""
            case Trailing(length, take, steps):
                return f" over trailing {length}{self.taken(take)}{self.stepped(steps)}"
            case ToDate(unit, take, steps):
                return f" over {unit if unit else 'start'} to date{self.taken(take)}{self.stepped(steps)}"
            case Ago(length, steps):
                return f", ago {length}{self.stepped(steps)}"
            case AtStartOf(unit, steps):
                return f", at the start of the {unit}{self.stepped(steps)}"
            case Across(_, having, all_time, dated_by):
                said = "" if having is None else f" having {formula_text(having)}"
                said += " over all time" if all_time else ""
                return said if dated_by is None else f"{said}, each dated by {formula_text(dated_by)}"
            case AtLevel(only, excepted, ignoring):
                level = f"of all asked dimensions except {_listed(excepted, 'and')}"
                if only is not None:
                    level = f"of {_listed(only, 'and')} alone" if only else "of one grand total"
                ignored = f", ignoring filters on {_listed(ignoring, 'and')}" if ignoring else ""
                return f", at the level {level}{ignored}"
            case RankWithin(within, descending):
                first = "largest" if descending else "smallest"
                return f", ranked within {_listed(within, 'and') or 'all'}, {first} first"
            case SemiAdditive(take, each):
                return f", taking the {take.value} of each period" + (
                    f" for each {_listed(each, 'and')}" if each else ""
                )
            case After(event, same, within, first_touch):
                limit = "" if within is None else f" within {within}"
                touch = "first" if first_touch else "last"
                return f" after the {touch} {event} of the same {_listed(same, 'and')}{limit}"

    def taken(self, take: Take) -> str:
        return "" if take is Take.LAST else f", taking the {take.value} of a period's days"

    def stepped(self, steps: str | None) -> str:
        return "" if steps is None else f", at each day of {steps}"


_UNITS_ZH = {
    Grain.SECOND: "秒", Grain.MINUTE: "分钟", Grain.HOUR: "小时", Grain.DAY: "天", Grain.WEEK: "周",
    Grain.MONTH: "个月", Grain.QUARTER: "个季度", Grain.HALF_YEAR: "个半年", Grain.YEAR: "年",
}  # fmt: skip
_PERIODS_ZH = _UNITS_ZH | {
    Grain.MONTH: "月", Grain.QUARTER: "季", Grain.HALF_YEAR: "半年", Grain.DAY: "日", Grain.HOUR: "小时",
}  # fmt: skip
_TAKES_ZH = {
    Take.FIRST: "首日", Take.MIN: "最小", Take.MAX: "最大", Take.AVERAGE: "平均", Take.LAST_RECORDED: "最后有记录",
    Take.FIRST_RECORDED: "最先有记录", Take.LAST: "末日",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Chinese:
    def metric(self, metric: Metric) -> str:
        said = f"{metric.name} {self.rule(metric.rule)}"
        if metric.grains is not None:
            said += f"；仅按{'、'.join(_period_zh(grain) for grain in metric.grains)}查看"
        if metric.cut_only is not None:
            said += f"；只可按 {'、'.join(metric.cut_only)} 切分" if metric.cut_only else "；不可切分"
        if metric.cut_except:
            said += f"；不可按 {'、'.join(metric.cut_except)} 切分"
        defaults = [f":{p.name} 默认为 {p.default}" for p in metric.parameters.values()]
        return "；".join([said, *defaults]) + "。"

    def rule(self, rule: Rule) -> str:
        said = f"是 {formula_text(rule.value)}"
        if isinstance(rule.modifier, Across):
            said += f"，先按每个 {'、'.join(rule.modifier.entity)} 计算"
        if rule.home is not None:
            said += f"，取自 {rule.home}"
        if rule.where is not None:
            said += f"，仅计 {formula_text(rule.where)}"
        said += self.modifier(rule.modifier)
        if rule.time is not None:
            said += f"，以 {rule.time} 为日期"
        if rule.every_period is not None:
            said += f"，{rule.every_period} 的每个时段都有一行"
        if rule.fill is not None:
            said += f"，无数据时为 {rule.fill}"
        if rule.steps:
            said += "，其中 " + "，".join(f"{name} {self.rule(step)}" for name, step in rule.steps.items())
        return said

    def modifier(self, modifier: Modifier | None) -> str:
        match modifier:
            case None:
                return ""
            case Trailing(length, take, steps):
                return f"，含当期的最近 {self.length(length)}{self.taken(take)}{self.stepped(steps)}"
            case ToDate(unit, take, steps):
                start = f"本{_period_zh(unit)}初" if unit else "最初"
                return f"，从{start}累计至期末{self.taken(take)}{self.stepped(steps)}"
            case Ago(length, steps):
                return f"，取 {self.length(length)}前{self.stepped(steps)}"
            case AtStartOf(unit, steps):
                return f"，取本{_period_zh(unit)}首个时段{self.stepped(steps)}"
            case Across(_, having, all_time, dated_by):
                said = "" if having is None else f"，且 {formula_text(having)}"
                said += "，不限时段" if all_time else ""
                return said if dated_by is None else f"{said}，各以 {formula_text(dated_by)} 为日期"
            case AtLevel(only, excepted, ignoring):
                level = f"不分 {'、'.join(excepted)}"
                if only is not None:
                    level = f"仅按 {'、'.join(only)}" if only else "不分任何维度"
                level += "" if level.endswith("维度") else " "
                return f"，{level}重新计算" + (f"，忽略对 {'、'.join(ignoring)} 的筛选" if ignoring else "")
            case RankWithin(within, descending):
                order = "从大到小" if descending else "从小到大"
                return f"，在 {'、'.join(within) or '全部'} 之内排名，{order}"
            case SemiAdditive(take, each):
                return (f"，每个 {'、'.join(each)}" if each else "，") + f"取每期{_TAKES_ZH[take]}值"
            case After(event, same, within, first_touch):
                limit = "" if within is None else f" {self.length(within)}内"
                return f"，发生在同一 {'、'.join(same)} 的{'首次' if first_touch else '末次'} {event} 之后{limit}"

    def length(self, length: Duration) -> str:
        return f"{length.count} {_unit_zh(length.unit)}"

    def taken(self, take: Take) -> str:
        return "" if take is Take.LAST else f"，取每期各日的{_TAKES_ZH[take]}值"

    def stepped(self, steps: str | None) -> str:
        return "" if steps is None else f"，按 {steps} 的每一天"


def _unit_zh(grain: AnyGrain) -> str:
    return f"个 {grain} " if isinstance(grain, CalendarGrain) else _UNITS_ZH[grain]


def _period_zh(grain: AnyGrain) -> str:
    return f" {grain} " if isinstance(grain, CalendarGrain) else _PERIODS_ZH[grain]


def _listed(words: tuple[str, ...], last: str) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
